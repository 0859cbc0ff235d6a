package retailer

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/datum"
	"jiujin/geo/zh"
)

// Mixed says whether the points of a list seem to be in one datum, and in the one that was given.
//
// Three witnesses are heard. A licence that the register knows with a point should be where it was: when it lies as far
// off and in the same direction as one datum lies from another, that tells. Neighbours in a street should lie near
// each other: when the shops of near house numbers lie apart by such a vector, they are in two datums. And a shop should
// lie in the county that its code or its address names, where the outlines of counties are known. How often each
// happens by chance is counted with vectors of the same length in other directions.
type Mixed struct {
	Suspect  bool
	Given    datum.Datum
	Rows     map[datum.Datum]int // rows that a witness tells about, by the datum that they seem to be in
	Shares   map[datum.Datum]float64
	Pairs    int // of neighbours that were compared
	Apart    int // of Pairs, those that lie apart by a vector between two datums
	ByChance int // how many of Pairs lie apart by such vectors in another direction
	Known    int // licences whose point was compared with the register's
	Moved    int // of Known, those that lie off by a vector between two datums
	// MovedByChance is how many of Known lie off by such vectors in another direction.
	MovedByChance int
	Named         int // rows that name a county whose outline is known
	Outside       int // of Named, those outside of it
	Strayed       int // of Outside, those inside of it when they are read in the other datum that explains most
	StrayByChance int // of Outside, those inside of it when they are moved as far in the opposite direction
}

// Likeliest is the datum that most rows seem to be in, and how many do; Given when no other has more. CGCS2000 counts as
// WGS-84.
func (m Mixed) Likeliest() (d datum.Datum, rows int) {
	d, rows = m.Given, m.Rows[m.Given]
	if d == datum.CGCS2000 {
		rows = m.Rows[datum.WGS84]
	}
	for _, other := range hypotheses {
		if m.Rows[other] > rows {
			d, rows = other, m.Rows[other]
		}
	}
	return d, rows
}

// sighting is what the witnesses need of a row.
type sighting struct {
	street string
	number int
	point  orb.Point  // WGS-84, if the list is in the datum given
	known  *orb.Point // the register's; nil when it has none
	// division is the county that the row names; nil without one whose outline is known.
	division *division
}

const (
	nearNumbers   = 12  // house numbers apart that two neighbours are at most
	nearVector    = 60  // metres by which a vector may differ from that between two datums
	stays         = 150 // metres within which neighbours, or a licence and its point before, are together
	suspectPairs  = 5
	suspectChance = 4 // times as many as by chance
	suspectSpread = 8 // standard deviations of what comes by chance
	maxSightings  = 200_000
)

// hypotheses are the datums that points may be in. CGCS2000 is WGS-84 here.
var hypotheses = [...]datum.Datum{datum.WGS84, datum.GCJ02, datum.BD09}

// errorsAt is how far off a point lies that was read in the datum given but is in each of hypotheses: metres east and
// north. ok is false where a datum has no meaning.
func errorsAt(given datum.Datum, p orb.Point) (off [len(hypotheses)]orb.Point, ok bool) {
	raw, err := datum.FromWGS84(given, p)
	if err != nil {
		return off, false
	}
	for i, d := range hypotheses {
		truth, err := datum.ToWGS84(d, raw)
		if err != nil {
			return off, false
		}
		off[i] = metres(truth, p)
	}
	return off, true
}

// metres is the way from a to b, east and north; both are near each other.
func metres(a, b orb.Point) orb.Point {
	return orb.Point{(b[0] - a[0]) * metresPerDegree * math.Cos(a[1]*math.Pi/180), (b[1] - a[1]) * metresPerDegree}
}

const metresPerDegree = float64(geo.EarthRadius) * math.Pi / 180

// turned is a way that is turned by an angle.
func turned(way orb.Point, angle float64) orb.Point {
	sin, cos := math.Sincos(angle)
	return orb.Point{way[0]*cos - way[1]*sin, way[0]*sin + way[1]*cos}
}

func apart(a, b orb.Point) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }

// mixedDatums hears the witnesses.
func mixedDatums(given datum.Datum, list []sighting) Mixed {
	m := Mixed{Given: given, Rows: map[datum.Datum]int{}, Shares: map[datum.Datum]float64{}}
	votes := make([][len(hypotheses)]int, len(list))
	m.hearRegister(given, list, votes)
	m.hearNeighbours(given, list, votes)
	m.hearDivisions(given, list, votes)
	total := 0
	for _, v := range votes {
		best := 0
		for i := range v {
			if v[i] > v[best] {
				best = i
			}
		}
		if v[best] > 0 {
			m.Rows[hypotheses[best]]++
			total++
		}
	}
	for d, n := range m.Rows {
		m.Shares[d] = float64(n) / float64(total)
	}
	m.Suspect = striking(m.Apart, m.ByChance) || striking(m.Moved, m.MovedByChance) || m.oneSided()
	return m
}

