package retailer

import (
	"context"
	"fmt"
	"time"

	"jiujin/internal/pg"
)

// stagedSQL makes the table of a delivery's rows. It is not logged: after a crash of the database it is empty, and the
// list is read again.
const stagedSQL = `
create unlogged table if not exists staged_%d (
	line int not null, licence_no text not null, name text not null, operator text not null, address text not null,
	phone_tail text not null, business_form text not null, status text not null, valid_from date, valid_to date,
	division_code text not null, lon double precision, lat double precision, h3 bigint,
	uscc text not null, tier text not null, market_type text not null, grid_unit text not null, squad text not null,
	market_officer text not null, customer_manager text not null, delivery_route text not null, scope text not null,
	supplier text not null, issuer text not null, issued_on date, school_m double precision,
	risk_score double precision, last_inspected_on date, replaces text not null, geo_quality text not null, extra jsonb not null
) with (autovacuum_enabled = false)`

// stagedColumns are those of stagedSQL, in the order in which stage writes them.
const stagedColumns = `line, licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to,
	division_code, lon, lat, h3, uscc, tier, market_type, grid_unit, squad, market_officer, customer_manager,
	delivery_route, scope, supplier, issuer, issued_on, school_m, risk_score, last_inspected_on, replaces, geo_quality, extra`

