package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"jiujin/cmd/fleetsim/terminal"
)

const (
	batchFixes = 10               // in a frame of fixes that were stored
	staleAfter = 10 * time.Second // a fix that old was stored in a blind spot
	newestLast = 0.9              // share of the units that send what they stored oldest first
)

// vehicleUnit carries fixes over JT/T 808. It connects when there is something to send.
type vehicleUnit struct {
	address string
	unitID  int64
	id      terminal.Identity
	measure *measure
	chaos   *chaos // nil = none
	storms  *atomic.Int64
	rng     *rand.Rand

	link *terminal.Link
	seen int64 // storms that the link has lived through
}

func (c *vehicleUnit) out() {
	if c.link != nil {
		c.link.Close()
		c.link = nil
	}
}

// connect makes sure that there is a connection: after a storm, a new one. Half of the units register anew each time.
func (c *vehicleUnit) connect(ctx context.Context) error {
	if n := c.storms.Load(); n != c.seen {
		c.seen = n
		c.out()
		if c.rng.IntN(2) == 0 {
			c.id.Code = nil
		}
	}
	if c.link != nil {
		return nil
	}
	begin := time.Now()
	link, err := terminal.Dial(ctx, c.address, &c.id, c.chaos.writer())
	if err != nil {
		return err
	}
	c.link = link
	c.measure.connected(time.Since(begin))
	return c.link.Exchange(ctx, []terminal.Outgoing{{ID: terminal.Heartbeat}}, func(int, byte) {})
}

func (c *vehicleUnit) carry(ctx context.Context, batch []fix, settled func([]fix, []int64) error) error {
	if err := c.connect(ctx); err != nil {
		c.out()
		return terminalTrouble(err)
	}
	groups := c.groups(c.chaos.shuffled(batch))
	messages := make([]terminal.Outgoing, len(groups))
	for i, g := range groups {
		messages[i] = g.message()
	}
	c.measure.fixSent(c.unitID, batch[len(batch)-1].FixedAt, time.Now())
	begin, broken := time.Now(), error(nil)
	err := c.link.Exchange(ctx, messages, func(i int, result byte) {
		if c.chaos == nil {
			c.measure.acked(time.Since(begin))
		}
		switch {
		case groups[i].made || broken != nil:
		case result == 0:
			broken = settled(groups[i].fixes, groups[i].times())
		default:
			c.measure.refusedFix(fmt.Sprintf("jt808 result %d", result))
		}
	})
	if err != nil {
		c.out()
		return terminalTrouble(err)
	}
	return broken
}

// terminalTrouble is an error as it is counted: without the numbers of this one connection.
func terminalTrouble(err error) error {
	switch {
	case errors.Is(err, terminal.ErrRefused):
		return errors.New("jt808: the platform refused a unit")
	case errors.Is(err, errChaos):
		return errors.New("jt808: cut on purpose")
	}
	return errors.New("jt808: a connection failed or ended")
}

// group is the fixes of one message.
type group struct {
	fixes []fix
	blind bool
	made  bool // up: not to be journalled
}

// groups orders the fixes into messages: what is fresh goes one by one, what was stored in batches, by a tenth of the
// units with the newest first. A message of made-up fixes, or one for the second time, may come among them.
func (c *vehicleUnit) groups(batch []fix) []group {
	var groups []group
	var stored []fix
	for _, f := range batch {
		if time.Since(time.UnixMilli(f.FixedAt)) > staleAfter {
			stored = append(stored, f)
			continue
		}
		groups = append(groups, group{fixes: []fix{f}})
	}
	if c.rng.Float64() > newestLast {
		slices.Reverse(stored)
	}
	for part := range slices.Chunk(stored, batchFixes) {
		groups = append(groups, group{fixes: part, blind: true})
	}
	for _, g := range groups {
		if junk := c.chaos.junk(g.fixes); junk != nil {
			groups = append(groups, group{fixes: junk, made: true})
		}
		if c.chaos.again() {
			groups = append(groups, group{fixes: g.fixes, blind: g.blind})
		}
	}
	return groups
}

func (g group) message() terminal.Outgoing {
	positions := make([]terminal.Position, len(g.fixes))
	for i, f := range g.fixes {
		positions[i] = terminal.Position{
			At: time.UnixMilli(f.FixedAt), Lon: f.Lon, Lat: f.Lat, SpeedKmh: f.SpeedKmh, HeadingDeg: f.HeadingDeg,
			Number: f.number, Satellites: 12, NoFix: f.noFix,
		}
	}
	if len(positions) == 1 && !g.blind {
		return terminal.Outgoing{ID: terminal.Location, Body: positions[0].Body()}
	}
	return terminal.Outgoing{ID: terminal.Batch, Body: terminal.BatchBody(positions, g.blind)}
}

func (g group) times() []int64 {
	times := make([]int64, len(g.fixes))
	for i, f := range g.fixes {
		times[i] = f.FixedAt
	}
	return times
}