// oneSided says whether the rows outside of their county lie to one side: by three standard deviations.
func (m *Mixed) oneSided() bool {
	n, chance := float64(m.Strayed), float64(m.StrayByChance)
	return n >= 3*chance && n-chance > 3*math.Sqrt(n+chance)
}

// striking says whether a witness tells more than chance does: some times as much, or by far more than chance varies.
func striking(n, chance int) bool {
	over := float64(n - chance)
	return n >= suspectPairs && (n >= suspectChance*chance || over > suspectSpread*math.Sqrt(float64(chance)) && over > 0.2*float64(chance))
}

// hearRegister compares the points with those that the register has for the same licences.
func (m *Mixed) hearRegister(given datum.Datum, list []sighting, votes [][len(hypotheses)]int) {
	var chance [5]int
	for at, s := range list {
		if s.known == nil {
			continue
		}
		way := metres(*s.known, s.point)
		off, ok := errorsAt(given, s.point)
		if !ok || math.Hypot(way[0], way[1]) > 3000 {
			continue
		}
		m.Known++
		best, bestApart := -1, float64(nearVector)
		var hit [5]bool
		for i := range off {
			if a := apart(way, off[i]); a < bestApart {
				best, bestApart = i, a
			}
			for k := range hit {
				hit[k] = hit[k] || math.Hypot(off[i][0], off[i][1]) > stays && apart(way, turned(off[i], float64(k+1)*math.Pi/3)) < nearVector
			}
		}
		for k := range hit {
			if hit[k] {
				chance[k]++
			}
		}
		if best < 0 {
			continue
		}
		votes[at][best] += 3
		if math.Hypot(off[best][0], off[best][1]) > stays {
			m.Moved++
		}
	}
	m.MovedByChance = slices.Max(chance[:])
}

// hearNeighbours compares each row with the next three of its street.
func (m *Mixed) hearNeighbours(given datum.Datum, list []sighting, votes [][len(hypotheses)]int) {
	order := make([]int, 0, len(list))
	for i := range list {
		if list[i].street != "" {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(strings.Compare(list[a].street, list[b].street), list[a].number-list[b].number)
	})
	var chance [5]int
	for n, i := range order {
		for _, j := range order[n+1 : min(n+4, len(order))] {
			a, b := list[i], list[j]
			if a.street != b.street || b.number-a.number > nearNumbers {
				break
			}
			off, ok := errorsAt(given, a.point)
			if !ok {
				break
			}
			m.hear(metres(a.point, b.point), off, &votes[i], &votes[j], &chance)
		}
	}
	m.ByChance = slices.Max(chance[:])
}

// hear explains the way from one neighbour to the other by the datums that they may be in.
func (m *Mixed) hear(way orb.Point, off [len(hypotheses)]orb.Point, a, b *[len(hypotheses)]int, chance *[5]int) {
	length := math.Hypot(way[0], way[1])
	if length > 3000 {
		return // two streets of one name
	}
	m.Pairs++
	if length < stays {
		return
	}
	bestA, bestB, bestApart := -1, -1, float64(nearVector)
	var hit [5]bool
	for i := range off {
		for j := range off {
			between := orb.Point{off[j][0] - off[i][0], off[j][1] - off[i][1]}
			if math.Hypot(between[0], between[1]) < stays {
				continue
			}
			if d := apart(way, between); d < bestApart {
				bestA, bestB, bestApart = i, j, d
			}
			for k := range hit { // turned by 30° to 150°: with both directions of each pair that is all round
				hit[k] = hit[k] || apart(way, turned(between, float64(k+1)*math.Pi/6)) < nearVector
			}
		}
	}
	for k := range hit {
		if hit[k] {
			chance[k]++
		}
	}
	if bestA >= 0 {
		m.Apart++
		a[bestA]++
		b[bestB]++
	}
}

// streetOf takes the street and the house number out of an address: what is before the first number, or behind one at
// the very begin as in 2605 S QUEEN ST. The street is "" when there is no number.
func streetOf(address string) (street string, number int) {
	runes := []rune(address)
	begin := slices.IndexFunc(runes, isDigit)
	if begin < 0 {
		return "", 0
	}
	end := begin
	for end < len(runes) && isDigit(runes[end]) {
		if number = number*10 + int(zh.HalfWidth(runes[end])-'0'); number > 100_000 {
			return "", 0
		}
		end++
	}
	if begin == 0 {
		return zh.Fold(string(runes[end:])), number
	}
	if begin < 3 || !unicode.Is(unicode.Han, runes[begin-1]) {
		return "", 0
	}
	return zh.Fold(string(runes[:begin])), number
}

func isDigit(r rune) bool {
	r = zh.HalfWidth(r)
	return r >= '0' && r <= '9'
}
