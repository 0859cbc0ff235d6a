package tracking

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// ErrUnknownDevice says that no device has a key.
var ErrUnknownDevice = errors.New("no device has this key")

// keyPrefix starts every device key, so that people and scanners of leaked
// secrets can tell what it is.
const keyPrefix = "jjd_"

// hashKey is what the database keeps of a key. Keys hold 130 random bits, so a
// fast hash is enough.
func hashKey(key string) [sha256.Size]byte { return sha256.Sum256([]byte(key)) }

// AddDevice registers a device of d.UnitID with the label and datum of d, and
// returns its id and its key. The key is nowhere else: the database keeps a
// hash. Errors carry the constraint device_unit_id_fkey when there is no such
// unit, device_datum_known when the datum is none.
func AddDevice(ctx context.Context, q pg.Queryer, d Device) (id int64, key string, err error) {
	key = keyPrefix + rand.Text()
	hash := hashKey(key)
	err = q.QueryRow(ctx, `
		INSERT INTO device (unit_id, label, datum, key_hash)
		VALUES ($1, $2, coalesce(nullif($3, ''), 'WGS84'), $4)
		RETURNING id`, d.UnitID, d.Label, string(d.Datum), hash[:]).Scan(&id)
	if err != nil {
		return 0, "", fmt.Errorf("add a device to unit %d: %w", d.UnitID, err)
	}
	return id, key, nil
}

const (
	deviceTTL = 30 * time.Second // how long a change in the register may go unseen
	deviceMax = 50_000           // devices in the cache
)

// Devices looks devices up and remembers them for half a minute: a device that
// is disabled or moved to another unit may act as before for that long. It is
// safe for concurrent use.
type Devices struct {
	db *pg.DB

	mu     sync.Mutex // guards cached
	cached map[any]cachedDevice
}

type cachedDevice struct {
	device Device
	until  time.Time
}

// phone is the cache's name for a person's phone in a unit; the hash of a key
// is that of any other device.
type phone struct{ personID, unitID int64 }

// NewDevices looks devices up in db.
func NewDevices(db *pg.DB) *Devices {
	return &Devices{db: db, cached: make(map[any]cachedDevice)}
}

// ByKey is the device with a key. One that is disabled, or whose unit is
// retired, is returned as disabled: Accept refuses its fixes. The error wraps ErrUnknownDevice.
func (d *Devices) ByKey(ctx context.Context, key string) (Device, error) {
	hash := hashKey(key)
	return d.cachedOr(hash, func() (Device, error) {
		device, err := queryDevice(ctx, d.db.Pool, `
			SELECT d.id, d.unit_id, d.label, d.datum, d.disabled_at IS NOT NULL OR u.retired_at IS NOT NULL
			  FROM device d JOIN unit u ON u.id = d.unit_id
			 WHERE d.key_hash = $1`, hash[:])
		if errors.Is(err, pgx.ErrNoRows) {
			return Device{}, ErrUnknownDevice
		}
		if err != nil {
			return Device{}, fmt.Errorf("look up a device: %w", err)
		}
		return device, nil
	})
}

// Phone is the device that stands for a person's phone while the person serves
// in a unit. It is made at the first call. Browsers report WGS-84.
func (d *Devices) Phone(ctx context.Context, personID, unitID int64) (Device, error) {
	return d.cachedOr(phone{personID, unitID}, func() (Device, error) {
		const find = `
			SELECT d.id, d.unit_id, d.label, d.datum, d.disabled_at IS NOT NULL OR u.retired_at IS NOT NULL
			  FROM device d JOIN unit u ON u.id = d.unit_id
			 WHERE d.person_id = $1 AND d.unit_id = $2`
		device, err := queryDevice(ctx, d.db.Pool, find, personID, unitID)
		if errors.Is(err, pgx.ErrNoRows) {
			hash := hashKey(rand.Text()) // a key that nobody has
			_, err = d.db.Pool.Exec(ctx, `
				INSERT INTO device (unit_id, label, kind, key_hash, person_id)
				SELECT $2, name, 'phone', $3, id FROM person WHERE id = $1
				    ON CONFLICT (person_id, unit_id) WHERE person_id IS NOT NULL DO NOTHING`, personID, unitID, hash[:])
			if err == nil {
				device, err = queryDevice(ctx, d.db.Pool, find, personID, unitID)
			}
		}
		if err != nil {
			return Device{}, fmt.Errorf("phone of person %d in unit %d: %w", personID, unitID, err)
		}
		return device, nil
	})
}

func queryDevice(ctx context.Context, q pg.Queryer, sql string, args ...any) (Device, error) {
	var device Device
	err := q.QueryRow(ctx, sql, args...).Scan(&device.ID, &device.UnitID, &device.Label, &device.Datum, &device.Disabled)
	return device, err
}

// cachedOr is what the cache has under name, or else what load finds.
func (d *Devices) cachedOr(name any, load func() (Device, error)) (Device, error) {
	now := d.db.Now()
	d.mu.Lock()
	have, ok := d.cached[name]
	d.mu.Unlock()
	if ok && now.Before(have.until) {
		return have.device, nil
	}
	device, err := load()
	if err != nil {
		return Device{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.cached) >= deviceMax {
		clear(d.cached)
	}
	d.cached[name] = cachedDevice{device, now.Add(deviceTTL)}
	return device, nil
}
