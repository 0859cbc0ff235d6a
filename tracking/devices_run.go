package tracking

import (
	"context"
	"log/slog"
	"time"
)

// Run loads all devices and then follows their changes until ctx ends; then it
// writes what is left of their health and returns nil. While the database is away it goes on trying. Call it once.
func (d *Devices) Run(ctx context.Context, log *slog.Logger) error {
	d.setState(true, false)
	defer d.end()
	tick := time.NewTicker(devicesEvery)
	defer tick.Stop()
	var since uint64
	var written time.Time
	well := true
	for {
		next, err := d.follow(ctx, since)
		switch {
		case err != nil && ctx.Err() == nil && well:
			log.WarnContext(ctx, "devices are those last known", "devices", d.Len(), "error", err)
		case err == nil && since == 0:
			log.InfoContext(ctx, "devices loaded", "devices", d.Len())
		}
		if well = err == nil; well {
			since = next
		}
		if well && time.Since(written) >= healthEvery {
			written = time.Now()
			if err := d.WriteHealth(ctx); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "the health of devices is not written", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			d.writeRest(ctx, log)
			return nil
		case <-time.After(devicesPause):
		}
		select {
		case <-ctx.Done():
			d.writeRest(ctx, log)
			return nil
		case <-tick.C:
		case <-d.round.wake:
		}
	}
}

// restWithin is how long the end of Run waits for the database.
const restWithin = 2 * time.Second

// writeRest writes the health that has changed since the last write.
func (d *Devices) writeRest(ctx context.Context, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restWithin)
	defer cancel()
	if err := d.WriteHealth(ctx); err != nil {
		log.WarnContext(ctx, "the last of the health of devices is not written", "error", err)
	}
}

// follow is one look for changes since an earlier one, or for everything, and
// answers those who wait for it. It returns where the next one begins.
func (d *Devices) follow(ctx context.Context, since uint64) (next uint64, err error) {
	d.round.Lock()
	r := d.round.next
	d.round.next = nil
	d.round.Unlock()
	if next, err = oldestChange(ctx, d.db.Pool); err == nil {
		err = d.load(ctx, since)
	}
	if err == nil && since == 0 {
		d.setState(true, true)
	}
	if r != nil {
		r.err = err
		close(r.done)
	}
	return next, err
}

// load takes in what has changed. The names come first: those of a device that
// is not held yet wait for it.
func (d *Devices) load(ctx context.Context, since uint64) error {
	names := make(map[int64][]Name)
	if err := eachName(ctx, d.db.Pool, since, func(n namedDevice) {
		n.Protocol = shared(n.Protocol)
		names[n.DeviceID] = append(names[n.DeviceID], n.Name)
	}); err != nil {
		return err
	}
	page := make([]registered, 0, loadPage)
	if err := eachDevice(ctx, d.db.Pool, since, func(e registered) {
		e.names = names[e.ID]
		if page = append(page, e); len(page) == loadPage {
			d.putAll(page)
			page = page[:0]
		}
	}); err != nil {
		return err
	}
	d.putAll(page)
	return d.loadGateways(ctx)
}

func (d *Devices) loadGateways(ctx context.Context) error {
	gateways, err := loadGateways(ctx, d.db.Pool)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gateways = gateways
	return nil
}

func (d *Devices) putAll(page []registered) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range page {
		d.put(e)
	}
}

func (d *Devices) setState(running, loaded bool) {
	d.round.Lock()
	defer d.round.Unlock()
	d.round.running, d.round.loaded = running, loaded
}

// end answers those who still wait.
func (d *Devices) end() {
	d.setState(false, false)
	d.round.Lock()
	defer d.round.Unlock()
	if r := d.round.next; r != nil {
		r.err = ErrStopped
		close(r.done)
		d.round.next = nil
	}
}
