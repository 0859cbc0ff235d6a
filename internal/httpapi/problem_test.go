package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"jiujin/dispatch"
	"jiujin/internal/auth"
	"jiujin/ticket"
	"jiujin/tracking/jsonfix"
)

func TestValidationNamesEveryFieldAndEchoesNothingPersonal(t *testing.T) {
	v := newService(t)
	cookie := v.signIn(t, "administrator", password)
	const body = `{"login":"张三的电话13800001234","name":"","role":"king","org_id":0,"phone":"13900005678","unit_id":"14700001111"}`
	a := v.call(t, "POST", "/api/v1/people", body, "Cookie", cookie, "Idempotency-Key", "validation-of-every-field", "Accept-Language", "en")
	p := a.want(t, 422, "validation")
	got := map[string]Fault{}
	for _, f := range p.Errors {
		got[f.Location] = f
	}
	for _, location := range []string{"body.login", "body.name", "body.role", "body.org_id", "body.phone", "body.unit_id"} {
		if got[location].Message == "" {
			t.Errorf("nothing said about %s", location)
		}
	}
	for _, personal := range []string{"13800001234", "13900005678", "张三"} {
		if strings.Contains(string(a.body), personal) {
			t.Errorf("%s comes back: %s", personal, a.body)
		}
	}
	if got["body.role"].Value != "king" {
		t.Errorf("a harmless value is not shown: %+v", got["body.role"])
	}
	if strings.Contains(v.log.String(), "1380000") || strings.Contains(v.log.String(), "1390000") {
		t.Error("the log has a phone number")
	}
}

func TestBrokenBodyIsNotEchoed(t *testing.T) {
	v := newService(t)
	for body, want := range map[string]int{
		`{"login":"agent","password":"my secret`: 400,
		`["my secret"]`:                          422,
		`{"password":"my secret"}`:               422,
		``:                                       400,
	} {
		a := v.call(t, "POST", "/api/v1/session", body, "Content-Type", "application/json")
		p := a.want(t, want, map[int]string{400: "malformed", 422: "validation"}[want])
		if want == 400 && body != "" && (len(p.Errors) != 1 || p.Errors[0].Message != "内容不完整，提前结束") {
			t.Errorf("%q: %+v", body, p.Errors)
		}
		if strings.Contains(string(a.body), "secret") {
			t.Errorf("%q comes back in %s", body, a.body)
		}
	}
	v.call(t, "POST", "/api/v1/session", "login=agent", "Content-Type", "text/plain").want(t, 415, "media_type")
	large := `{"login":"agent","password":"` + strings.Repeat("x", 2<<20) + `"}`
	v.call(t, "POST", "/api/v1/session", large).want(t, 413, "too_large")
}

func TestLanguageOfProblems(t *testing.T) {
	v := newService(t)
	for accept, want := range map[string]string{
		"":                          "请先登录。",
		"zh-CN,zh;q=0.9,en;q=0.8":   "请先登录。",
		"zh-TW":                     "请先登录。",
		"en-US,en;q=0.9,zh;q=0.5":   "Sign in first.",
		"fr;q=0.9,en;q=0.1":         "Sign in first.",
		"de":                        "请先登录。",
		"*":                         "请先登录。",
		";;;":                       "请先登录。",
		strings.Repeat("en,", 1000): "请先登录。",
	} {
		a := v.call(t, "GET", "/api/v1/session", "", "Accept-Language", accept)
		if p := a.want(t, 401, "not_signed_in"); p.Detail != want {
			t.Errorf("%.30q: %q, want %q", accept, p.Detail, want)
		}
	}
	a := v.call(t, "POST", "/api/v1/session", `{"login":"x"}`)
	if p := a.want(t, 422, "validation"); len(p.Errors) != 1 || p.Errors[0].Message != "缺少字段 password" {
		t.Errorf("errors %+v", p.Errors)
	}
	if lang := a.header.Get("Content-Language"); lang != "zh-CN" && lang != "" {
		t.Errorf("Content-Language %q", lang)
	}
}

func TestTimeInTheQueryThatIsNoTime(t *testing.T) {
	v := newService(t)
	cookie := v.signIn(t, "supervisor", password)
	for language, want := range map[string]string{"zh": textTime.zh, "en": textTime.en} {
		p := v.call(t, "GET", "/api/v1/shifts?from=yesterday", "", "Cookie", cookie, "Accept-Language", language).want(t, 422, "validation")
		if len(p.Errors) != 1 || p.Errors[0].Location != "query.from" || p.Errors[0].Message != want {
			t.Errorf("%s: %+v", language, p.Errors)
		}
	}
}

