package app_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed is the import graph: what each package may import of the others, and why. An import without a line fails, and
// so does a line about a package that is gone. docs/architecture.md shows the same as a picture.
var allowed = []struct{ from, to, reason string }{
	{"geo/datum", "", "pure: points in, points out"},
	{"geo", "", "pure: everybody builds on it, it builds on nobody"},
	{"internal/pg", "", "knows no tables"},
	{"internal/pg/cluster", "", "a server has to run before anything can connect"},
	{"migrations", "", "files only"},
	{"web-map", "", "files only"},

	{"internal/pg/pgtest", "internal/pg", "opens the databases of tests"},
	{"internal/pg/pgtest", "internal/pg/cluster", "runs the server of tests"},
	{"internal/pg/pgtest", "migrations", "builds the template database"},

	{"geo/xlsx", "", "pure: a file in, rows out"},
	{"geo/retailer", "geo/xlsx", "lists come as workbooks"},
	{"geo/retailer", "geo", "a shop has a cell and a distance"},
	{"geo/retailer", "geo/datum", "lists come in other datums"},
	{"geo/retailer", "internal/pg", "owns the SQL of the register"},
	{"geo/resolve", "geo", "how far a shop is from a landmark"},
	{"geo/resolve", "geo/zh", "the sound of characters"},
	{"geo/resolve", "geo/address", "the name of the caller's division"},
	{"geo/resolve", "geo/retailer", "reads the register"},
	{"geo/resolve", "internal/pg", "owns the SQL of aliases and of checks of places"},
	{"geo/resolve/trial", "geo/resolve", "measures it"},
	{"geo/resolve/trial", "geo", "landmarks of a made-up city"},
	{"geo/resolve/trial", "geo/zh", "characters that sound the same"},
	{"geo/zh", "", "pure: Chinese text in, text out"},
	{"geo/area", "geo", "a border has a distance"},
	{"geo/area", "geo/datum", "outlines come in other datums"},
	{"geo/area", "internal/pg", "owns the SQL of the areas"},
	{"geo/address", "geo/zh", "traditional addresses are read as simplified ones"},
	{"geo/address", "geo/address/crf", "the model that labels characters"},
	{"geo/address/crf", "", "pure: numbers in, tags out"},
	{"cmd/addressmodel", "geo/address", "makes the files of the package"},
	{"cmd/addressmodel", "geo/address/crf", "settings of the training"},
	{"geo/retailer", "geo/zh", "names are compared folded and by sound"},
	{"geo/retailer", "geo/retailer/index", "the register is searched in memory"},
	{"geo/retailer/index", "geo", "points and distances"},
	{"geo/retailer/index", "geo/zh", "texts are compared folded and by sound"},
	{"geo/tile", "", "pure: bytes and numbers"},
	{"geo/tile/tiletest", "", "pure: reads tiles in tests"},
	{"geo/basemap", "geo/tile", "makes tiles"},
	{"geo/pmtiles", "", "reads a file format"},
	{"geo/backdrop", "geo/pmtiles", "maps in archives"},
	{"geo/backdrop", "geo/tile", "keeps tiles"},
	{"geo/backdrop", "geo/datum", "maps in GCJ-02"},
	{"geo/retailer/atlas", "geo/tile", "makes tiles"},
	{"geo/retailer/atlas", "internal/pg", "reads the register"},
	{"geo/basemap", "geo", "metres to the nearest road"},
	{"geo/basemap", "internal/pg", "owns the SQL of the basemap"},
	{"geo/pbf", "", "reads a file format"},
	{"geo/basemap", "geo/pbf", "reads OpenStreetMap files"},
	{"geo/road", "geo/pbf", "reads OpenStreetMap files"},
	{"geo/road", "geo", "lengths of roads"},
	{"geo/road", "geo/datum", "recorded trips of its tests are in GCJ-02"},
	{"geo/road", "internal/pg", "owns the SQL of the graph and of closures"},

	{"tracking", "geo", "positions are points and cells"},
	{"tracking", "geo/basemap", "how far from the roads a track lies"},
	{"tracking", "geo/datum", "devices report in other datums"},
	{"tracking", "internal/pg", "owns the SQL of fixes and devices"},
	{"tracking/jsonfix", "tracking", "a decoder makes raw fixes"},
	{"tracking/jt808", "tracking", "a decoder makes raw fixes; the server enters them"},
	{"tracking/jt808", "geo/datum", "a secrecy plug-in changes the datum"},
	{"tracking/jt808", "internal/pg", "owns the SQL of registrations"},
	{"tracking/osmand", "tracking", "a decoder makes raw fixes"},
	{"tracking/owntracks", "tracking", "a decoder makes raw fixes"},
	{"tracking/traccar", "tracking", "a decoder makes raw fixes"},
	{"tracking/nmea", "tracking", "a decoder makes raw fixes"},
	{"tracking/gt06", "tracking", "a decoder makes raw fixes, a server takes them in"},
	{"tracking/gt06", "tracking/gate", "takes the connections"},
	{"tracking/jt808", "tracking/gate", "takes the connections"},
	{"tracking/gate", "", "knows no protocol and no device"},
	{"tracking/trackingtest", "internal/pg", "opens the database of tests"},
	{"tracking/trackingtest", "internal/pg/pgtest", "opens the database of tests"},
	{"tracking/trackingtest", "tracking", "the intake of tests"},

	{"tracking/describe", "tracking", "shows raw fixes"},
	{"tracking/describe", "tracking/gt06", "shows its frames"},
	{"tracking/describe", "tracking/jt808", "shows its frames"},
	{"tracking/describe", "tracking/nmea", "shows its sentences"},
	{"tracking/describe", "tracking/osmand", "shows its messages"},
	{"tracking/describe", "tracking/owntracks", "shows its messages"},
	{"tracking/describe", "tracking/traccar", "shows its messages"},

	{"ticket", "geo", "a case has a point and a cell"},
	{"ticket", "internal/pg", "owns the SQL of tickets and the event log"},

	{"dispatch", "geo", "distance and ETA"},
	{"dispatch", "geo/area", "the squad that is responsible for a place goes first"},
	{"dispatch", "geo/road", "travel times and routes; learns from sorties"},
	{"dispatch", "ticket", "an offer moves the ticket in the same transaction"},
	{"dispatch", "tracking", "who is near, and how fresh the position is"},
	{"dispatch", "internal/pg", "owns the SQL of offers, sorties and shifts"},

	{"internal/auth", "internal/pg", "owns the SQL of people and sessions"},

	{"internal/live", "dispatch", "shows units and tickets as dispatch views them"},
	{"internal/live", "ticket", "follows the event log"},
	{"internal/live", "tracking", "shows the fixes that were accepted"},
	{"internal/live", "internal/pg", "a snapshot and its number are of one moment"},

	{"internal/terminal", "dispatch", "offers and sorties go to the vehicles' screens, answers come back"},
	{"internal/terminal", "ticket", "facts of terminals go to the event log, pictures to the ticket"},
	{"internal/terminal", "tracking", "whose terminal it is"},
	{"internal/terminal", "tracking/jt808", "the terminals"},
	{"internal/terminal", "internal/pg", "owns the SQL of driver cards"},

	{"internal/httpapi", "dispatch", "routes of offers, units, shifts, figures"},
	{"internal/httpapi", "geo", "points and distances in requests"},
	{"internal/httpapi", "geo/backdrop", "tiles of further maps"},
	{"internal/httpapi", "geo/basemap", "route of the tiles"},
	{"internal/httpapi", "geo/retailer/atlas", "tiles of the register"},
	{"internal/httpapi", "geo/tile", "routes of the tiles"},
	{"internal/httpapi", "geo/area", "routes of the areas; where a ticket lies"},
	{"internal/httpapi", "geo/datum", "the datum of a device or of a list"},
	{"internal/httpapi", "geo/road", "routes of closures"},
	{"internal/httpapi", "geo/retailer", "routes of the register"},
	{"internal/httpapi", "geo/resolve", "routes of the resolution"},
	{"internal/httpapi", "internal/auth", "who asks"},
	{"internal/httpapi", "internal/live", "the stream"},
	{"internal/httpapi", "internal/pg", "one transaction for a command and its idempotency key"},
	{"internal/httpapi", "ticket", "routes of tickets"},
	{"internal/httpapi", "tracking", "route of the fixes"},
	{"internal/httpapi", "tracking/describe", "what the last message of a device says"},
	{"internal/httpapi", "tracking/jsonfix", "the format of the fixes"},
	{"internal/httpapi", "tracking/osmand", "the format of Traccar Client and its like"},
	{"internal/httpapi", "tracking/owntracks", "the format of OwnTracks"},
	{"internal/httpapi", "tracking/traccar", "the format of a Traccar server"},

	{"internal/town", "geo", "distances in the made-up county"},

	{"internal/app", "dispatch", "wiring"},
	{"internal/app", "geo/basemap", "wiring; the demo's map"},
	{"internal/app", "geo/backdrop", "wiring; the file with further maps"},
	{"internal/app", "geo/retailer/atlas", "wiring"},
	{"internal/app", "geo/datum", "the demo's devices and shops are WGS-84"},
	{"internal/app", "geo/area", "the demo's divisions and areas"},
	{"internal/app", "geo/road", "wiring; the demo's roads"},
	{"internal/app", "geo/retailer", "the demo's shops"},
	{"internal/app", "geo/resolve", "wiring"},
	{"internal/app", "internal/auth", "the first administrator; the demo's people"},
	{"internal/app", "internal/httpapi", "wiring"},
	{"internal/app", "internal/live", "wiring"},
	{"internal/app", "internal/pg", "opens the database"},
	{"internal/app", "internal/pg/cluster", "runs the private cluster"},
	{"internal/app", "internal/town", "the demo's county"},
	{"internal/app", "migrations", "migrates at each start"},
	{"internal/app", "ticket", "wiring; the tables that the pages show"},
	{"internal/app", "tracking", "wiring"},
	{"internal/app", "internal/terminal", "wiring"},
	{"internal/app", "tracking/jt808", "wiring"},
	{"internal/app", "tracking/gt06", "wiring"},
	{"internal/app", "web-map", "hands the pages to the server"},

	{"cmd/jiujin", "geo/address", "the command that splits addresses"},
	{"cmd/jiujin", "geo/area", "the import of areas"},
	{"cmd/jiujin", "geo/basemap", "the import of a map"},
	{"cmd/jiujin", "geo/tile", "measures tiles"},
	{"cmd/jiujin", "geo", "the benches"},
	{"cmd/jiujin", "geo/road", "the eta command, the import and the bench of roads"},
	{"cmd/jiujin", "geo/datum", "flag of the import"},
	{"cmd/jiujin", "geo/retailer/index", "the bench of the search"},
	{"cmd/jiujin", "geo/retailer/atlas", "the bench of the search draws the map of the register"},
	{"cmd/jiujin", "geo/zh", "the bench of the search types pinyin"},
	{"cmd/jiujin", "geo/retailer", "the import; lists of shops"},
	{"cmd/jiujin", "geo/resolve", "the resolve command"},
	{"cmd/jiujin", "geo/resolve/trial", "its bench"},
	{"cmd/jiujin", "internal/app", "runs it"},
	{"cmd/jiujin", "internal/auth", "the password command"},
	{"cmd/jiujin", "internal/pg", "the password command's transaction"},
	{"cmd/jiujin", "internal/town", "flags of the demo"},
	{"cmd/jiujin", "tracking/describe", "the decode command"},
	{"cmd/jiujin", "tracking/jt808", "the bench of terminals"},
	{"cmd/jiujin", "ticket", "the log command"},
	{"cmd/jiujin", "dispatch", "the bench of nearest search serves the real routes"},
	{"cmd/jiujin", "internal/httpapi", "the bench of nearest search serves the real routes"},
	{"cmd/jiujin", "internal/live", "the bench of nearest search serves the real routes"},
	{"cmd/jiujin", "tracking", "the benches"},

	{"cmd/fleetsim", "cmd/fleetsim/terminal", "vehicles with JT/T 808 units"},
	{"cmd/fleetsim", "cmd/fleetsim/trace", "replays recorded positions"},
	{"cmd/fleetsim", "geo", "drives along the roads"},
	{"cmd/fleetsim", "geo/datum", "what to declare for a recorded file"},
	{"cmd/fleetsim", "internal/town", "the county that it lives in; all else goes over the network"},
	{"cmd/fleetsim/terminal", "", "knows nothing of the service: else a mistake could hide in both"},
	{"cmd/fleetsim/trace", "geo/datum", "headings name a datum"},
}

