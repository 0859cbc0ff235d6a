package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"jiujin/internal/auth"
)

// access says who is let through to a route.
type access struct {
	public  bool        // everybody
	device  bool        // a device with its key, besides the roles
	gateway bool        // a platform that forwards for many devices, with its key, besides the roles; see Server.machines
	inbound bool        // whoever has a key where the protocol has a place for it, at times in the body: the handler looks
	maps    bool        // everybody where the service shows its maps to the public, besides the roles
	local   bool        // from this machine, besides the roles
	roles   []auth.Role // signed-in people of these roles
	always  bool        // also people who must change their password first
}

// rule is one row of the access table.
type rule struct {
	method, path string
	access
	bodyMax int64         // bytes; 0 = 1 MiB
	within  time.Duration // for the whole request to arrive; 0 = 30 s
	list    bool          // the body is a list for the Importer, which says how long that may be
	stream  bool          // answers for as long as the client stays
	quiet   bool          // so frequent that a success is worth a line at Debug level only
}

func (r rule) bodyLimit() int64 {
	if r.bodyMax == 0 {
		return 1 << 20
	}
	return r.bodyMax
}

func (r rule) timeLimit() time.Duration {
	if r.within == 0 {
		return 30 * time.Second
	}
	return r.within
}

// pagesPath is the route of the web pages: every address that no other route has.
const pagesPath = "/*"

func only(roles ...auth.Role) access { return access{roles: roles} }

