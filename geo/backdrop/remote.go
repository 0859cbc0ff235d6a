package backdrop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"jiujin/geo/tile"
)

// ErrFetch says that another service did not answer with a tile. It never tells the address, which may hold a key.
var ErrFetch = errors.New("the map's service does not answer with a tile")

const (
	fetchTime = 10 * time.Second
	atOnce    = 12      // requests to one service
	mostBytes = 4 << 20 // of a tile
)

// remote fetches the tiles of a map from another service.
type remote struct {
	m      Map
	client *http.Client
	slots  *semaphore.Weighted
}

func newRemote(m Map) remote {
	return remote{m: m, slots: semaphore.NewWeighted(atOnce), client: &http.Client{
		Timeout: fetchTime,
		// A key must not go to another host, and a tile has no reason to be elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// address is the URL of a tile; neighbours come from different subdomains.
func (r remote) address(layer, z, x, y int) string {
	pairs := []string{
		"{z}", strconv.Itoa(z), "{x}", strconv.Itoa(x), "{y}", strconv.Itoa(y), "{-y}", strconv.Itoa(1<<z - 1 - y),
		"{key}", url.QueryEscape(r.m.Key),
	}
	if hosts := []rune(r.m.Subdomains); len(hosts) > 0 {
		pairs = append(pairs, "{s}", string(hosts[(x+y)%len(hosts)]))
	}
	return strings.NewReplacer(pairs...).Replace(r.m.URL[layer])
}

// fetch asks for one tile. 204 and 404 mean an empty one. The error wraps ErrFetch or is that of ctx.
func (r remote) fetch(ctx context.Context, layer, z, x, y int) (tile.Tile, error) {
	if z < r.m.MinZoom {
		return tile.Tile{ETag: tile.ETag(nil)}, nil
	}
	if err := r.slots.Acquire(ctx, 1); err != nil {
		return tile.Tile{}, err
	}
	defer r.slots.Release(1)
	failed := func(why any) error {
		return fmt.Errorf("map %q: tile %d/%d/%d: %w: %v", r.m.ID, z, x, y, ErrFetch, why)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.address(layer, z, x, y), nil)
	if err != nil {
		return tile.Tile{}, failed("its address cannot be read")
	}
	request.Header.Set("User-Agent", "Jiujin")
	answer, err := r.client.Do(request)
	if err != nil {
		var withAddress *url.Error
		if errors.As(err, &withAddress) {
			err = withAddress.Err
		}
		if errors.Is(err, context.Canceled) {
			return tile.Tile{}, err
		}
		return tile.Tile{}, failed(err)
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNoContent, http.StatusNotFound:
		return tile.Tile{ETag: tile.ETag(nil)}, nil
	default:
		return tile.Tile{}, failed(answer.Status)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, mostBytes+1))
	if err != nil {
		return tile.Tile{}, failed(err)
	}
	kind := http.DetectContentType(data)
	if len(data) > mostBytes || kind != "image/png" && kind != "image/jpeg" && kind != "image/webp" {
		return tile.Tile{}, failed(fmt.Sprintf("%d bytes of %s, want a PNG, JPEG or WebP", len(data), kind))
	}
	return tile.Tile{Data: data, ETag: tile.ETag(data), Kind: kind}, nil
}
