package httpapi

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/paulmach/orb"

	"jiujin/geo/road"
	"jiujin/internal/pg"
)

// lay gives the service one road through the scene, from west to east.
func (s *scene) lay(t *testing.T) *road.Roads {
	t.Helper()
	graph, err := road.Build(road.Net{
		Points: map[int64]orb.Point{1: {lon - 0.02, lat}, 2: {lon, lat}, 3: {lon + 0.02, lat}},
		Ways:   []road.Way{{ID: 1, Class: road.Residential, Name: "直街", Nodes: []int64{1, 2, 3}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.db.InTx(t.Context(), func(tx *pg.Tx) error { return road.Save(t.Context(), tx, graph, "a test") }); err != nil {
		t.Fatal(err)
	}
	roads := road.NewRoads(s.db, slog.New(slog.DiscardHandler))
	if err := roads.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.core.Roads = roads
	return roads
}

// A dispatcher closes a road, opens it, and takes that back; others look, and each step is in the event log.
func TestClosureFromDrawingToUndo(t *testing.T) {
	s := newScene(t)
	s.lay(t)
	var c closureView
	line := fmt.Sprintf(`{"reason":"施工","points":[[%v,%v],[%v,%v]]}`, lon+0.01, lat-0.001, lon+0.01, lat+0.001)
	s.do(t, "dispatcher", "/roads/closures", line).into(t, http.StatusCreated, &c)
	if c.ID == 0 || !c.Mine || c.Until != nil || len(c.Roads) != 1 || len(c.Points) != 2 {
		t.Fatalf("%+v", c)
	}
	path := fmt.Sprintf("/roads/closures/%d", c.ID)
	for _, refused := range []struct {
		login, method, path, body string
		status                    int
	}{
		{"officer1", "POST", "/roads/closures", line, 403},
		{"stranger", "DELETE", path, "", 404},
		{"dispatcher", "POST", path + "/restore", "", 409},
		{"dispatcher", "POST", "/roads/closures", `{"reason":"施工","points":[[104,30],[104,30]]}`, 422},
		{"dispatcher", "POST", "/roads/closures", `{"reason":"施工","points":[[104,30],[104.1,30]],"from":"2026-11-22T10:00:00Z","until":"2026-11-22T09:00:00Z"}`, 422},
	} {
		if a := s.doKey(t, refused.login, refused.method, refused.path, refused.body, "a key of twenty letters"+refused.login); a.status != refused.status {
			t.Errorf("%+v: status %d: %s", refused, a.status, a.body)
		}
	}
	closures := func(login string) []closureView {
		t.Helper()
		var list struct{ Closures []closureView }
		s.get(t, login, "/roads/closures").into(t, 200, &list)
		return list.Closures
	}
	if l := closures("stranger"); len(l) != 1 || l[0].Mine || l[0].Reason != "施工" {
		t.Errorf("what the neighbours see: %+v", l)
	}
	if a := s.doKey(t, "dispatcher", "DELETE", path, "", "to open the road again"); a.status != 200 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	if l := closures("officer1"); len(l) != 0 {
		t.Errorf("after it was lifted: %+v", l)
	}
	s.do(t, "dispatcher", path+"/restore", "").into(t, 200, &c)
	if l := closures("dispatcher"); len(l) != 1 || c.Lifted != nil {
		t.Errorf("after that was taken back: %+v, %+v", l, c)
	}
	for _, what := range []string{"closure.added", "closure.lifted", "closure.restored"} {
		var n int
		if err := s.db.Pool.QueryRow(t.Context(), `select count(*) from event where type = $1`, what).Scan(&n); err != nil || n != 1 {
			t.Errorf("%d events %s, error %v", n, what, err)
		}
	}
}

// The way of the unit that has the ticket is shown to the desk and the wall and to its own officers.
func TestRouteOfATicket(t *testing.T) {
	s := newScene(t)
	tk := s.report(t).Ticket
	path := fmt.Sprintf("/tickets/%d/route", tk.ID)
	s.get(t, "dispatcher", path).want(t, 404, "no_route")
	tk = s.accepted(t)
	path = fmt.Sprintf("/tickets/%d/route", tk.ID)
	var r struct {
		ETABasis string       `json:"eta_basis"`
		Line     [][2]float64 `json:"line"`
	}
	s.get(t, "dispatcher", path).into(t, 200, &r)
	if r.ETABasis != "straight_line" || len(r.Line) != 2 {
		t.Errorf("without roads: %+v", r)
	}
	s.lay(t)
	for _, login := range []string{"dispatcher", "officer1"} {
		s.get(t, login, path).into(t, 200, &r)
		if r.ETABasis != "road" || len(r.Line) < 2 {
			t.Errorf("%s sees %+v", login, r)
		}
	}
	s.get(t, "officer2", path).want(t, 404, "not_found")
	s.get(t, "stranger", path).want(t, 404, "not_found")
}
