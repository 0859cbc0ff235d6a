-- +goose Up
-- Devices of every protocol; a history that keeps what it doubts; how far the spool has been drained.

alter table device
    drop constraint device_kind_known,
    add column clock_ahead_s integer not null default 0, -- of the device's clock, beyond what its protocol says
    add column interval_s    integer,                    -- expected between two fixes
    add column lenient       boolean not null default false, -- JT/T 808: takes positions before authentication
    add column auth_hash     bytea,                      -- JT/T 808: of the authentication code
    add column passphrase    text,                       -- OwnTracks: of the payload encryption
    add column terminal      text,                       -- JT/T 808: terminal id it registered with
    add column conflict      text,                       -- another terminal claims its identity: what it said; null when settled
    add column conflict_at   timestamptz,
    add constraint device_kind_known check (kind in ('http', 'phone', 'jt808', 'gt06', 'osmand', 'owntracks', 'traccar')),
    add constraint device_clock_plausible check (clock_ahead_s between -86400 and 86400),
    add constraint device_interval_positive check (interval_s > 0);

-- What a device calls itself in its protocol: SIM number, IMEI, terminal id, user/device. Several names may mean one device.
create table device_name (
    protocol  text not null,
    ident     text not null,
    device_id bigint not null references device,
    constraint device_name_pkey primary key (protocol, ident),
    constraint device_name_filled check (ident <> '' and length(ident) <= 128)
);
create index device_name_device on device_name (device_id);

-- A platform that forwards the fixes of many devices under one key.
create table gateway (
    id          bigint generated always as identity primary key,
    label       text not null,
    key_hash    bytea not null,
    disabled_at timestamptz,
    created_at  timestamptz not null default now(),
    constraint gateway_key_unique unique (key_hash)
);

-- The program holds all devices in memory and asks for those that a transaction since its last look has changed.
alter table device add column changed xid8 not null default pg_current_xact_id();
create index device_changed on device (changed);
-- +goose StatementBegin
create function device_note_change() returns trigger language plpgsql as $$
begin
    new.changed := pg_current_xact_id();
    return new;
end $$;
-- +goose StatementEnd
create trigger device_changed before insert or update on device for each row execute function device_note_change();
-- +goose StatementBegin
create function device_note_name() returns trigger language plpgsql as $$
begin
    update device set changed = pg_current_xact_id()
     where (id = new.device_id or id = old.device_id) and changed <> pg_current_xact_id();
    return null;
end $$;
-- +goose StatementEnd
create trigger device_name_changed after insert or update or delete on device_name
    for each row execute function device_note_name();
-- +goose StatementBegin
create function device_note_unit() returns trigger language plpgsql as $$
begin
    update device set changed = pg_current_xact_id() where unit_id = new.id;
    return null;
end $$;
-- +goose StatementEnd
create trigger unit_retired after update of retired_at on unit for each row execute function device_note_unit();
create index device_unit on device (unit_id);

-- What a device was last seen to send and how it fares, for the people who look after it. Written behind, every few seconds.
create table device_status (
    device_id        bigint primary key references device,
    seen_at          timestamptz not null,
    raw              text not null default '',  -- the last message as it came: hex, or text
    decoded          jsonb,
    refused_at       timestamptz,
    refused_reason   text,
    refused_detail   text,
    clock_offset_s   real,                      -- median of receipt − fix over live fixes
    battery_pct      real,
    power_v          real,
    signal_pct       real,
    satellites       real,
    odometer_km      double precision,
    stored           bigint not null default 0,
    duplicate        bigint not null default 0,
    refused          bigint not null default 0,
    datum_warning    text,
    datum_checked_at timestamptz
);

-- A fix is known by unit, time, device and content: a repeated one is dropped, two of the same second are kept.
alter table fix drop constraint fix_pkey;
alter table fix
    add column alt_m    real,
    add column ignition boolean,
    add column engaged  boolean,
    add column doubt    text,  -- why it is in the history only: jump, drift, frozen; null for a good one
    add column content  integer not null default 0; -- hash of the reported values
alter table fix add constraint fix_pkey primary key (unit_id, fixed_at, device_id, content);

-- The newest positions live in the program's memory and in its snapshot file; the history can rebuild both.
drop table unit_position;

-- How far the spool of a node has been committed here. Same transaction as the rows, so none is written twice.
create table spool (
    log_id     text primary key,
    position   bigint not null,
    drained_at timestamptz not null
);
