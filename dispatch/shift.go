package dispatch

import (
	"context"
	"time"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

// Shift is a time in which a unit is on duty, from inclusive, to exclusive.
type Shift struct {
	ID     int64     `json:"id"`
	UnitID int64     `json:"unit_id"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
}

// longestShift bounds one shift; a longer one is a slip of the keyboard.
const longestShift = 36 * time.Hour

// AddShift puts a unit on duty for a time. Errors: ticket.Invalid, ErrShiftOverlap, ErrUnitNotFound.
func (s *Service) AddShift(ctx context.Context, tx *pg.Tx, actor ticket.Actor, shift Shift) (Shift, error) {
	switch {
	case !shift.To.After(shift.From):
		return Shift{}, ticket.Invalid{{Field: "to", Code: "not_after_from"}}
	case shift.To.Sub(shift.From) > longestShift:
		return Shift{}, ticket.Invalid{{Field: "to", Code: "too_long"}}
	}
	if err := lockUnit(ctx, tx, shift.UnitID, actor.OrgPath); err != nil {
		return Shift{}, err
	}
	id, err := insertShift(ctx, tx, shift)
	if err != nil {
		return Shift{}, refereed(err, shift.UnitID)
	}
	shift.ID = id
	return shift, ticket.Record(tx, actor, "shift.added", 0, shift.UnitID, ticket.Data{"from": shift.From, "to": shift.To})
}

// EndShift ends a shift that runs, now, or removes one that has not begun. Errors: ErrUnitNotFound when there is no
// such shift in the actor's branch.
func (s *Service) EndShift(ctx context.Context, tx *pg.Tx, actor ticket.Actor, id int64) error {
	unitID, err := cutShift(ctx, tx, id, actor.OrgPath)
	if err != nil {
		return err
	}
	return ticket.Record(tx, actor, "shift.ended", 0, unitID, ticket.Data{"shift_id": id})
}
