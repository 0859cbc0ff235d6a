-- +goose Up
-- Whoever holds the register in memory follows it by the transaction that wrote each row. updated_at is the time at which
-- a delivery began, and says nothing of when its rows came to be seen.

drop index retailer_updated;
alter table retailer add changed_xid xid8 not null default pg_current_xact_id();
create index retailer_changed on retailer (changed_xid);
alter table retailer_alias add changed_xid xid8 not null default pg_current_xact_id();
create index retailer_alias_changed on retailer_alias (changed_xid);

-- The retailers that are no longer there. The service deletes none; a person may.
create table retailer_gone (
    id          bigint primary key,
    changed_xid xid8 not null default pg_current_xact_id()
);
create index retailer_gone_changed on retailer_gone (changed_xid);

-- +goose StatementBegin
create function retailer_touch() returns trigger language plpgsql as $$
begin
    new.changed_xid := pg_current_xact_id();
    return new;
end
$$;
create function retailer_bury() returns trigger language plpgsql as $$
begin
    insert into retailer_gone (id) select id from gone
    on conflict (id) do update set changed_xid = pg_current_xact_id();
    return null;
end
$$;
-- +goose StatementEnd
create trigger retailer_touched before update on retailer for each row execute function retailer_touch();
create trigger retailer_alias_touched before update on retailer_alias for each row execute function retailer_touch();
create trigger retailer_buried after delete on retailer
    referencing old table as gone for each statement execute function retailer_bury();
create trigger retailer_alias_changed after insert or update on retailer_alias
    for each statement execute function retailer_notify();
