package road_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/road"
)

// extracts are the cities of the comparison data, with the nodes of the main part that its notes name.
var extracts = []struct {
	name, file string
	mainNodes  int
}{
	{"chengdu", "chengdu-2018.osm.pbf", 148036},
	{"liechtenstein", "liechtenstein.osm.pbf", 16579},
}

// TestExpected compares with what other programs found, where their data are: in the folder that JIUJIN_DATA names, or
// beside the repository.
func TestExpected(t *testing.T) {
	dir := os.Getenv("JIUJIN_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	for _, e := range extracts {
		file, err := os.Open(filepath.Join(dir, "roads", e.file))
		if err != nil {
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			defer file.Close()
			c := openCity(t, file, filepath.Join(dir, "roads", e.name))
			if s := c.graph.Size(); s.MainNodes != e.mainNodes {
				t.Errorf("size is %+v, want %d nodes in the main part", s, e.mainNodes)
			}
			t.Run("routes", c.routes)
			t.Run("isochrones", c.isochrones)
			t.Run("dispatch", c.dispatch)
			if e.name == "chengdu" {
				t.Run("snapping", c.snapping)
				t.Run("response", c.response)
			}
		})
	}
}

type city struct {
	stem            string // of the files with what is expected
	net             road.Net
	graph           *road.Graph
	metres, seconds *road.Metric
}

