-- +goose Up
-- What is learned of how people call a shop, and the places of tickets that somebody has to ask after.

create table retailer_alias (
    id          bigint generated always as identity primary key,
    retailer_id bigint not null references retailer on delete cascade,
    words       text not null,
    ticket_id   bigint not null references ticket,
    learned_at  timestamptz not null,
    constraint retailer_alias_sized check (char_length(words) between 2 and 200),
    constraint retailer_alias_once unique (retailer_id, words)
);
create index retailer_alias_ticket on retailer_alias (ticket_id);

-- A ticket whose place nobody is sure of: the caller is to be contacted again by due_at.
create table place_check (
    ticket_id  bigint primary key references ticket,
    opened_at  timestamptz not null,
    due_at     timestamptz not null,
    question   text not null default '',
    settled_at timestamptz,
    outcome    text not null default '',
    note       text not null default '',
    constraint place_check_outcome_known check (outcome in ('', 'confirmed', 'corrected', 'unreachable')),
    constraint place_check_settled_whole check ((settled_at is null) = (outcome = ''))
);
create index place_check_open on place_check (due_at) where settled_at is null;
