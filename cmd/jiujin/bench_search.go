package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/retailer/index"
	"jiujin/geo/zh"
	"jiujin/internal/app"
)

type benchSearchCmd struct {
	Docs    int      `default:"1000000" help:"Retailers; 6000000 is the country."`
	Queries int      `default:"1000" help:"Of each kind, half of them with the place of the caller."`
	Seed    uint64   `default:"1" help:"Of the invented register and of the queries."`
	Only    []string `help:"Kinds of query, such as address; all when not given."`
	Profile string   `help:"File to write a profile of the processor to, of the searches only." type:"path"`
	Service bool     `help:"Measure the service instead of the index alone: the register lies in PostgreSQL, rows are read, and the route is asked over loopback. Uses the database of --database-url, filled by the same command before, or one of its own."`
	Scratch string   `help:"Folder for the list and the database of --service, which are removed afterwards." type:"path"`
}

type indexFigures struct {
	Docs       int                     `json:"docs"`
	Processors int                     `json:"processors"`
	GatherS    float64                 `json:"gather_s"` // with the work of inventing the retailers
	BuildS     float64                 `json:"build_s"`
	IndexMB    float64                 `json:"index_mb"`
	HeapMB     float64                 `json:"heap_mb"`       // in use after the build
	PeakMB     float64                 `json:"system_mb"`     // taken from the system, the build included
	ChangeMs   float64                 `json:"change_100_ms"` // an index with 100 changed retailers
	Kinds      map[string]*kindFigures `json:"kinds"`         // searches, by what is asked
	All        kindFigures             `json:"all"`           // every kind that types text, together
}

type kindFigures struct {
	Queries int     `json:"queries"`
	P50     float64 `json:"p50_ms"`
	P95     float64 `json:"p95_ms"`
	P99     float64 `json:"p99_ms"`
	Max     float64 `json:"max_ms"`
	Slowest string  `json:"slowest,omitempty"`
	// Found is the share of queries whose shop was among the hits: of those that gave the place, and of those that did not.
	FoundNear float64 `json:"found_with_place"`
	FoundFar  float64 `json:"found_without_place"`

	took       []float64
	found, all [2]int
}

// Run invents a register, builds the index and measures one search after another.
func (b *benchSearchCmd) Run(ctx context.Context, cfg *app.Config) error {
	if b.Docs < 1 || b.Queries < 1 {
		return errors.New("it takes a retailer and a query at least")
	}
	if b.Service {
		return b.runService(ctx, cfg)
	}
	f := indexFigures{Docs: b.Docs, Processors: runtime.GOMAXPROCS(0), Kinds: map[string]*kindFigures{}}
	rng := rand.New(rand.NewPCG(b.Seed, 2))
	begin := time.Now()
	shops, builder := newShopMaker(b.Seed), index.NewBuilder()
	var about []index.Doc // the shops that are asked for
	for i := range b.Docs {
		d := shops.shop()
		builder.Add(d)
		if want := b.Queries; i < want {
			about = append(about, d)
		} else if at := rng.IntN(i + 1); at < want {
			about[at] = d
		}
	}
	f.GatherS = time.Since(begin).Seconds()
	begin = time.Now()
	x := builder.Build()
	f.BuildS = time.Since(begin).Seconds()
	f.IndexMB = float64(x.Bytes()) / 1e6
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	f.HeapMB, f.PeakMB = float64(memory.HeapInuse)/1e6, float64(memory.Sys)/1e6

	stop, err := profileTo(b.Profile)
	if err != nil {
		return err
	}
	b.measure(&f, x, about, rng)
	if err := stop(); err != nil {
		return err
	}
	changed := about[:min(100, len(about))]
	begin = time.Now()
	x.With(changed, nil)
	f.ChangeMs = milliseconds(time.Since(begin))
	return printFigures(f)
}

func (b *benchSearchCmd) measure(f *indexFigures, x *index.Index, about []index.Doc, rng *rand.Rand) {
	for name, text := range b.kinds() {
		k := &kindFigures{}
		f.Kinds[name] = k
		for i, d := range about {
			q := index.Query{Text: text(rng, d), Limit: 20}
			if q.Text == "" {
				continue
			}
			if i%2 == 0 && d.Located {
				q.Near = &orb.Point{d.Point[0] + rng.NormFloat64()*0.01, d.Point[1] + rng.NormFloat64()*0.01}
			}
			k.search(x, q, d.ID)
		}
		f.All.took = append(f.All.took, k.took...)
		k.finish()
	}
	nearest, join := &kindFigures{}, &kindFigures{}
	f.Kinds["nearest_5"], f.Kinds["h3_join"] = nearest, join
	for _, d := range about {
		if !d.Located {
			continue
		}
		p := orb.Point{d.Point[0] + rng.NormFloat64()*0.02, d.Point[1] + rng.NormFloat64()*0.02}
		nearest.search(x, index.Query{Near: &p, Limit: 5}, 0)
		begin := time.Now()
		if cell, err := geo.CellAt(p, geo.RetailerRes); err == nil {
			if disk, err := geo.Disk(cell, 3); err == nil {
				x.In(disk)
			}
		}
		join.took = append(join.took, milliseconds(time.Since(begin)))
	}
	nearest.finish()
	join.finish()
	f.All.finish()
}

func (k *kindFigures) search(x *index.Index, q index.Query, id int64) {
	begin := time.Now()
	hits := x.Search(q)
	ms := milliseconds(time.Since(begin))
	k.note(ms, q, slices.ContainsFunc(hits, func(h index.Hit) bool { return h.ID == id }))
}

