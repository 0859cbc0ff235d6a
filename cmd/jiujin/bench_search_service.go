package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"jiujin/geo/retailer"
	"jiujin/geo/retailer/atlas"
	"jiujin/geo/retailer/index"
	"jiujin/internal/app"
	"jiujin/internal/pg"
)

// serviceFigures are those of the service over a register in PostgreSQL.
type serviceFigures struct {
	Retailers  int         `json:"retailers"`
	Processors int         `json:"processors"`
	FillS      float64     `json:"fill_s,omitempty"` // the import of the list; not when the register was there
	Load       loadFigures `json:"load"`
	// Calls are those of package retailer with the rows that they read, HTTP those of the routes over loopback with a
	// session, with tickets counted and JSON.
	Calls map[string]*kindFigures `json:"calls"`
	HTTP  map[string]*kindFigures `json:"http"`
	// Unindexed are calls while there is no index: the database answers.
	Unindexed map[string]*kindFigures `json:"calls_without_index"`
	Atlas     atlasFigures            `json:"atlas"`
}

type loadFigures struct {
	Seconds    float64 `json:"seconds"`      // from nothing to the first answer of the index
	IndexMB    float64 `json:"index_mb"`     // as the index counts itself
	BytesEach  float64 `json:"bytes_each"`   // for each retailer
	HeapMB     float64 `json:"heap_mb"`      // in use afterwards
	PeakHeapMB float64 `json:"peak_heap_mb"` // the most that was seen in use, looked at ten times a second
	RSSMB      float64 `json:"rss_mb"`       // of the process afterwards
	PeakRSSMB  float64 `json:"peak_rss_mb"`
	FollowMs   float64 `json:"follow_100_ms"` // to take in 100 changed retailers, from the database to the index
}

type atlasFigures struct {
	Seconds  float64              `json:"seconds"` // to read the register
	HeapMB   float64              `json:"heap_mb"`
	FollowMs float64              `json:"follow_100_ms"`
	Tiles    map[int]*kindFigures `json:"tiles"` // by zoom, none from the cache
}

// runService fills a database, or uses the one that is given, and measures what a running service answers from it.
func (b *benchSearchCmd) runService(ctx context.Context, cfg *app.Config) error {
	f := serviceFigures{Retailers: b.Docs, Processors: runtime.GOMAXPROCS(0)}
	s, err := newScratch(cfg, b.Scratch)
	if err != nil {
		return err
	}
	measure := func(ctx context.Context, db *pg.DB, _ string) error { return b.measureService(ctx, db, s, &f) }
	if cfg.DatabaseURL == "" {
		err = s.database(ctx, "register", measure)
	} else {
		err = b.withGiven(ctx, cfg.DatabaseURL, s, measure)
	}
	return errors.Join(err, s.remove(), printFigures(f))
}

func (b *benchSearchCmd) withGiven(ctx context.Context, url string, s *scratch, fn func(context.Context, *pg.DB, string) error) error {
	db, err := app.OpenDatabase(ctx, url, s.log)
	if err != nil {
		return err
	}
	defer db.Close()
	return fn(ctx, db, url)
}

func (b *benchSearchCmd) measureService(ctx context.Context, db *pg.DB, s *scratch, f *serviceFigures) error {
	about, err := b.fill(ctx, db, s, f)
	if err != nil {
		return err
	}
	finder := retailer.NewFinder(db, s.log)
	asks := asking{about: about, rng: rand.New(rand.NewPCG(b.Seed, 2)), finder: finder, db: db, kinds: b.kinds()}
	// Before the index is there, the database answers what is near.
	if f.Unindexed, err = asks.unindexed(ctx); err != nil {
		return err
	}
	if err := load(ctx, finder, &f.Load); err != nil {
		return err
	}
	stop, err := profileTo(b.Profile)
	if err != nil {
		return err
	}
	if f.Calls, err = asks.calls(ctx); err != nil {
		return err
	}
	if err := stop(); err != nil {
		return err
	}
	if f.HTTP, err = asks.overHTTP(ctx); err != nil {
		return err
	}
	drawn := atlas.New(db, 0, s.log)
	if err := f.Atlas.measure(ctx, drawn, about); err != nil {
		return err
	}
	return b.follow(ctx, db, about, finder, drawn, f)
}

