package retailer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

// Counts says how many retailers were new and how many differed from what was
// stored. The others were the same.
type Counts struct{ Inserted, Updated int }

// Save stores whole retailers inside tx, by licence number; ID and UpdatedAt
// are not looked at. A nil Point keeps the point that is stored. Points must
// be valid WGS-84, licence numbers valid and each there once.
func Save(ctx context.Context, tx *pg.Tx, list []Retailer) (Counts, error) {
	var sum Counts
	for len(list) > 0 {
		n := min(batchSize, len(list))
		done, err := put(ctx, tx, list[:n], tx.Now())
		if err != nil {
			return sum, err
		}
		sum.Inserted += done.Inserted
		sum.Updated += done.Updated
		list = list[n:]
	}
	return sum, settle(ctx, tx, sum)
}

// settle renews the planner's figures after many changes at once. Left alone the
// database would do it within minutes.
func settle(ctx context.Context, q pg.Queryer, done Counts) error {
	if done.Inserted+done.Updated < 200 {
		return nil
	}
	if _, err := q.Exec(ctx, `analyze retailer`); err != nil {
		return fmt.Errorf("analyze retailers: %w", err)
	}
	return nil
}

// put stores list; of a retailer that is known already it changes what the list
// speaks of.
func put(ctx context.Context, tx *pg.Tx, list []Retailer, now time.Time) (Counts, error) {
	args, err := arrays(list)
	if err != nil {
		return Counts{}, err
	}
	var done Counts
	err = tx.QueryRow(ctx, putSQL, append(args, Fields(), now)...).Scan(&done.Inserted, &done.Updated)
	if err != nil {
		return Counts{}, fmt.Errorf("store %d retailers from licence %s: %w", len(list), list[0].LicenceNo, err)
	}
	return done, nil
}

const putSQL = `
with list as (
	select * from unnest(
		$1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::date[], $9::date[], $10::text[],
		$11::float8[], $12::float8[], $13::bigint[], $14::text[]
	) as l (licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to, division_code,
		lon, lat, h3, source_datum)
), done as (
	insert into retailer as r (
		licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to, division_code,
		lon, lat, h3, source_datum, geo_quality, updated_at)
	select l.licence_no, l.name,
		case when k.id is null or 'operator' = any($15) then l.operator else k.operator end,
		case when k.id is null or 'address' = any($15) then l.address else k.address end,
		case when k.id is null or 'phone' = any($15) then l.phone_tail else k.phone_tail end,
		case when k.id is null or 'business_form' = any($15) then l.business_form else k.business_form end,
		case when k.id is null or 'status' = any($15) then l.status else k.status end,
		case when k.id is null or 'valid_from' = any($15) then l.valid_from else k.valid_from end,
		case when k.id is null or 'valid_to' = any($15) then l.valid_to else k.valid_to end,
		case when k.id is null or 'division_code' = any($15) then l.division_code else k.division_code end,
		case when l.lon is null then k.lon else l.lon end,
		case when l.lon is null then k.lat else l.lat end,
		case when l.lon is null then k.h3 else l.h3 end,
		case when l.lon is null and k.lon is not null then k.source_datum else l.source_datum end,
		case when l.lon is null then coalesce(k.geo_quality, '') else 'given' end,
		$16
	from list l left join retailer k using (licence_no)
	order by l.licence_no
	on conflict (licence_no) do update set
		name = excluded.name, operator = excluded.operator, address = excluded.address, phone_tail = excluded.phone_tail,
		business_form = excluded.business_form, status = excluded.status,
		valid_from = excluded.valid_from, valid_to = excluded.valid_to, division_code = excluded.division_code,
		lon = excluded.lon, lat = excluded.lat, h3 = excluded.h3, source_datum = excluded.source_datum,
		geo_quality = excluded.geo_quality, updated_at = excluded.updated_at
	where (r.name, r.operator, r.address, r.phone_tail, r.business_form, r.status, r.valid_from, r.valid_to,
			r.division_code, r.lon, r.lat, r.source_datum)
		is distinct from
		(excluded.name, excluded.operator, excluded.address, excluded.phone_tail, excluded.business_form, excluded.status,
			excluded.valid_from, excluded.valid_to, excluded.division_code, excluded.lon, excluded.lat, excluded.source_datum)
	returning xmax = 0 as fresh -- a row that an update wrote carries the updating transaction
)
select count(*) filter (where fresh), count(*) filter (where not fresh) from done`

