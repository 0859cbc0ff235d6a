package dispatch

import (
	"context"
	"errors"
	"time"

	"jiujin/internal/pg"
	"jiujin/tracking"
)

// PhoneSource is the Source of fixes that a person's phone sent. A vehicle's position is the vehicle's at any hour; a
// phone's is a person's, and is taken, shown and used while a shift of the unit runs, never else.
const PhoneSource = "phone"

// ErrOffShift: a phone's positions are not taken, because no shift of its unit runs.
var ErrOffShift = errors.New("the unit has no running shift; positions of phones are taken on duty only")

// AdmitPhone tells whether positions of the phones of a unit may be taken at a moment. Errors: ErrOffShift.
func (s *Service) AdmitPhone(ctx context.Context, q pg.Queryer, unitID int64, now time.Time) error {
	shift, err := runningShift(ctx, q, unitID, now)
	if err == nil && shift == nil {
		return ErrOffShift
	}
	return err
}

// Shows tells whether a position of the unit may be shown.
func (v *UnitView) Shows(fix tracking.Fix) bool { return mayShow(fix, v.onShift) }

func mayShow(fix tracking.Fix, onShift bool) bool { return onShift || fix.Source != PhoneSource }

// position is the newest position of a unit that may be used; false when there is none.
func (s *Service) position(unitID int64, onShift bool) (tracking.Fix, bool) {
	fix, ok := s.Positions.Latest(unitID)
	return fix, ok && mayShow(fix, onShift)
}
