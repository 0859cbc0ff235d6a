package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"jiujin/internal/pg"
)

// idempotencyRow is one request that was made under a key.
type idempotencyRow struct {
	principal, key, route string
	requestHash           []byte
	response              []byte // sealed
}

// claimIdempotency tells whether this is the first request under its key. While
// another transaction holds the key it waits for that one's end.
func claimIdempotency(ctx context.Context, tx *pg.Tx, r idempotencyRow) (first bool, err error) {
	tag, err := tx.Exec(ctx, `
		insert into idempotency (principal, key, route, request_hash, status, response, created_at)
		values ($1, $2, $3, $4, 0, 'null', $5)
		on conflict (principal, key) do nothing`,
		r.principal, r.key, r.route, r.requestHash, tx.Now())
	if err != nil {
		return false, fmt.Errorf("claim idempotency key for %s: %w", r.route, err)
	}
	return tag.RowsAffected() == 1, nil
}

// keepAnswer stores the sealed answer of the request that claimed the key.
func keepAnswer(ctx context.Context, tx *pg.Tx, r idempotencyRow, sealed []byte) error {
	response, err := json.Marshal(sealed) // a base64 string
	if err != nil {
		return fmt.Errorf("encode answer of %s: %w", r.route, err)
	}
	_, err = tx.Exec(ctx, `
		update idempotency set status = 200, response = $3 where principal = $1 and key = $2`,
		r.principal, r.key, response)
	if err != nil {
		return fmt.Errorf("keep answer of %s: %w", r.route, err)
	}
	return nil
}

// keptAnswer reads what stands under a key that was claimed before.
func keptAnswer(ctx context.Context, tx *pg.Tx, r idempotencyRow) (idempotencyRow, error) {
	var kept idempotencyRow
	var response []byte
	err := tx.QueryRow(ctx, `
		select route, request_hash, response from idempotency where principal = $1 and key = $2`,
		r.principal, r.key).Scan(&kept.route, &kept.requestHash, &response)
	if err == nil {
		err = json.Unmarshal(response, &kept.response)
	}
	if err != nil {
		return idempotencyRow{}, fmt.Errorf("read kept answer of %s: %w", r.route, err)
	}
	return kept, nil
}

// hasIdempotency tells whether a request was made under the key before.
func hasIdempotency(ctx context.Context, q pg.Queryer, principal, key string) (bool, error) {
	var known bool
	err := q.QueryRow(ctx, `select exists (select from idempotency where principal = $1 and key = $2)`, principal, key).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("look up idempotency key: %w", err)
	}
	return known, nil
}

func deleteIdempotencyBefore(ctx context.Context, q pg.Queryer, t time.Time) error {
	if _, err := q.Exec(ctx, `delete from idempotency where created_at < $1`, t); err != nil {
		return fmt.Errorf("delete old idempotency keys: %w", err)
	}
	return nil
}