// wantedSQL is how each licence of a part is to be: what the list does not speak of stays as it is. %d is the
// delivery; $1 $2 the range of the part, $3 the fields that the list has, $4 the source, $5 the datum.
//
// A state that the register derived from the last day, or from a licence's absence, is derived anew where the list
// names none. A place that was verified on the scene, not only by the word of a list, stays until the list has another address.
const wantedSQL = `
with part as (
	select k.id, k.gone_on is not null as gone, k as known,
		s.licence_no, s.name,
		case when k.id is null or 'operator' = any($3) then s.operator else k.operator end as operator,
		case when k.id is null or 'address' = any($3) then s.address else k.address end as address,
		case when k.id is null or 'phone' = any($3) then s.phone_tail else k.phone_tail end as phone_tail,
		case when k.id is null or 'business_form' = any($3) then s.business_form else k.business_form end as business_form,
		case when k.id is null or 'status' = any($3) or k.gone_on is not null
				or ('valid_to' = any($3) and k.status in ('valid', 'expired')) then s.status else k.status end as status,
		case when k.id is null or 'valid_from' = any($3) then s.valid_from else k.valid_from end as valid_from,
		case when k.id is null or 'valid_to' = any($3) then s.valid_to else k.valid_to end as valid_to,
		case when k.id is null or 'division_code' = any($3) then s.division_code else k.division_code end as division_code,
		case when p.stays then k.lon else s.lon end as lon,
		case when p.stays then k.lat else s.lat end as lat,
		case when p.stays then k.h3 else s.h3 end as h3,
		case when p.stays then coalesce(k.geo_quality, '') else s.geo_quality end as geo_quality,
		-- a place that came from the list anew is not the one that somebody verified
		case when p.stays or (k.lon, k.lat) is not distinct from (s.lon, s.lat) then k.geo_verified_on end as geo_verified_on,
		case when p.stays and k.id is not null then k.source_datum else $5 end as source_datum,
		case when k.source <> '' then k.source else $4 end as source,
		case when k.id is null or 'uscc' = any($3) then s.uscc else k.uscc end as uscc,
		case when k.id is null or 'tier' = any($3) then s.tier else k.tier end as tier,
		case when k.id is null or 'market_type' = any($3) then s.market_type else k.market_type end as market_type,
		case when k.id is null or 'grid_unit' = any($3) then s.grid_unit else k.grid_unit end as grid_unit,
		case when k.id is null or 'squad' = any($3) then s.squad else k.squad end as squad,
		case when k.id is null or 'market_officer' = any($3) then s.market_officer else k.market_officer end as market_officer,
		case when k.id is null or 'customer_manager' = any($3) then s.customer_manager else k.customer_manager end as customer_manager,
		case when k.id is null or 'delivery_route' = any($3) then s.delivery_route else k.delivery_route end as delivery_route,
		case when k.id is null or 'scope' = any($3) then s.scope else k.scope end as scope,
		case when k.id is null or 'supplier' = any($3) then s.supplier else k.supplier end as supplier,
		case when k.id is null or 'issuer' = any($3) then s.issuer else k.issuer end as issuer,
		case when k.id is null or 'issued_on' = any($3) then s.issued_on else k.issued_on end as issued_on,
		case when k.id is null or 'school_m' = any($3) then s.school_m else k.school_m end as school_m,
		case when k.id is null or 'risk_score' = any($3) then s.risk_score else k.risk_score end as risk_score,
		case when k.id is null or 'last_inspected_on' = any($3) then s.last_inspected_on else k.last_inspected_on end
			as last_inspected_on,
		case when k.id is null or 'replaces' = any($3) then s.replaces else k.replaces end as replaces,
		case when k.id is null or 'extra' = any($3) then s.extra else k.extra end as extra
	from staged_%d s left join retailer k on k.licence_no = s.licence_no
	cross join lateral (select s.lon is null or k.id is not null and k.geo_quality = 'scene' and k.geo_verified_on is not null
		and ('address' <> all($3) or s.address = k.address) as stays) p
	where s.ctid >= $1::text::tid and s.ctid < $2::text::tid
), wanted as (
	select p.*, (p.name, p.operator, p.address, p.phone_tail, p.business_form, p.status, p.valid_from, p.valid_to,
			p.division_code, p.lon, p.lat, p.source, p.uscc, p.tier, p.market_type, p.grid_unit, p.squad, p.market_officer,
			p.customer_manager, p.delivery_route, p.scope, p.supplier, p.issuer, p.issued_on, p.school_m, p.risk_score,
			p.last_inspected_on, p.replaces, p.geo_quality, p.extra)
		is distinct from
		((p.known).name, (p.known).operator, (p.known).address, (p.known).phone_tail, (p.known).business_form,
			(p.known).status, (p.known).valid_from, (p.known).valid_to, (p.known).division_code, (p.known).lon,
			(p.known).lat, (p.known).source, (p.known).uscc, (p.known).tier, (p.known).market_type, (p.known).grid_unit,
			(p.known).squad, (p.known).market_officer, (p.known).customer_manager, (p.known).delivery_route,
			(p.known).scope, (p.known).supplier, (p.known).issuer, (p.known).issued_on, (p.known).school_m,
			(p.known).risk_score, (p.known).last_inspected_on, (p.known).replaces, (p.known).geo_quality, (p.known).extra) as differs,
		(p.known).status in ('closed', 'cancelled', 'withdrawn', 'recalled', 'revoked') and not p.gone
			and p.status in ('pending', 'valid', 'suspended', 'renewing') as odd
	from part p
), changes as (
	select id, gone, odd,
		retailer_changes(retailer_facts(known), retailer_facts(jsonb_populate_record(null::retailer, to_jsonb(w) - 'known'))) as changes
	from wanted w where id is not null and (differs or gone)
)`

// outcomeSQL ends wantedSQL: what becomes of the part, and how often each field changes.
const outcomeSQL = `
select count(*) filter (where id is null), count(*) filter (where gone), count(*) filter (where differs and not gone and id is not null),
	count(*) filter (where id is not null and not differs and not gone), count(*) filter (where odd),
	(select coalesce(jsonb_object_agg(field, n), '{}') from (
		select field, count(*) as n from changes, jsonb_object_keys(changes) field where not gone group by field) f)
from wanted`

