package ticket

import (
	"context"
	"math"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// Locate corrects the place of a ticket to what was found on the spot. It gives the ticket as it is then and as it was
// before. The words of the place stay unless place has others. version is the one that the caller saw; 0 = the caller
// holds the ticket's lock already.
//
// Errors: ErrNotFound, ErrVersion, ErrForbidden for those who are not there, *TransitionError when nobody is on the scene
// or back from it, Invalid.
func Locate(ctx context.Context, tx *pg.Tx, actor Actor, id int64, version int, place Place, unitID int64) (t, before Ticket, err error) {
	if t, err = Lock(ctx, tx, actor, id); err != nil {
		return Ticket{}, before, err
	}
	switch {
	case version != 0 && version != t.Version:
		return t, before, ErrVersion
	case actor.Role != roleOfficer && actor.Role != roleLeader && actor.Role != roleDispatcher:
		return t, before, ErrForbidden
	case t.Status != OnScene && t.Status != Reporting:
		return t, before, &TransitionError{Action: "locate", Status: t.Status, Allowed: Allowed(t.Status, t.Subtype, actor.Role)}
	}
	if place.Point == nil {
		return t, before, Invalid{{Field: "lon", Code: "required"}}
	}
	if bad := place.check(); len(bad) > 0 {
		return t, before, bad
	}
	before = t
	t.amend(Amendment{Place: &place})
	t.Version++
	if err := updateTicket(ctx, tx, &t); err != nil {
		return Ticket{}, before, err
	}
	data := Data{"version": t.Version, "place_quality": t.PlaceQuality}
	if t.RetailerID != 0 {
		data["retailer_id"], data["retailer"] = t.RetailerID, place.RetailerName
	}
	if before.Point != nil {
		data["moved_m"] = math.Round(float64(geo.Distance(*before.Point, *t.Point)))
	}
	return t, before, Record(tx, actor, "place.verified", t.ID, unitID, data)
}
