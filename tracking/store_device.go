package tracking

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

const insertDevice = `
insert into device (unit_id, label, datum, key_hash) values ($1, $2, $3, $4) returning id`

// AddDevice registers a device of d.UnitID and returns its key, of which only a hash is kept. d.ID is not looked at.
func AddDevice(ctx context.Context, tx *pg.Tx, d Device) (id int64, key string, err error) {
	key = "jjd_" + rand.Text()
	if d.Datum == "" {
		d.Datum = datum.WGS84
	}
	err = tx.QueryRow(ctx, insertDevice, d.UnitID, d.Label, string(d.Datum), keyHash(key)).Scan(&id)
	if err != nil {
		return 0, "", fmt.Errorf("add device of unit %d: %w", d.UnitID, err)
	}
	return id, key, nil
}

// keyHash is what the database keeps of a device key. Keys are random, so a plain hash is enough.
func keyHash(key string) []byte {
	h := sha256.Sum256([]byte(key))
	return h[:]
}
