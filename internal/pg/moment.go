package pg

import (
	"context"
	"fmt"
)

// Moment says which transactions had ended when it was taken, and so which rows could be seen. The zero Moment is
// before all of them.
//
// Tables that are followed have a column changed_xid, the transaction that wrote the row. What has come to be seen
// since a Moment $1 are the rows with
//
//	changed_xid >= pg_snapshot_xmin($1) and changed_xid < pg_snapshot_xmax(pg_current_snapshot())
//		and not pg_visible_in_snapshot(changed_xid, $1)
//
// The first line is for the index. However long a transaction takes, its rows are seen once it has ended, and no other
// row is seen twice. The middle condition passes over numbers that a database restored from a dump brought from
// another server, where they were higher.
type Moment string // a pg_snapshot as text

// IsZero says whether m is before all transactions: what is read then needs no condition.
func (m Moment) IsZero() bool { return m == "" }

// String is m as $1 of a statement.
func (m Moment) String() string {
	if m.IsZero() {
		return "1:1:" // a snapshot in which no transaction has ended
	}
	return string(m)
}

// Next is the Moment now: take it before reading what has changed since m, and read from it on the next time. lost says
// that the database is older than m, because an older copy has taken its place: everything has to be read again.
func (m Moment) Next(ctx context.Context, q Queryer) (now Moment, lost bool, err error) {
	err = q.QueryRow(ctx, `
		select pg_current_snapshot()::text, pg_snapshot_xmin(pg_current_snapshot()) < pg_snapshot_xmin($1::text::pg_snapshot)`,
		m.String()).Scan(&now, &lost)
	if err != nil {
		return "", false, fmt.Errorf("see which transactions have ended: %w", err)
	}
	return now, lost, nil
}
