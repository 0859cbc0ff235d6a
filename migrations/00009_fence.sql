-- +goose Up
-- Fences around places, what units did at them, and the proposal that a unit has arrived.

create table fence (
    id          bigint generated always as identity primary key,
    org_id      bigint not null references org, -- units of this branch are watched
    name        text not null,
    polygon     geometry(Polygon, 4326),        -- either a polygon …
    lon         double precision,               -- … or a circle
    lat         double precision,
    radius_m    double precision,
    dwell_s     integer not null default 0,     -- a stay of this long is an event; 0 = none is
    plain       boolean not null default false, -- every fix counts: no margin, no waiting
    created_at  timestamptz not null default now(),
    retired_at  timestamptz,
    constraint fence_named check (name <> ''),
    constraint fence_polygon_or_circle check ((polygon is null) = (lon is not null and lat is not null and radius_m is not null)),
    constraint fence_radius_plausible check (radius_m between 10 and 200000),
    constraint fence_dwell_plausible check (dwell_s between 0 and 86400)
);

-- One row for a unit that entered, left, or has stayed. A repeated one changes nothing.
create table fence_event (
    id         bigint generated always as identity primary key,
    fence_id   bigint not null references fence,
    unit_id    bigint not null references unit,
    at         timestamptz not null, -- time of the first fix that showed it
    kind       text not null,
    lon        double precision not null,
    lat        double precision not null,
    noted_at   timestamptz not null,
    constraint fence_event_once unique (fence_id, unit_id, at, kind),
    constraint fence_event_kind_known check (kind in ('enter', 'exit', 'dwell'))
);
create index fence_event_time on fence_event (fence_id, at);

-- Set when positions say that the unit is there and nobody has pressed the button yet.
alter table sortie
    add column arrival_proposed_at timestamptz,
    add column arrival_proposed_m  double precision;
