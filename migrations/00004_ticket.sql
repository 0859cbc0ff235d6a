-- +goose Up
-- Appeals, tickets, the reporters' vault, and the event log.

-- Serial numbers of a day, for ticket numbers.
create table ticket_serial (
    day  date primary key,
    last int not null
);

create table ticket (
    id             bigint generated always as identity primary key,
    number         text not null,
    code_hash      bytea not null,
    org_id         bigint not null references org,
    kind           text not null,
    subtype        text not null,
    urgency        smallint not null,
    urgency_reason text not null default '',
    title          text not null,
    place_text     text not null default '',
    retailer_id    bigint references retailer,
    division       text not null default '',
    lon            double precision,
    lat            double precision,
    geog           geography(Point, 4326) generated always as
        (case when lon is null or lat is null then null
              else st_setsrid(st_makepoint(lon, lat), 4326)::geography end) stored,
    h3             bigint,
    place_quality  text not null default 'none',
    status         text not null default 'registered',
    version        int not null default 1,
    arrive_by      timestamptz,
    due_at         timestamptz not null,
    registered_at  timestamptz not null,
    to_dispatch_at timestamptz,
    first_offer_at timestamptz,
    accepted_at    timestamptz,
    en_route_at    timestamptz,
    on_scene_at    timestamptz,
    scene_done_at  timestamptz,
    closed_at      timestamptz,
    outcome        text not null default '',
    outcome_text   text not null default '',
    alarm          text not null default '',
    alarm_at       timestamptz,
    created_by     bigint not null references person,
    constraint ticket_number_unique unique (number),
    constraint ticket_kind_known check (kind in ('report', 'complaint', 'enquiry', 'suggestion')),
    constraint ticket_urgency_range check (urgency between 1 and 4),
    constraint ticket_status_known check (status in
        ('registered', 'to_dispatch', 'offered', 'accepted', 'en_route', 'on_scene', 'reporting', 'closed', 'cancelled')),
    constraint ticket_closed_has_time check ((status in ('closed', 'cancelled')) = (closed_at is not null)),
    constraint ticket_place_quality_known check (place_quality in ('retailer', 'pinned', 'text', 'none')),
    constraint ticket_point_whole check ((lon is null) = (lat is null) and (lon is null) = (h3 is null)),
    constraint ticket_dispatch_has_point check
        (status not in ('to_dispatch', 'offered', 'accepted', 'en_route', 'on_scene') or lon is not null)
);
create index ticket_open on ticket (org_id, status) where closed_at is null;
create index ticket_registered on ticket (registered_at desc);
create index ticket_retailer on ticket (retailer_id, registered_at desc);

-- The caller's words, unchanged; one ticket may carry several appeals after a merge.
create table appeal (
    id            bigint generated always as identity primary key,
    ticket_id     bigint not null references ticket,
    channel       text not null,
    narrative     text not null,
    reporter_mode text not null,
    received_at   timestamptz not null,
    taken_by      bigint not null references person,
    constraint appeal_channel_known check (channel in ('phone', 'voicemail', 'web', 'wechat', 'letter', 'visit', 'transfer_12345')),
    constraint appeal_reporter_mode_known check (reporter_mode in ('named', 'hidden', 'anonymous'))
);
create index appeal_ticket on appeal (ticket_id);

-- Who reported. Read only through the reveal command, which records who looked and why.
create schema vault;
create table vault.reporter (
    appeal_id bigint primary key references appeal,
    name      text not null default '',
    phone     text not null default '',
    note      text not null default ''
);
create table vault.reveal (
    id        bigint generated always as identity primary key,
    appeal_id bigint not null references appeal,
    person_id bigint not null references person,
    reason    text not null,
    at        timestamptz not null
);

-- The event log: append-only, numbered without gaps in commit order, each row hashed over the one before it.
-- The chain's head is one row; whoever appends holds its lock until commit, so a reader that has seen n
-- has seen everything up to n (domain D3-2: a cursor never skips a late commit).
-- hash = sha256(prev_hash || 'seq|at in µs|type|actor|ticket_id|unit_id|body'), absent ids written as nothing.
create table event_head (
    only_row boolean primary key default true check (only_row),
    seq      bigint not null,
    at       timestamptz, -- time of the last event; the next one is never earlier
    hash     bytea not null
);
insert into event_head (seq, hash) values (0, sha256('jiujin event log'));

create table event (
    seq       bigint primary key,
    at        timestamptz not null,
    type      text not null,
    actor     text not null,
    ticket_id bigint,
    unit_id   bigint,
    body      text not null,
    data      jsonb generated always as (body::jsonb) stored,
    prev_hash bytea not null,
    hash      bytea not null
);
create index event_ticket on event (ticket_id, seq) where ticket_id is not null;

-- +goose StatementBegin
create function event_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the event log is append-only' using errcode = '23514', constraint = 'event_append_only';
end $$;
-- +goose StatementEnd
create trigger event_append_only before update or delete or truncate on event
    for each statement execute function event_refuse_change();
