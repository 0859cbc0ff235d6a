package trial

import (
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"jiujin/geo/resolve"
)

// Platforms is a list of shops as several platforms show them, with the pairs that are one shop.
type Platforms struct {
	Shops    []resolve.Shop
	Platform []string // of each shop
	Same     map[[2]int64]bool
	Unclear  map[[2]int64]bool
}

// ReadPlatforms reads the folder shops-poi of the labelled data.
func ReadPlatforms(dir string) (*Platforms, error) {
	rows, err := readCSV(filepath.Join(dir, "chengdu-shops.csv"))
	if err != nil {
		return nil, err
	}
	points, err := readCSV(filepath.Join(dir, "chengdu-shops.expected-points.csv"))
	if err != nil {
		return nil, err
	}
	pairs, err := readCSV(filepath.Join(dir, "chengdu-shops.expected-pairs.csv"))
	if err != nil {
		return nil, err
	}
	at := map[string]orb.Point{}
	for _, p := range points {
		at[p[0]] = orb.Point{float(p[2]), float(p[1])}
	}
	out := &Platforms{Same: map[[2]int64]bool{}, Unclear: map[[2]int64]bool{}}
	for _, row := range rows {
		p := at[row[0]]
		out.Shops = append(out.Shops, resolve.Shop{ID: shopID(row[0]), Name: row[2], Address: row[3], Point: &p})
		out.Platform = append(out.Platform, row[1])
	}
	for _, p := range pairs {
		into := out.Same
		if p[2] != "same" {
			into = out.Unclear
		}
		a, b := shopID(p[0]), shopID(p[1])
		into[[2]int64{a, b}], into[[2]int64{b, a}] = true, true
	}
	return out, nil
}

// readCSV is the rows of a file without the first.
func readCSV(path string) ([][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read labelled shops: %w", err)
	}
	defer f.Close()
	return rowsOf(path, f)
}

func rowsOf(path string, from io.Reader) ([][]string, error) {
	rows, err := csv.NewReader(from).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read labelled shops: %s: %w", path, err)
	}
	return rows[min(1, len(rows)):], nil
}

func shopID(s string) int64 {
	n, _ := strconv.ParseInt(s[1:], 10, 64)
	return n
}

func float(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64)
	return v
}

// Across makes, for each platform, the register of all other platforms and one case for every shop of it.
func (p *Platforms) Across(near bool) (registers []*resolve.Register, cases [][]Case) {
	names := slices.Compact(slices.Sorted(slices.Values(p.Platform)))
	for _, platform := range names {
		var others []resolve.Shop
		for i, s := range p.Shops {
			if p.Platform[i] != platform {
				others = append(others, s)
			}
		}
		r := resolve.NewRegister(others, nil)
		var list []Case
		for i, s := range p.Shops {
			if p.Platform[i] == platform {
				list = append(list, p.caseOf(s, others, near))
			}
		}
		registers, cases = append(registers, r), append(cases, list)
	}
	return registers, cases
}

func (p *Platforms) caseOf(s resolve.Shop, others []resolve.Shop, near bool) Case {
	c := Case{Query: resolve.Query{Text: s.Name + " " + s.Address}, Kind: "shops", Group: p.group(s.ID)}
	if near {
		c.Query.Near, c.Kind = s.Point, "shops near"
	}
	for _, o := range others {
		if p.Same[[2]int64{s.ID, o.ID}] {
			c.Want = append(c.Want, o.ID)
		}
	}
	return c
}

// group is the same for all listings of one shop.
func (p *Platforms) group(id int64) uint64 {
	least := id
	for pair := range p.Same {
		if pair[0] == id {
			least = min(least, pair[1])
		}
	}
	h := fnv.New64a()
	fmt.Fprint(h, "shop ", least)
	return h.Sum64() >> 7
}

// PairF1 is how well the sure answers name the pairs that are one shop: precision, recall and their harmonic mean.
// only says which cases count.
func (p *Platforms) PairF1(registers []*resolve.Register, cases [][]Case, only func(Case) bool) (precision, recall, f1 float64) {
	found, want := map[[2]int64]bool{}, map[[2]int64]bool{}
	for k, list := range cases {
		for _, c := range list {
			if !only(c) {
				continue
			}
			own := p.idOf(c)
			for _, w := range c.Want {
				want[ordered(own, w)] = true
			}
			if a := registers[k].Resolve(c.Query); a.Sure && !p.Unclear[[2]int64{own, a.Candidates[0].Shop.ID}] {
				found[ordered(own, a.Candidates[0].Shop.ID)] = true
			}
		}
	}
	right := 0
	for pair := range found {
		if want[pair] {
			right++
		}
	}
	precision, recall = share(right, len(found)), share(right, len(want))
	if precision+recall > 0 {
		f1 = 2 * precision * recall / (precision + recall)
	}
	return precision, recall, f1
}

func (p *Platforms) idOf(c Case) int64 {
	for _, s := range p.Shops {
		if s.Name+" "+s.Address == c.Query.Text {
			return s.ID
		}
	}
	return 0
}

func ordered(a, b int64) [2]int64 { return [2]int64{min(a, b), max(a, b)} }
