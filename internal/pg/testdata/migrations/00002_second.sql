-- +goose Up
INSERT INTO place (id, name) VALUES (1, '第一');

-- +goose Down
DELETE FROM place;
