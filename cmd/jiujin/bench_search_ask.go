package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"jiujin/dispatch"
	"jiujin/geo"
	"jiujin/geo/retailer"
	"jiujin/geo/retailer/atlas"
	"jiujin/geo/retailer/index"
	"jiujin/internal/auth"
	"jiujin/internal/httpapi"
	"jiujin/internal/live"
	"jiujin/internal/pg"
	"jiujin/tracking"
)

// asking asks about some shops.
type asking struct {
	about  []index.Doc
	rng    *rand.Rand
	finder *retailer.Finder
	db     *pg.DB
	kinds  map[string]func(*rand.Rand, index.Doc) string
}

// answer is how a query is answered: the licence numbers found.
type answer func(ctx context.Context, q retailer.Query, within geo.Metres) ([]string, error)

// calls measures package retailer, the rows included.
func (a *asking) calls(ctx context.Context) (map[string]*kindFigures, error) {
	return a.every(ctx, func(ctx context.Context, q retailer.Query, within geo.Metres) ([]string, error) {
		var hits []retailer.Hit
		var err error
		if within > 0 {
			hits, err = a.finder.Around(ctx, *q.Near, within, q.Limit)
		} else {
			hits, err = a.finder.Search(ctx, q)
		}
		return licences(hits), err
	})
}

func licences(hits []retailer.Hit) []string {
	out := make([]string, len(hits))
	for i, h := range hits {
		out[i] = string(h.LicenceNo)
	}
	return out
}

// every measures each kind of query.
func (a *asking) every(ctx context.Context, ask answer) (map[string]*kindFigures, error) {
	out := map[string]*kindFigures{}
	for name, text := range a.kinds {
		k := &kindFigures{}
		out[name] = k
		for i, d := range a.about {
			q := retailer.Query{Text: text(a.rng, d), Limit: 20}
			if q.Text == "" {
				continue
			}
			if i%2 == 0 && d.Located {
				q.Near = a.beside(d, 0.01)
			}
			if err := k.ask(ctx, ask, q, 0, d.LicenceNo); err != nil {
				return nil, err
			}
		}
		k.finish()
	}
	out["nearest_5"], out["h3_join"] = &kindFigures{}, &kindFigures{}
	for _, d := range a.about {
		if !d.Located {
			continue
		}
		err := out["nearest_5"].ask(ctx, ask, retailer.Query{Near: a.beside(d, 0.02), Limit: 5}, 0, "")
		err = errors.Join(err, out["h3_join"].ask(ctx, ask, retailer.Query{Near: a.beside(d, 0.02), Limit: 20}, 1000, ""))
		if err != nil {
			return nil, err
		}
	}
	out["nearest_5"].finish()
	out["h3_join"].finish()
	return out, nil
}

// beside is a place near a shop, spread degrees off in the mean.
func (a *asking) beside(d index.Doc, spread float64) *orb.Point {
	return &orb.Point{d.Point[0] + a.rng.NormFloat64()*spread, d.Point[1] + a.rng.NormFloat64()*spread}
}

func (k *kindFigures) ask(ctx context.Context, ask answer, q retailer.Query, within geo.Metres, want string) error {
	begin := time.Now()
	found, err := ask(ctx, q, within)
	k.note(milliseconds(time.Since(begin)), q, slices.Contains(found, want))
	return err
}

// unindexed measures what is near while there is no index.
func (a *asking) unindexed(ctx context.Context) (map[string]*kindFigures, error) {
	nearest, join := &kindFigures{}, &kindFigures{}
	for _, d := range a.about {
		if !d.Located {
			continue
		}
		begin := time.Now()
		if _, err := retailer.Near(ctx, a.db, *a.beside(d, 0.02), 5); err != nil {
			return nil, err
		}
		nearest.note(milliseconds(time.Since(begin)), retailer.Query{}, false)
		begin = time.Now()
		if _, err := a.finder.Around(ctx, *a.beside(d, 0.02), 1000, 20); err != nil {
			return nil, err
		}
		join.note(milliseconds(time.Since(begin)), retailer.Query{}, false)
	}
	nearest.finish()
	join.finish()
	return map[string]*kindFigures{"nearest_5": nearest, "h3_join": join}, nil
}

