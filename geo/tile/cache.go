package tile

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
)

// Key names a tile of one version of a map; tiles of older versions are
// asked for no more and fall out of the cache.
type Key struct {
	Version int64
	Z, X, Y int
}

// Check says whether the key is that of a tile down to zoom deepest. The error wraps ErrNone.
func (k Key) Check(deepest int) error {
	if k.Z < 0 || k.Z > deepest || k.X < 0 || k.Y < 0 || k.X >= 1<<k.Z || k.Y >= 1<<k.Z {
		return fmt.Errorf("tile %d/%d/%d: %w", k.Z, k.X, k.Y, ErrNone)
	}
	return nil
}

// entryBytes is what an entry takes beside the tile's data, roughly.
const entryBytes = 256

// Cache keeps the tiles used last, up to a number of bytes, and sees that one
// caller at a time makes a tile. It is safe for concurrent use.
type Cache struct {
	limit int

	mu      sync.Mutex
	bytes   int
	order   *list.List // of *entry, the one used last in front
	entries map[Key]*list.Element
	making  map[Key]*work
}

type entry struct {
	key  Key
	tile Tile
}

func (e *entry) size() int { return entryBytes + len(e.tile.Data) + len(e.tile.ETag) }

// work is a tile being made; tile and err are there when done is closed.
type work struct {
	done chan struct{}
	tile Tile
	err  error
}

// errPanic is what those get who wait for a maker that panics.
var errPanic = errors.New("making the tile failed")

// NewCache keeps at most limit bytes of tiles; 0 keeps none.
func NewCache(limit int) *Cache {
	return &Cache{limit: limit, order: list.New(), entries: map[Key]*list.Element{}, making: map[Key]*work{}}
}

// Get is the tile under k, from the cache, from another caller who is making
// it, or from fn. The error of fn goes to all who wait, unless the one at work
// was cancelled: then the next takes over. An ended ctx frees the waiting
// caller. Errors are not kept.
func (c *Cache) Get(ctx context.Context, k Key, fn func() (Tile, error)) (Tile, error) {
	for {
		tile, kept, other := c.look(k)
		if kept {
			return tile, nil
		}
		if other == nil {
			return c.make(k, fn)
		}
		select {
		case <-other.done:
			if !errors.Is(other.err, context.Canceled) {
				return other.tile, other.err
			}
		case <-ctx.Done():
			return Tile{}, ctx.Err()
		}
	}
}

// look finds the tile, or the work of another on it. With neither the caller
// is registered as the one at work and must call make.
func (c *Cache) look(k Key) (tile Tile, kept bool, other *work) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.entries[k]; ok {
		c.order.MoveToFront(el)
		return el.Value.(*entry).tile, true, nil
	}
	if w, ok := c.making[k]; ok {
		return Tile{}, false, w
	}
	c.making[k] = &work{done: make(chan struct{}), err: errPanic}
	return Tile{}, false, nil
}

func (c *Cache) make(k Key, fn func() (Tile, error)) (Tile, error) {
	c.mu.Lock()
	w := c.making[k]
	c.mu.Unlock()
	defer c.finish(k, w)
	w.tile, w.err = fn()
	return w.tile, w.err
}

func (c *Cache) finish(k Key, w *work) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.making, k)
	close(w.done)
	e := &entry{key: k, tile: w.tile}
	if w.err != nil || e.size() > c.limit {
		return
	}
	c.entries[k] = c.order.PushFront(e)
	c.bytes += e.size()
	for c.bytes > c.limit {
		last := c.order.Back()
		old := c.order.Remove(last).(*entry)
		delete(c.entries, old.key)
		c.bytes -= old.size()
	}
}
