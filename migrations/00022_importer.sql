-- +goose Up
-- Lists that the server itself takes in, in the background: those that came over HTTP, and those confirmed there.
alter table delivery
    add in_server    boolean not null default false,
    add confirmed_by text not null default '',
    add fault        jsonb,
    drop constraint delivery_state_known,
    add constraint delivery_state_known check (state in ('reading', 'applying', 'held', 'done', 'tried', 'rejected', 'failed'));
