-- +goose Up
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE place (
    id    int PRIMARY KEY,
    name  text CONSTRAINT place_name_filled CHECK (name <> ''),
    at    geometry(Point, 4326),
    shape geometry,
    near  geography
);

-- +goose Down
DROP TABLE place;
