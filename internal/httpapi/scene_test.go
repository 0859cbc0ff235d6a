package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jiujin/dispatch"
	"jiujin/internal/auth"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// scene is a service with three units on duty in a team of the county, 1, 2 and 3 km from the case, each with an
// officer (officer1, officer2, officer3) and a device; a leader of their squad (leader1); and a county next door with
// a dispatcher (stranger) and a unit on duty (officer9).
type scene struct {
	*service
	cookies map[string]string
	units   []int64  // the nearest first
	devices []string // their keys
	abroad  int64    // the unit next door
	distant string   // key of its device
	keys    atomic.Int64
}

const lon, lat = 117.97, 28.45 // of the case

func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{service: newService(t), cookies: make(map[string]string)}
	hash, err := s.deps.Passwords.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	var squad, team, abroad auth.Org
	err = s.db.InTx(t.Context(), func(tx *pg.Tx) (err error) {
		if squad, err = auth.CreateOrg(t.Context(), tx, auth.Org{ParentID: s.county.ID, Level: "squad", Code: "c-1", Name: "一中队"}); err != nil {
			return err
		}
		if team, err = auth.CreateOrg(t.Context(), tx, auth.Org{ParentID: squad.ID, Level: "team", Code: "c-1-1", Name: "一组"}); err != nil {
			return err
		}
		abroad, err = auth.CreateOrg(t.Context(), tx, auth.Org{ParentID: s.other.ID, Level: "squad", Code: "d-1", Name: "邻县中队"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		unit, key := s.addUnit(t, fmt.Sprintf("云稽1%d", i+1), team.ID)
		s.units, s.devices = append(s.units, unit), append(s.devices, key)
		s.person(t, hash, auth.Person{Login: fmt.Sprintf("officer%d", i+1), Role: auth.Officer, OrgID: team.ID, UnitID: unit})
	}
	s.abroad, s.distant = s.addUnit(t, "邻稽01", abroad.ID)
	s.person(t, hash, auth.Person{Login: "officer9", Role: auth.Officer, OrgID: abroad.ID, UnitID: s.abroad})
	s.person(t, hash, auth.Person{Login: "stranger", Role: auth.Dispatcher, OrgID: s.other.ID})
	s.person(t, hash, auth.Person{Login: "leader1", Role: auth.Leader, OrgID: squad.ID})
	s.person(t, hash, auth.Person{Login: "chief", Role: auth.Supervisor, OrgID: s.root.ID})
	s.person(t, hash, auth.Person{Login: "keeper", Role: auth.Administrator, OrgID: s.root.ID})
	s.park(t)
	return s
}

// addUnit adds a unit on a long shift with a device.
func (s *scene) addUnit(t testing.TB, sign string, org int64) (unit int64, key string) {
	t.Helper()
	err := s.db.InTx(t.Context(), func(tx *pg.Tx) (err error) {
		me := ticket.Actor{ID: "test", OrgPath: s.root.Path}
		if unit, err = s.core.AddUnit(t.Context(), tx, me, dispatch.NewUnit{CallSign: sign, OrgID: org, Crew: 2}); err != nil {
			return err
		}
		if _, err = s.core.AddShift(t.Context(), tx, me, dispatch.Shift{UnitID: unit, From: start.Add(-time.Hour), To: start.Add(12 * time.Hour)}); err != nil {
			return err
		}
		_, key, err = s.core.AddDevice(t.Context(), tx, me, device(unit))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return unit, key
}

func (s *scene) person(t testing.TB, hash string, p auth.Person) {
	t.Helper()
	p.Name = "人员" + p.Login
	err := s.db.InTx(t.Context(), func(tx *pg.Tx) error {
		_, err := auth.CreatePerson(t.Context(), tx, p, hash)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// park posts a fix for every unit at the present time.
func (s *scene) park(t testing.TB) {
	t.Helper()
	for i, key := range append(s.devices, s.distant) {
		s.fix(t, key, lon, lat+0.009*float64(i+1))
	}
}

// fix posts a position of the present time, which must be stored.
func (s *scene) fix(t testing.TB, key string, lon, lat float64) {
	t.Helper()
	body := fmt.Sprintf(`{"fixed_at":%d,"lon":%v,"lat":%v}`, s.db.Now().UnixMilli(), lon, lat)
	var a fixesAnswer
	s.call(t, "POST", "/api/v1/fixes", body, "Authorization", "Bearer "+key).into(t, http.StatusOK, &a)
	if a.Stored != 1 {
		t.Fatalf("fix %s: %+v", body, a)
	}
}

func (s *scene) cookie(t testing.TB, login string) string {
	t.Helper()
	if s.cookies[login] == "" {
		s.cookies[login] = s.signIn(t, login, password)
	}
	return s.cookies[login]
}

func (s *scene) get(t testing.TB, login, path string) answer {
	t.Helper()
	return s.call(t, "GET", "/api/v1"+path, "", "Cookie", s.cookie(t, login), "Accept-Language", "en")
}

// do makes a mutating call with a fresh key.
func (s *scene) do(t testing.TB, login, path, body string) answer {
	t.Helper()
	return s.doKey(t, login, "POST", path, body, fmt.Sprintf("key-of-this-scene-%08d", s.keys.Add(1)))
}

func (s *scene) doKey(t testing.TB, login, method, path, body, key string) answer {
	t.Helper()
	return s.call(t, method, "/api/v1"+path, body, "Cookie", s.cookie(t, login), "Idempotency-Key", key, "Accept-Language", "en")
}

// opening is the body that registers a located report.
func opening(urgency int, reporter string) string {
	return fmt.Sprintf(`{"channel":"phone","kind":"report","subtype":"R03","narrative":"店里卖假烟","place_text":"云溪路 8 号",
		"lon":%v,"lat":%v,"urgency":%d,"reporter":%s}`, lon, lat, urgency, reporter)
}

const anonymous = `{"mode":"anonymous"}`

// report registers a located report and returns it as it waits for a unit.
func (s *scene) report(t testing.TB) openAnswer {
	t.Helper()
	var made openAnswer
	s.do(t, "agent", "/tickets", opening(3, anonymous)).into(t, http.StatusCreated, &made)
	return made
}

func (s *scene) offer(t testing.TB, tk Ticket, unit int64, override string) answer {
	t.Helper()
	return s.do(t, "dispatcher", fmt.Sprintf("/tickets/%d/offers", tk.ID),
		fmt.Sprintf(`{"unit_id":%d,"version":%d,"override_reason":%q}`, unit, tk.Version, override))
}

// act takes a step and returns the ticket after it.
func (s *scene) act(t testing.TB, login string, tk Ticket, action, more string) Ticket {
	t.Helper()
	var out Ticket
	s.tryAct(t, login, tk, action, more).into(t, http.StatusOK, &out)
	return out
}

func (s *scene) tryAct(t testing.TB, login string, tk Ticket, action, more string) answer {
	t.Helper()
	return s.do(t, login, fmt.Sprintf("/tickets/%d/actions/%s", tk.ID, action), fmt.Sprintf(`{"version":%d%s}`, tk.Version, more))
}

// accepted is a ticket that the nearest unit has accepted.
func (s *scene) accepted(t testing.TB) Ticket {
	t.Helper()
	var tk Ticket
	s.offer(t, s.report(t).Ticket, s.units[0], "").into(t, http.StatusOK, &tk)
	s.do(t, "officer1", fmt.Sprintf("/offers/%d/accept", tk.Offer.ID), "").into(t, http.StatusOK, &tk)
	return tk
}

func (s *scene) detail(t testing.TB, login string, id int64) (d TicketDetail) {
	t.Helper()
	s.get(t, login, fmt.Sprintf("/tickets/%d", id)).into(t, http.StatusOK, &d)
	return d
}

func eventTypes(d TicketDetail) string {
	var types []string
	for _, e := range d.Events {
		types = append(types, e.Type)
	}
	return strings.Join(types, " ")
}

// run starts the board, woken by the real notifications, and returns when it has begun.
func (s *scene) run(t testing.TB) *scene {
	t.Helper()
	wake := make(chan struct{}, 1)
	looked := make(chan struct{}, 1)
	s.board.Wake, s.board.Tick = wake, 50*time.Millisecond
	s.board.Looked = func() { signal(looked) }
	s.spawn(t, s.board.Run)
	s.spawn(t, func(ctx context.Context) error {
		return pg.Listen(ctx, s.dbURL, ticket.EventChannel, func() { signal(wake) })
	})
	<-looked
	return s
}

// runEngine starts the engine, which then makes offers for urgent tickets and lets them expire.
func (s *scene) runEngine(t testing.TB) {
	t.Helper()
	wake := make(chan struct{}, 1)
	engine := &dispatch.Engine{Service: s.core, Log: slog.New(slog.DiscardHandler), Wake: wake, Heartbeat: 50 * time.Millisecond}
	s.spawn(t, engine.Run)
	s.spawn(t, func(ctx context.Context) error {
		return pg.Listen(ctx, s.dbURL, ticket.EventChannel, func() { signal(wake) })
	})
}

// spawn runs a part until the test ends.
func (v *service) spawn(t testing.TB, run func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func toJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
