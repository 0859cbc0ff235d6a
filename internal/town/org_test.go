package town

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

func TestOrganisation(t *testing.T) {
	anySeed(t, func(t *testing.T, tn *Town) {
		level := map[string]int{"": 0}
		for _, o := range tn.Orgs {
			if _, taken := level[o.Key]; taken {
				t.Errorf("key %s occurs twice", o.Key)
			}
			if parent, known := level[o.ParentKey]; !known || o.Level != parent+1 {
				t.Errorf("%s (level %d) under %q (level %d)", o.Key, o.Level, o.ParentKey, parent)
			}
			level[o.Key] = o.Level
		}
		units, signs := map[string]int{}, map[string]bool{}
		off, repair := 0, 0
		for _, u := range tn.Units {
			units[u.Squad]++
			if signs[u.CallSign] || signs[u.Plate] {
				t.Errorf("call sign %s or plate %s occurs twice", u.CallSign, u.Plate)
			}
			signs[u.CallSign], signs[u.Plate] = true, true
			if tn.Graph.Nodes[u.BaseNode] != u.Base || level[u.Team] != LevelTeam {
				t.Errorf("unit %s: base or team is wrong", u.CallSign)
			}
			if u.OffShift {
				off++
			}
			if u.InRepair {
				repair++
			}
		}
		if len(tn.Units) != 40 || len(units) != 7 || off != 4 || repair != 1 {
			t.Errorf("%d units in %d squads, %d off shift, %d in repair; want 40, 7, 4, 1", len(tn.Units), len(units), off, repair)
		}
		roles, logins := map[Role]int{}, map[string]bool{}
		for _, u := range tn.Users {
			roles[u.Role]++
			if logins[u.Login] || level[u.Org] == 0 {
				t.Errorf("user %s: login taken or body %q unknown", u.Login, u.Org)
			}
			logins[u.Login] = true
		}
		if roles[Officer] != 40 || roles[Leader] != 7 || roles[Agent] == 0 || roles[Dispatcher] == 0 || roles[Supervisor] == 0 || roles[Wall] == 0 {
			t.Errorf("users by role: %v", roles)
		}
	})
}

// The squads' areas and the townships' areas each cover the county once.
func TestAreasCoverTheCountyOnce(t *testing.T) {
	anySeed(t, func(t *testing.T, tn *Town) {
		var county orb.MultiPolygon
		var squads, townships []orb.MultiPolygon
		for _, d := range tn.Divisions {
			switch len(d.Code) {
			case 6:
				county = d.Area
			case 9:
				townships = append(townships, d.Area)
			}
		}
		for _, o := range tn.Orgs {
			if o.Area != nil {
				squads = append(squads, o.Area)
			}
		}
		rng := rand.New(rand.NewPCG(3, 4))
		for range 2000 {
			p := orb.Point{
				tn.Bounds.Min[0] + rng.Float64()*(tn.Bounds.Max[0]-tn.Bounds.Min[0]),
				tn.Bounds.Min[1] + rng.Float64()*(tn.Bounds.Max[1]-tn.Bounds.Min[1]),
			}
			want := 0
			if planar.MultiPolygonContains(county, p) {
				want = 1
			}
			for name, parts := range map[string][]orb.MultiPolygon{"squads": squads, "townships": townships} {
				n := 0
				for _, a := range parts {
					if planar.MultiPolygonContains(a, p) {
						n++
					}
				}
				if n != want {
					t.Errorf("%v lies in %d %s, want %d", p, n, name, want)
				}
			}
		}
		for _, r := range tn.Retailers {
			k := slices.IndexFunc(tn.Orgs, func(o Org) bool { return o.Key == r.Squad })
			if planar.MultiPolygonContains(county, r.Point) && !planar.MultiPolygonContains(tn.Orgs[k].Area, r.Point) {
				t.Errorf("%s is not in the area of its squad", r.Address)
			}
		}
	})
}