// accessTable is the one place that says who may do what. Handlers do not ask
// again, except whether an object lies in the person's branch.
func accessTable() []rule {
	public := access{public: true}
	inbound := access{device: true, inbound: true}
	everyone := only(auth.Roles()...)
	everyone.always = true
	maps := access{maps: true, roles: auth.Roles()}
	administrator := only(auth.Administrator)
	operator := access{local: true, roles: []auth.Role{auth.Administrator}}
	desk := only(auth.Administrator, auth.Agent, auth.Dispatcher, auth.Leader, auth.Supervisor)
	review := only(auth.Administrator, auth.Supervisor)
	board := only(append(desk.roles, auth.Wall)...)
	const v1 = "/api/v1"
	return []rule{
		{method: "POST", path: v1 + "/session", access: public},
		{method: "GET", path: v1 + "/session", access: everyone},
		{method: "DELETE", path: v1 + "/session", access: everyone},
		{method: "POST", path: v1 + "/session/password", access: everyone},
		{method: "GET", path: v1 + "/config", access: public},

		{method: "GET", path: v1 + "/tiles/{z}/{x}/{y}", access: maps, quiet: true},
		{method: "GET", path: v1 + "/backdrops/{id}/{layer}/{z}/{x}/{y}", access: maps, quiet: true},

		{method: "POST", path: v1 + "/fixes", access: access{device: true, gateway: true, roles: []auth.Role{auth.Officer, auth.Leader}}, bodyMax: 4 << 20, quiet: true},
		{method: "GET", path: "/in/osmand", access: inbound, quiet: true},
		{method: "POST", path: "/in/osmand", access: inbound, quiet: true},
		{method: "GET", path: "/in/osmand/{token}", access: inbound, quiet: true},
		{method: "POST", path: "/in/osmand/{token}", access: inbound, quiet: true},
		{method: "POST", path: "/in/owntracks", access: inbound, quiet: true},
		{method: "POST", path: "/in/owntracks/{token}", access: inbound, quiet: true},
		{method: "POST", path: "/in/traccar", access: access{inbound: true}, quiet: true},

		{method: "GET", path: v1 + "/units", access: board},
		{method: "POST", path: v1 + "/units", access: administrator},
		{method: "GET", path: v1 + "/units/near", access: access{gateway: true, roles: desk.roles}, quiet: true},
		{method: "GET", path: v1 + "/units/{id}", access: board},
		{method: "GET", path: v1 + "/units/{id}/history", access: review},
		{method: "GET", path: v1 + "/units/{id}/track", access: review},
		{method: "GET", path: v1 + "/units/{id}/track.gpx", access: review},
		{method: "GET", path: v1 + "/units/{id}/track.kml", access: review},
		{method: "GET", path: v1 + "/units/{id}/track.geojson", access: review},
		{method: "GET", path: v1 + "/units/{id}/track.csv", access: review},
		{method: "GET", path: v1 + "/scene", access: review},
		{method: "POST", path: v1 + "/units/{id}/service", access: only(auth.Dispatcher, auth.Leader, auth.Officer)},
		{method: "POST", path: v1 + "/units/{id}/devices", access: administrator},
		{method: "GET", path: v1 + "/devices/{id}/datum", access: administrator},
		{method: "GET", path: v1 + "/fences", access: desk},
		{method: "POST", path: v1 + "/fences", access: only(auth.Administrator, auth.Dispatcher)},
		{method: "PATCH", path: v1 + "/fences/{id}", access: only(auth.Administrator, auth.Dispatcher)},
		{method: "DELETE", path: v1 + "/fences/{id}", access: only(auth.Administrator, auth.Dispatcher)},
		{method: "GET", path: v1 + "/fences/{id}/events", access: only(auth.Administrator, auth.Supervisor)},
		{method: "GET", path: v1 + "/areas", access: desk},
		{method: "GET", path: v1 + "/areas/at", access: desk},
		{method: "GET", path: v1 + "/areas/coverage", access: administrator},
		{method: "POST", path: v1 + "/areas", access: administrator},
		{method: "PATCH", path: v1 + "/areas/{id}", access: administrator},
		{method: "DELETE", path: v1 + "/areas/{id}", access: administrator},
		{method: "POST", path: v1 + "/areas/import", access: administrator, bodyMax: 64 << 20, within: 10 * time.Minute},
		{method: "GET", path: v1 + "/devices", access: administrator},
		{method: "GET", path: v1 + "/devices/{id}", access: administrator},
		{method: "PATCH", path: v1 + "/devices/{id}", access: administrator},
		{method: "POST", path: v1 + "/devices/{id}/settle-conflict", access: administrator},
		{method: "GET", path: v1 + "/gateways", access: administrator},
		{method: "POST", path: v1 + "/gateways", access: administrator},
		{method: "GET", path: v1 + "/shifts", access: desk},
		{method: "POST", path: v1 + "/shifts", access: only(auth.Administrator, auth.Dispatcher, auth.Leader)},
		{method: "DELETE", path: v1 + "/shifts/{id}", access: only(auth.Administrator, auth.Dispatcher, auth.Leader)},

		{method: "POST", path: v1 + "/dossier", access: desk},
		{method: "GET", path: v1 + "/retailers", access: only(append(slices.Clone(desk.roles), auth.Officer)...)},
		{method: "GET", path: v1 + "/retailers/{licence_no}", access: desk},
		{method: "GET", path: v1 + "/retailers/tiles/{z}/{x}/{y}", access: desk, quiet: true},
		{method: "GET", path: v1 + "/retailers/carton", access: only(append(slices.Clone(desk.roles), auth.Officer)...)},
		{method: "GET", path: v1 + "/retailers/{licence_no}/record", access: desk},
		{method: "POST", path: v1 + "/retailers/{licence_no}/status", access: administrator},
		{method: "GET", path: v1 + "/retailers/deliveries", access: administrator, quiet: true},
		{method: "GET", path: v1 + "/retailers/deliveries/{id}", access: administrator, quiet: true},
		{method: "POST", path: v1 + "/retailers/deliveries/{id}/decision", access: administrator},
		{method: "GET", path: v1 + "/retailers/deliveries/{id}/refused", access: administrator},
		{method: "POST", path: v1 + "/retailers/preview", access: administrator, bodyMax: 64 << 20, within: 10 * time.Minute},
		{method: "GET", path: v1 + "/retailers/profiles", access: administrator},
		{method: "POST", path: v1 + "/retailers/profiles", access: administrator},
		{method: "GET", path: v1 + "/retailers/export", access: administrator},
		{method: "POST", path: v1 + "/retailers/import", access: administrator, list: true, within: 3 * time.Hour},

		{method: "POST", path: v1 + "/tickets", access: only(auth.Agent, auth.Dispatcher)},
		{method: "GET", path: v1 + "/tickets", access: desk},
		{method: "GET", path: v1 + "/tickets/{id}", access: desk},
		{method: "POST", path: v1 + "/tickets/{id}/actions/{action}", access: only(auth.Agent, auth.Dispatcher, auth.Leader, auth.Officer, auth.Supervisor)},
		{method: "GET", path: v1 + "/tickets/{id}/candidates", access: desk},
		{method: "GET", path: v1 + "/tickets/{id}/route", access: only(append(slices.Clone(board.roles), auth.Officer)...), quiet: true},
		{method: "GET", path: v1 + "/roads/closures", access: only(append(slices.Clone(board.roles), auth.Officer)...)},
		{method: "POST", path: v1 + "/roads/closures", access: only(auth.Administrator, auth.Dispatcher)},
		{method: "DELETE", path: v1 + "/roads/closures/{id}", access: only(auth.Administrator, auth.Dispatcher)},
		{method: "POST", path: v1 + "/roads/closures/{id}/restore", access: only(auth.Administrator, auth.Dispatcher)},
		{method: "POST", path: v1 + "/tickets/{id}/offers", access: only(auth.Dispatcher, auth.Leader)},
		{method: "POST", path: v1 + "/resolve", access: desk},
		{method: "GET", path: v1 + "/place-checks", access: desk},
		{method: "POST", path: v1 + "/tickets/{id}/place-check", access: only(auth.Agent, auth.Dispatcher)},
		{method: "POST", path: v1 + "/tickets/{id}/place", access: only(auth.Dispatcher, auth.Leader, auth.Officer)},
		{method: "POST", path: v1 + "/tickets/{id}/reveal", access: only(auth.Agent, auth.Supervisor)},

		{method: "GET", path: v1 + "/tickets/{id}/attachments", access: desk},
		{method: "GET", path: v1 + "/attachments/{id}", access: desk},

		{method: "GET", path: v1 + "/officer", access: only(auth.Officer, auth.Leader)},
		{method: "POST", path: v1 + "/offers/{id}/accept", access: only(auth.Officer, auth.Leader)},
		{method: "POST", path: v1 + "/offers/{id}/decline", access: only(auth.Officer, auth.Leader)},

		{method: "POST", path: v1 + "/public/progress", access: public, bodyMax: 4 << 10},
		{method: "GET", path: v1 + "/public/board", access: public},
		{method: "GET", path: v1 + "/kpi", access: board},
		{method: "GET", path: v1 + "/policy", access: desk},
		{method: "PUT", path: v1 + "/policy/{urgency}", access: administrator},
		{method: "GET", path: v1 + "/live", access: only(auth.Roles()...), stream: true},

		{method: "GET", path: v1 + "/people", access: administrator},
		{method: "POST", path: v1 + "/people", access: administrator},
		{method: "POST", path: v1 + "/people/{id}/disable", access: administrator},
		{method: "POST", path: v1 + "/people/{id}/password", access: administrator},
		{method: "GET", path: v1 + "/orgs", access: administrator},
		{method: "POST", path: v1 + "/orgs", access: administrator},

		{method: "GET", path: "/api/openapi.json", access: public},
		{method: "GET", path: "/healthz", access: public},
		{method: "GET", path: "/readyz", access: public},
		{method: "GET", path: "/readyz/intake", access: public},
		{method: "GET", path: "/metrics", access: operator},
		{method: "GET", path: pagesPath, access: public},
	}
}