// arrays turns list into one array for each of the first fourteen parameters of
// putSQL.
func arrays(list []Retailer) ([]any, error) {
	var (
		no, name, operator, address, phone, form, status, division []string
		source                                                     []string
		from, to                                                   []*time.Time
		lon, lat                                                   []*float64
		cells                                                      []*int64
	)
	for _, r := range list {
		no, name, operator = append(no, string(r.LicenceNo)), append(name, r.Name), append(operator, r.Operator)
		address, phone = append(address, r.Address), append(phone, r.PhoneTail)
		form, status, division = append(form, string(r.Form)), append(status, string(r.Status)), append(division, r.DivisionCode)
		from, to = append(from, day(r.ValidFrom)), append(to, day(r.ValidTo))

		x, y, cell, err := place(r.Point)
		if err != nil {
			return nil, fmt.Errorf("retailer %s: %w", r.LicenceNo, err)
		}
		lon, lat, cells, source = append(lon, x), append(lat, y), append(cells, cell), append(source, string(cmp.Or(r.SourceDatum, datum.WGS84)))
	}
	return []any{
		no, name, operator, address, phone, form, status, from, to, division,
		lon, lat, cells, source,
	}, nil
}

func day(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func place(p *orb.Point) (lon, lat *float64, cell *int64, err error) {
	if p == nil {
		return nil, nil, nil, nil
	}
	if err := geo.ValidPoint(*p); err != nil {
		return nil, nil, nil, err
	}
	c, err := geo.CellAt(*p, geo.RetailerRes)
	if err != nil {
		return nil, nil, nil, err
	}
	n := int64(c)
	return &p[0], &p[1], &n, nil
}

// ByLicence is the retailer with a licence number. The error wraps
// ErrNotFound.
func ByLicence(ctx context.Context, q pg.Queryer, no LicenceNo) (Retailer, error) {
	return one(ctx, q, `
		select id, licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to,
			division_code, lon, lat, source_datum, updated_at
		from retailer where licence_no = $1`, string(no))
}

// ByID is the retailer with an id. The error wraps ErrNotFound.
func ByID(ctx context.Context, q pg.Queryer, id int64) (Retailer, error) {
	return one(ctx, q, `
		select id, licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to,
			division_code, lon, lat, source_datum, updated_at
		from retailer where id = $1`, id)
}

func one(ctx context.Context, q pg.Queryer, sql string, key any) (Retailer, error) {
	var s shopRow
	err := q.QueryRow(ctx, sql, key).Scan(s.targets()...)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Retailer{}, fmt.Errorf("retailer %v: %w", key, err)
	}
	return s.retailer(), nil
}

// shopRow takes in the columns that every query for retailers gives first.
type shopRow struct {
	Retailer
	from, to *time.Time
	lon, lat *float64
}

func (s *shopRow) targets() []any {
	return []any{
		&s.ID, &s.LicenceNo, &s.Name, &s.Operator, &s.Address, &s.PhoneTail, &s.Form, &s.Status, &s.from, &s.to,
		&s.DivisionCode, &s.lon, &s.lat, &s.SourceDatum, &s.UpdatedAt,
	}
}

func (s *shopRow) retailer() Retailer {
	r := s.Retailer
	if s.from != nil {
		r.ValidFrom = *s.from
	}
	if s.to != nil {
		r.ValidTo = *s.to
	}
	if s.lon != nil && s.lat != nil {
		r.Point = &orb.Point{*s.lon, *s.lat}
	}
	r.UpdatedAt = r.UpdatedAt.UTC()
	return r
}

// HoldsOther says whether the register has a licence that does not come from the list named source.
func HoldsOther(ctx context.Context, q pg.Queryer, source string) (other bool, err error) {
	if err = q.QueryRow(ctx, `select exists (select from retailer where source <> $1)`, source).Scan(&other); err != nil {
		err = fmt.Errorf("look for licences of other lists than %q: %w", source, err)
	}
	return other, err
}