// note takes in how long a query took, and whether its shop was found.
func (k *kindFigures) note(ms float64, q index.Query, found bool) {
	if ms > k.Max {
		k.Max, k.Slowest = ms, q.Text
	}
	k.took = append(k.took, ms)
	side := 0
	if q.Near == nil {
		side = 1
	}
	k.all[side]++
	if found {
		k.found[side]++
	}
}

func (k *kindFigures) finish() {
	slices.Sort(k.took)
	n := len(k.took)
	if n == 0 {
		return
	}
	k.Queries, k.P50, k.P95, k.P99, k.Max = n, k.took[n/2], k.took[n*95/100], k.took[n*99/100], k.took[n-1]
	k.FoundNear = float64(k.found[0]) / float64(max(1, k.all[0]))
	k.FoundFar = float64(k.found[1]) / float64(max(1, k.all[1]))
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// kinds is the kinds of text that are measured.
func (b *benchSearchCmd) kinds() map[string]func(*rand.Rand, index.Doc) string {
	all := textKinds()
	maps.DeleteFunc(all, func(name string, _ func(*rand.Rand, index.Doc) string) bool {
		return len(b.Only) > 0 && !slices.Contains(b.Only, name)
	})
	return all
}

// textKinds is what agents type about a shop; "" when the kind does not fit it.
func textKinds() map[string]func(*rand.Rand, index.Doc) string {
	part := func(rng *rand.Rand, s string, n int) string {
		runes := []rune(s)
		if len(runes) <= n {
			return s
		}
		at := rng.IntN(len(runes) - n)
		return string(runes[at : at+n])
	}
	begin := func(s string, n int) string {
		runes := []rune(s)
		return string(runes[:min(n, len(runes))])
	}
	spelt := func(d index.Doc) (string, string) { return zh.Pinyin(zh.Fold(d.Name)) }
	return map[string]func(*rand.Rand, index.Doc) string{
		"one_character":   func(_ *rand.Rand, d index.Doc) string { return begin(d.Name, 1) },
		"two_characters":  func(rng *rand.Rand, d index.Doc) string { return part(rng, d.Name, 2) },
		"common_two":      func(rng *rand.Rand, _ index.Doc) string { return shopKinds.draw(rng)[:6] },
		"name":            func(_ *rand.Rand, d index.Doc) string { return d.Name },
		"name_begin":      func(rng *rand.Rand, d index.Doc) string { return begin(d.Name, 3+rng.IntN(2)) },
		"name_part":       func(rng *rand.Rand, d index.Doc) string { return part(rng, d.Name, 3+rng.IntN(2)) },
		"address":         func(_ *rand.Rand, d index.Doc) string { return d.Address },
		"address_part":    func(rng *rand.Rand, d index.Doc) string { return part(rng, d.Address, 5+rng.IntN(4)) },
		"name_and_street": func(rng *rand.Rand, d index.Doc) string { return begin(d.Name, 2) + " " + part(rng, d.Address, 4) },
		"licence_no":      func(_ *rand.Rand, d index.Doc) string { return d.LicenceNo },
		"licence_no_end":  func(_ *rand.Rand, d index.Doc) string { return d.LicenceNo[6:] },
		"operator":        func(_ *rand.Rand, d index.Doc) string { return d.Operator },
		"phone":           func(_ *rand.Rand, d index.Doc) string { return d.PhoneTail },
		"pinyin":          func(_ *rand.Rand, d index.Doc) string { full, _ := spelt(d); return full },
		"pinyin_begin": func(rng *rand.Rand, d index.Doc) string {
			full, _ := spelt(d)
			return full[:min(len(full), 5+rng.IntN(6))]
		},
		"initials":       func(_ *rand.Rand, d index.Doc) string { _, in := spelt(d); return in },
		"initials_begin": func(rng *rand.Rand, d index.Doc) string { _, in := spelt(d); return in[:min(len(in), 2+rng.IntN(3))] },
		"typo":           mistyped,
		"homophone":      misheard,
	}
}

// mistyped has one character of the name wrong, left out or put in.
func mistyped(rng *rand.Rand, d index.Doc) string {
	runes := []rune(d.Name)
	at := rng.IntN(len(runes))
	wrong := []rune(nameChars)[rng.IntN(len([]rune(nameChars)))]
	switch rng.IntN(3) {
	case 0:
		runes[at] = wrong
	case 1:
		runes = slices.Delete(runes, at, at+1)
	default:
		runes = slices.Insert(runes, at, wrong)
	}
	return string(runes)
}

// misheard has up to two characters of the name replaced by others that are read alike.
func misheard(rng *rand.Rand, d index.Doc) string {
	runes := []rune(d.Name)
	alike := []rune(nameChars + surnames + given)
	for range 2 {
		at := rng.IntN(len(runes))
		from := rng.IntN(len(alike))
		for i := range alike {
			if r := alike[(from+i)%len(alike)]; r != runes[at] && zh.Sound(r) != "" && zh.Sound(r) == zh.Sound(runes[at]) {
				runes[at] = r
				break
			}
		}
	}
	return strings.TrimSpace(string(runes))
}

// profileTo writes a profile until the function that it gives is called; nothing with an empty name.
func profileTo(file string) (stop func() error, err error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	out, err := os.Create(file)
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return func() error { pprof.StopCPUProfile(); return out.Close() }, nil
}
