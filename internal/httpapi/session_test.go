package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"jiujin/internal/auth"
)

func TestSignInAndOut(t *testing.T) {
	v := newService(t)
	v.call(t, "GET", "/api/v1/session", "").want(t, 401, "not_signed_in")
	a := v.call(t, "POST", "/api/v1/session", credentials("officer", password), "Accept-Language", "en-GB,en;q=0.8")
	var me Me
	a.into(t, 200, &me)
	p := v.people[auth.Officer]
	if me.ID != p.ID || me.Role != auth.Officer || me.Org != (MyOrg{v.county.ID, "云溪县局", "county", "c"}) ||
		me.Unit == nil || *me.Unit != (MyUnit{p.UnitID, "云稽01"}) || me.LocaleHint != "en" || !me.ServerTime.Equal(start) {
		t.Errorf("me %+v", me)
	}
	set := a.header.Get("Set-Cookie")
	for _, want := range []string{"jiujin_session=", "; Path=/", "; Max-Age=86400", "; HttpOnly", "; SameSite=Lax"} {
		if !strings.Contains(set, want) {
			t.Errorf("cookie %q lacks %q", set, want)
		}
	}
	if strings.Contains(set, "Secure") {
		t.Error("a cookie that plain HTTP will not send")
	}
	cookie := cookieOf(t, a)
	v.call(t, "GET", "/api/v1/session", "", "Cookie", cookie).into(t, 200, &me)

	out := v.call(t, "DELETE", "/api/v1/session", "", "Cookie", cookie)
	if out.status != http.StatusNoContent || !strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("sign out: %d %q", out.status, out.header.Get("Set-Cookie"))
	}
	v.call(t, "GET", "/api/v1/session", "", "Cookie", cookie).want(t, 401, "not_signed_in")
}

func TestCookieIsSecureBehindTLS(t *testing.T) {
	v := newService(t)
	a := v.call(t, "POST", "/api/v1/session", credentials("agent", password), "X-Forwarded-Proto", "https", "X-Forwarded-For", "203.0.113.9")
	if !strings.Contains(a.header.Get("Set-Cookie"), "; Secure") {
		t.Errorf("cookie %q", a.header.Get("Set-Cookie"))
	}
}

func TestWrongPasswordAndUnknownLoginLookTheSame(t *testing.T) {
	v := newService(t)
	wrong := v.call(t, "POST", "/api/v1/session", credentials("agent", "wrong")).want(t, 401, "not_signed_in")
	unknown := v.call(t, "POST", "/api/v1/session", credentials("nobody", "wrong")).want(t, 401, "not_signed_in")
	wrong.RequestID, unknown.RequestID = "", ""
	if wrong.Detail != unknown.Detail || wrong.Title != unknown.Title {
		t.Errorf("%+v and %+v", wrong, unknown)
	}
}

func TestSignInIsThrottledPerLoginAndAddress(t *testing.T) {
	v := newService(t)
	try := func(login, secret, address string) answer {
		return v.call(t, "POST", "/api/v1/session", credentials(login, secret), "X-Forwarded-For", address)
	}
	for range 5 {
		try("agent", "wrong", "203.0.113.9").want(t, 401, "not_signed_in")
	}
	refused := try("agent", password, "203.0.113.9")
	if p := refused.want(t, 429, "throttled"); p.RetryAfterS != 1 || refused.header.Get("Retry-After") != "1" {
		t.Errorf("retry after %d, header %q", p.RetryAfterS, refused.header.Get("Retry-After"))
	}
	for _, other := range [][2]string{{"agent", "203.0.113.10"}, {"leader", "203.0.113.9"}} {
		if a := try(other[0], password, other[1]); a.status != 200 {
			t.Errorf("%s from %s is kept out too: %d", other[0], other[1], a.status)
		}
	}
	v.pass(time.Second)
	try("agent", "wrong", "203.0.113.9").want(t, 401, "not_signed_in")
	if p := try("agent", password, "203.0.113.9").want(t, 429, "throttled"); p.RetryAfterS != 2 {
		t.Errorf("the delay did not double: %d", p.RetryAfterS)
	}
	v.pass(2 * time.Second)
	if a := try("agent", password, "203.0.113.9"); a.status != 200 {
		t.Errorf("after the delay: %d", a.status)
	}
	for range 5 { // success wiped the slate
		try("agent", "wrong", "203.0.113.9").want(t, 401, "not_signed_in")
	}
}

func TestChangePasswordOverHTTP(t *testing.T) {
	v := newService(t)
	here, there := v.signIn(t, "leader", password), v.signIn(t, "leader", password)
	change := func(from, to string) answer {
		return v.call(t, "POST", "/api/v1/session/password", `{"old_password":"`+from+`","new_password":"`+to+`"}`, "Cookie", here)
	}
	change("wrong", "another wind eight").want(t, 422, "wrong_password")
	p := change(password, "烟草烟草烟草烟草烟草烟草").want(t, 422, "weak_password")
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.new_password" || p.Errors[0].Value != nil {
		t.Errorf("errors %+v", p.Errors)
	}
	done := change(password, "another wind eight")
	if done.status != 200 {
		t.Fatalf("%d %s", done.status, done.body)
	}
	v.call(t, "GET", "/api/v1/session", "", "Cookie", there).want(t, 401, "not_signed_in")
	v.call(t, "GET", "/api/v1/session", "", "Cookie", cookieOf(t, done)).into(t, 200, new(Me))
}

func TestForeignPagesCannotWrite(t *testing.T) {
	v := newService(t)
	body := credentials("agent", password)
	for _, c := range []struct {
		header []string
		want   int
	}{
		{nil, 200}, // no browser
		{[]string{"Sec-Fetch-Site", "same-origin"}, 200},
		{[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site", "Origin", "https://evil.example.org"}, 403},
		{[]string{"Origin", "https://evil.example.org"}, 403},
		{[]string{"Origin", v.url}, 200},
		{[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://desk.example.org"}, 200},
	} {
		a := v.call(t, "POST", "/api/v1/session", body, c.header...)
		if a.status != c.want {
			t.Errorf("%v: %d, want %d", c.header, a.status, c.want)
		}
		if a.status == 403 {
			a.want(t, 403, "cross_origin")
		}
	}
	if a := v.call(t, "GET", "/login", "", "Sec-Fetch-Site", "cross-site"); a.status != 200 {
		t.Errorf("a link from another site is refused: %d", a.status)
	}
}