func openCity(t *testing.T, file *os.File, stem string) *city {
	net, err := road.ReadOSM(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	plain := net
	plain.Turns = nil
	graph, err := road.Build(plain)
	if err != nil {
		t.Fatal(err)
	}
	return &city{stem: stem, net: net, graph: graph, metres: graph.Metres(), seconds: graph.Seconds(road.CarBasicV1(), 0)}
}

func (c *city) snap(t *testing.T, p orb.Point) road.Snap {
	t.Helper()
	s, err := c.graph.Snap(p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rows reads a CSV file as maps by column.
func rows(t *testing.T, name string) (out []map[string]string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	list, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list[1:] {
		row := map[string]string{}
		for i, key := range list[0] {
			row[key] = r[i]
		}
		out = append(out, row)
	}
	return out
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func id(t *testing.T, text string) int64 {
	t.Helper()
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func at(t *testing.T, row map[string]string, lon, lat string) orb.Point {
	t.Helper()
	return orb.Point{number(t, row[lon]), number(t, row[lat])}
}

// alike allows 0.1 %, and the last digit of what is expected.
func alike(got, want float64) bool { return math.Abs(got-want) <= want/1000+0.051 }

func (c *city) routes(t *testing.T) {
	for _, r := range rows(t, c.stem+".expected-routes.csv") {
		from, to := c.snap(t, at(t, r, "from_lon", "from_lat")), c.snap(t, at(t, r, "to_lon", "to_lat"))
		short, err := c.metres.Path(from, to, c.seconds)
		if err != nil {
			t.Fatal(err)
		}
		fast, err := c.seconds.Path(from, to, c.seconds)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []struct {
			what string
			got  float64
		}{
			{"shortest_m", float64(short.Metres)},
			{"shortest_m", float64(short.Cost)},
			{"fastest_s", fast.Seconds},
			{"fastest_s", float64(fast.Cost)},
			{"fastest_path_m", float64(fast.Metres)},
		} {
			if !alike(f.got, number(t, r[f.what])) {
				t.Errorf("pair %s: %s is %.1f, want %s", r["pair"], f.what, f.got, r[f.what])
			}
		}
		if s, f := c.along(t, short.Nodes), c.along(t, fast.Nodes); math.Abs(s-float64(short.Metres)) > 0.5 || math.Abs(f-float64(fast.Metres)) > 0.5 {
			t.Errorf("pair %s: the nodes are %.1f and %.1f m apart, the ways %.1f and %.1f m long", r["pair"], s, f, short.Metres, fast.Metres)
		}
	}
	c.paths(t)
}

// along is the length of a line of nodes.
func (c *city) along(t *testing.T, nodes []int64) (sum float64) {
	t.Helper()
	for i := 1; i < len(nodes); i++ {
		sum += float64(geo.Distance(c.net.Points[nodes[i-1]], c.net.Points[nodes[i]]))
	}
	return sum
}

// paths takes another way that is as long for right, too.
func (c *city) paths(t *testing.T) {
	file, err := os.Open(c.stem + ".expected-paths.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var want struct {
			Pair     int
			Shortest []int64 `json:"shortest_nodes"`
			Fastest  []int64 `json:"fastest_nodes"`
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		from, to := c.snap(t, c.net.Points[want.Shortest[0]]), c.snap(t, c.net.Points[want.Shortest[len(want.Shortest)-1]])
		short, err := c.metres.Path(from, to, c.seconds)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(short.Nodes, want.Shortest) && !alike(float64(short.Metres), c.along(t, want.Shortest)) {
			t.Errorf("pair %d: another shortest way", want.Pair)
		}
		fast, err := c.seconds.Path(from, to, c.seconds)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(fast.Nodes, want.Fastest) && !alike(float64(fast.Metres), c.along(t, want.Fastest)) {
			t.Errorf("pair %d: another fastest way", want.Pair)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func (c *city) isochrones(t *testing.T) {
	for _, r := range rows(t, c.stem+".expected-isochrones.csv") {
		from := c.snap(t, at(t, r, "lon", "lat"))
		for _, s := range []string{"300", "600", "900"} {
			reached := c.seconds.Reach(from, road.Cost(number(t, s)))
			far := 0.0
			for _, n := range reached {
				far = max(far, float64(geo.Distance(from.Point, n.Point)))
			}
			if got, want := float64(len(reached)), number(t, r["nodes_"+s+"s"]); !alike(got, want) && math.Abs(got-want) > 1 {
				t.Errorf("from %s within %s s: %.0f nodes, want %.0f", r["node"], s, got, want)
			}
			if want := number(t, r["radius_"+s+"s_m"]); !alike(far, want) {
				t.Errorf("from %s within %s s: as far as %.1f m, want %.1f", r["node"], s, far, want)
			}
		}
	}
}

func (c *city) dispatch(t *testing.T) {
	text, err := os.ReadFile(c.stem + ".expected-dispatch.json")
	if err != nil {
		t.Fatal(err)
	}
	type spot struct {
		ID       string
		Lon, Lat float64
	}
	var want struct {
		Vehicles, Incidents []spot
		Seconds             [][]float64
		Expected            struct {
			ThreeBest [][]string `json:"three_best_by_road"`
			Total     float64    `json:"optimal_total_s"`
		}
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	snaps := func(spots []spot) (out []road.Snap) {
		for _, s := range spots {
			out = append(out, c.snap(t, orb.Point{s.Lon, s.Lat}))
		}
		return out
	}
	got := c.seconds.Matrix(snaps(want.Vehicles), snaps(want.Incidents))
	for v, row := range want.Seconds {
		for i, w := range row {
			if !alike(float64(got[v][i].Cost), w) {
				t.Errorf("%s to %s takes %.1f s, want %.1f", want.Vehicles[v].ID, want.Incidents[i].ID, got[v][i].Cost, w)
			}
		}
	}
	for i, three := range want.Expected.ThreeBest {
		order := make([]int, len(want.Vehicles))
		for v := range order {
			order[v] = v
		}
		slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, float64(got[a][i].Cost-got[b][i].Cost))) })
		for k, name := range three {
			v := slices.IndexFunc(want.Vehicles, func(s spot) bool { return s.ID == name })
			if order[k] != v && math.Abs(float64(got[order[k]][i].Cost-got[v][i].Cost)) > 0.1 {
				t.Errorf("%s: number %d is %s, want %s", want.Incidents[i].ID, k+1, want.Vehicles[order[k]].ID, name)
			}
		}
	}
	if total := leastTotal(got); !alike(total, want.Expected.Total) {
		t.Errorf("the best assignment takes %.1f s in all, want %.1f", total, want.Expected.Total)
	}
}

// leastTotal is the least sum of costs with one row for each column: Kuhn's method with potentials.
func leastTotal(cost [][]road.Trip) (total float64) {
	rows, cols := len(cost), len(cost[0])
	u, v := make([]float64, cols+1), make([]float64, rows+1) // of columns, of rows
	of := make([]int, rows+1)                                // column of each row, from 1; 0: none
	for j := 1; j <= cols; j++ {
		of[0] = j
		least, way, used := make([]float64, rows+1), make([]int, rows+1), make([]bool, rows+1)
		for i := range least {
			least[i] = math.Inf(1)
		}
		at := 0
		for of[at] != 0 {
			used[at] = true
			step, next := math.Inf(1), 0
			for i := 1; i <= rows; i++ {
				if used[i] {
					continue
				}
				if c := float64(cost[i-1][of[at]-1].Cost) - u[of[at]] - v[i]; c < least[i] {
					least[i], way[i] = c, at
				}
				if least[i] < step {
					step, next = least[i], i
				}
			}
			for i := range used {
				if used[i] {
					u[of[i]] += step
					v[i] -= step
				} else {
					least[i] -= step
				}
			}
			at = next
		}
		for at != 0 {
			of[at] = of[way[at]]
			at = way[at]
		}
	}
	for i := 1; i <= rows; i++ {
		if of[i] != 0 {
			total += float64(cost[i-1][of[i]-1].Cost)
		}
	}
	return total
}

func (c *city) snapping(t *testing.T) {
	for _, r := range rows(t, c.stem+"-snap.expected.csv") {
		near := c.graph.Roads(at(t, r, "lon_wgs84", "lat_wgs84"), 2)
		for k, prefix := range []string{"", "second_"} {
			want := number(t, r[prefix+"metres"])
			if math.Abs(float64(near[k].Off)-want) > 0.02+want/1000 {
				t.Errorf("%s at %s: %.2f m to the road, want %.2f", r["trip_id"], r["ts_unix"], near[k].Off, want)
			}
			if w := id(t, r[prefix+"way"]); near[k].Way != w && math.Abs(float64(near[0].Off-near[1].Off)) > 0.02 {
				t.Errorf("%s at %s: on way %d, want %d", r["trip_id"], r["ts_unix"], near[k].Way, w)
			}
		}
	}
}

func (c *city) response(t *testing.T) {
	bases := rows(t, c.stem+"-bases.csv")
	var from []road.Snap
	byName := map[string]int{}
	for i, b := range bases {
		from = append(from, c.snap(t, c.net.Points[id(t, b["osm_node"])]))
		byName[b["base"]] = i
	}
	for _, r := range rows(t, c.stem+"-response.expected.csv") {
		to := c.snap(t, c.net.Points[id(t, r["osm_node"])])
		var took []road.Cost
		for _, trip := range c.seconds.ToOne(to, from) {
			took = append(took, trip.Cost)
		}
		sorted := slices.Clone(took)
		slices.Sort(sorted)
		for k, which := range []string{"first", "second", "third", "nearest_great_circle"} {
			got := took[byName[r[which]]]
			if !alike(float64(got), number(t, r[which+"_s"])) || k < 3 && math.Abs(float64(got-sorted[k])) > 0.1 {
				t.Errorf("%s: %s takes %.1f s as the %s, want %s", r["shop"], r[which], got, which, r[which+"_s"])
			}
		}
		short := c.metres.ToOne(to, from[byName[r["first"]]:][:1])[0].Cost
		if !alike(float64(short), number(t, r["first_shortest_m"])) {
			t.Errorf("%s: %.1f m from %s, want %s", r["shop"], short, r["first"], r["first_shortest_m"])
		}
	}
}
