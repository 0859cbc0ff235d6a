package tracking

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	interned "unique"

	"jiujin/internal/pg"
)

const (
	devicesEvery = time.Second           // between two looks for changed devices
	devicesPause = 50 * time.Millisecond // at least, also when unknown ones come in
	missLife     = time.Second           // so long an unknown one stays unknown without another look
	missMax      = 10_000                // unknown ones remembered
	loadPage     = 1_000                 // devices put in under one lock
)

// Devices holds every registered device in memory: about 400 bytes each, and
// a million in some seconds. Run loads them and follows the changes; until it
// has, and without it, each lookup of a device that is not held asks the
// database. Once loaded, an unknown one is looked for again in the database
// together with what else has changed since, at most twenty times a second for
// all callers, so that a device works as soon as it is registered. A change
// of one that is known is seen within a second. While the database is away
// the last known state holds, and the error for an unknown one is that of the
// database. Devices is safe for concurrent use.
//
// The devices it hands out are shared: nobody may write to them. A device that
// changes is replaced.
type Devices struct {
	db *pg.DB // nil: the devices are those that were put in by HoldDevices

	mu       sync.RWMutex // guards the maps
	byID     map[int64]*entered
	byKey    map[keyHash]*entered
	byName   *nameIndex
	byPhone  map[phone]*entered
	gateways map[keyHash]*Gateway
	misses   map[any]time.Time // until when a key or a name is unknown

	dirtyMu   sync.Mutex
	dirty     []*Device   // whose health is to be written, at most healthMax
	dirtyFull atomic.Bool // so many are in it

	round struct {
		sync.Mutex
		running bool   // Run is at work
		loaded  bool   // all devices are held
		next    *round // the next look for changes, when somebody waits for it
		wake    chan struct{}
	}
}

// registered is a device with how it is found.
type registered struct {
	Device
	names    []Name
	personID int64 // whose phone it is; zero for another device
	key      keyHash
}

// entered is a registered device as it is held.
type entered struct {
	registered
	trail  trail  // what Device.trail points to, until the device changes
	health health // likewise
}

type keyHash [32]byte

// phone names a person's phone in a unit.
type phone struct{ personID, unitID int64 }

// round is one look for changes.
type round struct {
	done chan struct{} // closed at its end
	err  error         // written before that
}

// NewDevices holds the devices of db.
func NewDevices(db *pg.DB) *Devices {
	d := &Devices{
		db:   db,
		byID: make(map[int64]*entered), byKey: make(map[keyHash]*entered), byName: newNameIndex(),
		byPhone: make(map[phone]*entered), gateways: make(map[keyHash]*Gateway), misses: make(map[any]time.Time),
	}
	d.round.wake = make(chan struct{}, 1)
	return d
}

// HoldDevices holds the given devices, each with the names in its place, and
// one gateway, and knows no others. names may be shorter than list. It needs no
// Run and no database: measurements use it.
func HoldDevices(list []Device, names [][]Name, gatewayKey string) *Devices {
	d := NewDevices(nil)
	for i := range list {
		e := registered{Device: list[i]}
		if i < len(names) {
			e.names = names[i]
		}
		d.put(e)
	}
	d.gateways[hashKey(gatewayKey)] = &Gateway{ID: 1, Label: "held"}
	d.round.loaded = true
	return d
}

// ByKey is the device with a key. One that is disabled, or whose unit is
// retired, is returned as disabled: Accept refuses its fixes. The error wraps
// ErrUnknownDevice or is the database's.
func (d *Devices) ByKey(ctx context.Context, key string) (*Device, error) {
	hash := keyHash(hashKey(key))
	d.mu.RLock()
	e := d.byKey[hash]
	d.mu.RUnlock()
	if e != nil {
		return &e.Device, nil
	}
	return d.missed(ctx, hash, func() *entered { return d.byKey[hash] }, withKey, hash[:])
}

// ByName is the device that calls itself so in a protocol. Errors are those of ByKey.
func (d *Devices) ByName(ctx context.Context, protocol, ident string) (*Device, error) {
	name := Name{protocol, ident}
	d.mu.RLock()
	e := d.byName.find(name)
	d.mu.RUnlock()
	if e != nil {
		return &e.Device, nil
	}
	return d.missed(ctx, name, func() *entered { return d.byName.find(name) }, withName, protocol, ident)
}

// Assign gives each report the device that calls itself by the name in its
// place; one that nobody registered gets the zero Device, whose fixes Accept
// refuses. Both slices have the same length, and no report has a device yet.
// The error is the database's.
func (d *Devices) Assign(ctx context.Context, protocol string, names [][]byte, reports []Report) error {
	if d.assign(protocol, names, reports, false) == 0 {
		return nil
	}
	if d.isLoaded() && d.db != nil {
		if err := d.lookAgain(ctx); err != nil {
			return err
		}
		d.assign(protocol, names, reports, true)
		return nil
	}
	for i := range reports {
		if reports[i].Device != nil {
			continue
		}
		device, err := d.ByName(ctx, protocol, string(names[i]))
		switch {
		case err == nil:
			reports[i].Device = device
		case errors.Is(err, ErrUnknownDevice):
			reports[i].Device = nobody
		default:
			return err
		}
	}
	return nil
}

// nobody is the device that nobody registered.
var nobody = new(Device)