// applySQL goes between wantedSQL and outcomeSQL. $6 is the time, $7 the delivery, $8 who brought it.
const applySQL = `, added as (
	insert into retailer (licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to,
		division_code, lon, lat, h3, source_datum, source, uscc, tier, market_type, grid_unit, squad, market_officer,
		customer_manager, delivery_route, scope, supplier, issuer, issued_on, school_m, risk_score, last_inspected_on,
		replaces, geo_quality, extra, created_at, updated_at)
	select licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to,
		division_code, lon, lat, h3, source_datum, source, uscc, tier, market_type, grid_unit, squad, market_officer,
		customer_manager, delivery_route, scope, supplier, issuer, issued_on, school_m, risk_score, last_inspected_on,
		replaces, geo_quality, extra, $6, $6
	from wanted where id is null
), changed as (
	update retailer r set name = w.name, operator = w.operator, address = w.address, phone_tail = w.phone_tail,
		business_form = w.business_form, status = w.status, valid_from = w.valid_from, valid_to = w.valid_to,
		division_code = w.division_code, lon = w.lon, lat = w.lat, h3 = w.h3, source_datum = w.source_datum,
		source = w.source, uscc = w.uscc, tier = w.tier, market_type = w.market_type, grid_unit = w.grid_unit,
		squad = w.squad, market_officer = w.market_officer, customer_manager = w.customer_manager,
		delivery_route = w.delivery_route, scope = w.scope, supplier = w.supplier, issuer = w.issuer,
		issued_on = w.issued_on, school_m = w.school_m, risk_score = w.risk_score,
		last_inspected_on = w.last_inspected_on, replaces = w.replaces, geo_quality = w.geo_quality, extra = w.extra, gone_on = null,
		geo_verified_on = w.geo_verified_on,
		updated_at = $6
	from wanted w where r.id = w.id and (w.differs or w.gone)
), noted as (
	insert into retailer_history (retailer_id, at, delivery_id, made_by, kind, reason, changes)
	select id, $6, $7, $8, case when gone then 'returned' else 'changed' end, case when odd then 'reopened' else '' end, changes
	from changes
)`

// outcome is what became of a part.
type outcome struct {
	inserted, returned, updated, unchanged, odd int
	changes                                     map[string]int
}

func (o *outcome) targets() []any {
	return []any{&o.inserted, &o.returned, &o.updated, &o.unchanged, &o.odd, &o.changes}
}

// partArgs are $1 to $5 of wantedSQL; a part is blocks of the staged table.
func (d *delivering) partArgs(part int) []any {
	begin, end := part*d.partBlocks(), (part+1)*d.partBlocks()
	return []any{
		fmt.Sprintf("(%d,0)", begin), fmt.Sprintf("(%d,0)", end), d.given, d.opts.Source, string(d.rows.datum),
	}
}

// tryPart says what would become of a part, and changes nothing.
func (d *delivering) tryPart(ctx context.Context, tx *pg.Tx, part int) (outcome, error) {
	var o outcome
	if err := byIndex(ctx, tx); err != nil {
		return o, err
	}
	err := tx.QueryRow(ctx, fmt.Sprintf(wantedSQL, d.id)+outcomeSQL, d.partArgs(part)...).Scan(o.targets()...)
	if err != nil {
		return o, fmt.Errorf("compare part %d of delivery %d: %w", part, d.id, err)
	}
	return o, nil
}

// applyPart stores a part, and that it is stored.
func (d *delivering) applyPart(ctx context.Context, tx *pg.Tx, part int) error {
	if err := byIndex(ctx, tx); err != nil {
		return err
	}
	var o outcome
	args := append(d.partArgs(part), d.opts.Now, d.id, d.opts.By)
	if err := tx.QueryRow(ctx, fmt.Sprintf(wantedSQL, d.id)+applySQL+outcomeSQL, args...).Scan(o.targets()...); err != nil {
		return fmt.Errorf("apply part %d of delivery %d: %w", part, d.id, err)
	}
	_, err := tx.Exec(ctx, `
		insert into delivery_part (delivery_id, part, inserted, returned, updated, unchanged, odd) values ($1, $2, $3, $4, $5, $6, $7)`,
		d.id, part, o.inserted, o.returned, o.updated, o.unchanged, o.odd)
	if err != nil {
		return fmt.Errorf("note part %d of delivery %d: %w", part, d.id, err)
	}
	return nil
}

