-- +goose Up
-- Areas with the days on which they are valid: administrative divisions, and what a squad is responsible for.

create table area (
    id         bigint generated always as identity primary key,
    kind       text not null,
    code       text not null default '',          -- division code of six or nine digits; '' for a squad's area
    org_id     bigint references org,             -- the squad that is responsible; null for a division
    name       text not null,
    shape      geometry(MultiPolygon, 4326) not null,
    valid_from date not null default '-infinity', -- the first day
    valid_to   date not null default 'infinity',  -- the first day on which it is no longer valid
    source     text not null default '',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint area_named check (name <> ''),
    constraint area_division_or_squad check (
        kind = 'division' and code ~ '^([0-9]{6}|[0-9]{9})$' and org_id is null
        or kind = 'squad' and code = '' and org_id is not null),
    constraint area_valid_some_day check (valid_from < valid_to),
    constraint area_shape_valid check (st_isvalid(shape)),
    -- One division has one shape on one day.
    constraint area_division_once exclude using gist (code with =, daterange(valid_from, valid_to) with &&) where (kind = 'division')
);
create index area_shape on area using gist (shape);
create index area_org on area (org_id) where kind = 'squad';

-- The squad that was responsible for the place when the ticket was registered, or when its place was corrected.
alter table ticket add column squad_id bigint references org;
