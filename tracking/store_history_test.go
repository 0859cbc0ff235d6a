package tracking

import (
	"errors"
	"testing"
	"time"

	"jiujin/internal/pg/pgtest"
)

// A span with too many fixes is refused as such, before they are read; the same in parts is not.
func TestTallyOfTooMuch(t *testing.T) {
	db := pgtest.New(t)
	put(t, db, trip(1, noon, time.Hour)...) // 360
	put(t, db, trip(2, noon, time.Hour)...)
	tally := func(from, to time.Duration, most int) (Tally, error) {
		return TallyOf(t.Context(), db.Pool, 1, noon.Add(from), noon.Add(to), most, nil)
	}
	if got, err := tally(0, time.Hour, 360); err != nil || got.Fixes != 360 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := tally(0, time.Hour, 359); !errors.Is(err, ErrTooMuch) || got.Fixes != 0 {
		t.Errorf("one too many: %+v, %v", got, err)
	}
	first, err := tally(0, 30*time.Minute, 359)
	if err != nil {
		t.Error(err)
	}
	second, err := tally(30*time.Minute, time.Hour, 359)
	if err != nil || first.Fixes+second.Fixes != 360 {
		t.Errorf("in parts %d and %d, %v", first.Fixes, second.Fixes, err)
	}
}