// libraries says where each module that we use may be imported, tests included, and why it is there. "*" is everywhere.
var libraries = []struct{ module, where, reason string }{
	{"github.com/paulmach/orb", "*", "the vocabulary of two-dimensional geometry"},
	{"github.com/paulmach/osm", "geo/pbf geo/basemap geo/road cmd/fleetsim", "the vocabulary of OpenStreetMap; fleetsim reads files with it, to be independent"},
	{"github.com/uber/h3-go/v4", "geo", "needs C and has latitude first: kept in one place"},
	{"github.com/jackc/pgx/v5", "*", "PostgreSQL; see the test of its files"},
	{"github.com/pressly/goose/v3", "internal/pg", "migrations"},
	{"github.com/twpayne/go-geom", "internal/pg tracking", "geometry with measures, for tracks"},
	{"github.com/labstack/echo/v4", "internal/httpapi", "routing"},
	{"github.com/danielgtaylor/huma/v2", "internal/httpapi", "the contract in Go types, and OpenAPI from it"},
	{"github.com/prometheus/client_golang", "internal/httpapi internal/app", "metrics"},
	{"github.com/alexedwards/argon2id", "internal/auth", "password hashes"},
	{"github.com/alexedwards/scs/v2", "internal/auth", "sessions"},
	{"github.com/alecthomas/kong", "internal/app cmd/jiujin cmd/fleetsim", "command line"},
	{"github.com/BurntSushi/toml", "internal/app", "configuration file"},
	{"github.com/mozillazg/go-pinyin", "geo/zh", "search by sound"},
	{"golang.org/x/text", "geo/retailer geo/zh internal/httpapi tracking/jt808", "GB 18030; Accept-Language; GBK"},
	{"golang.org/x/crypto", "internal/httpapi tracking/owntracks", "NaCl secretbox, with which the apps encrypt"},
	{"golang.org/x/sync", "*", "errgroup, semaphore"},
	{"pgregory.net/rapid", "*", "property tests"},
	{"go.uber.org/goleak", "*", "tests that nothing is left running"},
}

