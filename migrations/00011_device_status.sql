-- +goose Up
-- How a device fares, apart for everything that becomes of its records, and the protocol of its last message.

alter table device_status
    drop column decoded,
    add column protocol text,                          -- of raw: as in device_name, or 'http'
    add column doubted  bigint not null default 0,
    add column reasons  jsonb  not null default '{}'; -- how many records were refused or doubted, by reason