// assign is Assign among the devices held. It counts those that are not and
// were not a moment ago; after a look they are nobody's and remembered.
func (d *Devices) assign(protocol string, names [][]byte, reports []Report, looked bool) (missing int) {
	if looked {
		d.mu.Lock()
		defer d.mu.Unlock()
	} else {
		d.mu.RLock()
		defer d.mu.RUnlock()
	}
	var found [chunk]*entered
	for i, name := range names {
		if i%chunk == 0 {
			d.byName.findAll(protocol, names[i:min(i+chunk, len(names))], found[:])
		}
		if reports[i].Device != nil {
			continue
		}
		if e := found[i%chunk]; e != nil {
			reports[i].Device = &e.Device
			continue
		}
		switch key := (Name{protocol, string(name)}); {
		case len(name) == 0 || time.Now().Before(d.misses[key]):
			reports[i].Device = nobody
		case looked:
			d.remember(key)
			reports[i].Device = nobody
		default:
			missing++
		}
	}
	return missing
}

// ByID is the device with an id, among those held.
func (d *Devices) ByID(id int64) (*Device, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e := d.byID[id]
	if e == nil {
		return nil, false
	}
	return &e.Device, true
}

// Phone is the device that stands for a person's phone while the person serves
// in a unit. It is made at the first call. Browsers report WGS-84.
func (d *Devices) Phone(ctx context.Context, personID, unitID int64) (*Device, error) {
	name := phone{personID, unitID}
	d.mu.RLock()
	e := d.byPhone[name]
	d.mu.RUnlock()
	if e != nil {
		return &e.Device, nil
	}
	device, err := d.ask(ctx, withPhone, personID, unitID)
	if errors.Is(err, ErrUnknownDevice) {
		if err = addPhone(ctx, d.db.Pool, personID, unitID); err == nil {
			device, err = d.ask(ctx, withPhone, personID, unitID)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("phone of person %d in unit %d: %w", personID, unitID, err)
	}
	return device, nil
}

// GatewayByKey is the gateway in use with a key. Errors are those of ByKey.
func (d *Devices) GatewayByKey(ctx context.Context, key string) (*Gateway, error) {
	hash := keyHash(hashKey(key))
	d.mu.RLock()
	g := d.gateways[hash]
	d.mu.RUnlock()
	if g != nil {
		return g, nil
	}
	if d.unknown(hash) {
		return nil, ErrUnknownDevice
	}
	load := d.lookAgain
	if !d.isLoaded() {
		load = d.loadGateways
	}
	if err := load(ctx); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if g := d.gateways[hash]; g != nil {
		return g, nil
	}
	d.remember(hash)
	return nil, ErrUnknownDevice
}

// Len is how many devices are held.
func (d *Devices) Len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.byID)
}

// missed answers for a device that is not held: look is how it would be found
// among those held, where in the database.
func (d *Devices) missed(ctx context.Context, name any, look func() *entered, where string, args ...any) (*Device, error) {
	if d.unknown(name) {
		return nil, ErrUnknownDevice
	}
	if !d.isLoaded() {
		return d.ask(ctx, where, args...)
	}
	if err := d.lookAgain(ctx); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := look(); e != nil {
		return &e.Device, nil
	}
	d.remember(name)
	return nil, ErrUnknownDevice
}

// unknown tells that a look a moment ago did not find the name.
func (d *Devices) unknown(name any) bool {
	if d.db == nil {
		return true
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	return time.Now().Before(d.misses[name])
}

// remember notes that the name is unknown; the caller holds the lock.
func (d *Devices) remember(name any) {
	if len(d.misses) >= missMax {
		clear(d.misses)
	}
	d.misses[name] = time.Now().Add(missLife)
}

// ask reads one device from the database, and holds it if Run will follow its changes.
func (d *Devices) ask(ctx context.Context, where string, args ...any) (*Device, error) {
	e, err := findDevice(ctx, d.db.Pool, where, args...)
	if err != nil {
		return nil, err
	}
	d.round.Lock()
	running := d.round.running
	d.round.Unlock()
	if !running {
		return &e.Device, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return &d.put(e).Device, nil
}

// put holds e in place of what was known of the device; the caller holds the lock.
func (d *Devices) put(e registered) *entered {
	held := &entered{registered: e}
	held.Device.trail, held.Device.health = &held.trail, &held.health
	held.health.of = d
	if old := d.byID[e.ID]; old != nil {
		d.drop(old)
		held.Device.trail, held.Device.health = old.Device.trail, old.Device.health
	}
	held.Kind, held.Label = shared(e.Kind), shared(e.Label)
	d.byID[e.ID] = held
	if e.key != (keyHash{}) {
		d.byKey[e.key] = held
	}
	if e.personID != 0 {
		d.byPhone[phone{e.personID, e.UnitID}] = held
	}
	for _, n := range e.names {
		d.byName.put(n, held)
	}
	return held
}

// drop forgets every way to find a device.
func (d *Devices) drop(e *entered) {
	delete(d.byKey, e.key)
	delete(d.byPhone, phone{e.personID, e.UnitID})
	for _, n := range e.names {
		d.byName.drop(n, e)
	}
}

// shared is s with the memory of all equal ones.
func shared(s string) string { return interned.Make(s).Value() }

func (d *Devices) isLoaded() bool {
	d.round.Lock()
	defer d.round.Unlock()
	return d.round.loaded
}

// lookAgain waits for a look for changes that begins after the call.
func (d *Devices) lookAgain(ctx context.Context) error {
	d.round.Lock()
	if !d.round.running {
		d.round.Unlock()
		return ErrStopped
	}
	if d.round.next == nil {
		d.round.next = &round{done: make(chan struct{})}
	}
	r := d.round.next
	d.round.Unlock()
	select {
	case d.round.wake <- struct{}{}:
	default: // it is awake
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return fmt.Errorf("look up a device: %w", ctx.Err())
	}
}
