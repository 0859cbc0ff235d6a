package retailer

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo/retailer/index"
	"jiujin/internal/pg"
)

// docRow reads what the search looks at of a retailer.
type docRow struct {
	index.Doc
	lon, lat *float64
}

func (d *docRow) targets() []any {
	return []any{
		&d.ID, &d.LicenceNo, &d.Name, &d.Operator, &d.Address, &d.PhoneTail, &d.Division, &d.lon, &d.lat, &d.Over, &d.Aliases,
	}
}

func (d *docRow) doc() index.Doc {
	if d.lon != nil && d.lat != nil {
		d.Located, d.Point = true, orb.Point{*d.lon, *d.lat}
	}
	return d.Doc
}

// eachDoc gives what the search looks at of each retailer: those with a place in the order of their cells, then the
// others. The rows are read as they come, none is kept. The order is one that the index on h3 does not have: the database
// sorts, instead of fetching each row from another block.
func eachDoc(ctx context.Context, q pg.Queryer, f func(d index.Doc)) error {
	rows, err := q.Query(ctx, `
		select r.id, licence_no, name, operator, address, phone_tail, division_code, lon, lat,
			status in ('expired', 'closed', 'cancelled', 'withdrawn', 'recalled', 'revoked'), a.words
		from retailer r
		left join (select retailer_id, array_agg(words order by id) as words from retailer_alias group by retailer_id) a
			on a.retailer_id = r.id
		order by h3 is null, h3`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var d docRow
		if err := rows.Scan(d.targets()...); err != nil {
			return err
		}
		f(d.doc())
	}
	return rows.Err()
}

// changesSince is the retailers that were written, or got another name, since a moment, at most limit of them, and the
// ids of those that are gone.
func changesSince(ctx context.Context, q pg.Queryer, since pg.Moment, limit int) (changed []index.Doc, gone []int64, err error) {
	// First what is gone: what goes after this reading is among the gone of the next time.
	rows, err := q.Query(ctx, `
		select id from retailer_gone
		where changed_xid >= pg_snapshot_xmin($1) and changed_xid < pg_snapshot_xmax(pg_current_snapshot())
			and not pg_visible_in_snapshot(changed_xid, $1)`, since.String())
	if err != nil {
		return nil, nil, fmt.Errorf("read which retailers are gone: %w", err)
	}
	if gone, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
		return nil, nil, fmt.Errorf("read which retailers are gone: %w", err)
	}
	rows, err = q.Query(ctx, `
		with written as (
			select id from retailer
			where changed_xid >= pg_snapshot_xmin($1) and changed_xid < pg_snapshot_xmax(pg_current_snapshot())
				and not pg_visible_in_snapshot(changed_xid, $1)
			union
			select retailer_id from retailer_alias
			where changed_xid >= pg_snapshot_xmin($1) and changed_xid < pg_snapshot_xmax(pg_current_snapshot())
				and not pg_visible_in_snapshot(changed_xid, $1)
			limit $2
		)
		select r.id, licence_no, name, operator, address, phone_tail, division_code, lon, lat,
			status in ('expired', 'closed', 'cancelled', 'withdrawn', 'recalled', 'revoked'),
			(select array_agg(words order by a.id) from retailer_alias a where a.retailer_id = r.id)
		from written join retailer r using (id)`, since.String(), limit)
	if err != nil {
		return nil, nil, fmt.Errorf("read which retailers have changed: %w", err)
	}
	changed, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (index.Doc, error) {
		var d docRow
		err := row.Scan(d.targets()...)
		return d.doc(), err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read which retailers have changed: %w", err)
	}
	return changed, gone, nil
}

// Changed says whether changesSince would find anything: a retailer that was written, got another name, or is gone.
func Changed(ctx context.Context, q pg.Queryer, since pg.Moment) (changed bool, err error) {
	err = q.QueryRow(ctx, `
		select exists (select from retailer
			where changed_xid >= pg_snapshot_xmin($1) and changed_xid < pg_snapshot_xmax(pg_current_snapshot())
				and not pg_visible_in_snapshot(changed_xid, $1))
		or exists (select from retailer_alias
			where changed_xid >= pg_snapshot_xmin($1) and changed_xid < pg_snapshot_xmax(pg_current_snapshot())
				and not pg_visible_in_snapshot(changed_xid, $1))
		or exists (select from retailer_gone
			where changed_xid >= pg_snapshot_xmin($1) and changed_xid < pg_snapshot_xmax(pg_current_snapshot())
				and not pg_visible_in_snapshot(changed_xid, $1))`, since.String()).Scan(&changed)
	if err != nil {
		return false, fmt.Errorf("look for changes of the register: %w", err)
	}
	return changed, nil
}
