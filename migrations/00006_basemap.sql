-- +goose Up
-- The basemap's features, served as vector tiles by PostGIS.

create table basemap_feature (
    id       bigint generated always as identity primary key,
    layer    text not null,
    class    text not null default '',
    name     text not null default '',
    min_zoom smallint not null default 0,
    geom     geometry(Geometry, 4326) not null,
    constraint basemap_layer_known check (layer in ('road', 'water', 'green', 'district', 'place', 'building'))
);
create index basemap_feature_geom on basemap_feature using gist (geom);

-- Which map this is: name, bounds, approval number (审图号) and source, shown on every map.
create table basemap (
    only_row  boolean primary key default true check (only_row),
    name      text not null,
    approval  text not null default '',
    source    text not null,
    fictional boolean not null,
    west double precision not null, south double precision not null,
    east double precision not null, north double precision not null,
    version   bigint not null default 1
);
