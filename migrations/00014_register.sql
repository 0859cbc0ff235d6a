-- +goose Up
-- The register at national size: the whole record of a licence, its history, and the deliveries of lists.

-- A list from elsewhere brings numbers of its own form; source is then the list's name. gone_on is the day of the
-- delivery in which the licence was missing; null while its list has it, or for a licence of no list.
alter table retailer
    drop constraint retailer_licence_no_form,
    add source            text not null default '',
    add gone_on           date,
    add uscc              text not null default '',
    add tier              text not null default '',
    add market_type       text not null default '',
    add grid_unit         text not null default '',
    add squad             text not null default '',
    add market_officer    text not null default '',
    add customer_manager  text not null default '',
    add delivery_route    text not null default '',
    add scope             text not null default '',
    add supplier          text not null default '',
    add issuer            text not null default '',
    add issued_on         date,
    add school_m          double precision,
    add risk_score        double precision,
    add last_inspected_on date,
    add replaces          text not null default '',
    add geo_quality       text not null default '',
    add geo_verified_on   date,
    add extra             jsonb not null default '{}',
    add created_at        timestamptz not null default now(),
    add constraint retailer_licence_no_form check (licence_no ~ '^[0-9]{12}$' or
        (source <> '' and char_length(licence_no) between 1 and 80)),
    add constraint retailer_market_type_known check (market_type in ('', 'urban', 'rural')),
    add constraint retailer_geo_quality_known check (geo_quality in ('', 'rooftop', 'street', 'village', 'township')),
    add constraint retailer_school_not_negative check (school_m >= 0),
    add constraint retailer_extra_object check (jsonb_typeof(extra) = 'object');
create index retailer_source on retailer (source) where source <> '';

-- A profile says how the lists of one supplier are to be read.
create table import_profile (
    name       text primary key,
    spec       jsonb not null,
    updated_at timestamptz not null,
    constraint import_profile_named check (char_length(name) between 1 and 60)
);

-- One list that was brought in, whole or in part. What is read lies in an unlogged table staged_<id> of its own until
-- the end, so that the register changes by whole sets.
create table delivery (
    id          bigint generated always as identity primary key,
    file_name   text not null default '',
    sha256      text not null,
    bytes       bigint not null,
    options     jsonb not null,
    source      text not null default '',
    dry_run     boolean not null,
    confirmed   boolean not null default false,
    state       text not null default 'reading',
    as_of       date not null,
    made_by     text not null default '',
    started_at  timestamptz not null,
    ended_at    timestamptz,
    -- progress of the reading: the last line of the file that is staged or refused, and where it ends
    last_line   int not null default 0,
    bytes_read  bigint not null default 0,
    rows        int not null default 0,
    staged      int not null default 0,
    parts       int not null default 0,
    encoding    text not null default '',
    headings    jsonb not null default '[]',
    columns     jsonb not null default '{}',
    -- the outcome, known at the end
    report      jsonb not null default '{}',
    constraint delivery_state_known check (state in ('reading', 'applying', 'held', 'done', 'tried', 'rejected'))
);
create unique index delivery_one_open on delivery (sha256, md5(options::text), dry_run) where state in ('reading', 'applying', 'held');

-- A part of a delivery that is applied; written in the transaction that applies it.
create table delivery_part (
    delivery_id bigint not null references delivery on delete cascade,
    part        int not null,
    inserted    int not null,
    returned    int not null,
    updated     int not null,
    unchanged   int not null,
    odd         int not null,
    primary key (delivery_id, part)
);

-- A row of a list that was refused, or stored with a warning. raw holds the fields as they came, for the file that one
-- can mend.
create table delivery_problem (
    delivery_id bigint not null references delivery on delete cascade,
    line        int not null,
    refused     boolean not null,
    licence_no  text not null default '',
    raw         jsonb not null,
    problems    jsonb not null,
    primary key (delivery_id, line)
);

-- What changed in a record: changes is {field: [before, after]}.
create table retailer_history (
    id          bigint generated always as identity primary key,
    retailer_id bigint not null references retailer on delete cascade,
    at          timestamptz not null,
    delivery_id bigint references delivery,
    made_by     text not null default '',
    kind        text not null,
    reason      text not null default '',
    changes     jsonb not null,
    constraint retailer_history_kind_known check (kind in ('changed', 'returned', 'closed', 'edited'))
);
create index retailer_history_retailer on retailer_history (retailer_id, id);
create index retailer_history_delivery on retailer_history (delivery_id);

-- +goose StatementBegin
-- What a record says, for the comparison of before and after: no keys, no times of storage, nothing made for searching.
-- The columns that a list has beyond the register's begin with +.
create function retailer_facts(r retailer) returns jsonb language sql immutable as $$
    select jsonb_build_object(
        'name', r.name, 'operator', r.operator, 'address', r.address, 'phone', r.phone_tail,
        'business_form', r.business_form, 'status', r.status, 'valid_from', r.valid_from, 'valid_to', r.valid_to,
        'division_code', r.division_code, 'lon', r.lon, 'lat', r.lat, 'uscc', r.uscc, 'tier', r.tier,
        'market_type', r.market_type, 'grid_unit', r.grid_unit, 'squad', r.squad, 'market_officer', r.market_officer,
        'customer_manager', r.customer_manager, 'delivery_route', r.delivery_route, 'scope', r.scope)
        || jsonb_build_object('supplier', r.supplier,
        'issuer', r.issuer, 'issued_on', r.issued_on, 'school_m', r.school_m, 'risk_score', r.risk_score,
        'last_inspected_on', r.last_inspected_on, 'replaces', r.replaces)
        || coalesce((select jsonb_object_agg('+' || key, value) from jsonb_each(r.extra)), '{}')
$$;
-- The fields of two facts that differ, each with before and after.
create function retailer_changes(before jsonb, after jsonb) returns jsonb language sql immutable as $$
    select coalesce(jsonb_object_agg(key, jsonb_build_array(b.value, a.value)), '{}')
    from jsonb_each(before) b full join jsonb_each(after) a using (key)
    where b.value is distinct from a.value
$$;
-- +goose StatementEnd
