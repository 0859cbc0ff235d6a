package tracking

import (
	"context"
	"fmt"
	"time"

	"jiujin/internal/pg"
)

// Tally is how much of a unit is in the history for a span of time.
type Tally struct {
	Fixes       int
	Refused     int       // by time of receipt
	First, Last time.Time // of the fixes; zero when there are none
}

// TallyOf counts a unit's fixes with from ≤ fixed_at < to, and its refused ones received in that time.
func TallyOf(ctx context.Context, q pg.Queryer, unitID int64, from, to time.Time) (Tally, error) {
	var t Tally
	var first, last *time.Time
	err := q.QueryRow(ctx, `
		SELECT count(*), min(fixed_at), max(fixed_at),
		       (SELECT count(*) FROM refused_fix r WHERE r.unit_id = $1 AND r.received_at >= $2 AND r.received_at < $3)
		  FROM fix WHERE unit_id = $1 AND fixed_at >= $2 AND fixed_at < $3`, unitID, from, to).
		Scan(&t.Fixes, &first, &last, &t.Refused)
	if err != nil {
		return t, fmt.Errorf("count the history of unit %d: %w", unitID, err)
	}
	if first != nil {
		t.First, t.Last = first.UTC(), last.UTC()
	}
	return t, nil
}
