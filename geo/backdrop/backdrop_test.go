package backdrop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo/datum"
	"jiujin/geo/tile"
)

func noon() time.Time { return time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC) }

func open(t *testing.T, maps ...Map) *Maps {
	t.Helper()
	m, err := Open(maps, 1<<24, noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func TestCheck(t *testing.T) {
	good := Map{ID: "tdt", NameZH: "天地图", URL: []string{"https://t{s}.example.org/vec_w/wmts"}, Layer: []string{"vec"}, Subdomains: "01", Key: "k&1"}
	if err := Check([]Map{good}); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Map){
		"id": func(m *Map) { m.ID = "T/" }, "name": func(m *Map) { m.NameZH = "" }, "datum": func(m *Map) { m.Datum = "BD09" },
		"both": func(m *Map) { m.File = "x" }, "none": func(m *Map) { m.URL = nil }, "zooms": func(m *Map) { m.MinZoom = 19 },
		"size": func(m *Map) { m.TileSize = 300 }, "layer": func(m *Map) { m.Layer = nil }, "scheme": func(m *Map) { m.URL = []string{"file:///{z}{s}"} },
		"subdomains": func(m *Map) { m.Subdomains = "" }, "key": func(m *Map) { m.Key, m.URL = "", []string{"https://{s}/{z}?tk={key}"} },
		"direct with a key": func(m *Map) { m.Direct = true }, "direct and shifted": func(m *Map) { m.Direct, m.Key, m.Datum = true, "", "GCJ02" },
	} {
		m := good
		change(&m)
		if err := Check([]Map{m}); !errors.Is(err, ErrMap) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Check([]Map{good, good}); !errors.Is(err, ErrMap) {
		t.Errorf("one id twice: %v", err)
	}
	if err := good.Public(); !errors.Is(err, ErrMap) {
		t.Errorf("public without an approval: %v", err)
	}
	good.Source, good.Approval = "国家基础地理信息中心", "GS(2024)0000号"
	if err := good.Public(); err != nil {
		t.Error(err)
	}
}

func TestDirect(t *testing.T) {
	m := open(t,
		Map{ID: "a", NameZH: "a", URL: []string{"https://{s}.a.org/{z}/{x}/{y}.png", "https://b.org:8443/{z}/{x}/{-y}"}, Subdomains: "12", Direct: true},
		Map{ID: "c", NameZH: "c", URL: []string{"https://c.org/{z}"}})
	if got := m.Hosts(); !slices.Equal(got, []string{"https://1.a.org", "https://2.a.org", "https://b.org:8443"}) {
		t.Errorf("hosts %v", got)
	}
	if _, err := m.Tile(t.Context(), "a", 0, 1, 0, 0); !errors.Is(err, tile.ErrNone) {
		t.Errorf("a direct map is fetched by the service: %v", err)
	}
	if all := m.All(); len(all) != 2 || all[0].Vector || all[0].NameEN != "a" || all[0].MaxZoom != 18 {
		t.Errorf("%+v", all)
	}
}

// service is a map service that counts what it is asked.
func service(t *testing.T, answer http.HandlerFunc) (address string, asked *atomic.Int64) {
	asked = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); answer(w, r) }))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func TestRemoteTiles(t *testing.T) {
	address, asked := service(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		switch {
		case q.Get("tk") != "秘&密" || q.Get("LAYER") != "vec" || q.Get("TILEMATRIXSET") != "w" || q.Get("REQUEST") != "GetTile":
			w.WriteHeader(http.StatusForbidden)
		case q.Get("TILECOL") == "1":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case q.Get("TILECOL") == "2":
			fmt.Fprint(w, "<html>no more tiles today")
		case q.Get("TILECOL") == "3":
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = w.Write(picture(256, func(int, int) color.Color { return color.White }))
		}
	})
	m := open(t, Map{ID: "tdt", NameZH: "天地图", URL: []string{address + "/vec_w/wmts"}, Layer: []string{"vec"}, Key: "秘&密"})
	for range 3 {
		got, err := m.Tile(t.Context(), "tdt", 0, 4, 0, 5)
		if err != nil || got.Kind != "image/png" || len(got.Data) == 0 || got.ETag == "" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times for one tile", asked.Load())
	}
	if got, err := m.Tile(t.Context(), "tdt", 0, 4, 3, 5); err != nil || len(got.Data) != 0 {
		t.Errorf("a tile that is not there: %+v, %v", got, err)
	}
	for _, x := range []int{1, 2} {
		_, err := m.Tile(t.Context(), "tdt", 0, 4, x, 5)
		if !errors.Is(err, ErrFetch) || strings.Contains(err.Error(), "tk=") {
			t.Errorf("column %d: %v", x, err)
		}
	}
	for _, c := range []struct {
		id          string
		layer, z, x int
	}{{"other", 0, 1, 0}, {"tdt", 1, 1, 0}, {"tdt", -1, 1, 0}, {"tdt", 0, 19, 0}, {"tdt", 0, 1, 2}} {
		if _, err := m.Tile(t.Context(), c.id, c.layer, c.z, c.x, 0); !errors.Is(err, tile.ErrNone) {
			t.Errorf("%v: %v", c, err)
		}
	}
	gone := open(t, Map{ID: "gone", NameZH: "x", URL: []string{"http://127.0.0.1:1/{z}?tk={key}"}, Key: "hush"})
	if _, err := gone.Tile(t.Context(), "gone", 0, 1, 0, 0); !errors.Is(err, ErrFetch) || strings.Contains(err.Error(), "hush") {
		t.Errorf("a service that is away: %v", err)
	}
}

