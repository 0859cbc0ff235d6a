package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/paulmach/orb"
	"go.uber.org/goleak"

	"jiujin/dispatch"
	"jiujin/geo/basemap"
	"jiujin/geo/retailer"
	"jiujin/geo/retailer/atlas"
	"jiujin/internal/auth"
	"jiujin/internal/live"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
	"jiujin/tracking"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const password = "harbour wind seven"

var start = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// service is a whole server with its own database, a clock that stands still
// and one person of each role, whose login is the role.
type service struct {
	*Server
	ingest *tracking.Ingestor
	db     *pg.DB
	url    string
	clock  atomic.Int64 // milliseconds after start
	log    safeBuffer
	root   auth.Org
	county auth.Org
	other  auth.Org
	people map[auth.Role]auth.Person
	device string // key of a device of the officer's unit
	unit   int64  // of the officer and the leader
	dbURL  string
	fences *tracking.Fences           // works only when run starts it
	fenced chan []tracking.FenceEvent // what they told
	board  *live.Board                // works only when run starts it
	core   *dispatch.Service
	broken error // what the part "store" reports to /readyz
}

// safeBuffer lets handlers write while a test reads.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// memoryStore is the goroutine that the session library starts for a store that is then replaced, for good.
const memoryStore = "github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup"

func newService(t testing.TB) *service {
	t.Helper()
	v := &service{people: make(map[auth.Role]auth.Person), dbURL: pgtest.NewURL(t)}
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction(memoryStore))
	})
	var err error
	if v.db, err = pg.Open(context.Background(), v.dbURL, pg.Options{MaxConns: 8, Logger: slog.New(slog.NewJSONHandler(&v.log, nil))}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.db.Close)
	v.db.Now = func() time.Time { return start.Add(time.Duration(v.clock.Load()) * time.Millisecond) }
	passwords, err := auth.NewPasswords(auth.Cost{MemoryKiB: 64, Rounds: 1, Threads: 1}, 4)
	if err != nil {
		t.Fatal(err)
	}
	positions := tracking.NewStore()
	v.core = &dispatch.Service{DB: v.db, Positions: positions}
	v.board = &live.Board{Service: v.core, Hub: live.NewHub(), Log: slog.New(slog.NewJSONHandler(&v.log, nil))}
	rules := tracking.DefaultRules()
	rules.Region = orb.Bound{Min: orb.Point{113, 24}, Max: orb.Point{119, 31}}
	spool, err := tracking.OpenLog(t.TempDir(), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	v.fenced = make(chan []tracking.FenceEvent, 16)
	v.fences = tracking.NewFences(v.db, positions, slog.New(slog.NewJSONHandler(&v.log, nil)), func(e []tracking.FenceEvent) {
		v.board.OnFence(e)
		v.fenced <- e
	})
	ingest := tracking.NewIngestor(v.db, spool, positions, rules, func(fixes []tracking.Fix) {
		v.board.OnFix(fixes)
		v.fences.OnFix(fixes)
	}, slog.New(slog.NewJSONHandler(&v.log, nil)))
	v.ingest = ingest
	v.Server, err = New(Deps{
		DB: v.db, Passwords: passwords, Logger: slog.New(slog.NewJSONHandler(&v.log, nil)),
		Config: func(context.Context) (Config, error) {
			return Config{Title: "云溪县烟草专卖局", Version: "test"}, nil
		},
		Ready: map[string]func(context.Context) error{
			"database": func(context.Context) error { return nil },
			"store":    func(context.Context) error { return v.broken },
			"intake":   func(context.Context) error { return nil },
		},
		Web:      testPages(),
		Proxies:  []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Origins:  []string{"https://desk.example.org"},
		Dispatch: v.core, Devices: tracking.NewDevices(v.db), Ingest: ingest, Hub: v.board.Hub, Fences: v.fences,
		Tiles: basemap.NewTiles(v.db.Pool, 1<<20), Atlas: atlas.New(v.db, 1<<20, slog.Default()), Finder: retailer.NewFinder(v.db, slog.Default()), Region: rules.Region,
		Maps: v.maps(t), Importer: retailer.NewImporter(v.db, t.TempDir(), 64<<20, rules.Region, slog.New(slog.NewJSONHandler(&v.log, nil))),
	})
	if err != nil {
		t.Fatal(err)
	}
	v.seed(t, passwords)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- ingest.Run(ctx) }()
	go func() { ended <- v.deps.Importer.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, <-ended); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(v.Handler())
	t.Cleanup(func() {
		v.board.Hub.Close() // or streams that a failed test left open would keep the server from closing
		server.Close()
	})
	v.url = server.URL
	return v
}

