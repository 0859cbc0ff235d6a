-- +goose Up
-- How many minutes sooner than a unit of the responsible squad one of another squad must be there to rank level with it.

alter table dispatch_policy add column border_min int not null default 5 check (border_min between 0 and 60);
