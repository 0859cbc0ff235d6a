package dispatch

import (
	"context"
	"errors"
	"slices"
	"time"

	"jiujin/internal/pg"
	"jiujin/tracking"
)

// PhoneSource is the Source of fixes that a person's phone sent. A vehicle's position is the vehicle's at any hour; a
// phone's is a person's, and is taken, shown and used while a shift of the unit runs, never else.
const PhoneSource = tracking.PhoneSource

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

// ShownFixes tells which fixes of the past may be shown, of the units and the span of time given: all of vehicles, and
// those of phones that were made while a shift of their unit ran. A phone that was out of coverage also sends what it
// noted before the shift; that is not shown.
func (s *Service) ShownFixes(ctx context.Context, q pg.Queryer, unitIDs []int64, from, to time.Time) (func(*tracking.Fix) bool, error) {
	shifts, err := shiftsOf(ctx, q, unitIDs, from, to)
	if err != nil {
		return nil, err
	}
	return func(f *tracking.Fix) bool {
		return f.Source != PhoneSource || slices.ContainsFunc(shifts[f.UnitID], func(s Shift) bool {
			return !f.FixedAt.Before(s.From) && f.FixedAt.Before(s.To)
		})
	}, nil
}

func mayShow(fix tracking.Fix, onShift bool) bool { return onShift || fix.Source != PhoneSource }

// position is the newest position of a unit that may be used; false when there is none.
func (s *Service) position(unitID int64, onShift bool) (tracking.Fix, bool) {
	fix, ok := s.Positions.Latest(unitID)
	return fix, ok && mayShow(fix, onShift)
}
