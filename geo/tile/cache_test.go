package tile

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// The cache holds what a plain list of the tiles used last would hold, and
// never more bytes than it may.
func TestCacheKeepsTheLastUsed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(0, 4000).Draw(t, "limit")
		c := NewCache(limit)
		var last []entry // the one used last at the end
		for _, x := range rapid.SliceOf(rapid.IntRange(0, 9)).Draw(t, "asked") {
			want := entry{Key{X: x}, Tile{Data: make([]byte, 100*x)}}
			made := false
			if _, err := c.Get(context.Background(), want.key, func() (Tile, error) { made = true; return want.tile, nil }); err != nil {
				t.Fatal(err)
			}
			kept := false
			for i, e := range last {
				if e.key == want.key {
					last, kept = append(last[:i], last[i+1:]...), true
					break
				}
			}
			if made == kept {
				t.Fatalf("tile %d: made %v, kept before %v", x, made, kept)
			}
			if want.size() <= limit {
				last = append(last, want)
			}
			sum := 0
			for i := len(last) - 1; i >= 0; i-- {
				if sum += last[i].size(); sum > limit {
					sum -= last[i].size()
					last = last[i+1:]
					break
				}
			}
			if c.bytes != sum || c.bytes > limit || len(c.entries) != len(last) || c.order.Len() != len(last) {
				t.Fatalf("%d bytes in %d tiles, want %d in %d", c.bytes, len(c.entries), sum, len(last))
			}
		}
	})
}

func TestCacheMakesATileOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCache(1 << 20)
		release := make(chan struct{})
		made := 0
		for range 9 {
			go func() {
				tile, err := c.Get(t.Context(), Key{}, func() (Tile, error) {
					made++
					<-release
					return Tile{ETag: "x"}, nil
				})
				if err != nil || tile.ETag != "x" {
					t.Errorf("%v, %v", tile, err)
				}
			}()
		}
		synctest.Wait() // one is at work, eight wait
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Get(gone, Key{}, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("the caller who cannot wait got %v", err)
		}
		close(release)
		synctest.Wait()
		if made != 1 {
			t.Errorf("made %d times", made)
		}
	})
}

// When the caller at work is cancelled, one who waits takes over.
func TestCacheSurvivesACancelledMaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCache(1 << 20)
		first, cancel := context.WithCancel(t.Context())
		go func() {
			_, err := c.Get(first, Key{}, func() (Tile, error) { <-first.Done(); return Tile{}, first.Err() })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the first got %v", err)
			}
		}()
		synctest.Wait()
		answered := 0
		for range 3 {
			go func() {
				tile, err := c.Get(t.Context(), Key{}, func() (Tile, error) { return Tile{ETag: "x"}, nil })
				if err != nil || tile.ETag != "x" {
					t.Errorf("%v, %v", tile, err)
				}
				c.mu.Lock()
				answered++
				c.mu.Unlock()
			}()
		}
		synctest.Wait()
		if answered != 0 {
			t.Errorf("%d did not wait", answered)
		}
		cancel()
		synctest.Wait()
		if answered != 3 {
			t.Errorf("%d answered, want 3", answered)
		}
	})
}

func TestCacheKeepsNoErrors(t *testing.T) {
	c := NewCache(1 << 20)
	boom := errors.New("database gone")
	if _, err := c.Get(context.Background(), Key{}, func() (Tile, error) { return Tile{}, boom }); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_, _ = c.Get(context.Background(), Key{}, func() (Tile, error) { panic("bug") })
	}()
	tile, err := c.Get(context.Background(), Key{}, func() (Tile, error) { return Tile{ETag: "x"}, nil })
	if err != nil || tile.ETag != "x" {
		t.Errorf("afterwards: %v, %v", tile, err)
	}
}