// follow writes 100 of the shops anew, and measures how long it takes until they are in the index and on the map.
func (b *benchSearchCmd) follow(
	ctx context.Context, db *pg.DB, about []index.Doc, finder *retailer.Finder, drawn *atlas.Atlas, f *serviceFigures,
) error {
	list := make([]retailer.Retailer, min(100, len(about)))
	for i := range list {
		r, err := retailer.ByLicence(ctx, db.Pool, retailer.LicenceNo(about[i].LicenceNo))
		if err != nil {
			return err
		}
		r.Name += "新"
		if len(r.Name) > 60 {
			r.Name = about[i].Name
		}
		list[i] = r
	}
	err := db.InTx(ctx, func(tx *pg.Tx) error {
		_, err := retailer.Save(ctx, tx, list)
		return err
	})
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := finder.Refresh(ctx); err != nil {
		return err
	}
	f.Load.FollowMs = milliseconds(time.Since(begin))
	begin = time.Now()
	err = drawn.Refresh(ctx)
	f.Atlas.FollowMs = milliseconds(time.Since(begin))
	return err
}

// benchSource is the list that the invented shops come from.
const benchSource = "bench"

// fill imports the invented list into an empty register, and gives the shops that are asked for. A register with other
// shops than those is refused: the invented ones would stay in it.
func (b *benchSearchCmd) fill(ctx context.Context, db *pg.DB, s *scratch, f *serviceFigures) ([]index.Doc, error) {
	other, err := retailer.HoldsOther(ctx, db.Pool, benchSource)
	if err != nil {
		return nil, err
	}
	if other {
		return nil, errors.New("the register of this database holds real shops, and the benchmark would add invented ones; " +
			"give an empty database, or none and the benchmark makes its own")
	}
	about := eachShop(b.Seed, b.Docs, b.Queries, func(index.Doc) {})
	_, err = retailer.ByLicence(ctx, db.Pool, retailer.LicenceNo(about[0].LicenceNo))
	if err == nil || !errors.Is(err, retailer.ErrNotFound) {
		return about, err // it was filled before
	}
	list := s.path("register.csv")
	if err := writeShops(list, b.Seed, b.Docs); err != nil {
		return nil, err
	}
	file, err := os.Open(list)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	r, err := retailer.Import(ctx, db, file, retailer.ImportOptions{Profile: retailer.Profile{Source: benchSource, Datum: "WGS84"}, Confirm: true})
	f.FillS = time.Since(begin).Seconds()
	if err == nil && r.Inserted != b.Docs {
		err = fmt.Errorf("%d of %d rows are in the register", r.Inserted, b.Docs)
	}
	return about, errors.Join(err, file.Close(), os.Remove(list))
}

// load has the finder read the register, and looks at the memory.
func load(ctx context.Context, finder *retailer.Finder, f *loadFigures) error {
	begin, ended := time.Now(), make(chan error, 1)
	go func() { ended <- finder.Refresh(ctx) }()
	looks := time.NewTicker(100 * time.Millisecond)
	defer looks.Stop()
	var memory runtime.MemStats
	for running := true; running; {
		select {
		case err := <-ended:
			if err != nil {
				return err
			}
			running = false
		case <-looks.C:
			runtime.ReadMemStats(&memory)
			f.PeakHeapMB = max(f.PeakHeapMB, float64(memory.HeapInuse)/1e6)
		}
	}
	f.Seconds = time.Since(begin).Seconds()
	f.PeakRSSMB = float64(processMemory("VmHWM")) / 1e6
	runtime.GC()
	runtime.ReadMemStats(&memory)
	f.RSSMB, f.HeapMB = float64(processMemory("VmRSS"))/1e6, float64(memory.HeapInuse)/1e6
	x := finder.Index()
	f.IndexMB, f.BytesEach = float64(x.Bytes())/1e6, float64(x.Bytes())/float64(max(1, x.Len()))
	return nil
}