const module = "jiujin/"

// pkg is a package as go list tells; names are without the module.
type pkg struct {
	Dir, ImportPath                              string
	GoFiles, CgoFiles, TestGoFiles, XTestGoFiles []string
	Imports, TestImports, XTestImports           []string
}

func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func (p pkg) tests() []string { return slices.Concat(p.TestImports, p.XTestImports) }

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json", "./...")
	cmd.Dir = root
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, complaint.String())
	}
	var list []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func TestImportsHaveALineInTheTable(t *testing.T) {
	list := packages(t)
	exists, lines := map[string]bool{}, map[[2]string]bool{}
	for _, p := range list {
		exists[p.name()] = true
	}
	for _, a := range allowed {
		if a.reason == "" || lines[[2]string{a.from, a.to}] {
			t.Errorf("the line %s → %s has no reason or is there twice", a.from, a.to)
		}
		lines[[2]string{a.from, a.to}] = true
		for _, name := range []string{a.from, a.to} {
			if name != "" && !exists[name] {
				t.Errorf("the table speaks of %s, which is gone", name)
			}
		}
	}
	for _, p := range list {
		if !slices.ContainsFunc(allowed, func(a struct{ from, to, reason string }) bool { return a.from == p.name() }) {
			t.Errorf("package %s has no line in the table", p.name())
		}
		for _, to := range p.Imports {
			if to, ours := strings.CutPrefix(to, module); ours && !lines[[2]string{p.name(), to}] {
				t.Errorf("%s imports %s: not in the table of imports", p.name(), to)
			}
		}
	}
}

