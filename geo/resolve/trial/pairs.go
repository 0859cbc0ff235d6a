package trial

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/paulmach/orb"

	"jiujin/geo/resolve"
)

// Pair is two listings and whether they are one place.
type Pair struct {
	A, B resolve.Shop
	Same bool
}

// PairFigures are how well pairs were told.
type PairFigures struct {
	File      string  `json:"file"`
	Pairs     int     `json:"pairs"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	RuleF1    float64 `json:"rule_f1"` // of the folder's best rule of name and distance, fitted on all
}

// ReadPairs reads a file of the folder poi-matching.
func ReadPairs(path string) ([]Pair, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read labelled pairs: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("read labelled pairs: %s: %w", path, err)
	}
	type listing struct {
		Name, Address string
		Lon, Lat      float64
	}
	var out []Pair
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		var in struct {
			A, B listing
			Same int
		}
		if err := json.Unmarshal(lines.Bytes(), &in); err != nil {
			return nil, fmt.Errorf("read labelled pairs: %s: %w", path, err)
		}
		shop := func(l listing) resolve.Shop {
			return resolve.Shop{ID: int64(len(out) + 1), Name: l.Name, Address: l.Address, Point: &orb.Point{l.Lon, l.Lat}}
		}
		out = append(out, Pair{shop(in.A), shop(in.B), in.Same == 1})
	}
	return out, lines.Err()
}

// MeasurePairs fits the weights of pairs on one half of each file and judges the other, both ways round.
func MeasurePairs(dir string) ([]PairFigures, error) {
	rules := map[string]float64{"osm_fsq-sin-test": 0.7741, "osm_fsq-sin-valid": 0.7591, "osm_yelp-pit-test": 0.885}
	var out []PairFigures
	for _, name := range []string{"osm_fsq-sin-test", "osm_fsq-sin-valid", "osm_yelp-pit-test"} {
		pairs, err := ReadPairs(filepath.Join(dir, name+".jsonl.gz"))
		if err != nil {
			return nil, err
		}
		f := PairFigures{File: name, Pairs: len(pairs), RuleF1: rules[name]}
		f.judge(pairs)
		out = append(out, f)
	}
	return out, nil
}

func (f *PairFigures) judge(pairs []Pair) {
	shops := make([]resolve.Shop, len(pairs))
	for i, p := range pairs {
		shops[i] = p.B
	}
	r := resolve.NewRegister(shops, nil)
	var halves [2][]resolve.PairSample
	rng := rand.New(rand.NewPCG(1, 1))
	for _, i := range rng.Perm(len(pairs)) {
		p := pairs[i]
		s := r.PairSample(resolve.Query{Text: p.A.Name + ", " + p.A.Address, Near: p.A.Point}, p.B.ID, p.Same)
		halves[i%2] = append(halves[i%2], s)
	}
	right, found, want := 0, 0, 0
	for k := range halves {
		w := resolve.FitPairs(halves[k])
		for _, s := range halves[1-k] {
			same := s.Same(w)
			if same {
				found++
			}
			if s.Want() {
				want++
			}
			if same && s.Want() {
				right++
			}
		}
	}
	f.Precision, f.Recall = share(right, found), share(right, want)
	f.F1 = share(2*right, found+want)
}
