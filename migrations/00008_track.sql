-- +goose Up
-- Tracks: where a unit drove, an hour a row, kept long after its fixes are dropped.

-- geom: the good fixes of the hour, simplified so that the line, read by time, is within 5 m of each of them.
-- M is Unix seconds, so that lines of any unit and hour can be compared; a single fix is there twice, for a line needs two.
create table track (
    unit_id  bigint not null,
    hour     timestamptz not null,                -- its begin, a whole hour of UTC
    geom     geometry(LineStringM, 4326) not null,
    fixes    integer not null,                    -- good ones, before simplification
    metres   double precision not null,           -- from each of them to the next
    moving_s integer not null,
    top_kmh  real,                                -- the highest speed reported; null when none was
    first_at timestamptz not null,
    last_at  timestamptz not null,
    stops    double precision[] not null,         -- from, to (Unix seconds), lon, lat of each; those at the ends of the hour may be short
    gaps     double precision[] not null,         -- from, to (Unix seconds) of each silence within the hour
    built_at timestamptz not null,
    constraint track_pkey primary key (unit_id, hour)
);
create index track_hour on track using brin (hour); -- for dropping the old ones

-- Hours whose track has to be built, or built anew because fixes came late. Who stores such a fix adds a row in the same
-- transaction. Rows may repeat: nobody waits for anybody here.
create table track_due (
    unit_id bigint not null,
    hour    timestamptz not null
);
create index track_due_hour on track_due (hour, unit_id);

-- Hours before this one have been put into track_due, for all units that moved in them.
create table track_progress (
    only_row boolean primary key default true check (only_row),
    hour     timestamptz not null
);
