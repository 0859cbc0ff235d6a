package tracking

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

// ErrUnknownDevice says that no device has a key or a name, or no gateway a key.
var ErrUnknownDevice = errors.New("no device has this key")

// The keys of devices and of gateways start so, for people and for scanners of leaked secrets.
const (
	keyPrefix     = "jjd_"
	gatewayPrefix = "jjg_"
)

// IsGatewayKey tells the keys of gateways from those of devices.
func IsGatewayKey(key string) bool { return strings.HasPrefix(key, gatewayPrefix) }

// hashKey is what the database keeps of a key. Keys hold 130 random bits, so a
// fast hash is enough.
func hashKey(key string) [sha256.Size]byte { return sha256.Sum256([]byte(key)) }

// AddDevice registers a device of d.UnitID with the label, kind ("http" when
// empty), datum, clock, interval, leniency and passphrase of d and the given names, and
// returns its id and its key. The key is nowhere else: the database keeps a
// hash. Errors carry the constraint device_unit_id_fkey when there is no such
// unit, device_datum_known or device_kind_known when there is no such datum or
// kind, device_name_pkey when another device has a name.
func AddDevice(ctx context.Context, q pg.Queryer, d Device, names ...Name) (id int64, key string, err error) {
	key = keyPrefix + rand.Text()
	hash := hashKey(key)
	err = q.QueryRow(ctx, `
		INSERT INTO device (unit_id, label, kind, datum, key_hash, clock_ahead_s, interval_s, lenient, passphrase)
		VALUES ($1, $2, coalesce(nullif($3, ''), 'http'), coalesce(nullif($4, ''), 'WGS84'), $5, $6, nullif($7, 0), $8, nullif($9, ''))
		RETURNING id`, d.UnitID, d.Label, d.Kind, string(d.Datum), hash[:],
		int(d.ClockAhead/time.Second), int(d.Interval/time.Second), d.Login.lenient(), d.Login.passphrase()).Scan(&id)
	if err != nil {
		return 0, "", fmt.Errorf("add a device to unit %d: %w", d.UnitID, err)
	}
	if err := addNames(ctx, q, id, names); err != nil {
		return 0, "", err
	}
	return id, key, nil
}

func addNames(ctx context.Context, q pg.Queryer, id int64, names []Name) error {
	for _, n := range names {
		if _, err := q.Exec(ctx, `
			INSERT INTO device_name (protocol, ident, device_id) VALUES ($1, $2, $3)`, n.Protocol, n.Ident, id); err != nil {
			return fmt.Errorf("name device %d %s %s: %w", id, n.Protocol, n.Ident, err)
		}
	}
	return nil
}

// AddGateway registers a platform that forwards the fixes of many devices, and
// returns its id and its key, which is kept only as a hash.
func AddGateway(ctx context.Context, q pg.Queryer, label string) (id int64, key string, err error) {
	key = gatewayPrefix + rand.Text()
	hash := hashKey(key)
	err = q.QueryRow(ctx, `INSERT INTO gateway (label, key_hash) VALUES ($1, $2) RETURNING id`, label, hash[:]).Scan(&id)
	if err != nil {
		return 0, "", fmt.Errorf("add gateway %s: %w", label, err)
	}
	return id, key, nil
}

// deviceRow is what the statements below read of a device.
const deviceRow = `
	SELECT d.id, d.unit_id, d.label, d.kind, d.datum, d.disabled_at IS NOT NULL OR u.retired_at IS NOT NULL,
	       d.clock_ahead_s, coalesce(d.interval_s, 0), d.key_hash, coalesce(d.person_id, 0),
	       d.lenient, d.auth_hash, coalesce(d.passphrase, ''), coalesce(d.terminal, ''), d.conflict IS NOT NULL
	  FROM device d JOIN unit u ON u.id = d.unit_id`

func scanDevice(row pgx.CollectableRow) (registered, error) {
	var (
		e               registered
		hash            []byte
		login           Login
		ahead, interval int32
		from            string
	)
	d := &e.Device
	err := row.Scan(&d.ID, &d.UnitID, &d.Label, &d.Kind, &from, &d.Disabled, &ahead, &interval, &hash, &e.personID,
		&login.Lenient, &login.AuthHash, &login.Passphrase, &login.Terminal, &login.Conflict)
	d.Datum = datum.Datum(from)
	d.ClockAhead, d.Interval = time.Duration(ahead)*time.Second, time.Duration(interval)*time.Second
	copy(e.key[:], hash)
	if login.Lenient || login.Conflict || login.AuthHash != nil || login.Passphrase != "" || login.Terminal != "" {
		d.Login = &login
	}
	return e, err
}

