-- +goose Up
-- The road graph, roads that are closed for a time, and what sorties took in fact.

-- Which graph this is. Its bytes lie in road_graph_part, in parts of a megabyte.
create table road_graph (
    only_row boolean primary key default true check (only_row),
    source   text not null,
    nodes    integer not null,
    edges    integer not null,
    built_at timestamptz not null,
    version  bigint not null default 1
);

create table road_graph_part (
    part  integer primary key,
    bytes bytea not null
);

-- A line closes the roads that cross it, a polygon those that touch it.
create table road_closure (
    id       bigint generated always as identity primary key,
    org_id   bigint not null references org, -- whose dispatchers may change it; it holds for everybody
    reason   text not null,
    shape    geometry(Geometry, 4326) not null,
    from_at  timestamptz not null,
    until_at timestamptz,        -- null: until somebody lifts it
    made_by  text not null,      -- actor
    made_at  timestamptz not null,
    lifted_at timestamptz,
    constraint road_closure_reasoned check (reason <> ''),
    constraint road_closure_line_or_polygon check (geometrytype(shape) in ('LINESTRING', 'POLYGON')),
    constraint road_closure_in_order check (until_at > from_at)
);
create index road_closure_time on road_closure (from_at) where lifted_at is null;

-- What the roads said and what it took, for each sortie whose unit was seen when it left.
create table road_trip (
    sortie_id     bigint primary key references sortie,
    graph_version bigint not null,
    lon           double precision not null, -- of the case
    lat           double precision not null,
    road_s        double precision,          -- null: the roads do not say
    took_s        double precision not null,
    arrived_at    timestamptz not null
);
create index road_trip_time on road_trip (arrived_at);
