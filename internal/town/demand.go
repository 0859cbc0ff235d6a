package town

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// Modes in which a caller may give a name.
const (
	Anonymous = "anonymous" // gives no name and no number
	Hidden    = "hidden"    // gives them, and asks that they be kept secret
	Named     = "named"
)

// Call is what a caller says to the hotline, with the truth behind it.
type Call struct {
	At       time.Time
	Kind     string // first letter of Subtype: R, C, Q, S or L
	Subtype  string // code such as R01
	Text     string // as the caller would tell it
	PlaceTxt string // where, in the caller's words; often vague, may be empty
	Vague    bool   // PlaceTxt does not settle the shop
	// Retailer is an index into Town.Retailers: the shop that is meant, or -1
	// when there is none, as with sale without a licence or a passing vehicle.
	Retailer int
	Point    orb.Point // where it truly happens, WGS-84
	// Hints that bear on urgency.
	InProgress bool // it happens now
	Moving     bool // goods or suspect are on the move
	Minors     bool
	Cartons    int // quantity that the caller names, in cartons of 200; 0 if none
	Repeat     bool
	// Reporter.
	Mode  string // Anonymous, Hidden or Named
	Name  string // empty when anonymous
	Phone string // empty when anonymous; 139 0000 numbers are not in use
}

// shanghai is the time zone of the callers; it has no daylight saving.
var shanghai = time.FixedZone("CST", 8*3600)

// callsPerHour is the shape of a weekday, as shares of the daily total in
// per mille, from midnight on.
var callsPerHour = [24]float64{6, 4, 3, 2, 3, 8, 16, 34, 62, 84, 86, 70, 48, 46, 66, 78, 76, 62, 54, 60, 56, 40, 24, 12}

// Rate is the expected number of calls per hour at time t: a county of 40
// units gets 150 calls on a weekday, a larger town in proportion.
func (t *Town) Rate(at time.Time) float64 {
	local := at.In(shanghai)
	daily := 150 * float64(t.Options.Units) / 40
	if d := local.Weekday(); d == time.Saturday || d == time.Sunday {
		daily *= 0.78
	}
	h := local.Hour()
	share := float64(local.Minute()*60+local.Second()) / 3600
	// Between the middles of the hours the curve is a straight line.
	a, b, f := h, (h+1)%24, share-0.5
	if share < 0.5 {
		a, b, f = (h+23)%24, h, share+0.5
	}
	sum := 0.0
	for _, v := range callsPerHour {
		sum += v
	}
	return daily * (callsPerHour[a]*(1-f) + callsPerHour[b]*f) / sum
}

// Demand draws one call made at time at. The same state of rng gives the same
// call. Subtypes that need a shop get one whose licence fits.
func (t *Town) Demand(rng *rand.Rand, at time.Time) Call {
	p := pick(rng, topics)
	c := Call{At: at, Kind: p.subtype[:1], Subtype: p.subtype, Retailer: -1, InProgress: rng.Float64() < p.now, Moving: p.moving, Minors: p.minors}
	if hour := at.In(shanghai).Hour(); hour < 6 || hour >= 22 {
		c.InProgress = c.InProgress || rng.Float64() < 0.5
	}
	shop := t.callShop(rng, p)
	r := t.Retailers[shop]
	c.Point = r.Point
	if p.shop {
		c.Retailer = shop
	}
	c.PlaceTxt, c.Vague = t.placeWords(rng, r, p)
	if p.cartons > 0 && rng.Float64() < 0.6 {
		c.Cartons = 1 + int(float64(p.cartons)*math.Pow(rng.Float64(), 2))
	}
	c.Repeat = rng.Float64() < 0.08
	c.Text = t.say(rng, p, r, c)
	t.reporter(rng, &c)
	return c
}

// callShop chooses the shop, or for the rest the doorstep, that a call is
// about. A quarter of calls go to one shop in twenty.
func (t *Town) callShop(rng *rand.Rand, p topic) int {
	for n := 0; ; n++ {
		i := rng.IntN(len(t.Retailers))
		if rng.Float64() < 0.25 {
			i = rng.IntN(len(t.Retailers)/20+1) * 20 % len(t.Retailers)
		}
		status := t.Retailers[i].Status
		if n > 50 || p.lapsed == (status != Valid) {
			return i
		}
	}
}

