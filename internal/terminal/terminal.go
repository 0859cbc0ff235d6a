// Package terminal joins dispatch to the screens in vehicles: an offer appears on the unit's JT/T 808 terminal and is
// answered there, a sortie is tracked closely, and what the terminal sends beside positions (buttons, alarms, driver
// cards, pictures) finds its place. A unit without a terminal is none of its business.
//
// Nothing that the caller said, and nothing about the caller, goes to a vehicle.
package terminal

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/dispatch"
	"jiujin/tracking"
	"jiujin/tracking/jt808"
)

const (
	lookEvery  = 5 * time.Second // without being woken
	lookWithin = 10 * time.Second
	jobsMax    = 16 // jobs that wait for one vehicle; a terminal that answers none of them loses the further ones

	trackEvery = 5 * time.Second  // between two fixes of a unit on a sortie
	trackFor   = 30 * time.Minute // then the terminal falls back by itself, unless it is told again
	trackAgain = 25 * time.Minute
	lateAnswer = time.Minute // after an offer has ended its answer is still listened for, to be told that it is too late
)

// Bridge keeps the vehicles' screens in step with offers and sorties. It holds what each terminal was told, and reads
// everything else anew at each look; it may stop and start anywhere: an offer that is open is then told again.
type Bridge struct {
	Service   *dispatch.Service
	Terminals *jt808.Server
	Log       *slog.Logger
	// Wake is signalled when the event log grew; it should hold one element.
	Wake <-chan struct{}
	// Looked, when not nil, is called after each look; tests wait on it.
	Looked func()

	mu       sync.Mutex
	vehicles map[int64]*vehicle // by unit: the terminal that said hello; another one only when that has gone
	replaced []*vehicle         // by another terminal of their unit
	arrived  chan struct{}      // holds one: a terminal said hello
	jobs     errgroup.Group
}

// vehicle is a unit's terminal and what it was told. Only look and what it calls change the fields under told.
type vehicle struct {
	unitID, deviceID int64

	// told
	offer     int64  // the open offer on the screen, 0 = none
	number    string // of its ticket
	endAsk    context.CancelFunc
	sortie    int64 // tracked closely, 0 = none
	trackedAt time.Time
	buttons   bool // the driver's buttons were sent

	mu      sync.Mutex // guards what follows
	queue   []func(context.Context)
	working bool
	failed  int64 // the offer that could not be shown, for look to try again
}

// New makes a bridge and connects it to the terminals' server, which must not run yet.
func New(service *dispatch.Service, terminals *jt808.Server, log *slog.Logger, wake <-chan struct{}) *Bridge {
	b := &Bridge{
		Service: service, Terminals: terminals, Log: log, Wake: wake,
		vehicles: make(map[int64]*vehicle), arrived: make(chan struct{}, 1),
	}
	terminals.OnReady = b.ready
	terminals.OnButton = b.button
	terminals.OnAlarm = b.alarm
	terminals.OnDriver = b.driver
	terminals.OnMedia = b.media
	return b
}

// ready notes that a terminal is there, and has what its unit has to do looked up.
func (b *Bridge) ready(dev *tracking.Device) {
	b.mu.Lock()
	v := b.vehicles[dev.UnitID]
	if v == nil || v.deviceID != dev.ID && !b.Terminals.Online(v.deviceID) {
		if v != nil {
			b.replaced = append(b.replaced, v)
		}
		b.vehicles[dev.UnitID] = &vehicle{unitID: dev.UnitID, deviceID: dev.ID}
	}
	b.mu.Unlock()
	select {
	case b.arrived <- struct{}{}:
	default:
	}
}

// Run works until ctx ends and every message under way has ended; it returns nil then. Trouble with the database is
// logged and tried again at the next look.
func (b *Bridge) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-b.Wake:
		case <-b.arrived:
		case <-timer.C:
		}
		if err := b.look(ctx); err != nil && ctx.Err() == nil {
			b.Log.Warn("vehicle screens are behind; next try follows", "err", err)
		}
		timer.Reset(lookEvery)
		if b.Looked != nil {
			b.Looked()
		}
	}
	return b.jobs.Wait()
}

