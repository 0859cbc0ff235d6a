-- +goose Up
-- What vehicle terminals send beside positions: pictures, and who put a card into the reader.

-- Media that a terminal took. ticket_id is that of the unit's sortie when it came in; null when the unit had none.
-- lon and lat are in the datum of the device, as it sent them; the fix of that moment is in the history.
create table attachment (
    id          bigint generated always as identity primary key,
    ticket_id   bigint references ticket,
    unit_id     bigint not null references unit,
    device_id   bigint not null references device,
    media_id    bigint not null,  -- the terminal's own number; not unique
    type        text not null,
    format      text not null,
    channel     smallint not null,
    cause       smallint not null, -- JT/T 808 event code: 0 = we asked for it, 1 = timer, 2 = robbery, 3 = collision, …
    taken_at    timestamptz,       -- null when the terminal did not know
    lon         double precision,
    lat         double precision,
    received_at timestamptz not null,
    sha256      bytea not null,
    content     bytea not null,
    constraint attachment_once unique (device_id, sha256),
    constraint attachment_type_known check (type in ('image', 'audio', 'video', 'other')),
    constraint attachment_point_whole check ((lon is null) = (lat is null)),
    constraint attachment_filled check (length(content) > 0)
);
create index attachment_ticket on attachment (ticket_id, id) where ticket_id is not null;
create index attachment_unit on attachment (unit_id, id);

-- Driver cards, as read by the terminal. Personal data: nothing shows them yet.
create table vault.driver_card (
    id          bigint generated always as identity primary key,
    device_id   bigint not null references public.device,
    unit_id     bigint not null references public.unit,
    at          timestamptz not null,
    inserted    boolean not null,  -- false: pulled out
    result      smallint not null, -- of reading: 0 = good
    name        text not null default '',
    licence     text not null default '',
    issuer      text not null default '',
    valid_until text not null default '', -- YYYYMMDD
    id_card     text not null default '',
    received_at timestamptz not null
);