// tablePath turns echo's way of writing a path into that of the access table.
func tablePath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			if base, rest, ok := strings.Cut(name, "."); ok {
				parts[i] = "{" + base + "}." + rest
			} else {
				parts[i] = "{" + name + "}"
			}
		}
	}
	return strings.Join(parts, "/")
}

// admit enforces the access table and the limits of the route. It runs after
// routing and before anything of the request's body is read.
func (s *Server) admit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		rule, ok := s.routed[route{r.Method, c.Path()}]
		if !ok || rule.path == pagesPath && outsideOfPages(r.URL.Path) {
			s.setLimits(c, rule)
			return s.unknownRoute(r)
		}
		about := aboutRequest(r.Context())
		about.route, about.quiet = rule.path, rule.quiet
		s.setLimits(c, rule)
		ctx, err := s.allowed(r.Context(), r, rule)
		if err == nil && r.ContentLength > rule.bodyLimit() {
			err = &http.MaxBytesError{Limit: rule.bodyLimit()}
		}
		if err != nil {
			s.refuse(c.Response(), r, err)
			return nil
		}
		if ctx != r.Context() {
			c.SetRequest(r.WithContext(ctx))
		}
		if answer := s.machines[route{r.Method, rule.path}]; about.gateway != nil && answer != nil {
			return answer(c)
		}
		return next(c)
	}
}

