package retailer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

const recordColumns = `
	id, licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to, division_code,
	lon, lat, source_datum, updated_at, source, gone_on, uscc, tier, market_type, grid_unit, squad, market_officer,
	customer_manager, delivery_route, scope, supplier, issuer, issued_on, school_m, risk_score, last_inspected_on,
	replaces, geo_quality, geo_verified_on, extra, created_at`

// recordRow takes in recordColumns.
type recordRow struct {
	Record
	shop                             shopRow
	gone, issued, inspected, checked *time.Time
}

func (r *recordRow) targets() []any {
	return append(r.shop.targets(),
		&r.Source, &r.gone, &r.USCC, &r.Tier, &r.MarketType, &r.GridUnit, &r.Squad, &r.MarketOfficer, &r.CustomerManager,
		&r.DeliveryRoute, &r.Scope, &r.Supplier, &r.Issuer, &r.issued, &r.SchoolM, &r.RiskScore, &r.inspected,
		&r.Replaces, &r.GeoQuality, &r.checked, &r.Extra, &r.CreatedAt)
}

func (r *recordRow) record() Record {
	out := r.Record
	out.Retailer = r.shop.retailer()
	for from, to := range map[*time.Time]*time.Time{
		r.gone: &out.GoneOn, r.issued: &out.IssuedOn, r.inspected: &out.LastInspectedOn, r.checked: &out.GeoVerifiedOn,
	} {
		if from != nil {
			*to = *from
		}
	}
	return out
}

// RecordOf is all that the register knows of a licence. The error wraps ErrNotFound.
func RecordOf(ctx context.Context, q pg.Queryer, no LicenceNo) (Record, error) {
	var r recordRow
	err := q.QueryRow(ctx, `select`+recordColumns+` from retailer where licence_no = $1`, string(no)).Scan(r.targets()...)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Record{}, fmt.Errorf("retailer %s: %w", no, err)
	}
	return r.record(), nil
}

// Change is one entry of a licence's history.
type Change struct {
	At       time.Time
	Delivery *int64 // nil for a change by hand
	By       string
	Kind     string // changed, returned, closed, edited
	Reason   string // why by hand; missing, reopened
	Fields   map[string][2]any
}

// History is what happened to a licence, the newest first, 200 entries at most.
func History(ctx context.Context, q pg.Queryer, id int64) ([]Change, error) {
	rows, err := q.Query(ctx, `
		select at, delivery_id, made_by, kind, reason, changes from retailer_history
		where retailer_id = $1 order by id desc limit 200`, id)
	if err != nil {
		return nil, fmt.Errorf("history of retailer %d: %w", id, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Change])
	if err != nil {
		return nil, fmt.Errorf("history of retailer %d: %w", id, err)
	}
	return list, nil
}

// lockByLicence is ByLicence for a record that is about to change.
func lockByLicence(ctx context.Context, tx *pg.Tx, no LicenceNo) (Retailer, error) {
	if _, err := tx.Exec(ctx, `select from retailer where licence_no = $1 for update`, string(no)); err != nil {
		return Retailer{}, fmt.Errorf("lock retailer %s: %w", no, err)
	}
	return ByLicence(ctx, tx, no)
}

func setStatus(ctx context.Context, tx *pg.Tx, r Retailer, to Status, reason, by string) error {
	_, err := tx.Exec(ctx, `
		with set as (update retailer set status = $2::text, updated_at = $3 where id = $1)
		insert into retailer_history (retailer_id, at, made_by, kind, reason, changes)
		values ($1, $3, $4, 'edited', $5, jsonb_build_object('status', jsonb_build_array($6::text, $2::text)))`,
		r.ID, string(to), tx.Now(), by, reason, string(r.Status))
	if err != nil {
		return fmt.Errorf("set the state of retailer %s: %w", r.LicenceNo, err)
	}
	return nil
}

// Selection says which records to export. The zero value is every one that its list still has.
type Selection struct {
	Division string // the begin of division codes
	Source   string
	Gone     bool // also those that their list no longer has
}

// each hands over the selected records in the order of their numbers, without holding them all.
func each(ctx context.Context, q pg.Queryer, s Selection, d datum.Datum, yield func(Record) error) error {
	rows, err := q.Query(ctx, `select`+recordColumns+` from retailer
		where starts_with(division_code, $1) and ($2 = '' or source = $2) and ($3 or gone_on is null) order by licence_no`,
		s.Division, s.Source, s.Gone)
	if err != nil {
		return fmt.Errorf("export retailers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var row recordRow
		if err := rows.Scan(row.targets()...); err != nil {
			return fmt.Errorf("export retailers: %w", err)
		}
		r := row.record()
		if r.Point != nil {
			p, err := datum.FromWGS84(d, *r.Point)
			if err != nil {
				return fmt.Errorf("export retailer %s: %w", r.LicenceNo, err)
			}
			r.Point = &orb.Point{p[0], p[1]}
		}
		if err := yield(r); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("export retailers: %w", err)
	}
	return nil
}
