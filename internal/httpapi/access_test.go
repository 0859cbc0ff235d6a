package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"jiujin/internal/auth"
)

// outsideAddress makes a request come from elsewhere than this machine.
var outsideAddress = []string{"X-Forwarded-For", "203.0.113.9"}

// Every route is tried as nobody, as a device and in every role.
func TestAccessTable(t *testing.T) {
	v := newService(t)
	v.board.Tick = 50 * time.Millisecond
	v.spawn(t, v.board.Run) // the stream begins when the board follows it
	for _, rule := range accessTable() {
		t.Run(rule.method+" "+rule.path, func(t *testing.T) {
			open := rule.public
			v.wantAccess(t, rule, "nobody", 401, open, outsideAddress...)
			v.wantAccess(t, rule, "device", 401, open || rule.device, append(outsideAddress, "Authorization", "Bearer "+v.device)...)
			v.wantAccess(t, rule, "a made-up device", 401, open, append(outsideAddress, "Authorization", "Bearer jjd_wrong")...)
			forbidden := 403
			if rule.inbound { // a session is no key
				forbidden = 401
			}
			for _, role := range auth.Roles() {
				cookie := v.signIn(t, string(role), password)
				v.wantAccess(t, rule, string(role), forbidden, open || slices.Contains(rule.roles, role), append(outsideAddress, "Cookie", cookie)...)
			}
		})
	}
}

