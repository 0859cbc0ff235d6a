-- +goose Up
-- Devices, fixes and positions (AVL).

create table device (
    id         bigint generated always as identity primary key,
    unit_id    bigint not null references unit,
    label      text not null,
    kind       text not null default 'http',
    datum      text not null default 'WGS84',
    key_hash   bytea not null,
    person_id  bigint references person,
    disabled_at timestamptz,
    created_at timestamptz not null default now(),
    constraint device_key_unique unique (key_hash),
    constraint device_kind_known check (kind in ('http', 'phone')),
    constraint device_datum_known check (datum in ('WGS84', 'GCJ02', 'BD09', 'CGCS2000'))
);
-- A person's phone is one device of the unit the person serves in.
create unique index device_one_phone_per_person_and_unit on device (person_id, unit_id) where person_id is not null;

-- History: one row per unit and satellite time, in daily partitions made ahead; no GiST on raw fixes.
create table fix (
    unit_id     bigint not null,
    device_id   bigint not null,
    fixed_at    timestamptz not null,
    received_at timestamptz not null,
    lon         double precision not null,
    lat         double precision not null,
    accuracy_m  real,
    speed_kmh   real,
    heading_deg real,
    h3          bigint not null,
    source      text not null,
    constraint fix_pkey primary key (unit_id, fixed_at)
) partition by range (fixed_at);
create table fix_default partition of fix default;

-- The newest valid fix of every unit; never moves back in fixed_at (the upsert's condition).
create table unit_position (
    unit_id     bigint primary key references unit,
    device_id   bigint not null,
    fixed_at    timestamptz not null,
    received_at timestamptz not null,
    lon         double precision not null,
    lat         double precision not null,
    accuracy_m  real,
    speed_kmh   real,
    heading_deg real,
    h3          bigint not null,
    source      text not null
);

-- Every fix that was not accepted, with the reason and the record as it came.
create table refused_fix (
    id          bigint generated always as identity primary key,
    device_id   bigint,
    unit_id     bigint,
    received_at timestamptz not null,
    reason      text not null,
    detail      text not null default '',
    raw         jsonb not null
);
create index refused_fix_device on refused_fix (device_id, received_at desc);
