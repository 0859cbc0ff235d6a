package httpapi

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jiujin/geo/backdrop"
	"jiujin/geo/tile"
	"jiujin/internal/auth"
)

// maps are the further maps of the tests: one that answers and one that is away.
func (v *service) maps(t testing.TB) *backdrop.Maps {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 256, 256))); err != nil {
		t.Fatal(err)
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(picture.Bytes()) }))
	t.Cleanup(other.Close)
	m, err := backdrop.Open([]backdrop.Map{
		{ID: "here", NameZH: "省图", URL: []string{other.URL + "/{z}/{x}/{y}"}, Datum: "GCJ02"},
		{ID: "away", NameZH: "断网", URL: []string{"http://127.0.0.1:1/{z}/{x}/{y}"}},
	}, 1<<20, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func wantStatus(t *testing.T, a answer, status int) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d: %s", a.status, status, a.body)
	}
}

func TestBackdropTiles(t *testing.T) {
	v := newService(t)
	const path = "/api/v1/backdrops/"
	agent := []string{"Cookie", v.signIn(t, string(auth.Agent), password)}
	v.call(t, "GET", path+"here/0/12/3228/1676", "").want(t, 401, "not_signed_in")
	a := v.call(t, "GET", path+"here/0/12/3228/1676", "", agent...)
	wantStatus(t, a, 200)
	if a.header.Get("Content-Type") != "image/png" || !strings.HasPrefix(a.header.Get("Cache-Control"), "private") {
		t.Errorf("headers %v", a.header)
	}
	wantStatus(t, v.call(t, "GET", path+"here/0/12/3228/1676", "", append(agent, "If-None-Match", a.header.Get("ETag"))...), 304)
	v.call(t, "GET", path+"away/0/12/3228/1676", "", agent...).want(t, 502, "map_away")
	for _, wrong := range []string{"other/0/1/0/0", "here/1/1/0/0", "here/x/1/0/0", "here/0/1/2/0", "here/0/1/0/0.png"} {
		v.call(t, "GET", path+wrong, "", agent...).want(t, 404, "not_found")
	}
}

// Pages may talk to the hosts of direct maps, for pictures and for data, and to no other.
func TestPolicy(t *testing.T) {
	got := policy([]string{"https://t0.example.org", "https://t1.example.org"})
	for _, want := range []string{
		"default-src 'self';", "connect-src 'self' https://t0.example.org https://t1.example.org;",
		"img-src 'self' data: blob: https://t0.example.org https://t1.example.org;", "script-src 'self';",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s has no %s", got, want)
		}
	}
}

func TestRegisterTiles(t *testing.T) {
	v := newService(t)
	const path = "/api/v1/retailers/tiles/3/6/3.mvt"
	agent := []string{"Cookie", v.signIn(t, string(auth.Agent), password)}
	v.call(t, "GET", path, "").want(t, 401, "not_signed_in")
	_, err := v.db.Pool.Exec(t.Context(), `
		insert into retailer (licence_no, name, lon, lat, h3) values ('360000000001', '东风烟酒店', 117.97, 28.45, 1)`)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.deps.Atlas.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := v.call(t, "GET", path, "", agent...)
	wantStatus(t, a, 200)
	if a.header.Get("Content-Type") != tile.Vector {
		t.Errorf("headers %v", a.header)
	}
	wantStatus(t, v.call(t, "GET", path, "", append(agent, "If-None-Match", a.header.Get("ETag"))...), 304)
}

// Where the service shows its maps to the public, they are there without signing in; the register is not.
func TestPublicMap(t *testing.T) {
	v := newService(t)
	v.call(t, "GET", "/api/v1/tiles/3/6/3.mvt", "").want(t, 401, "not_signed_in")
	v.deps.PublicMap = true
	a := v.call(t, "GET", "/api/v1/tiles/3/6/3.mvt", "")
	if a.status != 200 && a.status != 204 || !strings.HasPrefix(a.header.Get("Cache-Control"), "public") {
		t.Errorf("%d %v", a.status, a.header)
	}
	wantStatus(t, v.call(t, "GET", "/api/v1/backdrops/here/0/12/3228/1676", ""), 200)
	v.call(t, "GET", "/api/v1/retailers/tiles/3/6/3.mvt", "").want(t, 401, "not_signed_in")
}

func TestTiles(t *testing.T) {
	v := newService(t)
	cookie := v.signIn(t, string(auth.Officer), password)
	a := v.call(t, "GET", "/api/v1/tiles/3/6/3.mvt", "", "Cookie", cookie)
	if a.status != http.StatusNoContent || a.header.Get("ETag") == "" || !strings.HasPrefix(a.header.Get("Cache-Control"), "private") {
		t.Errorf("a tile without a map: %d %v", a.status, a.header)
	}
	wantStatus(t, v.call(t, "GET", "/api/v1/tiles/3/6/3.mvt", "", "Cookie", cookie, "If-None-Match", a.header.Get("ETag")), 304)
	for _, path := range []string{"3/9/3.mvt", "99/0/0.mvt", "3/6/3", "3/6/x.mvt", "-1/0/0.mvt"} {
		v.call(t, "GET", "/api/v1/tiles/"+path, "", "Cookie", cookie).want(t, 404, "not_found")
	}
}
