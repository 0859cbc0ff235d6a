package dispatch

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// PastCase is a ticket about a shop as its dossier shows it. Who reported, and in which words, is not in it.
type PastCase struct {
	ID           int64      `json:"id"`
	Number       string     `json:"number"`
	Kind         string     `json:"kind"`
	Subtype      string     `json:"subtype"`
	Status       string     `json:"status"`
	Outcome      string     `json:"outcome"`
	RegisteredAt time.Time  `json:"registered_at"`
	OnSceneAt    *time.Time `json:"on_scene_at"`
	ClosedAt     *time.Time `json:"closed_at"`
}

// CaseSum is what the cases of a shop sum up to; cancelled ones do not count.
type CaseSum struct {
	Total, Open int
	Year        int        // registered in the last 365 days
	Founded     int        // with an outcome that found the shop at fault
	LastClosed  *time.Time // nil for none
	LastVisit   *time.Time // when an officer was last on scene; nil for never
}

// Matter is a demand that is being taken in, as far as it is known.
type Matter struct {
	RetailerID int64      // 0 for none
	Point      *orb.Point // nil when not known
	Subtype    string     // "" when not known
	Text       string     // the caller's words
	TicketID   int64      // the ticket itself when it is registered already; 0 else
}

// Duplicate is a ticket that may be about the same matter (domain A13), with what speaks for it. A person decides.
type Duplicate struct {
	PastCase
	Score        float64  `json:"score" doc:"0 to 1"`
	SameRetailer bool     `json:"same_retailer"`
	SameSubtype  bool     `json:"same_subtype"`
	DistanceM    *float64 `json:"distance_m" doc:"Between the places; null when one is not known"`
	Hours        float64  `json:"hours" doc:"Since the other was registered"`
	Similarity   float64  `json:"similarity" doc:"Of the words: shared pairs of characters, 0 to 1"`
}

// The rule of domain A13: the same licence, or the same subtype at the same place in similar words, within 72 hours.
const (
	duplicateHours = 72
	duplicateReach = geo.Metres(200) // a cell of resolution 10 and its ring: 76 m an edge
	duplicateWords = 0.6
)

// sameMatter is the tickets that may be about the same matter, the likeliest first.
func sameMatter(m Matter, found []nearCase, now time.Time) []Duplicate {
	out := []Duplicate{}
	for _, f := range found {
		d := Duplicate{
			PastCase: f.PastCase, SameRetailer: m.RetailerID != 0 && f.retailerID == m.RetailerID,
			SameSubtype: m.Subtype != "" && f.Subtype == m.Subtype,
			Hours:       math.Round(now.Sub(f.RegisteredAt).Hours()*10) / 10,
		}
		for _, words := range f.words {
			d.Similarity = max(d.Similarity, likeness(m.Text, words))
		}
		samePlace := false
		if m.Point != nil && f.point != nil {
			away := math.Round(float64(geo.Distance(*m.Point, *f.point)))
			d.DistanceM, samePlace = &away, geo.Metres(away) <= duplicateReach
		}
		if !d.SameRetailer && !(d.SameSubtype && samePlace && d.Similarity >= duplicateWords) {
			continue
		}
		d.Score = d.score(samePlace)
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.ID, a.ID))
	})
	return out[:min(5, len(out))]
}

// score weighs place, words, subtype and time.
func (d *Duplicate) score(samePlace bool) float64 {
	score := 0.4*d.Similarity + 0.1*max(0, 1-d.Hours/duplicateHours)
	if d.SameRetailer || samePlace {
		score += 0.35
	}
	if d.SameSubtype {
		score += 0.15
	}
	return math.Round(score*100) / 100
}

// likeness is how many pairs of neighbouring characters two texts share, of all that they have: the Dice coefficient.
func likeness(a, b string) float64 {
	x, y := characterPairs(a), characterPairs(b)
	if len(x)+len(y) == 0 {
		return 0
	}
	shared := 0
	for pair, n := range x {
		shared += min(n, y[pair])
	}
	total := 0
	for _, list := range []map[[2]rune]int{x, y} {
		for _, n := range list {
			total += n
		}
	}
	return math.Round(200*float64(shared)/float64(total)) / 100
}

func characterPairs(s string) map[[2]rune]int {
	runes := []rune(s)
	out := map[[2]rune]int{}
	for i := 1; i < len(runes); i++ {
		out[[2]rune{runes[i-1], runes[i]}]++
	}
	return out
}

// nearUnits are the k units of a branch nearest to a point that are on shift, the nearest first.
func nearUnits(views []UnitView, p orb.Point, k int) []UnitNear {
	out := []UnitNear{}
	for _, v := range views {
		if v.Lon == nil || v.Lat == nil || v.Duty == DutyOffShift {
			continue
		}
		away := math.Round(float64(geo.Distance(p, orb.Point{*v.Lon, *v.Lat})))
		out = append(out, UnitNear{ID: v.ID, CallSign: v.CallSign, Duty: v.Duty, DistanceM: away})
	}
	slices.SortFunc(out, func(a, b UnitNear) int {
		return cmp.Or(cmp.Compare(a.DistanceM, b.DistanceM), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(k, len(out))]
}

// UnitNear is a unit on shift and how far it is.
type UnitNear struct {
	ID        int64   `json:"id"`
	CallSign  string  `json:"call_sign"`
	Duty      Duty    `json:"duty"`
	DistanceM float64 `json:"distance_m"`
}
