package town

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/paulmach/orb"
)

// Division is a part of the country with its code: a province (2 digits), a
// prefecture (4), a county (6) or a township (9).
type Division struct {
	Code   string
	Parent string // code of the next larger division; empty for the province
	Name   string
	Area   orb.MultiPolygon // WGS-84
	Seat   orb.Point        // where its name is written
}

// Levels of Org.
const (
	LevelProvince   = 1
	LevelPrefecture = 2
	LevelCounty     = 3
	LevelSquad      = 4
	LevelTeam       = 5
)

// Org is one body of the tobacco monopoly administration. The list of a town
// is in order: a parent comes before its children.
type Org struct {
	Key       string // stable and unique, such as "county1-squad3"
	ParentKey string // empty for the province
	Level     int    // LevelProvince to LevelTeam
	Code      string // unique; the division's code for levels 1 to 3
	Division  string // code of the division to which the body belongs
	Name      string
	// Area is a squad's responsibility area; nil for every other level.
	Area orb.MultiPolygon
}

// Unit is one enforcement vehicle with its crew.
type Unit struct {
	CallSign string // unique, such as 城关-03; from the second county on with the county's name, such as 石溪城关-03
	Plate    string // unique; the second letter is not in use on real plates
	Squad    string // Org.Key
	Team     string // Org.Key
	Base     orb.Point
	BaseNode int // the node of the graph at Base
	Crew     []string
	OffShift bool // not on today's roster
	InRepair bool // in the garage; such a unit is off shift as well
}

// Role of a User; the names are those of the program's roles.
type Role string

// The roles for which users are drawn. Administrators are not among them.
const (
	Agent      Role = "agent"
	Dispatcher Role = "dispatcher"
	Leader     Role = "leader"
	Officer    Role = "officer"
	Supervisor Role = "supervisor"
	Wall       Role = "wall"
)

// User is a person who may log in. Passwords are not drawn.
type User struct {
	Login string // unique, such as officer01
	Name  string
	Role  Role
	Org   string // Org.Key: a team for officers, a squad for leaders, a county otherwise
	Unit  int    // index into Town.Units for officers, otherwise -1
}

// squadSeats is the order in which townships become seats of squads.
var squadSeats = []int{0, 1, 2, 3, 4, 7, 9, 5, 8, 6, 10}

// beat is a squad under construction.
type beat struct {
	org    int // index into Town.Orgs
	county int
	rings  [][]vec // absolute
	stem   string  // for call signs
	seat   vec
	shops  int // retailers in its area
}

func (t *Town) drawOrgs() []beat {
	border := field{t.Options.Seed ^ 0xb0de}
	t.Divisions = []Division{{Code: "36", Name: "云岭省"}, {Code: "3699", Parent: "36", Name: "云州市"}}
	t.Orgs = []Org{
		{Key: "province", Level: LevelProvince, Code: "36", Division: "36", Name: "云岭省烟草专卖局"},
		{Key: "prefecture", ParentKey: "province", Level: LevelPrefecture, Code: "3699", Division: "3699", Name: "云州市烟草专卖局"},
	}
	var all [][]side
	var beats []beat
	for i, c := range t.drawn {
		parts := c.divide(border)
		all = append(all, parts...)
		t.addDivisions(c, parts, border)
		t.Orgs = append(t.Orgs, Org{
			Key: fmt.Sprintf("county%d", i+1), ParentKey: "prefecture", Level: LevelCounty,
			Code: c.code(), Division: c.code(), Name: c.names.county + "烟草专卖局",
		})
		n := (i+1)*t.Options.Squads/len(t.drawn) - i*t.Options.Squads/len(t.drawn)
		beats = append(beats, t.addSquads(c, parts, n, border)...)
	}
	whole := multiPolygon(bent(border, union(all...)))
	for k := range 2 {
		t.Divisions[k].Area, t.Divisions[k].Seat = whole, t.Centre
	}
	return beats
}

// divide cuts the county into its townships' areas.
func (c *county) divide(border field) [][]side {
	seats := make([]vec, len(c.places))
	for i, p := range c.places {
		seats[i] = p.seat
	}
	parts := cells(c.at, seats)
	c.areas = make([][][]vec, len(parts))
	for i, p := range parts {
		c.areas[i] = bent(border, union(p))
	}
	return parts
}

// code is the county's six-digit code. The 99th prefecture does not exist.
func (c *county) code() string { return fmt.Sprintf("3699%02d", 21+c.index%79) }

func (c *county) townshipCode(k int) string {
	if c.places[k].urban {
		return fmt.Sprintf("%s%03d", c.code(), k+1)
	}
	kind := 100
	if strings.HasSuffix(c.places[k].name, "乡") {
		kind = 200
	}
	return fmt.Sprintf("%s%03d", c.code(), kind+k-4)
}

// townshipAt is the township whose area holds p (relative to the county), or
// the one with the nearest seat when p lies just outside the border.
func (c *county) townshipAt(p vec) int {
	best, found := 0, math.Inf(1)
	for k, rings := range c.areas {
		if covers(rings, p.add(c.at)) {
			return k
		}
		if d := c.places[k].seat.sub(p).len(); d < found {
			best, found = k, d
		}
	}
	return best
}

func (t *Town) addDivisions(c *county, parts [][]side, border field) {
	t.Divisions = append(t.Divisions, Division{
		Code: c.code(), Parent: "3699", Name: c.names.county,
		Area: multiPolygon(bent(border, union(parts...))), Seat: toLonLat(c.at),
	})
	for k, p := range c.places {
		t.Divisions = append(t.Divisions, Division{
			Code: c.townshipCode(k), Parent: c.code(), Name: p.name,
			Area: multiPolygon(c.areas[k]), Seat: toLonLat(p.seat.add(c.at)),
		})
	}
}

