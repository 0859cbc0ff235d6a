package httpapi

import (
	"fmt"
	"net/http"
	"testing"
)

// try is a call of a route that changes something.
type try struct{ login, method, route, path, body string }

// triesOfPlaces makes what the routes of areas, roads, the register and places need, and the calls.
func (s *scene) triesOfPlaces(t *testing.T) []try {
	t.Helper()
	s.foundShop(t)
	s.lay(t)
	var squad int64
	if err := s.db.Pool.QueryRow(t.Context(), `SELECT id FROM org WHERE code = 'c-1'`).Scan(&squad); err != nil {
		t.Fatal(err)
	}
	area := func(name string) string {
		return fmt.Sprintf(`{"name":"%s","org_id":%d,"polygons":[%s]}`, name, squad, ring(lon-0.1, lat-0.1, 0.2))
	}
	var changed, retired areaView
	s.do(t, "administrator", "/areas", area("东片")).into(t, http.StatusCreated, &changed)
	s.do(t, "administrator", "/areas", area("西片")).into(t, http.StatusCreated, &retired)
	file := fmt.Sprintf(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"adcode":999901,"name":"云溪县"},
		"geometry":{"type":"Polygon","coordinates":%s}}]}`, ring(lon-0.5, lat-0.5, 1))

	line := fmt.Sprintf(`{"reason":"施工","points":[[%v,%v],[%v,%v]]}`, lon+0.01, lat-0.001, lon+0.01, lat+0.001)
	var open, lifted closureView
	s.do(t, "dispatcher", "/roads/closures", line).into(t, http.StatusCreated, &open)
	s.do(t, "dispatcher", "/roads/closures", line).into(t, http.StatusCreated, &lifted)
	s.doKey(t, "dispatcher", "DELETE", fmt.Sprintf("/roads/closures/%d", lifted.ID), "", "open-this-road-before-the-tries")

	var vague openAnswer
	s.do(t, "agent", "/tickets", `{"channel":"phone","kind":"report","subtype":"R03","narrative":"店里卖假烟","place_text":"学校旁边的烟摊","reporter":{"mode":"anonymous"}}`).
		into(t, http.StatusCreated, &vague)
	var held importAnswer
	s.do(t, "administrator", "/retailers/import?source=county", months(1, 100, "东风烟酒店")).into(t, 200, &held)
	s.do(t, "administrator", "/retailers/import?source=county", months(31, 10, "望江商店")).into(t, 200, &held)
	return []try{
		{"administrator", "POST", "/areas", "/areas", area("南片")},
		{"administrator", "PATCH", "/areas/{id}", fmt.Sprintf("/areas/%d", changed.ID), area("东片以东")},
		{"administrator", "DELETE", "/areas/{id}", fmt.Sprintf("/areas/%d", retired.ID), ""},
		{"keeper", "POST", "/areas/import", "/areas/import?kind=division&source=x", file},
		{"dispatcher", "POST", "/roads/closures", "/roads/closures", line},
		{"dispatcher", "DELETE", "/roads/closures/{id}", fmt.Sprintf("/roads/closures/%d", open.ID), ""},
		{"dispatcher", "POST", "/roads/closures/{id}/restore", fmt.Sprintf("/roads/closures/%d/restore", lifted.ID), ""},
		{"agent", "POST", "/tickets/{id}/place-check", fmt.Sprintf("/tickets/%d/place-check", vague.Ticket.ID), `{"outcome":"unreachable"}`},
		{"administrator", "POST", "/retailers/deliveries/{id}/decision", fmt.Sprintf("/retailers/deliveries/%d/decision", held.Delivery), `{"decision":"confirm"}`},
		{"administrator", "POST", "/retailers/profiles", "/retailers/profiles", `{"name":"county","profile":{"source":"county","datum":"GCJ02"}}`},
		{"administrator", "POST", "/retailers/{licence_no}/status", "/retailers/110101100040/status", `{"status":"suspended","reason":"停业一月"}`},
	}
}