func testPages() fstest.MapFS {
	return fstest.MapFS{
		"index.html":            {Data: []byte("<!doctype html><title>Jiujin</title>")},
		"sw.js":                 {Data: []byte("self.skipWaiting()")},
		"assets/app-1a2b.js":    {Data: []byte("console.log('the application')")},
		"assets/app-1a2b.js.gz": {Data: []byte("\x1f\x8b pretend")},
	}
}

func (v *service) seed(t testing.TB, passwords *auth.Passwords) {
	t.Helper()
	ctx := t.Context()
	hash, err := passwords.Hash(ctx, password)
	if err != nil {
		t.Fatal(err)
	}
	err = v.db.InTx(ctx, func(tx *pg.Tx) (err error) {
		org := func(parent int64, level, code, name string) auth.Org {
			var o auth.Org
			if err == nil {
				o, err = auth.CreateOrg(ctx, tx, auth.Org{ParentID: parent, Level: level, Code: code, Name: name})
			}
			return o
		}
		v.root = org(0, "province", "p", "省局")
		v.county = org(v.root.ID, "county", "c", "云溪县局")
		v.other = org(v.root.ID, "county", "d", "石桥县局")
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `insert into unit (org_id, call_sign) values ($1, '云稽01') returning id`, v.county.ID).Scan(&v.unit)
		if err == nil {
			_, v.device, err = tracking.AddDevice(ctx, tx, tracking.Device{UnitID: v.unit, Label: "车载"})
		}
		for _, role := range auth.Roles() {
			p := auth.Person{Login: string(role), Name: "人员" + string(role), Role: role, OrgID: v.county.ID}
			if role == auth.Officer || role == auth.Leader {
				p.UnitID = v.unit
			}
			if err == nil {
				p, err = auth.CreatePerson(ctx, tx, p, hash)
			}
			v.people[role] = p
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (v *service) pass(d time.Duration) { v.clock.Add(d.Milliseconds()) }

// answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// problem reads the answer as a problem, and checks that it is one.
func (a answer) problem(t testing.TB) Problem {
	t.Helper()
	var p Problem
	if err := json.Unmarshal(a.body, &p); err != nil || a.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("no problem: %s %q (%v)", a.header.Get("Content-Type"), a.body, err)
	}
	if p.Status != a.status || p.Code == "" || p.Title == "" || p.RequestID == "" {
		t.Errorf("problem is not whole: status %d, %+v", a.status, p)
	}
	return p
}

func (a answer) want(t testing.TB, status int, code string) Problem {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	p := a.problem(t)
	if p.Code != code {
		t.Errorf("code %q, want %q", p.Code, code)
	}
	return p
}

func (a answer) into(t testing.TB, status int, v any) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatal(err)
	}
}

// call makes one request. header holds pairs of name and value.
func (v *service) call(t testing.TB, method, path, body string, header ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, v.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, raw}
}

func credentials(login, secret string) string {
	body, _ := json.Marshal(map[string]string{"login": login, "password": secret})
	return string(body)
}

// signIn returns the Cookie header of a new session.
func (v *service) signIn(t testing.TB, login, secret string) string {
	t.Helper()
	a := v.call(t, "POST", "/api/v1/session", credentials(login, secret))
	if a.status != http.StatusOK {
		t.Fatalf("sign in as %s: %d %s", login, a.status, a.body)
	}
	return cookieOf(t, a)
}

func cookieOf(t testing.TB, a answer) string {
	t.Helper()
	cookie, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	return cookie.Name + "=" + cookie.Value
}
