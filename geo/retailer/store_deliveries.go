package retailer

import (
	"context"
	"encoding/json"
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
	Report    Report     // the zero Report until it is held or over; without problems and warnings
	Fault     *ListError // why it failed; nil otherwise
}

const deliverySQL = `
	select id, file_name, source, dry_run, state, as_of, made_by, started_at, ended_at, bytes, bytes_read, rows, staged, parts,
		(select count(*) from delivery_part p where p.delivery_id = d.id and part >= 0)::int, report, fault
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

// ReportOf is the whole report of a delivery, also of one that is not over yet.
func ReportOf(ctx context.Context, q pg.Queryer, one *Delivery) (Report, error) {
	r := one.Report
	r.Delivery, r.State, r.Rows, r.Refused = one.ID, one.State, one.Rows, one.Rows-one.Staged
	return r, describe(ctx, q, &r)
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

func setRejected(ctx context.Context, tx *pg.Tx, id int64) error {
	return decide(ctx, tx, `update delivery set state = 'rejected', ended_at = $2 where id = $1 and state = 'held'`, id, tx.Now())
}

func setConfirmed(ctx context.Context, tx *pg.Tx, id int64, by string) error {
	return decide(ctx, tx, `
		update delivery set state = 'applying', confirmed = true, confirmed_by = $2, in_server = true
		where id = $1 and state = 'held'`, id, by)
}

// decide runs an update of a delivery that is held; of two at once, one finds that it no longer is. The error wraps
// ErrNoDelivery or ErrNotHeld.
func decide(ctx context.Context, tx *pg.Tx, sql string, id int64, with any) error {
	tag, err := tx.Exec(ctx, sql, id, with)
	if err != nil || tag.RowsAffected() == 1 {
		return err
	}
	if _, err := DeliveryByID(ctx, tx, id); err != nil {
		return err
	}
	return ErrNotHeld
}

// setFailed ends a delivery that cannot be gone on with.
func setFailed(ctx context.Context, tx *pg.Tx, id int64, fault *ListError) error {
	if err := dropStaged(ctx, tx, id); err != nil {
		return err
	}
	text, err := json.Marshal(fault)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update delivery set state = 'failed', fault = $2, ended_at = $3 where id = $1`, id, string(text), tx.Now())
	if err != nil {
		return fmt.Errorf("end delivery %d: %w", id, err)
	}
	return nil
}

// nextInServer is the oldest delivery after the one given that an Importer has to work on; 0 when there is none.
func nextInServer(ctx context.Context, q pg.Queryer, after int64) (id int64, err error) {
	err = q.QueryRow(ctx, `
		select coalesce(min(id), 0) from delivery where in_server and state in ('reading', 'applying') and id > $1`, after).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("deliveries to work on: %w", err)
	}
	return id, nil
}

// openDeliveries are those that are not over.
func openDeliveries(ctx context.Context, q pg.Queryer) (open map[int64]bool, err error) {
	rows, err := q.Query(ctx, `select id from delivery where state in ('reading', 'applying', 'held')`)
	if err != nil {
		return nil, fmt.Errorf("open deliveries: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("open deliveries: %w", err)
	}
	open = map[int64]bool{}
	for _, id := range ids {
		open[id] = true
	}
	return open, nil
}

// storedDelivery makes what is needed to go on with a delivery.
func storedDelivery(ctx context.Context, db *pg.DB, id int64) (*delivering, error) {
	d := &delivering{db: db, id: id, inServer: true}
	var columns map[string]string
	err := db.Pool.QueryRow(ctx, `
		select file_name, sha256, bytes, options, dry_run, coalesce(nullif(confirmed_by, ''), made_by), columns, as_of from delivery where id = $1`, id).
		Scan(&d.opts.File, &d.sha256, &d.bytes, &d.opts.Profile, &d.opts.DryRun, &d.opts.By, &columns, &d.asOf)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoDelivery
	}
	if err != nil {
		return nil, fmt.Errorf("delivery %d: %w", id, err)
	}
	d.opts.Now = db.Now().UTC().Truncate(time.Microsecond)
	for name := range columns {
		d.given = append(d.given, name)
	}
	if len(d.opts.Keep) > 0 {
		d.given = append(d.given, "extra")
	}
	if d.rows.datum, err = datum.Parse(string(d.opts.Datum)); err != nil {
		return nil, fmt.Errorf("delivery %d: %w", id, err)
	}
	return d, nil
}