func TestErrorsFromInsideSayNothingOfIt(t *testing.T) {
	v := newService(t)
	ctx := v.personContext(auth.Agent)
	p := v.problem(ctx, fmt.Errorf("read table person: %w", errors.New("column secret_column is bad")))
	if p.Status != 500 || p.Code != "internal" || strings.Contains(p.Detail, "column") {
		t.Errorf("%+v", p)
	}
	if n := strings.Count(v.log.String(), "secret_column"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	p = v.problem(ctx, fmt.Errorf("begin: %w", &net.OpError{Op: "dial", Err: errors.New("connection refused")}))
	if p.Status != 503 || p.Code != "unavailable" || p.GetHeaders().Get("Retry-After") != "2" {
		t.Errorf("%+v", p)
	}
	p = v.problem(ctx, fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 7}))
	if p.Status != 413 || !strings.Contains(p.Detail, "7") {
		t.Errorf("%+v", p)
	}
}

func TestErrorsOfTheDomain(t *testing.T) {
	v := newService(t)
	ctx := v.personContext(auth.Dispatcher) // speaks English
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{ticket.ErrNotFound, 404, "not_found"},
		{ticket.ErrVersion, 409, "version_conflict"},
		{ticket.ErrForbidden, 403, "forbidden"},
		{&ticket.TransitionError{Action: ticket.ActArrive, Status: ticket.Closed}, 422, "illegal_transition"},
		{ticket.Invalid{{Field: "reason", Code: "required"}}, 422, "validation"},
		{dispatch.ErrTicketTaken, 409, "ticket_taken"},
		{dispatch.ErrOfferClosed, 410, "offer_closed"},
		{dispatch.ErrOverrideReason, 422, "override_reason_required"},
		{&dispatch.UnitBusyError{UnitID: 1, Reason: dispatch.ReasonOnTask}, 409, "unit_busy"},
		{jsonfix.ErrTooMany, 413, "too_large"},
		{&jsonfix.SyntaxError{Line: 2, Offset: 40, What: "unexpected end"}, 400, "malformed"},
		{throttled{1500 * time.Millisecond}, 429, "throttled"},
		{invalid{"query.to", text{"晚", "late"}}, 422, "validation"},
		{auth.ErrOutOfScope, 403, "forbidden"},
		{context.Canceled, 500, "internal"},
	} {
		p := v.problem(ctx, fmt.Errorf("do it: %w", c.err))
		if p.Status != c.status || p.Code != c.code || p.Title == "" || p.Detail == "" {
			t.Errorf("%v: %+v", c.err, p)
		}
	}
	p := v.problem(ctx, ticket.Invalid{{Field: "reason", Code: "required"}, {Field: "lon", Code: "not_a_point"}})
	want := []Fault{{Location: "body.reason", Message: "This is required."}, {Location: "body.lon", Message: "This is not a place on earth."}}
	if !slices.Equal(p.Errors, want) {
		t.Errorf("errors %+v", p.Errors)
	}
	p = v.problem(ctx, &ticket.TransitionError{Allowed: []ticket.Action{ticket.ActCancel}})
	if raw, err := json.Marshal(p); err != nil || !strings.Contains(string(raw), `"allowed":["cancel"]`) {
		t.Errorf("%s %v", raw, err)
	}
	if p := v.problem(ctx, throttled{1500 * time.Millisecond}); p.RetryAfterS != 2 {
		t.Errorf("retry after %d s for 1.5 s", p.RetryAfterS)
	}
}

func TestConfigAndOpenAPI(t *testing.T) {
	v := newService(t)
	var config Config
	v.call(t, "GET", "/api/v1/config", "").into(t, 200, &config)
	if config.Product != "Jiujin" || config.Title != "云溪县烟草专卖局" || !config.ServerTime.Equal(start) || config.TimeZone != "Asia/Shanghai" {
		t.Errorf("config %+v", config)
	}
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]json.RawMessage
	}
	v.call(t, "GET", "/api/openapi.json", "").into(t, 200, &document)
	if !strings.HasPrefix(document.OpenAPI, "3.1") || document.Paths["/api/v1/people/{id}/disable"]["post"] == nil {
		t.Errorf("document %s %v", document.OpenAPI, document.Paths)
	}
}