// overHTTP measures the route of the service over loopback, signed in.
func (a *asking) overHTTP(ctx context.Context) (figures map[string]*kindFigures, err error) {
	passwords, err := auth.NewPasswords(auth.DefaultCost(), 1)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelInfo}))
	api, err := httpapi.New(httpapi.Deps{
		DB: a.db, Passwords: passwords, Logger: log, Finder: a.finder, Hub: live.NewHub(), Dispatch: &dispatch.Service{DB: a.db},
		Devices: tracking.HoldDevices(nil, nil, benchKey), Importer: retailer.NewImporter(a.db, "", 0, orb.Bound{}, log),
	})
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: api.Handler(), ReadHeaderTimeout: time.Minute}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // ends with Close
	defer func() {
		err = errors.Join(err, server.Close())
		serving.Wait()
	}()
	c, err := signIn(ctx, a.db, passwords, "http://"+listener.Addr().String())
	if err != nil {
		return nil, err
	}
	return a.every(ctx, c.search)
}

// deskClient is a signed-in agent.
type deskClient struct {
	http.Client
	url string
}

// signIn makes an agent and signs in.
func signIn(ctx context.Context, db *pg.DB, passwords *auth.Passwords, url string) (*deskClient, error) {
	if _, _, _, err := auth.EnsureFirstAdministrator(ctx, db, passwords, ""); err != nil {
		return nil, err
	}
	password := auth.NewSecret()
	hash, err := passwords.Hash(ctx, password)
	if err != nil {
		return nil, err
	}
	login := "bench" + strings.ToLower(auth.NewSecret()[:8])
	err = db.InTx(ctx, func(tx *pg.Tx) error {
		admin, err := auth.PersonByLogin(ctx, tx, auth.FirstLogin)
		if err != nil {
			return err
		}
		_, err = auth.CreatePerson(ctx, tx, auth.Person{Login: login, Name: login, Role: auth.Agent, OrgID: admin.OrgID}, hash)
		return err
	})
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &deskClient{Client: http.Client{Jar: jar}, url: url}
	body, err := json.Marshal(map[string]string{"login": login, "password": password})
	if err != nil {
		return nil, err
	}
	_, err = c.call(ctx, http.MethodPost, "/api/v1/session", bytes.NewReader(body))
	return c, err
}

// call gives the body of an answer.
func (c *deskClient) call(ctx context.Context, method, path string, body io.Reader) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %s", path, resp.Status, text)
	}
	return text, err
}

// search is an answer over HTTP.
func (c *deskClient) search(ctx context.Context, q retailer.Query, within geo.Metres) ([]string, error) {
	v := url.Values{"limit": {strconv.Itoa(q.Limit)}}
	if q.Text != "" {
		v.Set("q", q.Text)
	}
	if q.Near != nil {
		v.Set("lon", fmt.Sprint(q.Near[0]))
		v.Set("lat", fmt.Sprint(q.Near[1]))
	}
	if within > 0 {
		v.Set("within_m", fmt.Sprint(float64(within)))
	}
	text, err := c.call(ctx, http.MethodGet, "/api/v1/retailers?"+v.Encode(), nil)
	if err != nil {
		return nil, err
	}
	var body struct {
		Retailers []struct {
			LicenceNo string `json:"licence_no"`
		}
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, err
	}
	found := make([]string, len(body.Retailers))
	for i, r := range body.Retailers {
		found[i] = r.LicenceNo
	}
	return found, nil
}

// measure has the map read the register, and draws the tiles in which shops are, one for each shop and zoom.
func (f *atlasFigures) measure(ctx context.Context, drawn *atlas.Atlas, about []index.Doc) error {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := time.Now()
	if err := drawn.Refresh(ctx); err != nil {
		return err
	}
	f.Seconds = time.Since(begin).Seconds()
	runtime.GC()
	runtime.ReadMemStats(&after)
	f.HeapMB, f.Tiles = (float64(after.HeapInuse)-float64(before.HeapInuse))/1e6, map[int]*kindFigures{}
	for z := 0; z <= atlas.Single; z += 2 {
		k := &kindFigures{}
		f.Tiles[z] = k
		for _, d := range about {
			if !d.Located {
				continue
			}
			at := maptile.At(d.Point, maptile.Zoom(z))
			begin := time.Now()
			if _, err := drawn.Tile(ctx, z, int(at.X), int(at.Y)); err != nil {
				return err
			}
			k.note(milliseconds(time.Since(begin)), retailer.Query{}, false)
		}
		k.finish()
	}
	return nil
}