// findDevice is the one device of a condition with its names; ErrUnknownDevice when there is none.
func findDevice(ctx context.Context, q pg.Queryer, where string, args ...any) (registered, error) {
	rows, err := q.Query(ctx, deviceRow+` WHERE `+where, args...)
	if err != nil {
		return registered{}, fmt.Errorf("look up a device: %w", err)
	}
	e, err := pgx.CollectExactlyOneRow(rows, scanDevice)
	if errors.Is(err, pgx.ErrNoRows) {
		return registered{}, ErrUnknownDevice
	}
	if err != nil {
		return registered{}, fmt.Errorf("look up a device: %w", err)
	}
	rows, err = q.Query(ctx, `SELECT protocol, ident FROM device_name WHERE device_id = $1`, e.ID)
	if err == nil {
		e.names, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Name])
	}
	if err != nil {
		return registered{}, fmt.Errorf("names of device %d: %w", e.ID, err)
	}
	return e, nil
}

// The conditions of findDevice.
const (
	withKey   = `d.key_hash = $1`
	withName  = `d.id = (SELECT device_id FROM device_name WHERE protocol = $1 AND ident = $2)`
	withPhone = `d.person_id = $1 AND d.unit_id = $2`
)

// addPhone makes the device that stands for a person's phone in a unit, unless it is there.
func addPhone(ctx context.Context, q pg.Queryer, personID, unitID int64) error {
	hash := hashKey(rand.Text()) // a key that nobody has
	_, err := q.Exec(ctx, `
		INSERT INTO device (unit_id, label, kind, key_hash, person_id)
		SELECT $2, name, 'phone', $3, id FROM person WHERE id = $1
		    ON CONFLICT (person_id, unit_id) WHERE person_id IS NOT NULL DO NOTHING`, personID, unitID, hash[:])
	return err
}

// oldestChange is the transaction from which on a change may not be visible
// yet: what is read from now on shows all older ones.
func oldestChange(ctx context.Context, q pg.Queryer) (uint64, error) {
	var text string
	if err := q.QueryRow(ctx, `SELECT pg_snapshot_xmin(pg_current_snapshot())::text`).Scan(&text); err != nil {
		return 0, fmt.Errorf("look for changed devices: %w", err)
	}
	return strconv.ParseUint(text, 10, 64)
}

// eachDevice reads the devices that transactions from since on have changed,
// and eachName their names; zero is all.
func eachDevice(ctx context.Context, q pg.Queryer, since uint64, each func(registered)) error {
	where, args := changedSince(since)
	rows, err := q.Query(ctx, deviceRow+where, args...)
	if err != nil {
		return fmt.Errorf("load devices: %w", err)
	}
	return forEach(rows, "load devices", scanDevice, each)
}

// changedSince leaves out a number that this server has not reached: it comes
// from another one, by a restored dump, and is no news.
func changedSince(since uint64) (where string, args []any) {
	if since == 0 {
		return "", nil
	}
	return ` WHERE d.changed >= $1::text::xid8 AND d.changed < pg_snapshot_xmax(pg_current_snapshot())`,
		[]any{strconv.FormatUint(since, 10)}
}

type namedDevice struct {
	DeviceID int64
	Name
}

func eachName(ctx context.Context, q pg.Queryer, since uint64, each func(namedDevice)) error {
	where, args := changedSince(since)
	rows, err := q.Query(ctx, `
		SELECT n.device_id, n.protocol, n.ident
		  FROM device_name n JOIN device d ON d.id = n.device_id`+where, args...)
	if err != nil {
		return fmt.Errorf("load names of devices: %w", err)
	}
	return forEach(rows, "load names of devices", func(row pgx.CollectableRow) (n namedDevice, err error) {
		err = row.Scan(&n.DeviceID, &n.Protocol, &n.Ident)
		return n, err
	}, each)
}

func forEach[T any](rows pgx.Rows, what string, scan func(pgx.CollectableRow) (T, error), each func(T)) error {
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		each(v)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// loadGateways is the gateways in use by the hash of their key.
func loadGateways(ctx context.Context, q pg.Queryer) (map[keyHash]*Gateway, error) {
	rows, err := q.Query(ctx, `SELECT id, label, key_hash FROM gateway WHERE disabled_at IS NULL`)
	if err != nil {
		return nil, fmt.Errorf("load gateways: %w", err)
	}
	list := make(map[keyHash]*Gateway)
	var g Gateway
	var hash []byte
	if _, err := pgx.ForEachRow(rows, []any{&g.ID, &g.Label, &hash}, func() error {
		held := g
		list[keyHash(hash)] = &held
		return nil
	}); err != nil {
		return nil, fmt.Errorf("load gateways: %w", err)
	}
	return list, nil
}