func TestPrefecture(t *testing.T) {
	tn := Generate(Options{Seed: 5, Counties: 4})
	if n := reachable(tn.Graph); n != len(tn.Graph.Nodes) {
		t.Errorf("%d of %d nodes can be reached", n, len(tn.Graph.Nodes))
	}
	if len(tn.Retailers) != 4*5200 || len(tn.Units) != 160 {
		t.Errorf("%d retailers, %d units; want 20800, 160", len(tn.Retailers), len(tn.Units))
	}
	seats := map[string]bool{}
	for _, d := range tn.Divisions {
		if len(d.Code) == 6 {
			seats[d.Code+d.Name] = true
		}
	}
	if len(seats) != 4 {
		t.Errorf("counties: %v", seats)
	}
	licences := map[string]bool{}
	for _, r := range tn.Retailers {
		licences[r.LicenceNo] = true
	}
	if len(licences) != len(tn.Retailers) {
		t.Errorf("%d licence numbers for %d retailers", len(licences), len(tn.Retailers))
	}
}

func TestDemand(t *testing.T) {
	tn := Generate(County())
	rng := rand.New(rand.NewPCG(9, 9))
	at := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	texts, subtypes := map[string]bool{}, map[string]int{}
	vague := 0
	for range 4000 {
		c := tn.Demand(rng, at)
		texts[c.Text] = true
		subtypes[c.Subtype]++
		if c.Vague {
			vague++
		}
		if strings.ContainsAny(c.Text, "{}") || c.Text == "" {
			t.Fatalf("text is not filled in: %s", c.Text)
		}
		if c.Mode == Anonymous && (c.Name != "" || c.Phone != "") {
			t.Fatalf("an anonymous caller has a name: %+v", c)
		}
		if c.Mode != Anonymous && (len(c.Phone) != 11 || !strings.HasPrefix(c.Phone, "1390000") || c.Name == "") {
			t.Fatalf("caller %q has number %q", c.Name, c.Phone)
		}
		if c.Retailer >= 0 && tn.Retailers[c.Retailer].Point != c.Point {
			t.Fatalf("the call happens away from its shop: %+v", c)
		}
	}
	for _, s := range []string{"R01", "R02", "R03", "R06", "R08", "R09", "C06", "Q02"} {
		if subtypes[s] == 0 {
			t.Errorf("no call of subtype %s", s)
		}
	}
	if len(texts) < 3400 {
		t.Errorf("%d different texts in 4000 calls", len(texts))
	}
	if vague < 800 || vague > 2000 {
		t.Errorf("%d of 4000 callers are vague", vague)
	}
	templates := 0
	for _, p := range topics {
		templates += len(p.texts)
	}
	if templates < 60 {
		t.Errorf("%d templates, want 60 or more", templates)
	}
}

func TestRate(t *testing.T) {
	tn := Generate(Options{Retailers: 50})
	sum := 0.0
	monday := time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC) // midnight in Shanghai
	for m := range 24 * 60 {
		sum += tn.Rate(monday.Add(time.Duration(m)*time.Minute)) / 60
	}
	if math.Abs(sum-150) > 1 {
		t.Errorf("%.1f calls on a Monday, want 150", sum)
	}
	if night, day := tn.Rate(monday.Add(3*time.Hour)), tn.Rate(monday.Add(10*time.Hour)); night > day/10 {
		t.Errorf("%.1f calls an hour at night, %.1f by day", night, day)
	}
}

// A prefecture has one register of units, so no two of its counties use the same call sign.
func TestCallSignsAreUniqueAcrossCounties(t *testing.T) {
	seen := map[string]bool{}
	for _, u := range Generate(Options{Seed: 1, Counties: 3, Retailers: 300}).Units {
		if seen[u.CallSign] {
			t.Errorf("call sign %s occurs twice", u.CallSign)
		}
		seen[u.CallSign] = true
	}
	if len(seen) != 120 {
		t.Errorf("%d units in three counties, want 120", len(seen))
	}
}