func picture(side int, at func(x, y int) color.Color) []byte {
	p := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			p.Set(x, y, at(x, y))
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, p)
	return b.Bytes()
}

// A map in GCJ-02 whose every pixel has its own place as its colour: in the shifted tile each pixel shows the GCJ-02
// coordinates of the place where it lies, to a pixel; also at the border and outside, where nothing is shifted.
func TestShifted(t *testing.T) {
	const side = 256
	get := func(_ context.Context, x, y int) ([]byte, error) {
		return picture(side, func(px, py int) color.Color {
			return color.NRGBA{uint8(px), uint8(py), uint8(x%16*16 + y%16), 255}
		}), nil
	}
	for _, c := range []struct {
		name  string
		at    orb.Point
		moved bool
	}{
		{"Beijing", orb.Point{116.404, 39.915}, true},
		{"Chengdu", orb.Point{104.06, 30.66}, true},
		{"Sanya", orb.Point{109.51, 18.25}, true},
		{"Hong Kong", orb.Point{114.17, 22.30}, false},
		{"Taipei", orb.Point{121.56, 25.04}, false},
		{"Seoul", orb.Point{126.98, 37.57}, false},
	} {
		for _, z := range []int{10, 16, 18} {
			world := float64(int(1)<<z) * side
			here := pixelOf(c.at, world)
			x, y := int(here.x)/side, int(here.y)/side
			data, err := shifted(t.Context(), z, x, y, side, get)
			if err != nil {
				t.Fatal(err)
			}
			got, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []image.Point{{0, 0}, {255, 0}, {100, 200}, {255, 255}} {
				lonLat := pixel{float64(x*side+p.X) + 0.5, float64(y*side+p.Y) + 0.5}.point(world)
				q, err := datum.FromWGS84(datum.GCJ02, lonLat)
				if err != nil {
					t.Fatal(err)
				}
				want := pixelOf(q, world)
				shown := color.NRGBAModel.Convert(got.At(p.X, p.Y)).(color.NRGBA)
				off := func(shown uint8, want float64) float64 { // around the edge of a tile
					d := math.Abs(float64(shown) + 0.5 - math.Mod(want, side))
					return min(d, side-d)
				}
				if dx, dy := off(shown.R, want.x), off(shown.G, want.y); dx > 1 || dy > 1 {
					t.Errorf("%s zoom %d pixel %v is %.1f, %.1f pixels off", c.name, z, p, dx, dy)
				}
				if moved := q != lonLat; z > 10 && moved != c.moved { // at 10 the tile of Hong Kong holds Shenzhen
					t.Errorf("%s: moved %v", c.name, moved)
				}
			}
		}
	}
}

func TestShiftedEdges(t *testing.T) {
	none := func(context.Context, int, int) ([]byte, error) { return nil, nil }
	if data, err := shifted(t.Context(), 12, 3200, 1600, 256, none); data != nil || err != nil {
		t.Errorf("nothing shifted is %d bytes, %v", len(data), err)
	}
	wrong := func(context.Context, int, int) ([]byte, error) {
		return picture(128, func(int, int) color.Color { return color.White }), nil
	}
	if _, err := shifted(t.Context(), 12, 3200, 1600, 256, wrong); !errors.Is(err, ErrMap) {
		t.Errorf("tiles of another size: %v", err)
	}
	boom := errors.New("boom")
	if _, err := shifted(t.Context(), 7, 0, 0, 256, func(context.Context, int, int) ([]byte, error) { return nil, boom }); !errors.Is(err, boom) {
		t.Errorf("a service that fails: %v", err)
	}
}

func BenchmarkShifted(b *testing.B) {
	tileOf := picture(256, func(x, y int) color.Color { return color.NRGBA{uint8(x), uint8(y), uint8(x * y), 255} })
	for b.Loop() {
		if _, err := shifted(b.Context(), 14, 12926, 6728, 256, func(context.Context, int, int) ([]byte, error) { return tileOf, nil }); err != nil {
			b.Fatal(err)
		}
	}
}