// The paper's table says the same, for the packages that it is about.
func TestArchitectureShowsTheImports(t *testing.T) {
	row := regexp.MustCompile("(?m)^\\| ((?:`[a-z0-9/]+`(?:, )?)+) \\| (.+) \\|$")
	name := regexp.MustCompile("`([a-z0-9/]+)`")
	text := paper(t, "docs/architecture.md")
	_, text, _ = strings.Cut(text, "## Imports")
	text, _, _ = strings.Cut(text, "\n## ")
	shown := map[string]string{}
	for _, r := range row.FindAllStringSubmatch(text, -1) {
		for _, from := range name.FindAllStringSubmatch(r[1], -1) {
			shown[from[1]] = r[2]
		}
	}
	about := regexp.MustCompile("^(geo|tracking|ticket|dispatch|internal/(live|terminal))(/|$)")
	want := map[string][]string{}
	for _, a := range allowed {
		if about.MatchString(a.from) {
			want[a.from] = append(want[a.from], a.to)
		}
	}
	for from, to := range want {
		slices.Sort(to)
		list := "`" + strings.Join(to, "`, `") + "`"
		if to[0] == "" {
			list = "nothing of ours"
		}
		if shown[from] != list {
			t.Errorf("docs/architecture.md: %s may import %q, want %q", from, shown[from], list)
		}
	}
	if len(shown) != len(want) {
		t.Errorf("docs/architecture.md has %d packages, the table %d", len(shown), len(want))
	}
}