// look compares what each terminal was told with what its unit has to do.
func (b *Bridge) look(ctx context.Context) error {
	vehicles := b.known()
	if len(vehicles) == 0 {
		return nil
	}
	read, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	tasks, err := dispatch.Tasks(read, b.Service.DB.Pool)
	if err != nil {
		return err
	}
	for _, v := range vehicles {
		task := tasks[v.unitID]
		b.followOffer(ctx, v, task)
		b.followSortie(ctx, v, task)
	}
	return nil
}

func (b *Bridge) known() []*vehicle {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range b.replaced {
		v.forgetOffer()
	}
	b.replaced = nil
	list := make([]*vehicle, 0, len(b.vehicles))
	for unit, v := range b.vehicles {
		if dev, held := b.Terminals.Devices.ByID(v.deviceID); held && dev.UnitID != unit {
			v.forgetOffer() // it was moved to another unit, and says hello for that
			delete(b.vehicles, unit)
			continue
		}
		list = append(list, v)
	}
	return list
}

// followOffer shows a new offer, and tells how one ended that was shown.
func (b *Bridge) followOffer(ctx context.Context, v *vehicle, task dispatch.Task) {
	if v.takeFailed() == v.offer {
		v.forgetOffer()
	}
	if v.offer != 0 && v.offer != task.OfferID {
		ended, number := v.offer, v.number
		if v.endAsk != nil {
			time.AfterFunc(lateAnswer, v.endAsk)
			v.endAsk = nil
		}
		v.forgetOffer()
		b.do(ctx, v, func(ctx context.Context) { b.tellEnd(ctx, v, ended, number, task) })
	}
	if task.OfferID == 0 || task.OfferID == v.offer || !b.Terminals.Online(v.deviceID) {
		return
	}
	v.offer, v.number = task.OfferID, task.Number
	var ask context.Context
	ask, v.endAsk = context.WithCancel(ctx)
	withButtons := !v.buttons
	v.buttons = true
	b.do(ctx, v, func(ctx context.Context) {
		if withButtons {
			b.sendButtons(ctx, v)
		}
		b.tellOffer(ctx, ask, v, task)
	})
}

// followSortie has a unit on a sortie report often, and ends that with the sortie.
func (b *Bridge) followSortie(ctx context.Context, v *vehicle, task dispatch.Task) {
	now := time.Now()
	switch {
	case task.SortieID == 0 && v.sortie != 0:
		v.sortie = 0
		b.do(ctx, v, func(ctx context.Context) { b.track(ctx, v, 0, 0) })
	case task.SortieID == 0 || !b.Terminals.Online(v.deviceID):
	case task.SortieID != v.sortie, now.Sub(v.trackedAt) > trackAgain:
		v.sortie, v.trackedAt = task.SortieID, now
		b.do(ctx, v, func(ctx context.Context) { b.track(ctx, v, trackEvery, trackFor) })
	}
}

// forgetOffer takes the offer off the screen, as far as the bridge knows.
func (v *vehicle) forgetOffer() {
	if v.endAsk != nil {
		v.endAsk()
		v.endAsk = nil
	}
	v.offer, v.number = 0, ""
}

// takeFailed is the offer that could not be shown since the last call; -1 when there is none.
func (v *vehicle) takeFailed() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	id := v.failed
	v.failed = 0
	if id == 0 {
		return -1
	}
	return id
}

// do runs a job for a vehicle after those before it. With jobsMax waiting it is dropped.
func (b *Bridge) do(ctx context.Context, v *vehicle, job func(context.Context)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.queue) >= jobsMax {
		b.Log.Warn("a vehicle's screen does not keep up; a message was dropped", "unit", v.unitID, "device", v.deviceID)
		return
	}
	v.queue = append(v.queue, job)
	if v.working {
		return
	}
	v.working = true
	b.jobs.Go(func() error { v.work(ctx); return nil })
}

func (v *vehicle) work(ctx context.Context) {
	for {
		v.mu.Lock()
		if len(v.queue) == 0 {
			v.working = false
			v.mu.Unlock()
			return
		}
		job := v.queue[0]
		v.queue = v.queue[1:]
		v.mu.Unlock()
		job(ctx)
	}
}