func pick(rng *rand.Rand, from []topic) topic {
	total := 0.0
	for _, p := range from {
		total += p.weight
	}
	x := rng.Float64() * total
	for _, p := range from {
		if x -= p.weight; x < 0 {
			return p
		}
	}
	return from[len(from)-1]
}

func oneOf(rng *rand.Rand, words []string) string { return words[rng.IntN(len(words))] }

// placeWords says where the shop is. A third of callers are vague: half a
// name, a landmark, a name that sounds like the right one.
func (t *Town) placeWords(rng *rand.Rand, r Retailer, p topic) (words string, vague bool) {
	if p.placeless {
		return "", false
	}
	road := t.Graph.Roads[r.Road].Name
	area := strings.TrimSuffix(r.Address, fmt.Sprintf("%s%d号", road, r.HouseNo))
	area = area[strings.Index(area, "县")+len("县"):]
	name := r.Name
	if !p.shop {
		name = ""
	}
	switch x := rng.Float64(); {
	case x < 0.34:
		return r.Address + name, false
	case x < 0.58:
		return fmt.Sprintf("%s%d号%s", road, r.HouseNo, name), false
	case x < 0.68 && name != "":
		return area + road + "的" + name, false
	case x < 0.78 && name != "":
		return area + "那边的" + mishear(rng, name), true
	case x < 0.88:
		return road + oneOf(rng, landmarks), true
	case x < 0.95:
		return area + oneOf(rng, landmarks), true
	default:
		return fmt.Sprintf("%s大概%d多号的样子", road, r.HouseNo/10*10), true
	}
}

// mishear gives a name that sounds like the shop's, or half of it.
func mishear(rng *rand.Rand, name string) string {
	for _, group := range likeSounding {
		for _, stem := range group {
			if rest, ok := strings.CutPrefix(name, stem); ok {
				return oneOf(rng, group) + rest
			}
		}
	}
	if r := []rune(name); len(r) > 3 {
		return string(r[:2]) + "什么店"
	}
	return name
}

// say fills a template and puts an opening before and a request after it.
func (t *Town) say(rng *rand.Rand, p topic, r Retailer, c Call) string {
	place := c.PlaceTxt
	if place == "" {
		place = "我们这里"
	}
	amount := "不少"
	if c.Cartons > 0 {
		amount = fmt.Sprintf("大概%d条", c.Cartons)
	}
	shopName := r.Name
	if c.Vague || !p.shop {
		shopName = "那家店"
	}
	body := strings.NewReplacer(
		"{place}", place, "{shop}", shopName, "{amount}", amount, "{brand}", oneOf(rng, brands),
		"{price}", fmt.Sprint(5*(3+rng.IntN(18))), "{plate}", fmt.Sprintf("云X·%05d", rng.IntN(100000)),
		"{road}", t.Graph.Roads[r.Road].Name, "{days}", fmt.Sprint(2+rng.IntN(9)), "{when}", oneOf(rng, whens),
	).Replace(oneOf(rng, p.texts))
	out := oneOf(rng, openings) + body
	if c.Repeat {
		out += oneOf(rng, repeats)
	}
	if c.InProgress && p.now > 0 {
		out += oneOf(rng, nows)
	}
	return out + oneOf(rng, p.closings())
}

func (t *Town) reporter(rng *rand.Rand, c *Call) {
	switch x := rng.Float64(); {
	case c.Kind == "R" && x < 0.38:
		c.Mode = Anonymous
		return
	case c.Kind == "R" && x < 0.75:
		c.Mode = Hidden
	default:
		c.Mode = Named
	}
	c.Name = person(rng)
	// Licence work and complaints about supply come from the shopkeeper.
	if (c.Kind == "L" || c.Subtype >= "C03" && c.Subtype <= "C06") && c.Retailer >= 0 {
		c.Name = t.Retailers[c.Retailer].Operator
	}
	c.Phone = fmt.Sprintf("1390000%04d", rng.IntN(10000))
}