// unknownRoute answers what no route serves.
func (s *Server) unknownRoute(r *http.Request) error {
	if len(s.methodsOf(r.URL.Path)) > 0 {
		return echo.ErrMethodNotAllowed
	}
	return echo.ErrNotFound
}

// methodsOf is the methods that an address takes, in alphabetical order; none when there is no such address.
func (s *Server) methodsOf(address string) []string {
	var methods []string
	for _, rule := range s.rules {
		if rule.serves(address) && !slices.Contains(methods, rule.method) {
			methods = append(methods, rule.method)
		}
	}
	slices.Sort(methods)
	return methods
}

// serves tells whether the rule's path stands for the address. The pages stand for all outside of the API.
func (r rule) serves(address string) bool {
	if r.path == pagesPath {
		return !outsideOfPages(address)
	}
	want, have := strings.Split(r.path, "/"), strings.Split(address, "/")
	return slices.EqualFunc(want, have, func(part, given string) bool {
		return part == given || strings.HasPrefix(part, "{") && given != ""
	})
}

// answerWithin is how much longer than a request may take to arrive its answer
// may take to leave.
const answerWithin = 30 * time.Second

func (s *Server) setLimits(c echo.Context, rule rule) {
	read := time.Now().Add(rule.timeLimit())
	write := read.Add(answerWithin)
	if rule.stream {
		read, write = time.Time{}, time.Time{}
	}
	control := http.NewResponseController(c.Response())
	_ = control.SetReadDeadline(read) // only a test's recorder has none
	_ = control.SetWriteDeadline(write)
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, rule.bodyLimit())
}

// allowed finds out who asks, and whether the rule lets them in. The context
// that it returns is that of the request; aboutRequest knows the principal, the
// device or the gateway.
func (s *Server) allowed(ctx context.Context, r *http.Request, rule rule) (context.Context, error) {
	about := aboutRequest(ctx)
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		about.token = cookie.Value
	}
	if rule.public || rule.maps && s.deps.PublicMap || rule.inbound || rule.local && about.local {
		return ctx, nil
	}
	if scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " "); (rule.device || rule.gateway) && strings.EqualFold(scheme, "Bearer") {
		return ctx, s.lookUpKey(ctx, about, rule, strings.TrimSpace(key))
	}
	p, err := s.sessions.Principal(ctx, about.token)
	if rule.device && errors.Is(err, auth.ErrNotSignedIn) {
		err = errNoSender
	}
	if err != nil {
		return nil, err
	}
	about.principal = &p
	switch {
	case p.MustChange && !rule.always:
		return nil, errMustChange
	case !slices.Contains(rule.roles, p.Role):
		return nil, errForbidden
	}
	return ctx, nil
}

// who is the person who makes the request. It must not be called in handlers of
// public routes or for devices; there it returns the zero Principal.
func who(ctx context.Context) auth.Principal {
	if p := aboutRequest(ctx).principal; p != nil {
		return *p
	}
	return auth.Principal{}
}
