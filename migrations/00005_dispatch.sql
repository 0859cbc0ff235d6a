-- +goose Up
-- Shifts, offers, sorties, policy. The named constraints are the referee when two requests race.

create table shift (
    id        bigint generated always as identity primary key,
    unit_id   bigint not null references unit,
    span      tstzrange not null,
    constraint shift_not_empty check (not isempty(span) and not lower_inf(span) and not upper_inf(span)),
    constraint shift_no_overlap exclude using gist (unit_id with =, span with &&)
);

-- How a ticket of one urgency finds its unit: the engine proposes (suggest) or offers by itself (auto).
create table dispatch_policy (
    urgency       smallint primary key check (urgency between 1 and 4),
    mode          text not null check (mode in ('suggest', 'auto')),
    offer_seconds int not null check (offer_seconds between 10 and 3600),
    max_offers    int not null check (max_offers between 1 and 10),
    eta_cap_min   int not null check (eta_cap_min between 5 and 1440)
);
insert into dispatch_policy (urgency, mode, offer_seconds, max_offers, eta_cap_min) values
    (1, 'auto', 60, 3, 90), (2, 'auto', 120, 3, 120), (3, 'suggest', 300, 3, 180), (4, 'suggest', 300, 3, 180);

create table offer (
    id           bigint generated always as identity primary key,
    ticket_id    bigint not null references ticket,
    unit_id      bigint not null references unit,
    state        text not null default 'open',
    mode         text not null,
    offered_by   text not null,
    override     text not null default '',
    distance_m   double precision not null,
    eta_s        int not null,
    eta_basis    text not null,
    ranking      jsonb not null,
    offered_at   timestamptz not null,
    expires_at   timestamptz not null,
    answered_at  timestamptz,
    answer       text not null default '',
    constraint offer_state_known check (state in ('open', 'accepted', 'declined', 'expired', 'withdrawn')),
    constraint offer_answered_once check ((state = 'open') = (answered_at is null)),
    constraint offer_expires_later check (expires_at > offered_at)
);
create unique index offer_one_open_per_ticket on offer (ticket_id) where state = 'open';
create unique index offer_one_open_per_unit on offer (unit_id) where state = 'open';
create index offer_ticket on offer (ticket_id, id);
create index offer_expiry on offer (expires_at) where state = 'open';

-- One unit sent for one ticket. Born of an accepted offer; ends when the unit is free again.
create table sortie (
    id           bigint generated always as identity primary key,
    ticket_id    bigint not null references ticket,
    unit_id      bigint not null references unit,
    offer_id     bigint not null references offer,
    accepted_at  timestamptz not null,
    departed_at  timestamptz,
    arrived_at   timestamptz,
    ended_at     timestamptz,
    outcome      text not null default '',
    arrival_distance_m double precision,
    constraint sortie_one_per_offer unique (offer_id),
    constraint sortie_outcome_with_end check ((ended_at is null) = (outcome = '')),
    constraint sortie_outcome_known check (outcome in ('', 'done', 'aborted', 'cancelled')),
    constraint sortie_times_in_order check
        (departed_at >= accepted_at and arrived_at >= departed_at and ended_at >= accepted_at)
);
create unique index sortie_one_active_per_ticket on sortie (ticket_id) where ended_at is null;
create unique index sortie_one_active_per_unit on sortie (unit_id) where ended_at is null;
create index sortie_ticket on sortie (ticket_id, id);

-- The engine's last word on a ticket that waits for a dispatcher: whom it would send, and why not the others.
create table proposal (
    ticket_id   bigint primary key references ticket,
    unit_id     bigint references unit,
    ranking     jsonb not null,
    proposed_at timestamptz not null
);
