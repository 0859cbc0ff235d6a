-- +goose Up
-- How far the point of a shop can be trusted. Until now nobody said. Rows without a point stay as they are. The trigger
-- would write down the transaction for whoever follows the register in memory, and nobody does while this runs.
alter table retailer drop constraint retailer_geo_quality_known;
alter table retailer disable trigger retailer_touched;
update retailer set geo_quality = 'given' where lon is not null and geo_quality <> 'given';
update retailer set geo_quality = '' where lon is null and geo_quality <> '';
alter table retailer enable trigger retailer_touched;
alter table retailer
    add constraint retailer_geo_quality_known check (geo_quality in ('', 'given', 'geocoded', 'centre', 'scene', 'doubtful'));

-- The ticket at whose visit a place was corrected; null for other changes.
alter table retailer_history add ticket_id bigint references ticket;
create index retailer_history_ticket on retailer_history (ticket_id) where ticket_id is not null;

-- +goose StatementBegin
create or replace function retailer_facts(r retailer) returns jsonb language sql immutable as $$
    select jsonb_build_object(
        'name', r.name, 'operator', r.operator, 'address', r.address, 'phone', r.phone_tail,
        'business_form', r.business_form, 'status', r.status, 'valid_from', r.valid_from, 'valid_to', r.valid_to,
        'division_code', r.division_code, 'lon', r.lon, 'lat', r.lat, 'geo_quality', r.geo_quality,
        'geo_verified_on', r.geo_verified_on, 'uscc', r.uscc, 'tier', r.tier,
        'market_type', r.market_type, 'grid_unit', r.grid_unit, 'squad', r.squad, 'market_officer', r.market_officer,
        'customer_manager', r.customer_manager, 'delivery_route', r.delivery_route, 'scope', r.scope)
        || jsonb_build_object('supplier', r.supplier,
        'issuer', r.issuer, 'issued_on', r.issued_on, 'school_m', r.school_m, 'risk_score', r.risk_score,
        'last_inspected_on', r.last_inspected_on, 'replaces', r.replaces)
        || coalesce((select jsonb_object_agg('+' || key, value) from jsonb_each(r.extra)), '{}')
$$;
-- +goose StatementEnd
