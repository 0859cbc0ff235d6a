-- +goose Up
-- The register is searched in memory. What the search in the database needed goes; whoever holds the register in memory
-- is told of changes, and reads the rows from updated_at on.

drop index retailer_licence_suffix, retailer_name_prefix, retailer_pinyin, retailer_initials, retailer_name_grams,
    retailer_address_grams, retailer_name_trgm, retailer_pinyin_trgm, retailer_phone_tail;
alter table retailer
    drop column name_key,
    drop column address_key,
    drop column pinyin,
    drop column initials,
    drop column name_grams,
    drop column address_grams;
create index retailer_updated on retailer (updated_at);

-- +goose StatementBegin
create function retailer_notify() returns trigger language plpgsql as $$
begin
    perform pg_notify('retailer_changed', '');
    return null;
end
$$;
-- +goose StatementEnd
create trigger retailer_changed after insert or update or delete on retailer
    for each statement execute function retailer_notify();