func (v *service) wantAccess(t *testing.T, rule rule, name string, refused int, allowed bool, header ...string) {
	t.Helper()
	path := samplePath(rule.path, name)
	request, err := http.NewRequestWithContext(t.Context(), rule.method, v.url+path, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close() // streams have no end
	got := response.StatusCode
	switch {
	case allowed && (got == 401 || got == 403 || got >= 500):
		t.Errorf("%s is refused with %d", name, got)
	case !allowed && got != refused:
		t.Errorf("%s gets %d, want %d", name, got, refused)
	}
}

// samplePath is an address of a route, of objects that do not exist.
func samplePath(path, name string) string {
	path = strings.NewReplacer("/*", "/", "{id}", "999999", "{action}", "arrive", "{urgency}", "4",
		"{z}", "1", "{x}", "0", "{y}", "0.mvt", "{layer}", "0", "{licence_no}", "110101000001").Replace(path)
	if path == "/api/v1/live" && name == string(auth.Officer) {
		path += "?view=officer" // the only one that an officer has
	}
	return path
}

func TestMustChangePasswordFirst(t *testing.T) {
	v := newService(t)
	admin := v.signIn(t, "administrator", password)
	var made PersonSecret
	v.call(t, "POST", "/api/v1/people", `{"login":"li.na","name":"李娜","role":"administrator","org_id":`+id(v.county.ID)+`}`,
		"Cookie", admin, "Idempotency-Key", "first-key-of-this-test").into(t, 201, &made)

	cookie := v.signIn(t, "li.na", made.Secret)
	for _, rule := range accessTable() {
		if rule.public || rule.always || rule.inbound {
			continue
		}
		path := samplePath(rule.path, "administrator")
		v.call(t, rule.method, path, "{}", append(outsideAddress, "Cookie", cookie)...).want(t, 403, "must_change_password")
	}
	var me Me
	v.call(t, "GET", "/api/v1/session", "", "Cookie", cookie).into(t, 200, &me)
	if !me.MustChange {
		t.Error("must_change is not told")
	}
	changed := v.call(t, "POST", "/api/v1/session/password",
		`{"old_password":"`+made.Secret+`","new_password":"another wind eight"}`, "Cookie", cookie)
	changed.into(t, 200, &me)
	if me.MustChange {
		t.Error("must change again")
	}
	if a := v.call(t, "GET", "/api/v1/people", "", "Cookie", cookieOf(t, changed)); a.status != 200 {
		t.Errorf("people after the change: %d", a.status)
	}
	v.call(t, "GET", "/api/v1/session", "", "Cookie", cookie).want(t, 401, "not_signed_in")
}

func TestMetricsAreForThisMachine(t *testing.T) {
	v := newService(t)
	a := v.call(t, "GET", "/metrics", "")
	if a.status != 200 || !strings.Contains(string(a.body), "go_goroutines") {
		t.Errorf("from this machine: %d", a.status)
	}
	v.call(t, "GET", "/metrics", "", outsideAddress...).want(t, 401, "not_signed_in")
}

func TestRoutesAndTableMustAgree(t *testing.T) {
	v := newService(t)
	v.echo.GET("/api/v1/forgotten/:id", func(echo.Context) error { return nil })
	v.rules["GET /api/v1/removed"] = rule{method: "GET", path: "/api/v1/removed"}
	err := v.checkRoutes()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"route GET /api/v1/forgotten/{id} has no row in the access table",
		"row GET /api/v1/removed of the access table has no route",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	v.call(t, "GET", "/api/v1/forgotten/1", "").want(t, 404, "not_found") // and it is not reachable
}

func TestUnknownAddressAndMethod(t *testing.T) {
	v := newService(t)
	v.call(t, "GET", "/api/v1/nothing", "").want(t, 404, "not_found")
	v.call(t, "GET", "/api/", "").want(t, 404, "not_found")
	for request, allow := range map[string]string{
		"PUT /api/v1/session":               "DELETE, GET, POST",
		"GET /api/v1/fixes":                 "POST",
		"DELETE /api/v1/fixes":              "POST",
		"GET /api/v1/tickets/7/offers":      "POST",
		"PUT /api/v1/units/7":               "GET",
		"GET /api/v1/policy/2":              "PUT",
		"POST /api/openapi.json":            "GET",
		"POST /login":                       "GET",
		"GET /api/v1/tickets/7/actions/act": "POST",
	} {
		method, path, _ := strings.Cut(request, " ")
		a := v.call(t, method, path, "")
		a.want(t, 405, "method_not_allowed")
		if got := a.header.Get("Allow"); got != allow {
			t.Errorf("%s: Allow %q, want %q", request, got, allow)
		}
	}
	v.call(t, "GET", "/api/v1/tickets/7/nothing", "").want(t, 404, "not_found")
	v.call(t, "POST", "/api/v1/nothing", "{}").want(t, 404, "not_found")
}

func TestScopeOfAdministration(t *testing.T) {
	v := newService(t)
	cookie := v.signIn(t, "administrator", password) // of the county
	add := func(key string, org int64) answer {
		return v.call(t, "POST", "/api/v1/people", `{"login":"someone","name":"某人","role":"agent","org_id":`+id(org)+`}`,
			"Cookie", cookie, "Idempotency-Key", "scope-of-administration-"+key)
	}
	add("a", v.other.ID).want(t, 403, "forbidden")
	add("b", v.root.ID).want(t, 403, "forbidden")
	add("c", 424242).want(t, 404, "not_found")
	var made PersonSecret
	add("d", v.county.ID).into(t, 201, &made)
	add("e", v.county.ID).want(t, 409, "login_taken")

	var list struct{ People []PersonView }
	v.call(t, "GET", "/api/v1/people", "", "Cookie", cookie).into(t, 200, &list)
	if len(list.People) != len(auth.Roles())+1 {
		t.Errorf("%d people", len(list.People))
	}
	session := v.signIn(t, "someone", made.Secret)
	disable := "/api/v1/people/" + id(made.Person.ID) + "/disable"
	var gone PersonView
	v.call(t, "POST", disable, "", "Cookie", cookie, "Idempotency-Key", "disable-this-one-person").into(t, 200, &gone)
	if gone.DisabledAt == nil || !gone.DisabledAt.Equal(start) {
		t.Errorf("disabled at %v", gone.DisabledAt)
	}
	v.call(t, "GET", "/api/v1/session", "", "Cookie", session).want(t, 401, "not_signed_in")
	self := "/api/v1/people/" + id(v.people[auth.Administrator].ID) + "/disable"
	v.call(t, "POST", self, "", "Cookie", cookie, "Idempotency-Key", "disable-my-very-own-self").want(t, 422, "validation")

	if n := v.count(t, `select count(*) from event where type in ('person.added', 'person.disabled') and data->>'person_id' = '`+id(made.Person.ID)+`'`); n != 2 {
		t.Errorf("%d events of the person, want 2", n)
	}
	reset := v.call(t, "POST", "/api/v1/people/"+id(v.people[auth.Agent].ID)+"/password", "", "Cookie", cookie, "Idempotency-Key", "a-new-password-for-somebody")
	reset.into(t, 200, &made)
	if made.Secret == "" || !made.Person.MustChange {
		t.Errorf("reset gave %+v", made.Person)
	}
	v.call(t, "POST", "/api/v1/session", credentials("agent", password)).want(t, 401, "not_signed_in")
	v.signIn(t, "agent", made.Secret)

	var orgs struct{ Orgs []OrgView }
	v.call(t, "GET", "/api/v1/orgs", "", "Cookie", cookie).into(t, 200, &orgs)
	if len(orgs.Orgs) != 1 || orgs.Orgs[0].ID != v.county.ID {
		t.Errorf("organisations %+v", orgs.Orgs)
	}
}
