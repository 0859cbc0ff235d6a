package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"time"
)

// The shares of chaos, by the report on what goes wrong with real units, made more frequent.
const (
	chaosAgain   = 0.10 // a message whose answer was lost is sent again
	chaosShuffle = 0.20 // fixes come in another order
	chaosJunk    = 0.10 // a fix with a wrong clock or without a position comes with the others
	chaosCut     = 0.05 // a frame is written byte by byte, or with junk before it
	chaosBreak   = 0.01 // the connection ends in the middle of a frame
)

// chaos is what goes wrong with one vehicle. It draws from a stream of chance of its own, so that a seed always makes the
// same. The nil chaos lets everything go right. One goroutine uses it.
type chaos struct{ rng *rand.Rand }

func (c *chaos) happens(share float64) bool { return c != nil && c.rng.Float64() < share }

func (c *chaos) again() bool { return c.happens(chaosAgain) }

// shuffled is the batch, in another order when that happens.
func (c *chaos) shuffled(batch []fix) []fix {
	if len(batch) < 2 || !c.happens(chaosShuffle) {
		return batch
	}
	batch = slices.Clone(batch)
	c.rng.Shuffle(len(batch), func(i, k int) { batch[i], batch[k] = batch[k], batch[i] })
	return batch
}

// junk is made-up fixes that the service must refuse: the clock of a unit that believes in another time zone, that of
// one whose receiver counts weeks wrongly, and a receiver without a position.
func (c *chaos) junk(batch []fix) []fix {
	if len(batch) == 0 || !c.happens(chaosJunk) {
		return nil
	}
	f := batch[c.rng.IntN(len(batch))]
	switch c.rng.IntN(3) {
	case 0:
		f.FixedAt += 8 * time.Hour.Milliseconds()
	case 1:
		f.FixedAt -= 7168 * 24 * time.Hour.Milliseconds()
	default:
		f.Lon, f.Lat, f.noFix = 0, 0, true
	}
	return []fix{f}
}

// errChaos says that the vehicle broke its connection on purpose.
var errChaos = fmt.Errorf("the connection was cut on purpose: %w", net.ErrClosed)

// write sends a frame as a bad line would: in single bytes, behind junk, twice, or only half of it.
func (c *chaos) write(conn net.Conn, frame []byte) error {
	switch {
	case c.happens(chaosBreak):
		_, _ = conn.Write(frame[:len(frame)/2]) // the peer may be gone already
		_ = conn.Close()
		return errChaos
	case c.happens(chaosCut):
		for i := range frame {
			if _, err := conn.Write(frame[i : i+1]); err != nil {
				return err
			}
		}
		return nil
	case c.happens(chaosCut):
		junk := make([]byte, 1+c.rng.IntN(40))
		for i := range junk {
			junk[i] = byte(c.rng.IntN(256))
		}
		frame = append(junk, frame...)
	}
	_, err := conn.Write(frame)
	return err
}

// writer is how a link writes its frames; nil for one that does it well.
func (c *chaos) writer() func(net.Conn, []byte) error {
	if c == nil {
		return nil
	}
	return c.write
}
