package dispatch_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/geo/area"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// around is the square of a kilometre or two with its south-west corner so many degrees from the scene.
func around(east, north float64) orb.MultiPolygon {
	w, s := scene[0]+east, scene[1]+north
	return orb.MultiPolygon{{{{w, s}, {w + 0.02, s}, {w + 0.02, s + 0.02}, {w, s + 0.02}, {w, s}}}}
}

func (c *county) area(t testing.TB, org int64, shape orb.MultiPolygon) (id int64) {
	t.Helper()
	err := c.inTx(func(ctx context.Context, tx *pg.Tx) (err error) {
		id, err = area.Add(ctx, tx, "", area.Area{Kind: area.Squad, OrgID: org, Name: fmt.Sprint("辖区", org), Shape: shape})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (c *county) policy(t testing.TB, borderMin int) {
	t.Helper()
	c.exec(t, `update dispatch_policy set border_min = $1`, borderMin)
}

// ranking is the call signs in order, each with its territory, reason and border minutes.
func (c *county) ranking(t testing.TB, tk ticket.Ticket) (out []string) {
	t.Helper()
	list, err := c.service.Candidates(t.Context(), c.db.Pool, &tk, c.db.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range list {
		out = append(out, fmt.Sprintf("%d %s %s +%v", u.UnitID, u.Territory, u.Reason, u.Terms["border"]))
	}
	return out
}

// The unit of the squad whose area holds the place goes first, unless one of another squad is there much sooner.
func TestResponsibleSquadFirst(t *testing.T) {
	c := newCounty(t, 0)
	second := c.newOrg(t, c.org, "squad", "361102-2")
	near := c.unit(t, c.squad, orb.Point{scene[0], scene[1] + 0.009}) // 1 km: 4.1 minutes
	own := c.unit(t, second, orb.Point{scene[0], scene[1] - 0.018})   // 2 km: 6.2 minutes
	tk := c.report(t, 3)
	check := func(when string, want ...string) {
		t.Helper()
		if got := c.ranking(t, tk); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	sayNear, sayOwn := fmt.Sprint(near, " "), fmt.Sprint(own, " ")
	check("nobody is responsible", sayNear+" best +0", sayOwn+" farther +0")

	c.area(t, second, around(-0.01, -0.01))
	check("the place is the second squad's", sayOwn+"own best +0", sayNear+"other other_squad +5")
	c.policy(t, 2)
	check("two minutes do not make up for it", sayNear+"other best +2", sayOwn+"own farther +0")
	c.policy(t, 0)
	check("whoever is there first", sayNear+"other best +0", sayOwn+"own farther +0")
	c.policy(t, 5)

	// What the dispatcher was shown stays with the offer.
	c.look(t)
	proposal, err := dispatch.Proposal(t.Context(), c.db.Pool, tk.ID)
	if err != nil || *proposal.UnitID != own || proposal.Ranking[1].Params["border_min"] != 5.0 || proposal.Ranking[0].Territory != dispatch.TerritoryOwn {
		t.Errorf("%+v %v", proposal, err)
	}
}

// Beside a border both squads are at home, on it and to 30 m; beyond, one is.
func TestBorderBelongsToBoth(t *testing.T) {
	c := newCounty(t, 0)
	second := c.newOrg(t, c.org, "squad", "361102-2")
	first := c.unit(t, c.squad, orb.Point{scene[0], scene[1] + 0.009})
	other := c.unit(t, second, orb.Point{scene[0], scene[1] - 0.018})
	tk := c.report(t, 3)
	const metre = 1 / 97_800.0 // of longitude, in degrees, at the scene
	for _, x := range []struct {
		east float64 // the border, from the scene
		want string
	}{
		{40 * metre, "other"},
		{29 * metre, "own"},
		{0, "own"},
		{-29 * metre, "own"},
		{-40 * metre, "own"},
	} {
		west := c.area(t, second, around(x.east-0.02, -0.01))
		east := c.area(t, c.squad, around(x.east, -0.01))
		got, err := c.service.Candidates(t.Context(), c.db.Pool, &tk, c.db.Now())
		if err != nil {
			t.Fatal(err)
		}
		at := map[int64]string{}
		for _, u := range got {
			at[u.UnitID] = string(u.Territory)
		}
		mirrored := "own"
		if x.east < -30*metre {
			mirrored = "other"
		}
		if at[first] != x.want || at[other] != mirrored {
			t.Errorf("border %.0f m to the east: the east's unit %s, the west's %s", x.east/metre, at[first], at[other])
		}
		c.exec(t, `delete from area where id in ($1, $2)`, west, east)
	}
}

// Another county costs four times as much; an area that has ended, or is yet to begin, counts for nobody.
func TestTerritoryOfCountiesAndDays(t *testing.T) {
	c := newCounty(t, 1)
	var city int64
	c.scan(t, &city, `select parent_id from org where id = $1`, c.org)
	neighbour := c.newOrg(t, city, "county", "361105")
	squad := c.newOrg(t, neighbour, "squad", "361105-1")
	id := c.area(t, squad, around(-0.01, -0.01))
	tk := c.report(t, 3)
	for _, x := range []struct{ from, to, want string }{
		{"-infinity", "infinity", "other_county best +20"},
		{"2026-11-22", "2026-11-23", "other_county best +20"},
		{"2026-11-23", "infinity", " best +0"},
		{"-infinity", "2026-11-22", " best +0"},
	} {
		c.exec(t, `update area set valid_from = $2::text::date, valid_to = $3::text::date where id = $1`, id, x.from, x.to)
		if got, want := c.ranking(t, tk)[0], fmt.Sprint(c.units[0], " ", x.want); got != want {
			t.Errorf("%s to %s: %q, want %q", x.from, x.to, got, want)
		}
	}
	// The day is Shanghai's: at 16:00 UTC the 23rd has begun there.
	c.exec(t, `update area set valid_from = '2026-11-23', valid_to = 'infinity' where id = $1`, id)
	c.pass(15*time.Hour - time.Second)
	if got := c.ranking(t, tk)[0]; got[len(got)-2:] != "+0" {
		t.Errorf("one second before the day: %q", got)
	}
	c.pass(time.Second)
	if got := c.ranking(t, tk)[0]; got[len(got)-3:] != "+20" {
		t.Errorf("as the day begins: %q", got)
	}
}

// An area counts for the squad, also when it is a team's; a team under no squad stands for itself, in its county.
func TestAreasOfTeams(t *testing.T) {
	c := newCounty(t, 0)
	var city int64
	c.scan(t, &city, `select parent_id from org where id = $1`, c.org)
	second, foreign := c.newOrg(t, c.org, "squad", "361102-2"), c.newOrg(t, city, "county", "361105")
	orgs := map[string]int64{
		"county": c.org, "squad": c.squad, "team": c.newOrg(t, c.squad, "team", "361102-1-1"), "sister": c.newOrg(t, c.squad, "team", "361102-1-2"),
		"other squad": second, "other team": c.newOrg(t, second, "team", "361102-2-1"), "county's team": c.newOrg(t, c.org, "team", "361102-9"),
		"foreign squad": c.newOrg(t, foreign, "squad", "361105-1"), "foreign county's team": c.newOrg(t, foreign, "team", "361105-9"),
	}
	units := map[int64]string{}
	for _, name := range []string{"squad", "team", "other team", "county's team"} {
		units[c.unit(t, orgs[name], orb.Point{scene[0], scene[1] + 0.009})] = name
	}
	tk := c.report(t, 3)
	for area, want := range map[string]map[string]dispatch.Territory{
		"county":                {"squad": "own", "team": "own", "other team": "own", "county's team": "own"},
		"squad":                 {"squad": "own", "team": "own", "other team": "other", "county's team": "other"},
		"team":                  {"squad": "own", "team": "own", "other team": "other", "county's team": "other"},
		"sister":                {"squad": "own", "team": "own", "other team": "other", "county's team": "other"},
		"other team":            {"squad": "other", "team": "other", "other team": "own", "county's team": "other"},
		"county's team":         {"squad": "other", "team": "other", "other team": "other", "county's team": "own"},
		"foreign squad":         {"squad": "other_county", "team": "other_county", "other team": "other_county", "county's team": "other_county"},
		"foreign county's team": {"squad": "other_county", "team": "other_county", "other team": "other_county", "county's team": "other_county"},
	} {
		id := c.area(t, orgs[area], around(-0.01, -0.01))
		list, err := c.service.Candidates(t.Context(), c.db.Pool, &tk, c.db.Now())
		if err != nil || len(list) != len(units) {
			t.Fatalf("%d candidates, %v", len(list), err)
		}
		for _, u := range list {
			if unit := units[u.UnitID]; u.Territory != want[unit] {
				t.Errorf("area of the %s: unit of the %s is %q, want %q", area, unit, u.Territory, want[unit])
			}
		}
		c.exec(t, `delete from area where id = $1`, id)
	}
}
