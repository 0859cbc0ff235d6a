-- +goose Up
-- What coarse tiles show of the basemap: lines of one kind joined, everything with fewer points. A tile of a province
-- would otherwise be made from every road of it.

create table basemap_coarse (
    id       bigint generated always as identity primary key,
    deepest  smallint not null, -- the zoom down to which a row is used, from that of the set before on
    layer    text not null,
    class    text not null,
    name     text not null,
    name_en  text not null,
    min_zoom smallint not null,
    geom     geometry(Geometry, 3857) not null,
    constraint basemap_coarse_sets check (deepest in (7, 9, 11))
);
create index basemap_coarse_7 on basemap_coarse using gist (geom) where deepest = 7;
create index basemap_coarse_9 on basemap_coarse using gist (geom) where deepest = 9;
create index basemap_coarse_11 on basemap_coarse using gist (geom) where deepest = 11;

-- The first zoom that is made from the features themselves leaves the small ones out.
create index basemap_feature_12 on basemap_feature using gist (geom) where min_zoom <= 12;
