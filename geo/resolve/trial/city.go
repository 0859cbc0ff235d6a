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

	"jiujin/geo"
	"jiujin/geo/resolve"
)

// City is a list of real places with addresses; words about them are made by adding noise to the texts.
type City struct {
	Shops []resolve.Shop
	marks []resolve.Shop // of them, those by which people find others
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
	for _, s := range city.Shops {
		if known.MatchString(s.Name) {
			city.marks = append(city.marks, s)
		}
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
	for _, kind := range cityKinds {
		for k := 0; k < n+n/2 && at < len(order); at++ {
			s := c.Shops[order[at]]
			q, ok := noise.about(c, kind, s)
			if !ok {
				continue
			}
			made := Case{Query: q, Kind: "city " + kind, Group: groupOf(s.Name)}
			if k < n {
				made.Want = []int64{s.ID}
			} else {
				gone[s.ID] = true
			}
			cases = append(cases, made)
			k++
		}
	}
	for _, s := range c.Shops {
		if !gone[s.ID] {
			register = append(register, s)
		}
	}
	return register, cases
}

// cityKinds are the kinds of noise of the words about a city's places.
var cityKinds = []string{
	"full", "reordered", "no number", "homophones", "partial name", "typos", "traditional", "landmark only", "name and district", "name near", "name alone",
}

// about makes a query about a place; false when this kind of noise cannot be made of it.
func (n noiser) about(c *City, kind string, s resolve.Shop) (resolve.Query, bool) {
	switch kind {
	case "landmark only":
		mark := c.landmark(s)
		return resolve.Query{Text: mark + one(n.rng, besideWords) + one(n.rng, []string{"", "的", "那家", "有一家"}) + bracketed.ReplaceAllString(s.Name, "")}, mark != ""
	case "name and district":
		return resolve.Query{Text: s.District + n.clip(s.Name)}, true
	case "name near":
		p := n.off(*s.Point)
		return resolve.Query{Text: n.clip(s.Name), Near: &p}, true
	case "name alone":
		return resolve.Query{Text: s.Name}, true
	}
	return resolve.Query{Text: n.rewrite(kind, s.Name, s.Address)}, true
}

// off is where a caller may be who speaks of a place: most within some hundred metres, some elsewhere in the town.
func (n noiser) off(p orb.Point) orb.Point {
	spread := 0.002
	switch k := n.rng.IntN(20); {
	case k == 0:
		spread = 0.1
	case k < 4:
		spread = 0.015
	}
	return orb.Point{p[0] + n.rng.NormFloat64()*spread, p[1] + n.rng.NormFloat64()*spread}
}

// clip leaves a part of a name: its branch, its last or its first characters are left out.
func (n noiser) clip(name string) string {
	short := []rune(bracketed.ReplaceAllString(name, ""))
	cut := max(1, len(short)/4)
	switch k := n.rng.IntN(3); {
	case k == 0 && len(short) > 3:
		return string(short[:len(short)-cut])
	case k == 1 && len(short) > 3:
		return string(short[cut:])
	}
	return string(short)
}

// known ends the names of places by which people find a shop.
var known = regexp.MustCompile(`^.{2,14}(幼儿园|小学|中学|医院|学校|大学|学院|影城|剧院|影院)$`)

// landmark is the nearest of such places within 250 m; "" without one.
func (c *City) landmark(s resolve.Shop) string {
	best, name := geo.Metres(250), ""
	for _, o := range c.marks {
		if d := o.Point[0] - s.Point[0]; d > 0.003 || d < -0.003 || o.ID == s.ID {
			continue
		}
		if m := geo.Distance(*o.Point, *s.Point); m < best {
			best, name = m, o.Name
		}
	}
	return name
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
		name = n.clip(name)
	case "typos":
		name, address = n.slip(name), n.slip(address)
	case "traditional":
		return traditional(address + name)
	}
	return strings.TrimSpace(address + one(n.rng, []string{"", " ", "的"}) + name)
}
