package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jiujin/internal/auth"
)

const sessionCookie = "jiujin_session"

// Me is the signed-in person.
type Me struct {
	ID         int64     `json:"id"`
	Login      string    `json:"login"`
	Name       string    `json:"name"`
	Role       auth.Role `json:"role"`
	Org        MyOrg     `json:"org"`
	Unit       *MyUnit   `json:"unit"`
	MustChange bool      `json:"must_change" doc:"Only the session routes answer until the password is changed"`
	LocaleHint string    `json:"locale_hint" doc:"The language the service answers this client in"`
	ServerTime time.Time `json:"server_time"`
}

// MyOrg is the organisation in which, and below which, the person's role holds.
type MyOrg struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Level string `json:"level"`
	Code  string `json:"code"`
}

// MyUnit is the unit the person serves in.
type MyUnit struct {
	ID       int64  `json:"id"`
	CallSign string `json:"call_sign"`
}

func (s *Server) me(ctx context.Context, p auth.Principal) Me {
	me := Me{
		ID: p.PersonID, Login: p.Login, Name: p.Name, Role: p.Role, MustChange: p.MustChange,
		Org:        MyOrg{ID: p.OrgID, Name: p.OrgName, Level: p.OrgLevel, Code: p.OrgCode},
		LocaleHint: string(aboutRequest(ctx).lang), ServerTime: s.now(),
	}
	if p.UnitID != 0 {
		me.Unit = &MyUnit{ID: p.UnitID, CallSign: p.CallSign}
	}
	return me
}

// now is the service's time, in the milliseconds that the API speaks.
func (s *Server) now() time.Time { return s.deps.DB.Now().UTC().Truncate(time.Millisecond) }

type signedIn struct {
	Cookie string `header:"Set-Cookie"`
	Body   Me
}

type meOutput struct{ Body Me }

type signInInput struct {
	Body struct {
		Login    string `json:"login" maxLength:"100"`
		Password string `json:"password" maxLength:"1024"`
	}
}

type changePasswordInput struct {
	Body struct {
		OldPassword string `json:"old_password" maxLength:"1024"`
		NewPassword string `json:"new_password" maxLength:"2048"`
	}
}

type signedOut struct {
	Cookie    string `header:"Set-Cookie"`
	ClearData string `header:"Clear-Site-Data"`
}

func (s *Server) sessionRoutes() {
	const path = "/api/v1/session"
	handle(s, "POST", path, huma.Operation{Summary: "Sign in", Tags: []string{"session"}}, s.signIn)
	handle(s, "GET", path, huma.Operation{Summary: "Who is signed in", Tags: []string{"session"}},
		func(ctx context.Context, _ *struct{}) (*meOutput, error) {
			return &meOutput{Body: s.me(ctx, who(ctx))}, nil
		})
	handle(s, "DELETE", path, huma.Operation{Summary: "Sign out", Tags: []string{"session"}, DefaultStatus: http.StatusNoContent},
		func(ctx context.Context, _ *struct{}) (*signedOut, error) {
			if err := s.sessions.SignOut(ctx, aboutRequest(ctx).token); err != nil {
				return nil, err
			}
			return &signedOut{Cookie: s.cookie(ctx, "", time.Time{}), ClearData: `"cache"`}, nil
		})
	handle(s, "POST", path+"/password", huma.Operation{Summary: "Change the own password; ends all other sessions", Tags: []string{"session"}},
		s.changePassword)
}

func (s *Server) signIn(ctx context.Context, in *signInInput) (*signedIn, error) {
	a := aboutRequest(ctx)
	done, err := s.throttle(a, in.Body.Login)
	if err != nil {
		s.log.WarnContext(ctx, "sign-in throttled", "request", a.id, "ip", a.ip.String())
		return nil, err
	}
	session, err := s.sessions.SignIn(ctx, in.Body.Login, in.Body.Password, a.token)
	if err != nil {
		if !errors.Is(err, auth.ErrCredentials) {
			done() // not the fault of who signs in
		} else {
			s.log.WarnContext(ctx, "sign-in refused", "request", a.id, "ip", a.ip.String())
		}
		return nil, err
	}
	done()
	a.principal = &session.Principal
	return &signedIn{Cookie: s.cookie(ctx, session.Token, session.EndsAt), Body: s.me(ctx, session.Principal)}, nil
}

func (s *Server) changePassword(ctx context.Context, in *changePasswordInput) (*signedIn, error) {
	a := aboutRequest(ctx)
	done, err := s.throttle(a, who(ctx).Login)
	if err != nil {
		return nil, err
	}
	session, err := s.sessions.ChangePassword(ctx, a.token, in.Body.OldPassword, in.Body.NewPassword)
	if errors.Is(err, auth.ErrCredentials) {
		return nil, errWrongPassword
	}
	done()
	if err != nil {
		return nil, err
	}
	return &signedIn{Cookie: s.cookie(ctx, session.Token, session.EndsAt), Body: s.me(ctx, session.Principal)}, nil
}

// throttle counts an attempt to prove a password, per login and address and per
// address alone. done takes it back when the password was right.
func (s *Server) throttle(a *about, login string) (done func(), err error) {
	now, ip := s.deps.DB.Now(), network(a.ip)
	both := ip + " " + login
	if wait := s.clients.Take(ip, now); wait > 0 {
		return nil, throttled{wait}
	}
	if wait := s.logins.Take(both, now); wait > 0 {
		s.clients.Refund(ip)
		return nil, throttled{wait}
	}
	return func() {
		s.logins.Forget(both)
		s.clients.Refund(ip)
	}, nil
}

// network is what one client holds: an IPv4 address, or a /64 of IPv6.
func network(ip netip.Addr) string {
	if prefix, err := ip.Prefix(64); err == nil && ip.Is6() {
		return prefix.String()
	}
	return ip.String()
}

// cookie is the session cookie; an empty token deletes it.
func (s *Server) cookie(ctx context.Context, token string, ends time.Time) string {
	c := http.Cookie{
		Name: sessionCookie, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: aboutRequest(ctx).secure, MaxAge: -1,
	}
	if token != "" {
		c.MaxAge = int(ends.Sub(s.deps.DB.Now()).Seconds())
	}
	return c.String()
}