// Tests may reach wider, but the two halves stay apart even there, and what serves tests is in no program.
func TestTrackingAndTicketDoNotKnowEachOther(t *testing.T) {
	for _, p := range packages(t) {
		all := slices.Concat(p.Imports, p.tests())
		for _, pair := range [][2]string{{"tracking", "ticket"}, {"ticket", "tracking"}} {
			if p.name() == pair[0] && slices.Contains(all, module+pair[1]) {
				t.Errorf("%s imports %s", pair[0], pair[1])
			}
		}
		for _, serves := range []string{"internal/pg/pgtest", "tracking/trackingtest"} {
			if slices.Contains(p.Imports, module+serves) && p.name() != "tracking/trackingtest" {
				t.Errorf("%s imports %s outside of its tests", p.name(), serves)
			}
		}
	}
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		for _, imp := range slices.Concat(p.Imports, p.tests()) {
			if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") {
				continue // ours, or the standard library
			}
			i := slices.IndexFunc(libraries, func(l struct{ module, where, reason string }) bool {
				return imp == l.module || strings.HasPrefix(imp, l.module+"/")
			})
			if i < 0 {
				t.Errorf("%s imports %s: a new library needs a line with its reason", p.name(), imp)
				continue
			}
			used[libraries[i].module] = true
			if w := libraries[i].where; w != "*" && !slices.Contains(strings.Fields(w), p.name()) {
				t.Errorf("%s imports %s, which belongs to %s: %s", p.name(), imp, w, libraries[i].reason)
			}
		}
	}
	for _, l := range libraries {
		if !used[l.module] {
			t.Errorf("nobody imports %s any more: remove its line", l.module)
		}
	}
}

// SQL lies in files named store*.go, and only those and internal/pg talk to the driver. Tests may look into the
// database as they like.
func TestSQLLiesInStoreFiles(t *testing.T) {
	statement := regexp.MustCompile(`(?is)^\s*(select\s.*\sfrom\s|insert\s+into\s|update\s+\w+.*\sset\s|delete\s+from\s|with\s+\w+\s+as\s*\()`)
	for _, p := range packages(t) {
		if p.name() == "internal/pg" || strings.HasPrefix(p.name(), "internal/pg/") {
			continue
		}
		for _, file := range slices.Concat(p.GoFiles, p.CgoFiles) {
			if strings.HasPrefix(file, "store") {
				continue
			}
			name := path.Join(p.name(), file)
			tree := parse(t, filepath.Join(p.Dir, file))
			for _, imp := range tree.Imports {
				if strings.HasPrefix(imp.Path.Value, `"github.com/jackc/pgx/`) {
					t.Errorf("%s imports pgx and is not a store file", name)
				}
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil && statement.MatchString(text) {
						t.Errorf("%s holds SQL and is not a store file: %.60s", name, strings.TrimSpace(text))
					}
				}
				return true
			})
		}
	}
}

// Tests wait on signals and are never left out.
func TestTestsNeitherSleepNorSkip(t *testing.T) {
	for _, p := range packages(t) {
		for _, file := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			ast.Inspect(parse(t, filepath.Join(p.Dir, file)), func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				sel, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				of, _ := sel.X.(*ast.Ident)
				sleeps := of != nil && of.Name == "time" && sel.Sel.Name == "Sleep"
				skips := slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name)
				if sleeps || skips {
					t.Errorf("%s calls %s", path.Join(p.name(), file), sel.Sel.Name)
				}
				return true
			})
		}
	}
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
