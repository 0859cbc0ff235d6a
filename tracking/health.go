package tracking

import (
	"slices"
	"sync"
	"time"
)

const (
	healthEvery = 5 * time.Second // between two writes of what has changed
	healthMax   = 5_000           // devices in one write; the others wait for their next report
	rawMax      = 4 << 10         // bytes kept of a message
	offsetsKept = 9               // live fixes whose clock offset the median is taken of
)

// health is how a device fares, for the people who look after it.
type health struct {
	of *Devices
	mu sync.Mutex
	healthCount
	dirty bool        // waits to be written
	rest  *healthRest // nil until there is something of it
}

// healthCount is what nearly every record changes. It is small and lies in the
// device: in a large fleet the processor has to fetch it each time.
type healthCount struct {
	n, next uint8                // of offsets
	offsets [offsetsKept]float32 // seconds, receipt − fix
	seen    int64                // µs since 1970
	stored  int64                // since the last write
}

type healthRest struct {
	noted                       time.Time
	protocol, raw               string
	vitals                      Vitals
	doubted, duplicate, refused int64            // since the last write
	reasons                     map[Reason]int64 // and so do these
	refusedAt                   time.Time
	reason                      Reason
	detail                      string
}

// healthData is a copy of what is to be written.
type healthData struct {
	healthCount
	healthRest
}

// more is the rest of h, made if need be; the lock is held.
func (h *health) more() *healthRest {
	if h.rest == nil {
		h.rest = new(healthRest)
	}
	return h.rest
}

// Note keeps the last message of a device as it came, in hexadecimal digits or
// as text, cut to 4 KiB, for its page. protocol is that of the message: "http"
// or one of a Name. raw is called at most once a second for each device, before
// Note returns; it gives no secrets, such as the key of the device.
func (d *Devices) Note(dev *Device, now time.Time, protocol string, raw func() string) {
	if dev.health == nil {
		return
	}
	dev.health.mu.Lock()
	defer dev.health.mu.Unlock()
	d.touch(dev, now)
	h := dev.health.more()
	if since := now.Sub(h.noted); since >= 0 && since < time.Second {
		return
	}
	text := raw()
	h.noted, h.protocol, h.raw = now, protocol, plain(text[:min(len(text), rawMax)])
}

// Heard takes what a device told of itself without a position.
func (d *Devices) Heard(dev *Device, now time.Time, v *Vitals) {
	if dev.health == nil {
		return
	}
	dev.health.mu.Lock()
	defer dev.health.mu.Unlock()
	d.touch(dev, now)
	dev.health.more().vitals.merge(v)
}

// merge takes what is known in v.
func (v *Vitals) merge(of *Vitals) {
	for _, r := range [...]struct{ to, from *Reading }{
		{&v.BatteryPct, &of.BatteryPct},
		{&v.PowerV, &of.PowerV},
		{&v.SignalPct, &of.SignalPct},
		{&v.Satellites, &of.Satellites},
		{&v.OdometerKm, &of.OdometerKm},
	} {
		if r.from.Known {
			*r.to = *r.from
		}
	}
}

// count notes what became of a record.
func count(report *Report, o *Outcome, now time.Time) {
	h := report.Device.health
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of.touch(report.Device, now)
	if o.Status == Stored {
		h.stored++
	} else {
		h.more().count(o, now)
	}
	if v := report.Raw.Vitals; v != nil {
		h.more().vitals.merge(v)
	}
	if !report.Raw.Replay && !report.Raw.FixedAt.IsZero() {
		if off := now.Sub(report.Raw.FixedAt); off.Abs() < 24*time.Hour {
			h.offsets[h.next] = float32(float64(off) / float64(time.Second))
			h.next = (h.next + 1) % offsetsKept
			h.n = min(h.n+1, offsetsKept)
		}
	}
}

// count notes an outcome other than Stored.
func (h *healthRest) count(o *Outcome, now time.Time) {
	switch o.Status {
	case Doubted:
		h.doubted++
	case Duplicate:
		h.duplicate++
	case Refused:
		h.refused++
	}
	if o.Reason != "" {
		if h.reasons == nil {
			h.reasons = make(map[Reason]int64, 1)
		}
		h.reasons[o.Reason]++
		h.refusedAt, h.reason, h.detail = now, o.Reason, o.Detail
	}
}

// touch notes that a device was heard of; its lock is held.
func (d *Devices) touch(dev *Device, now time.Time) {
	h := dev.health
	h.seen = now.UnixMicro()
	if !h.dirty && !d.dirtyFull.Load() {
		d.dirtyMu.Lock()
		if h.dirty = len(d.dirty) < healthMax; h.dirty {
			d.dirty = append(d.dirty, dev)
		}
		d.dirtyFull.Store(len(d.dirty) >= healthMax)
		d.dirtyMu.Unlock()
	}
}

// offset is the median of the clock offsets; unknown when there is none.
func (h *healthCount) offset() Reading {
	if h.n == 0 {
		return Reading{}
	}
	sorted := slices.Clone(h.offsets[:h.n])
	slices.Sort(sorted)
	return Read(float64(sorted[h.n/2]))
}

// changed takes what is to be written.
func (d *Devices) changed() (dirty []*Device, list []healthData) {
	d.dirtyMu.Lock()
	dirty = d.dirty
	d.dirty = nil
	d.dirtyFull.Store(false)
	d.dirtyMu.Unlock()
	for _, dev := range dirty {
		h := dev.health
		h.mu.Lock()
		data := healthData{healthCount: h.healthCount}
		if r := h.rest; r != nil {
			data.healthRest = *r
			r.doubted, r.duplicate, r.refused, r.reasons = 0, 0, 0, nil
		}
		h.dirty, h.stored = false, 0
		h.mu.Unlock()
		list = append(list, data)
	}
	return dirty, list
}

// restore puts back what changed took and nobody wrote.
func (d *Devices) restore(dirty []*Device, list []healthData) {
	var again []*Device
	for i, dev := range dirty {
		h, old := dev.health, &list[i]
		h.mu.Lock()
		h.stored += old.stored
		if h.rest != nil {
			h.rest.restore(&old.healthRest)
		}
		if !h.dirty {
			h.dirty, again = true, append(again, dev)
		}
		h.mu.Unlock()
	}
	d.dirtyMu.Lock()
	defer d.dirtyMu.Unlock()
	d.dirty = append(d.dirty, again...)
}

// restore puts back the counters that were taken.
func (h *healthRest) restore(old *healthRest) {
	h.doubted, h.duplicate, h.refused = h.doubted+old.doubted, h.duplicate+old.duplicate, h.refused+old.refused
	if h.reasons == nil {
		h.reasons = old.reasons
		return
	}
	for reason, n := range old.reasons {
		h.reasons[reason] += n
	}
}
