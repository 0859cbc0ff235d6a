package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

const (
	insertShiftSQL = `
insert into shift (unit_id, span) values ($1, tstzrange($2, $3)) returning id`

	selectShifts = `
select s.id, s.unit_id, lower(s.span), upper(s.span)
from shift s join unit u on u.id = s.unit_id join org o on o.id = u.org_id
where o.path like $1 || '%' and s.span && tstzrange($2, $3) order by lower(s.span), s.unit_id`

	selectRunningShift = `
select id, unit_id, lower(span), upper(span) from shift where unit_id = $1 and span @> $2::timestamptz`

	selectShiftsOf = `
select id, unit_id, lower(span), upper(span) from shift
where unit_id = any($1) and span && tstzrange($2, $3) order by lower(span)`

	selectShiftUnit = `
select s.unit_id, lower(s.span) >= $3
from shift s join unit u on u.id = s.unit_id join org o on o.id = u.org_id
where s.id = $1 and o.path like $2 || '%' for update of s`

	deleteShift = `delete from shift where id = $1`

	endShiftNow = `update shift set span = tstzrange(lower(span), least(upper(span), $2)) where id = $1`
)

func insertShift(ctx context.Context, tx *pg.Tx, s Shift) (int64, error) {
	var id int64
	if err := tx.QueryRow(ctx, insertShiftSQL, s.UnitID, s.From, s.To).Scan(&id); err != nil {
		return 0, fmt.Errorf("add shift of unit %d: %w", s.UnitID, err)
	}
	return id, nil
}

// Shifts reads the shifts of a branch that touch a span of time.
func Shifts(ctx context.Context, q pg.Queryer, branch string, from, to time.Time) ([]Shift, error) {
	rows, _ := q.Query(ctx, selectShifts, branch, from, to)
	shifts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Shift])
	if err != nil {
		return nil, fmt.Errorf("read shifts: %w", err)
	}
	return shifts, nil
}

// shiftsOf reads the shifts of units that touch a span of time, by unit.
func shiftsOf(ctx context.Context, q pg.Queryer, unitIDs []int64, from, to time.Time) (map[int64][]Shift, error) {
	rows, _ := q.Query(ctx, selectShiftsOf, unitIDs, from, to)
	shifts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Shift])
	if err != nil {
		return nil, fmt.Errorf("read shifts of %d units: %w", len(unitIDs), err)
	}
	byUnit := make(map[int64][]Shift)
	for _, s := range shifts {
		byUnit[s.UnitID] = append(byUnit[s.UnitID], s)
	}
	return byUnit, nil
}

// runningShift is the shift a unit is on, nil when it is off.
func runningShift(ctx context.Context, q pg.Queryer, unitID int64, now time.Time) (*Shift, error) {
	rows, _ := q.Query(ctx, selectRunningShift, unitID, now)
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Shift])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read shift of unit %d: %w", unitID, err)
	}
	return &s, nil
}

func cutShift(ctx context.Context, tx *pg.Tx, id int64, branch string) (unitID int64, err error) {
	var ahead bool
	err = tx.QueryRow(ctx, selectShiftUnit, id, branch, tx.Now()).Scan(&unitID, &ahead)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrUnitNotFound
	}
	if err == nil && ahead {
		_, err = tx.Exec(ctx, deleteShift, id)
	} else if err == nil {
		_, err = tx.Exec(ctx, endShiftNow, id, tx.Now())
	}
	if err != nil {
		return 0, fmt.Errorf("end shift %d: %w", id, err)
	}
	return unitID, nil
}