// byIndex keeps the planner from reading the whole register for one part of a list.
func byIndex(ctx context.Context, tx *pg.Tx) error {
	_, err := tx.Exec(ctx, `select set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`)
	return err
}

// missing counts the licences of the source that the register has and the list lacks; the rows that were refused count
// as there. ended are those of them whose last day has passed.
func (d *delivering) missing(ctx context.Context, q pg.Queryer) (had, missing, ended int, err error) {
	err = q.QueryRow(ctx, fmt.Sprintf(`
		select count(*), count(*) filter (where lacks), count(*) filter (where lacks and valid_to < $3)
		from (select r.valid_to, s.licence_no is null and p.licence_no is null as lacks
			from retailer r
			left join staged_%d s on s.licence_no = r.licence_no
			left join (select distinct licence_no from delivery_problem where delivery_id = $2 and refused) p on p.licence_no = r.licence_no
			where r.source = $1 and r.source <> '' and r.gone_on is null) l`, d.id), d.opts.Source, d.id, d.asOf).Scan(&had, &missing, &ended)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("what delivery %d lacks: %w", d.id, err)
	}
	return had, missing, ended, nil
}

// closeMissing closes what missing counts: expired when its last day has passed, else closed. What was over stays as
// it was.
func (d *delivering) closeMissing(ctx context.Context, tx *pg.Tx) (closed, expired int, err error) {
	err = tx.QueryRow(ctx, fmt.Sprintf(`
		with lacking as (
			select r.id, r.status as before,
				case when r.status in ('expired', 'closed', 'cancelled', 'withdrawn', 'recalled', 'revoked') then r.status
					when r.valid_to < $3 then 'expired' else 'closed' end as after
			from retailer r
			left join staged_%d s on s.licence_no = r.licence_no
			left join (select distinct licence_no from delivery_problem where delivery_id = $2 and refused) p on p.licence_no = r.licence_no
			where r.source = $1 and r.source <> '' and r.gone_on is null and s.licence_no is null and p.licence_no is null
		), gone as (
			update retailer r set gone_on = $3, status = l.after, updated_at = $4 from lacking l where r.id = l.id
		), noted as (
			insert into retailer_history (retailer_id, at, delivery_id, made_by, kind, reason, changes)
			select id, $4, $2, $5, 'closed', 'missing',
				case when before = after then '{}' else jsonb_build_object('status', jsonb_build_array(before, after)) end
			from lacking
		)
		select count(*), count(*) filter (where after = 'expired') from lacking`, d.id),
		d.opts.Source, d.id, d.asOf, d.opts.Now, d.opts.By).Scan(&closed, &expired)
	if err != nil {
		return 0, 0, fmt.Errorf("close what delivery %d lacks: %w", d.id, err)
	}
	return closed, expired, nil
}

// dropStaged removes the rows of a delivery that is over.
func dropStaged(ctx context.Context, q pg.Queryer, id int64) error {
	if _, err := q.Exec(ctx, fmt.Sprintf(`drop table if exists staged_%d`, id)); err != nil {
		return fmt.Errorf("drop the rows of delivery %d: %w", id, err)
	}
	return nil
}

// chinaDay is the date in China, at 00:00 UTC.
func chinaDay(t time.Time) time.Time {
	china := t.In(time.FixedZone("Asia/Shanghai", 8*60*60))
	return time.Date(china.Year(), china.Month(), china.Day(), 0, 0, 0, 0, time.UTC)
}
