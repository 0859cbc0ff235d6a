package trial

import (
	"compress/gzip"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/paulmach/orb"

	"jiujin/geo/resolve"
)

// City is a list of real places with addresses; words about them are made by adding noise to the texts.
type City struct {
	Shops []resolve.Shop
}

// ReadCity reads the places of Shanghai of the folder shops-poi, each name and address once.
func ReadCity(dir string) (*City, error) {
	path := filepath.Join(dir, "shanghai-poi.csv.gz")
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read labelled shops: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("read labelled shops: %s: %w", path, err)
	}
	rows, err := rowsOf(path, z)
	if err != nil {
		return nil, err
	}
	city, seen := &City{}, map[string]bool{}
	for i, row := range rows {
		if len([]rune(row[1])) < 4 || seen[row[0]+row[1]] {
			continue
		}
		seen[row[0]+row[1]] = true
		p := orb.Point{float(row[5]), float(row[4])}
		city.Shops = append(city.Shops, resolve.Shop{ID: int64(i + 1), Name: row[0], Address: row[1], District: row[2], Point: &p})
	}
	return city, nil
}

var (
	bracketed = regexp.MustCompile(`[(（].*?[)）]`)
	numbered  = regexp.MustCompile(`[0-9]+号.*`)
)

// Cases are words about n places of each kind of noise and half as many about places that are taken out of the register.
func (c *City) Cases(n int, seed uint64) (register []resolve.Shop, cases []Case) {
	noise := noiser{rand.New(rand.NewPCG(seed, 9))}
	order, at, gone := noise.rng.Perm(len(c.Shops)), 0, map[int64]bool{}
	for _, kind := range []string{"full", "reordered", "no number", "homophones", "partial name", "typos", "traditional"} {
		for k := range n + n/2 {
			s := c.Shops[order[at]]
			at++
			made := Case{Query: resolve.Query{Text: noise.rewrite(kind, s.Name, s.Address)}, Kind: "city " + kind, Group: groupOf(s.Name)}
			if k < n {
				made.Want = []int64{s.ID}
			} else {
				gone[s.ID] = true
			}
			cases = append(cases, made)
		}
	}
	for _, s := range c.Shops {
		if !gone[s.ID] {
			register = append(register, s)
		}
	}
	return register, cases
}

func groupOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64() >> 7
}

func (n noiser) rewrite(kind, name, address string) string {
	switch kind {
	case "reordered":
		return name + "，" + address
	case "no number":
		address = numbered.ReplaceAllString(address, "")
	case "homophones":
		name, address = n.alike(name), n.alike(address)
	case "partial name":
		name = bracketed.ReplaceAllString(name, "")
	case "typos":
		name, address = n.slip(name), n.slip(address)
	case "traditional":
		return traditional(address + name)
	}
	return strings.TrimSpace(address + one(n.rng, []string{"", " ", "的"}) + name)
}
