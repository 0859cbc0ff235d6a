-- +goose Up
-- The licensed-retailer register (domain A6). Float columns are the truth of a point; geography is generated from them.

create table retailer (
    id            bigint generated always as identity primary key,
    licence_no    text not null,
    name          text not null,
    operator      text not null default '',
    address       text not null default '',
    phone_tail    text not null default '',
    business_form text not null default '',
    status        text not null default 'valid',
    valid_from    date,
    valid_to      date,
    division_code text not null default '',
    lon           double precision,
    lat           double precision,
    geog          geography(Point, 4326) generated always as
        (case when lon is null or lat is null then null
              else st_setsrid(st_makepoint(lon, lat), 4326)::geography end) stored,
    h3            bigint,
    source_datum  text not null default 'WGS84',
    -- For the search, made in Go from name and address: folded text, its pinyin, and its pairs of characters.
    name_key      text not null default '',
    address_key   text not null default '',
    pinyin        text not null default '',
    initials      text not null default '',
    name_grams    int[] not null default '{}',
    address_grams int[] not null default '{}',
    updated_at    timestamptz not null default now(),
    constraint retailer_licence_no_unique unique (licence_no),
    constraint retailer_licence_no_form check (licence_no ~ '^[0-9]{12}$'),
    constraint retailer_status_known check (status in
        ('pending', 'valid', 'suspended', 'renewing', 'expired', 'closed', 'cancelled', 'withdrawn', 'recalled', 'revoked')),
    constraint retailer_point_whole check ((lon is null) = (lat is null) and (lon is null) = (h3 is null)),
    constraint retailer_point_in_range check (lon between -180 and 180 and lat between -90 and 90)
);
create index retailer_geog on retailer using gist (geog);
create index retailer_h3 on retailer (h3);
create index retailer_division on retailer (division_code text_pattern_ops);

-- The search. The text_pattern_ops indexes serve prefixes through ~>=~ and ~<~; grams serve fragments of two or more
-- characters; trigrams serve fragments of pinyin and mistyped names.
create index retailer_licence_prefix on retailer (licence_no text_pattern_ops);
create index retailer_licence_suffix on retailer (reverse(licence_no) text_pattern_ops);
create index retailer_name_prefix on retailer (name_key text_pattern_ops);
create index retailer_operator on retailer (operator text_pattern_ops);
create index retailer_phone_tail on retailer (phone_tail) where phone_tail <> '';
create index retailer_pinyin on retailer (pinyin text_pattern_ops);
create index retailer_initials on retailer (initials text_pattern_ops);
create index retailer_name_grams on retailer using gin (name_grams);
create index retailer_address_grams on retailer using gin (address_grams);
create index retailer_name_trgm on retailer using gin (name_key gin_trgm_ops);
create index retailer_pinyin_trgm on retailer using gin (pinyin gin_trgm_ops, initials gin_trgm_ops);
