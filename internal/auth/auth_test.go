package auth_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jiujin/internal/auth"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const password = "harbour wind seven"

// cheapPasswords keeps the tests quick: same algorithm, hardly any work.
func cheapPasswords(t *testing.T) *auth.Passwords {
	t.Helper()
	p, err := auth.NewPasswords(auth.Cost{MemoryKiB: 64, Rounds: 1, Threads: 1}, 2)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// bureau is a database with a small organisation and a clock that stands still.
type bureau struct {
	db        *pg.DB
	passwords *auth.Passwords
	sessions  *auth.Sessions
	clock     atomic.Int64 // microseconds after start
	root      auth.Org
	county    auth.Org
}

func newBureau(t *testing.T) *bureau {
	b := &bureau{db: pgtest.New(t), passwords: cheapPasswords(t)}
	b.db.Now = func() time.Time { return start.Add(time.Duration(b.clock.Load()) * time.Microsecond) }
	b.sessions = auth.NewSessions(b.db, b.passwords)
	b.inTx(t, func(tx *pg.Tx) (err error) {
		if b.root, err = auth.CreateOrg(t.Context(), tx, auth.Org{Level: "province", Code: "p", Name: "省局"}); err != nil {
			return err
		}
		b.county, err = auth.CreateOrg(t.Context(), tx, auth.Org{ParentID: b.root.ID, Level: "county", Code: "c", Name: "云溪县局"})
		return err
	})
	return b
}

func (b *bureau) pass(d time.Duration) { b.clock.Add(d.Microseconds()) }

func (b *bureau) inTx(t *testing.T, fn func(tx *pg.Tx) error) {
	t.Helper()
	if err := b.db.InTx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func (b *bureau) person(t *testing.T, login string, role auth.Role, org auth.Org) auth.Person {
	t.Helper()
	hash, err := b.passwords.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	var p auth.Person
	b.inTx(t, func(tx *pg.Tx) error {
		p, err = auth.CreatePerson(t.Context(), tx, auth.Person{Login: login, Name: "人", Role: role, OrgID: org.ID}, hash)
		return err
	})
	return p
}

func (b *bureau) signIn(t *testing.T, login string) auth.Session {
	t.Helper()
	s, err := b.sessions.SignIn(t.Context(), login, password, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bureau) wantSignedIn(t *testing.T, token string, want bool) {
	t.Helper()
	_, err := b.sessions.Principal(t.Context(), token)
	if want && err != nil {
		t.Errorf("session is over: %v", err)
	}
	if !want && !errors.Is(err, auth.ErrNotSignedIn) {
		t.Errorf("session lives on (error %v)", err)
	}
}

func TestScopeIsTheBranch(t *testing.T) {
	p := auth.Principal{OrgPath: "1.4."}
	for path, want := range map[string]bool{"1.4.": true, "1.4.9.": true, "1.": false, "1.40.": false, "": false, "1.5.4.": false} {
		if p.InScope(path) != want {
			t.Errorf("InScope(%q) = %v", path, !want)
		}
	}
	if (auth.Principal{}).InScope("1.") {
		t.Error("a principal without organisation has a scope")
	}
}

func TestRolesAreThoseOfTheDatabase(t *testing.T) {
	b := newBureau(t)
	for _, role := range auth.Roles() {
		if role == auth.Officer {
			continue
		}
		b.person(t, string(role), role, b.root)
	}
	err := b.db.InTx(t.Context(), func(tx *pg.Tx) error {
		_, err := auth.CreatePerson(t.Context(), tx, auth.Person{Login: "x", Name: "x", Role: "king", OrgID: b.root.ID}, "h")
		return err
	})
	if pg.Constraint(err) != "person_role_known" {
		t.Errorf("unknown role: %v", err)
	}
	err = b.db.InTx(t.Context(), func(tx *pg.Tx) error {
		_, err := auth.CreatePerson(t.Context(), tx, auth.Person{Login: "x", Name: "x", Role: auth.Officer, OrgID: b.root.ID}, "h")
		return err
	})
	if pg.Constraint(err) != "person_officer_has_unit" {
		t.Errorf("officer without a unit: %v", err)
	}
	people, err := auth.People(t.Context(), b.db.Pool, b.root.Path)
	if err != nil || len(people) != len(auth.Roles())-1 {
		t.Errorf("%d people, %v", len(people), err)
	}
}

func TestListsAreOfTheBranch(t *testing.T) {
	b := newBureau(t)
	b.person(t, "above", auth.Agent, b.root)
	inside := b.person(t, "inside", auth.Agent, b.county)
	people, err := auth.People(t.Context(), b.db.Pool, b.county.Path)
	if err != nil || len(people) != 1 || people[0].ID != inside.ID {
		t.Errorf("people of the county: %v, %v", people, err)
	}
	orgs, err := auth.Orgs(t.Context(), b.db.Pool, b.root.Path)
	if err != nil || !slices.Equal(orgs, []auth.Org{b.root, b.county}) {
		t.Errorf("organisations: %v, %v", orgs, err)
	}
	if _, err := auth.PersonByLogin(t.Context(), b.db.Pool, "nobody"); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("unknown login: %v", err)
	}
	if _, err := auth.PersonByID(t.Context(), b.db.Pool, inside.ID+100); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("unknown id: %v", err)
	}
}

func TestSignInNeedsTheRightPassword(t *testing.T) {
	b := newBureau(t)
	p := b.person(t, "chen", auth.Dispatcher, b.county)
	for _, c := range [][2]string{{"chen", "wrong"}, {"nobody", password}, {"chen", ""}, {"", ""}, {"CHEN", password}} {
		if _, err := b.sessions.SignIn(t.Context(), c[0], c[1], ""); !errors.Is(err, auth.ErrCredentials) {
			t.Errorf("SignIn(%q, %q): %v", c[0], c[1], err)
		}
	}
	got := b.signIn(t, "chen").Principal
	want := auth.Principal{
		PersonID: p.ID, Name: "人", Login: "chen", Role: auth.Dispatcher,
		OrgID: b.county.ID, OrgPath: b.county.Path, OrgName: "云溪县局", OrgLevel: "county", OrgCode: "c", CountyPath: b.county.Path,
	}
	if got != want {
		t.Errorf("principal %+v, want %+v", got, want)
	}
}

func TestSessionEnds(t *testing.T) {
	b := newBureau(t)
	b.person(t, "chen", auth.Dispatcher, b.county)
	b.person(t, "wall", auth.Wall, b.county)

	t.Run("when idle for 12 hours", func(t *testing.T) {
		s := b.signIn(t, "chen")
		b.pass(11 * time.Hour)
		b.wantSignedIn(t, s.Token, true) // counts as use
		b.pass(11 * time.Hour)
		b.wantSignedIn(t, s.Token, true)
		b.pass(2 * time.Hour) // 24 h after signing in
		b.wantSignedIn(t, s.Token, false)

		s = b.signIn(t, "chen")
		b.pass(12 * time.Hour)
		b.wantSignedIn(t, s.Token, false)
	})
	t.Run("after 30 days on a wall", func(t *testing.T) {
		s := b.signIn(t, "wall")
		b.pass(30*24*time.Hour - time.Second)
		b.wantSignedIn(t, s.Token, true)
		b.pass(time.Second)
		b.wantSignedIn(t, s.Token, false)
	})
	t.Run("at sign-out", func(t *testing.T) {
		s, other := b.signIn(t, "chen"), b.signIn(t, "chen")
		if err := b.sessions.SignOut(t.Context(), s.Token); err != nil {
			t.Fatal(err)
		}
		b.wantSignedIn(t, s.Token, false)
		b.wantSignedIn(t, other.Token, true)
	})
	t.Run("when the person is disabled", func(t *testing.T) {
		p := b.person(t, "left", auth.Agent, b.county)
		s := b.signIn(t, "left")
		b.inTx(t, func(tx *pg.Tx) error { return auth.Disable(t.Context(), tx, p.ID) })
		b.wantSignedIn(t, s.Token, false)
		if _, err := b.sessions.SignIn(t.Context(), "left", password, ""); !errors.Is(err, auth.ErrCredentials) {
			t.Errorf("a disabled person signs in: %v", err)
		}
	})
	t.Run("with a made-up token", func(t *testing.T) {
		b.wantSignedIn(t, "", false)
		b.wantSignedIn(t, "0123456789012345678901234567890123456789012", false)
	})
}

func TestTokenIsNewAtSignInAndKeptOnlyAsHash(t *testing.T) {
	b := newBureau(t)
	b.person(t, "chen", auth.Dispatcher, b.county)
	first := b.signIn(t, "chen")
	second, err := b.sessions.SignIn(t.Context(), "chen", password, first.Token)
	if err != nil {
		t.Fatal(err)
	}
	if second.Token == first.Token {
		t.Error("the token survived a sign-in")
	}
	b.wantSignedIn(t, first.Token, false)
	b.wantSignedIn(t, second.Token, true)
	var kept int
	err = b.db.Pool.QueryRow(t.Context(), `select count(*) from sessions where token = $1`, second.Token).Scan(&kept)
	if err != nil || kept != 0 {
		t.Errorf("the token itself is in the table (%d, %v)", kept, err)
	}
}

func TestSweepDeletesOnlyEndedSessions(t *testing.T) {
	b := newBureau(t)
	b.person(t, "chen", auth.Dispatcher, b.county)
	b.signIn(t, "chen")
	b.pass(13 * time.Hour)
	s := b.signIn(t, "chen")
	if err := b.sessions.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := b.db.Pool.QueryRow(t.Context(), `select count(*) from sessions`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d sessions left, %v", left, err)
	}
	b.wantSignedIn(t, s.Token, true)
}

func TestChangePassword(t *testing.T) {
	b := newBureau(t)
	p := b.person(t, "chen", auth.Dispatcher, b.county)
	b.inTx(t, func(tx *pg.Tx) error {
		hash, err := b.passwords.Hash(t.Context(), password)
		if err != nil {
			return err
		}
		return auth.SetPassword(t.Context(), tx, p.ID, hash, true)
	})
	here, there := b.signIn(t, "chen"), b.signIn(t, "chen")
	if !here.Principal.MustChange {
		t.Error("a given password need not be changed")
	}
	for _, c := range []struct {
		old, new string
		want     error
	}{
		{"wrong", "another wind eight", auth.ErrCredentials},
		{password, password, auth.ErrPasswordSame},
		{password, "short", auth.ErrPasswordShort},
		{password, "this is chen himself", auth.ErrPasswordContext},
	} {
		if _, err := b.sessions.ChangePassword(t.Context(), here.Token, c.old, c.new); !errors.Is(err, c.want) {
			t.Errorf("change to %q: %v, want %v", c.new, err, c.want)
		}
	}
	renewed, err := b.sessions.ChangePassword(t.Context(), here.Token, password, "another wind eight")
	if err != nil {
		t.Fatal(err)
	}
	if renewed.Principal.MustChange {
		t.Error("must change once more")
	}
	b.wantSignedIn(t, renewed.Token, true)
	b.wantSignedIn(t, here.Token, false)
	b.wantSignedIn(t, there.Token, false)
	if _, err := b.sessions.SignIn(t.Context(), "chen", password, ""); !errors.Is(err, auth.ErrCredentials) {
		t.Errorf("the old password still works: %v", err)
	}
}

func TestFirstAdministratorIsMadeOnce(t *testing.T) {
	db, passwords := pgtest.New(t), cheapPasswords(t)
	type result struct {
		login, secret string
		created       bool
		err           error
	}
	results := make(chan result)
	for range 4 {
		go func() {
			var r result
			r.login, r.secret, r.created, r.err = auth.EnsureFirstAdministrator(context.WithoutCancel(t.Context()), db, passwords, "")
			results <- r
		}()
	}
	var made []result
	for range 4 {
		r := <-results
		if r.err != nil {
			t.Fatal(r.err)
		}
		if r.created {
			made = append(made, r)
		} else if r.login+r.secret != "" {
			t.Error("a secret without an administrator")
		}
	}
	if len(made) != 1 || made[0].login != auth.FirstLogin || len(made[0].secret) < 20 {
		t.Fatalf("made %+v", made)
	}
	s, err := auth.NewSessions(db, passwords).SignIn(t.Context(), made[0].login, made[0].secret, "")
	if err != nil {
		t.Fatal(err)
	}
	p := s.Principal
	if !p.MustChange || p.Role != auth.Administrator || p.OrgName != auth.DefaultOrgName || strings.Count(p.OrgPath, ".") != 1 {
		t.Errorf("first administrator: %+v", p)
	}
}