func TestReadiness(t *testing.T) {
	v := newService(t)
	type report struct {
		Ready bool
		Parts map[string]string
	}
	var r report
	v.call(t, "GET", "/readyz", "").into(t, 200, &r)
	if !r.Ready || r.Parts["database"] != "ok" {
		t.Errorf("%+v", r)
	}
	v.broken = errors.New("host db-7 is away")
	a := v.call(t, "GET", "/readyz", "")
	a.into(t, 503, &r)
	if r.Ready || r.Parts["store"] != "failed" || r.Parts["database"] != "ok" || strings.Contains(string(a.body), "db-7") {
		t.Errorf("%s", a.body)
	}
	v.call(t, "GET", "/readyz/intake", "").into(t, 200, &r)
	if a := v.call(t, "GET", "/healthz", ""); a.status != 200 {
		t.Errorf("healthz %d", a.status)
	}
}

// Every named rule of the database either has its answer or stands in the list
// of those that no request can break. Of the primary keys a request can break
// only that of the names of devices.
func TestEveryConstraintIsKnown(t *testing.T) {
	v := newService(t)
	rows, err := v.db.Pool.Query(t.Context(), `
		select c.conname from pg_constraint c
		join pg_class r on r.oid = c.conrelid
		where r.relnamespace in ('public'::regnamespace, 'vault'::regnamespace)
		  and (c.contype in ('u', 'x', 'c') or c.conname = 'device_name_pkey') and r.relname not in ('spatial_ref_sys', 'goose_db_version')
		union
		select i.relname from pg_index x
		join pg_class i on i.oid = x.indexrelid
		join pg_class r on r.oid = x.indrelid
		where x.indisunique and not x.indisprimary and r.relname not in ('spatial_ref_sys', 'goose_db_version')
		  and r.relnamespace in ('public'::regnamespace, 'vault'::regnamespace)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, ok := referees[name]; !ok && !slices.Contains(neverSeen(), name) {
			t.Errorf("%s has no answer and is not said to be a bug if ever seen", name)
		}
	}
	for _, name := range neverSeen() {
		if !slices.Contains(names, name) {
			t.Errorf("%s is said to be a bug if ever seen, but no table has it", name)
		}
	}
	for name := range referees {
		if !slices.Contains(names, name) {
			t.Errorf("%s has an answer, but no table has it", name)
		}
	}
}

// neverSeen are the rules that no request can break: words and ranges that the
// API checks before, values the service makes itself, steps that only code
// takes. A violation is a bug and answered as such.
func neverSeen() []string {
	return []string{
		"attachment_filled", "attachment_once", "attachment_point_whole", "attachment_type_known",
		"basemap_layer_known", "basemap_only_row_check",
		"device_clock_plausible", "device_datum_known", "device_interval_positive", "device_key_unique", "device_kind_known", "device_name_filled",
		"device_one_phone_per_person_and_unit", "gateway_key_unique",
		"dispatch_policy_border_min_check", "dispatch_policy_eta_cap_min_check", "dispatch_policy_max_offers_check", "dispatch_policy_mode_check",
		"dispatch_policy_offer_seconds_check", "dispatch_policy_urgency_check",
		"event_head_only_row_check",
		"basemap_coarse_sets",
		"area_division_once", "area_division_or_squad", "area_named", "area_shape_valid", "area_valid_some_day",
		"fence_dwell_plausible", "fence_event_kind_known", "fence_event_once", "fence_named", "fence_polygon_or_circle", "fence_radius_plausible",
		"offer_answered_once", "offer_expires_later", "offer_state_known",
		"place_check_outcome_known", "place_check_settled_whole", "place_named", "place_point_in_range", "retailer_alias_once", "retailer_alias_sized",
		"org_level_known", "person_role_known", "appeal_reporter_mode_known",
		"delivery_one_open", "delivery_state_known", "import_profile_named", "retailer_extra_object", "retailer_geo_quality_known",
		"retailer_history_kind_known", "retailer_market_type_known", "retailer_school_not_negative",
		"retailer_licence_no_form", "retailer_licence_no_unique", "retailer_point_in_range", "retailer_point_whole", "retailer_status_known",
		"road_closure_in_order", "road_closure_line_or_polygon", "road_closure_reasoned", "road_graph_only_row_check",
		"sortie_one_per_offer", "sortie_outcome_known", "sortie_outcome_with_end", "sortie_times_in_order",
		"ticket_closed_has_time", "ticket_dispatch_has_point", "ticket_kind_known", "ticket_number_unique", "ticket_place_quality_known",
		"ticket_point_whole", "ticket_status_known", "ticket_urgency_range",
		"track_progress_only_row_check",
		"unit_kind_known",
	}
}