// addSquads gives each township to the squad with the nearest seat.
func (t *Town) addSquads(c *county, parts [][]side, n int, border field) []beat {
	n = min(max(n, 1), len(c.places))
	groups := make([][][]side, n)
	c.squadOf = make([]int, len(c.places))
	for k, p := range c.places {
		best := 0
		for s := range n {
			if c.places[squadSeats[s]].seat.sub(p.seat).len() < c.places[squadSeats[best]].seat.sub(p.seat).len() {
				best = s
			}
		}
		groups[best] = append(groups[best], parts[k])
		c.squadOf[k] = best
	}
	var beats []beat
	for s := range n {
		seat := c.places[squadSeats[s]]
		stem := strings.TrimSuffix(strings.TrimRight(seat.name, "镇乡"), "街道")
		name := stem + "中队"
		if both := n >= 3; both && squadSeats[s] == 0 {
			name = "城关一中队"
		} else if both && squadSeats[s] == 1 {
			stem, name = "城关", "城关二中队"
		}
		rings := bent(border, union(groups[s]...))
		key := fmt.Sprintf("county%d-squad%d", c.index+1, s+1)
		t.Orgs = append(t.Orgs, Org{
			Key: key, ParentKey: fmt.Sprintf("county%d", c.index+1), Level: LevelSquad,
			Code: fmt.Sprintf("%sS%02d", c.code(), s+1), Division: c.code(), Name: name, Area: multiPolygon(rings),
		})
		beats = append(beats, beat{org: len(t.Orgs) - 1, county: c.index, rings: rings, stem: stem, seat: seat.seat.add(c.at)})
	}
	return beats
}

// shares divides total among the beats by the number of their retailers, at
// least one each while there are enough.
func shares(total int, beats []beat) []int {
	out := make([]int, len(beats))
	for n := range total {
		best, need := 0, -1.0
		for i, b := range beats {
			d := float64(b.shops+1) / float64(out[i]+1)
			if out[i] == 0 && n < len(beats) {
				d += 1e9
			}
			if d > need {
				best, need = i, d
			}
		}
		out[best]++
	}
	return out
}

// countyStem is a county's name without the word for county.
func (t *Town) countyStem(code string) string {
	for _, d := range t.Divisions {
		if d.Code == code {
			return strings.TrimSuffix(d.Name, "县")
		}
	}
	return code
}

// drawUnits draws vehicles with crews, their teams and the users.
func (t *Town) drawUnits(beats []beat) {
	rng := stream(t.Options.Seed, "units", 0)
	plates := map[string]bool{}
	serial := map[string]int{}
	count := shares(t.Options.Units, beats)
	for i, b := range beats {
		squad := t.Orgs[b.org]
		for k := range count[i] {
			sign := b.stem
			if b.county > 0 {
				sign = t.countyStem(squad.Division) + b.stem
			}
			serial[sign]++
			team := Org{
				Key: fmt.Sprintf("%s-team%d", squad.Key, k+1), ParentKey: squad.Key, Level: LevelTeam,
				Code: fmt.Sprintf("%sT%02d", squad.Code, k+1), Division: squad.Division, Name: fmt.Sprintf("%s%d组", squad.Name, k+1),
			}
			t.Orgs = append(t.Orgs, team)
			u := Unit{
				CallSign: fmt.Sprintf("%s-%02d", sign, serial[sign]), Plate: plate(rng, plates),
				Squad: squad.Key, Team: team.Key, Crew: []string{person(rng), person(rng)},
			}
			u.BaseNode = t.baseNode(rng, b)
			u.Base = t.Graph.Nodes[u.BaseNode]
			t.Units = append(t.Units, u)
		}
	}
	order := rng.Perm(len(t.Units))
	for k, u := range order[:len(order)/10] {
		t.Units[u].OffShift = true
		t.Units[u].InRepair = k%4 == 0
	}
	slices.SortStableFunc(t.Orgs, func(a, b Org) int { return a.Level - b.Level })
}

func plate(rng *rand.Rand, taken map[string]bool) string {
	for {
		p := fmt.Sprintf("云X·%05d", rng.IntN(100000))
		if !taken[p] {
			taken[p] = true
			return p
		}
	}
}

// baseNode is a road node of the squad's area beside one of its retailers, so
// that vehicles wait where the shops are.
func (t *Town) baseNode(rng *rand.Rand, b beat) int {
	for range 400 {
		r := t.Retailers[rng.IntN(len(t.Retailers))]
		if r.Squad == t.Orgs[b.org].Key {
			if n := t.Graph.NearestNode(r.Point); covers(b.rings, fromLonLat(t.Graph.Nodes[n])) {
				return n
			}
		}
	}
	return t.Graph.NearestNode(toLonLat(b.seat))
}

func (t *Town) drawUsers() {
	rng := stream(t.Options.Seed, "users", 0)
	n := map[Role]int{}
	add := func(role Role, org string, unit int, name string) {
		n[role]++
		t.Users = append(t.Users, User{Login: fmt.Sprintf("%s%02d", role, n[role]), Name: name, Role: role, Org: org, Unit: unit})
	}
	for _, o := range t.Orgs {
		switch o.Level {
		case LevelCounty:
			for range 3 {
				add(Agent, o.Key, -1, person(rng))
			}
			for range 2 {
				add(Dispatcher, o.Key, -1, person(rng))
			}
			add(Supervisor, o.Key, -1, person(rng))
			add(Wall, o.Key, -1, strings.TrimSuffix(o.Name, "烟草专卖局")+"大屏")
		case LevelSquad:
			add(Leader, o.Key, -1, person(rng))
		}
	}
	for i, u := range t.Units {
		add(Officer, u.Team, i, u.Crew[0])
	}
}
