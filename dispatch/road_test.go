package dispatch_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/geo/road"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// lay gives the county one road: from the scene a long way west and back to the nearest unit's place, and straight on to
// the others'. The nearest unit is then the farthest to drive.
func (c *county) lay(t *testing.T) {
	t.Helper()
	at := func(dx, dy float64) orb.Point { return orb.Point{scene[0] + dx, scene[1] + dy} }
	graph, err := road.Build(road.Net{
		Points: map[int64]orb.Point{1: scene, 2: at(0.005, 0.018), 3: at(-0.05, 0), 4: at(-0.05, 0.009), 5: at(0, 0.009)},
		Ways: []road.Way{
			{ID: 1, Class: road.Residential, Nodes: []int64{1, 2}},
			{ID: 2, Class: road.Residential, Nodes: []int64{1, 3, 4, 5}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.db.InTx(t.Context(), func(tx *pg.Tx) error { return road.Save(t.Context(), tx, graph, "a test") }); err != nil {
		t.Fatal(err)
	}
	c.service.Roads = road.NewRoads(c.db, slog.New(slog.DiscardHandler))
	if err := c.service.Roads.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRoadsDecideWhoGoes(t *testing.T) {
	c := newCounty(t, 2)
	c.lay(t)
	tk := c.report(t, 1)
	ranked, err := c.service.Candidates(t.Context(), c.db.Pool, &tk, c.db.Now())
	if err != nil || len(ranked) != 2 || ranked[0].UnitID != c.units[1] || ranked[0].ETABasis != dispatch.BasisRoad || ranked[1].DistanceM < 9000 {
		t.Fatalf("%+v, %v", ranked, err)
	}
}

func TestRouteOfTheUnitUnderWay(t *testing.T) {
	c := newCounty(t, 2)
	c.lay(t)
	v := c.view(t, c.bring(t, ticket.EnRoute).ID)
	if v.Unit == nil || v.Unit.ID != c.units[1] || v.Unit.ETABasis != dispatch.BasisRoad {
		t.Fatalf("%+v", v.Unit)
	}
	r, err := c.service.RouteOf(&v)
	if err != nil || r.Basis != dispatch.BasisRoad || len(r.Line) < 3 || r.Line[len(r.Line)-1] != scene || r.Metres < 1900 {
		t.Errorf("%+v, %v", r, err)
	}
	c.service.Roads = nil
	if r, err = c.service.RouteOf(&v); err != nil || r.Basis != dispatch.BasisStraight || len(r.Line) != 2 {
		t.Errorf("without roads: %+v, %v", r, err)
	}
}

// What sorties took is learned from, once for each and area by area, and slows the estimates down where it took longer.
func TestCalibrationFromOwnSorties(t *testing.T) {
	c := newCounty(t, 2)
	c.lay(t)
	tk := c.report(t, 1)
	estimate := func() int {
		t.Helper()
		ranked, err := c.service.Candidates(t.Context(), c.db.Pool, &tk, c.db.Now())
		if err != nil {
			t.Fatal(err)
		}
		return ranked[0].ETAS
	}
	before := estimate()
	c.exec(t, `insert into fix (unit_id, device_id, fixed_at, received_at, lon, lat, h3, source)
		values ($1, 1, $2, $2, $3, $4, 1, 'http')`, c.units[1], start.Add(-time.Minute), scene[0]+0.005, scene[1]+0.018)
	west := orb.Point{scene[0] - 0.05, scene[1]}
	c.sorties(t, tk.ID, 40, 12*time.Minute)
	other := c.report(t, 2)
	c.exec(t, `update ticket set lon = $2, lat = $3 where id = $1`, other.ID, west[0], west[1])
	c.sorties(t, other.ID, 30, 14*time.Minute) // not much more for three times the way
	calibration := &dispatch.Calibration{Service: c.service, Log: slog.New(slog.DiscardHandler)}
	for range 2 {
		f, err := calibration.Look(t.Context())
		if err != nil || f.Drives != 70 {
			t.Fatalf("%+v, %v", f, err)
		}
		if here, there := f.At(scene), f.At(west); here < 1.5*there {
			t.Errorf("factor %.2f here and %.2f there", here, there)
		}
	}
	if after := estimate(); after < before*3/2 {
		t.Errorf("estimated %d s before and %d s after sorties of 12 minutes", before, after)
	}
}

// sorties gives a ticket n sorties of the second unit that took so long.
func (c *county) sorties(t *testing.T, ticketID int64, n int, took time.Duration) {
	t.Helper()
	c.exec(t, `insert into offer (ticket_id, unit_id, mode, offered_by, override, distance_m, eta_s, eta_basis, ranking, offered_at, expires_at, state, answered_at)
		select $1, $2, 'manual', 'person:1', '', 1, 1, 'road', '[]', $3::timestamptz, $3::timestamptz + interval '1 minute', 'accepted', $3 from generate_series(1, $4)`,
		ticketID, c.units[1], start, n)
	c.exec(t, `insert into sortie (ticket_id, unit_id, offer_id, accepted_at, departed_at, arrived_at, ended_at, outcome)
		select ticket_id, unit_id, id, $1::timestamptz, $1, $2::timestamptz, $2::timestamptz + interval '20 minutes', 'done' from offer where ticket_id = $3`,
		start, start.Add(took), ticketID)
}
