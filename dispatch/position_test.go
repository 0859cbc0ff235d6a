package dispatch_test

import (
	"errors"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/ticket"
	"jiujin/tracking"
)

// When the shift ends on the way, a phone's position is used no more: no distance, no arrival, none at the scene. The
// vehicle's goes on.
func TestPositionsAfterTheShift(t *testing.T) {
	for source, shown := range map[string]bool{dispatch.PhoneSource: false, "http": true, "jt808": true} {
		c := newCounty(t, 1)
		tk := c.bring(t, ticket.EnRoute)
		c.exec(t, `update shift set span = tstzrange(lower(span), $1)`, c.db.Now().Add(time.Minute))
		fix := func() {
			c.service.Positions.Update(tracking.Fix{
				UnitID: c.units[0], FixedAt: c.db.Now(), ReceivedAt: c.db.Now(), Point: orb.Point{scene[0], scene[1] + 0.001}, Source: source,
			})
		}
		c.pass(time.Second)
		fix()
		if v := c.view(t, tk.ID); v.Unit == nil || v.Unit.DistanceM == nil {
			t.Errorf("%s, on duty: %+v", source, v.Unit)
		}
		if err := c.service.AdmitPhone(t.Context(), c.db.Pool, c.units[0], c.db.Now()); err != nil {
			t.Errorf("on duty: %v", err)
		}
		c.pass(time.Minute)
		fix() // however it came
		if err := c.service.AdmitPhone(t.Context(), c.db.Pool, c.units[0], c.db.Now()); !errors.Is(err, dispatch.ErrOffShift) {
			t.Errorf("off duty: %v", err)
		}
		if v := c.view(t, tk.ID); v.Unit == nil || (v.Unit.DistanceM != nil) != shown || (v.Unit.ETAAt != nil) != shown {
			t.Errorf("%s, off duty: %+v", source, v.Unit)
		}
		u := c.officerState(t, c.units[0]).Unit
		if (u.Lon != nil) != shown || u.Duty != dispatch.DutyCommitted || u.Shows(tracking.Fix{Source: source}) != shown {
			t.Errorf("%s, off duty: %+v", source, u)
		}
		if _, err := c.act(c.officer(c.units[0]), tk.ID, ticket.Step{Action: ticket.ActArrive}); err != nil {
			t.Fatal(err)
		}
		var metres *float64
		c.scan(t, &metres, `select arrival_distance_m from sortie`)
		if (metres != nil) != shown {
			t.Errorf("%s: arrived at a distance of %v", source, metres)
		}
	}
}
