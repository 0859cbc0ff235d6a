package retailer

import (
	"context"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// sceneNear is how far from the register's point an officer stands who is in front of the shop: the point then stays.
const sceneNear = 30 // metres

// SceneAccuracy is the worst accuracy of a position that still moves the register's point. Worse ones come from masts and
// wireless networks instead of satellites: the point that the register has, even a geocoded one, is then nearer to the door.
const SceneAccuracy geo.Metres = 50

// Correct takes over where an officer found a shop at the visit of a ticket: the point is verified, and moved when it
// was elsewhere. A second correction at the same ticket that names another shop takes the first one back. The history
// has who did it and the ticket. The error wraps ErrNotFound.
func Correct(ctx context.Context, tx *pg.Tx, id int64, p orb.Point, ticketID int64, by string) error {
	if err := Uncorrect(ctx, tx, id, ticketID, by); err != nil {
		return err
	}
	r, err := ByID(ctx, tx, id)
	if err != nil {
		return err
	}
	if r.Point != nil && geo.Distance(*r.Point, p) <= sceneNear {
		p = *r.Point
	}
	today := chinaDay(tx.Now())
	return setPoint(ctx, tx, id, &p, GeoScene, &today, pointChange{ticketID: ticketID, reason: "scene", by: by})
}

// Uncorrect puts the last shop other than id (0 = any) that was corrected at the visit of a ticket back to where it was,
// unless it has changed again since.
func Uncorrect(ctx context.Context, tx *pg.Tx, id, ticketID int64, by string) error {
	last, ok, err := lastCorrection(ctx, tx, id, ticketID)
	if err != nil || !ok {
		return err
	}
	return setPoint(ctx, tx, last.id, last.point, last.quality, last.verified, pointChange{ticketID: ticketID, reason: "scene_undone", by: by})
}
