-- +goose Up
-- Named places (schools, hospitals, malls, stations, villages …), for what callers name and for the surroundings of a
-- shop; and more layers of the basemap.

create table place (
    id      bigint generated always as identity primary key,
    name    text not null,
    name_en text not null default '',
    aliases text[] not null default '{}',
    kind    text not null,
    lon     double precision not null,
    lat     double precision not null,
    -- Where the row comes from: 'osm' and 'basemap' go with the basemap, others stay.
    source  text not null,
    geog    geography(Point, 4326) generated always as (st_setsrid(st_makepoint(lon, lat), 4326)::geography) stored,
    constraint place_named check (name <> ''),
    constraint place_point_in_range check (lon between -180 and 180 and lat between -90 and 90)
);
create index place_geog on place using gist (geog);
create index place_kind on place (kind);

alter table basemap_feature add column name_en text not null default '';
alter table basemap_feature drop constraint basemap_layer_known;
alter table basemap_feature add constraint basemap_layer_known check
    (layer in ('land', 'green', 'water', 'building', 'path', 'rail', 'road', 'district', 'place', 'poi'));
