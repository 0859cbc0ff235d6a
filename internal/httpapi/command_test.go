package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"jiujin/internal/auth"
	"jiujin/internal/pg"
)

func id(n int64) string { return strconv.FormatInt(n, 10) }

func (v *service) orgBody(code string) string {
	return `{"parent_id":` + id(v.county.ID) + `,"level":"squad","code":"` + code + `","name":"中队"}`
}

func (v *service) count(t testing.TB, sql string) int {
	t.Helper()
	if err := v.ingest.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := v.db.Pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSameKeyAtTheSameTimeHasOneEffect(t *testing.T) {
	v := newService(t)
	cookie := v.signIn(t, "administrator", password)
	before := v.count(t, `select count(*) from org`)
	answers := make(chan answer)
	for range 16 {
		go func() {
			answers <- v.call(t, "POST", "/api/v1/orgs", v.orgBody("s1"), "Cookie", cookie, "Idempotency-Key", "sixteen-at-the-same-time")
		}()
	}
	first := <-answers
	if first.status != 201 {
		t.Fatalf("%d %s", first.status, first.body)
	}
	for range 15 {
		if a := <-answers; a.status != 201 || !bytes.Equal(a.body, first.body) {
			t.Errorf("%d %s, want %s", a.status, a.body, first.body)
		}
	}
	if after := v.count(t, `select count(*) from org`); after != before+1 {
		t.Errorf("%d organisations were made", after-before)
	}
}

func TestKeyBelongsToOnePersonRouteAndInput(t *testing.T) {
	v := newService(t)
	cookie := v.signIn(t, "administrator", password)
	const key = "a-key-that-is-used-twice"
	v.call(t, "POST", "/api/v1/orgs", v.orgBody("s1"), "Cookie", cookie, "Idempotency-Key", key).into(t, 201, new(OrgView))
	v.call(t, "POST", "/api/v1/orgs", v.orgBody("s2"), "Cookie", cookie, "Idempotency-Key", key).want(t, 422, "idempotency_mismatch")
	v.call(t, "POST", "/api/v1/people/"+id(v.people[auth.Agent].ID)+"/disable", "", "Cookie", cookie, "Idempotency-Key", key).
		want(t, 422, "idempotency_mismatch")
	spaced := strings.ReplaceAll(v.orgBody("s1"), ",", " ,\n")
	v.call(t, "POST", "/api/v1/orgs", spaced, "Cookie", cookie, "Idempotency-Key", key).into(t, 201, new(OrgView)) // same input, other spelling

	colleague := v.personContext(auth.Supervisor)
	got, err := command(colleague, v.Server, key, "POST /orgs", 7, func(context.Context, *pg.Tx) (string, error) { return "mine", nil })
	if err != nil || got != "mine" {
		t.Errorf("another person's use of the key: %q, %v", got, err)
	}
}

func TestKeyIsRequired(t *testing.T) {
	v := newService(t)
	cookie := v.signIn(t, "administrator", password)
	for _, key := range []string{"", "too-short", strings.Repeat("k", 256)} {
		p := v.call(t, "POST", "/api/v1/orgs", v.orgBody("s1"), "Cookie", cookie, "Idempotency-Key", key).want(t, 422, "validation")
		if len(p.Errors) != 1 || p.Errors[0].Location != "header.Idempotency-Key" {
			t.Errorf("key %.20q: %+v", key, p.Errors)
		}
	}
}

// personContext is a request's context of a person, without a request.
func (v *service) personContext(role auth.Role) context.Context {
	p := v.people[role]
	return context.WithValue(context.Background(), aboutKey{}, &about{
		id: "test", lang: english, principal: &auth.Principal{PersonID: p.ID, Role: role, OrgPath: v.county.Path},
	})
}

func TestFailedCommandKeepsNothing(t *testing.T) {
	v := newService(t)
	ctx := v.personContext(auth.Agent)
	boom := errors.New("boom")
	announced := 0
	run := func(fail error) (int, error) {
		return command(ctx, v.Server, "the-key-of-a-failed-command", "POST /x", 1, func(ctx context.Context, tx *pg.Tx) (int, error) {
			tx.AfterCommit(func() { announced++ })
			_, err := auth.CreateOrg(ctx, tx, auth.Org{ParentID: v.county.ID, Level: "squad", Code: "s1", Name: "中队"})
			return 42, errors.Join(err, fail)
		})
	}
	if _, err := run(boom); !errors.Is(err, boom) {
		t.Fatalf("got %v", err)
	}
	for range 2 { // the second time from the kept answer: the code s1 would be taken
		if got, err := run(nil); got != 42 || err != nil {
			t.Errorf("got %d, %v", got, err)
		}
	}
	if announced != 1 {
		t.Errorf("announced %d times", announced)
	}
}

func TestAnswersAreKeptSealedAndNotForEver(t *testing.T) {
	v := newService(t)
	ctx := v.personContext(auth.Agent)
	const key, secret = "the-key-that-opens-the-answer", "13800001234"
	run := func() {
		got, err := command(ctx, v.Server, key, "POST /x", secret, func(context.Context, *pg.Tx) (map[string]string, error) {
			return map[string]string{"phone": secret}, nil
		})
		if err != nil || got["phone"] != secret {
			t.Fatalf("got %v, %v", got, err)
		}
	}
	run()
	run()
	var row string
	if err := v.db.Pool.QueryRow(t.Context(), `select i::text || encode(request_hash, 'escape') from idempotency i`).Scan(&row); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(row, secret) || strings.Contains(row, key) {
		t.Errorf("the row tells the secret or the key: %s", row)
	}

	v.pass(idempotencyLife)
	if err := v.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := v.count(t, `select count(*) from idempotency`); n != 1 {
		t.Errorf("%d answers left after exactly 7 days, want 1", n)
	}
	v.pass(time.Second)
	if err := v.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := v.count(t, `select count(*) from idempotency`); n != 0 {
		t.Errorf("%d answers left after more than 7 days", n)
	}
}

// The kept answer must be the one that was sent, whatever its shape.
func TestReplayEqualsTheFirstAnswer(t *testing.T) {
	v := newService(t)
	ctx := v.personContext(auth.Agent)
	type shape struct {
		At    time.Time
		Text  string
		Ratio float64
		Null  *int
		List  []string
	}
	want := shape{At: start.Add(123456 * time.Microsecond), Text: "\"<烟>\"\u2028", Ratio: 0.1, List: []string{}}
	var answers []string
	for range 2 {
		got, err := command(ctx, v.Server, "shape-of-a-replayed-answer", "POST /x", nil, func(context.Context, *pg.Tx) (shape, error) { return want, nil })
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, string(encoded))
	}
	if answers[0] != answers[1] {
		t.Errorf("first %s, then %s", answers[0], answers[1])
	}
}
