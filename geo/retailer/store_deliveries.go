package retailer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

// ErrNoDelivery says that no delivery has the id.
var ErrNoDelivery = errors.New("no such delivery")

// Delivery is a list that was brought in, and how far it is.
type Delivery struct {
	ID        int64
	FileName  string
	Source    string
	DryRun    bool
	State     State
	AsOf      time.Time
	By        string
	StartedAt time.Time
	EndedAt   *time.Time // nil while it is not over
	Bytes     int64
	BytesRead int64
	Rows      int // read so far
	Staged    int // read and not refused
	Parts     int // to be applied; 0 while it is read
	PartsDone int
	Report    Report // the zero Report until it is held or over; without problems and warnings
}

const deliverySQL = `
	select id, file_name, source, dry_run, state, as_of, made_by, started_at, ended_at, bytes, bytes_read, rows, staged, parts,
		(select count(*) from delivery_part p where p.delivery_id = d.id and part >= 0)::int, report
	from delivery d `

// Deliveries is the newest n.
func Deliveries(ctx context.Context, q pg.Queryer, n int) ([]Delivery, error) {
	rows, err := q.Query(ctx, deliverySQL+`order by id desc limit $1`, n)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Delivery])
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	return list, nil
}

// DeliveryByID is one delivery. The error wraps ErrNoDelivery.
func DeliveryByID(ctx context.Context, q pg.Queryer, id int64) (Delivery, error) {
	rows, err := q.Query(ctx, deliverySQL+`where id = $1`, id)
	if err != nil {
		return Delivery{}, fmt.Errorf("delivery %d: %w", id, err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Delivery])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoDelivery
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("delivery %d: %w", id, err)
	}
	return d, nil
}

// StoredBytes is what the register takes on the disk, indexes included.
func StoredBytes(ctx context.Context, q pg.Queryer) (n int64, err error) {
	if err = q.QueryRow(ctx, `select pg_total_relation_size('retailer')`).Scan(&n); err != nil {
		err = fmt.Errorf("size of the register: %w", err)
	}
	return n, err
}

// Fingerprint is the same for two registers that say the same.
func Fingerprint(ctx context.Context, q pg.Queryer) (sum string, err error) {
	err = q.QueryRow(ctx, `
		select count(*) || ':' || coalesce(sum(hashtextextended(licence_no || name || operator || address || phone_tail || business_form || status
			|| coalesce(valid_from::text, '') || coalesce(valid_to::text, '') || coalesce(lon::text, '') || coalesce(lat::text, '')
			|| tier || market_officer || coalesce(gone_on::text, ''), 0)::numeric), 0)
			|| ':' || (select count(*) from retailer_history)
		from retailer`).Scan(&sum)
	if err != nil {
		err = fmt.Errorf("sum up the register: %w", err)
	}
	return sum, err
}

// heldDelivery makes what Confirm needs of a delivery that is held, or was being applied when it was cut off.
func heldDelivery(ctx context.Context, db *pg.DB, id int64) (*delivering, error) {
	d := &delivering{db: db, id: id}
	var columns map[string]string
	err := db.Pool.QueryRow(ctx, `
		select state, options, columns, as_of, rows, staged, parts from delivery where id = $1 and not dry_run`, id).
		Scan(&d.state, &d.opts.Profile, &columns, &d.asOf, &d.rowCount, &d.staged, &d.parts)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNoDelivery
	}
	if err != nil {
		return nil, err
	}
	if d.state != Held && d.state != Applying {
		return nil, ErrNotHeld
	}
	for name := range columns {
		d.given = append(d.given, name)
	}
	if len(d.opts.Keep) > 0 {
		d.given = append(d.given, "extra")
	}
	if d.rows.datum, err = datum.Parse(string(d.opts.Datum)); err != nil {
		return nil, err
	}
	var there bool
	if err := db.Pool.QueryRow(ctx, `select to_regclass($1) is not null`, fmt.Sprintf("staged_%d", id)).Scan(&there); err != nil {
		return nil, err
	}
	n := 0
	if there {
		if err := db.Pool.QueryRow(ctx, fmt.Sprintf(`select count(*) from staged_%d`, id)).Scan(&n); err != nil {
			return nil, err
		}
	}
	if !there || n != d.staged {
		return nil, ErrLost
	}
	return d, nil
}

func setRejected(ctx context.Context, tx *pg.Tx, id int64) error {
	_, err := tx.Exec(ctx, `update delivery set state = 'rejected', ended_at = $2 where id = $1`, id, tx.Now())
	return err
}
