package httpapi

import (
	"fmt"
	"math"
	"net/http"
	"testing"
)

func ring(west, south, side float64) string {
	return fmt.Sprintf(`[[[%v,%v],[%v,%v],[%v,%v],[%v,%v],[%v,%v]]]`,
		west, south, west+side, south, west+side, south+side, west, south+side, west, south)
}

// An administrator brings the divisions and draws a squad's area; a report in it knows both.
func TestAreasFromImportToTicket(t *testing.T) {
	s := newScene(t)
	file := fmt.Sprintf(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"adcode":999901,"name":"云溪县"},
		"geometry":{"type":"Polygon","coordinates":%s}}]}`, ring(lon-0.5, lat-0.5, 1))
	var r importAreasAnswer
	s.do(t, "keeper", "/areas/import?kind=division&source=x", file).into(t, http.StatusOK, &r)
	if r.Added != 1 || r.Refused != 0 {
		t.Fatalf("%+v", r)
	}
	if a := s.do(t, "administrator", "/areas/import?kind=division", file); a.status != http.StatusForbidden {
		t.Errorf("a county's administrator changed the divisions: %d", a.status)
	}
	var squad int64
	if err := s.db.Pool.QueryRow(t.Context(), `SELECT id FROM org WHERE code = 'c-1'`).Scan(&squad); err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"name":"东片","org_id":%d,"polygons":[%s],"valid_from":"2020-01-01"}`, squad, ring(lon-0.1, lat-0.1, 0.2))
	var a areaView
	s.do(t, "administrator", "/areas", body).into(t, http.StatusCreated, &a)

	var at struct {
		Division, Squad         *areaHit
		DivisionSure, SquadSure bool
		Near                    []areaHit
	}
	s.get(t, "dispatcher", fmt.Sprintf("/areas/at?lon=%v&lat=%v", lon, lat)).into(t, 200, &at)
	if at.Division == nil || at.Division.Name != "云溪县" || at.Squad == nil || at.Squad.Squad != "一中队" || len(at.Near) != 2 {
		t.Errorf("%+v", at)
	}
	tk := s.report(t).Ticket
	if tk.Division != "999901" || tk.Responsible != "一中队" {
		t.Errorf("the ticket lies in %q of %q", tk.Division, tk.Responsible)
	}
	var covered areaCoverageOutput
	s.get(t, "administrator", "/areas/coverage?division=999901").into(t, 200, &covered.Body)
	if b := covered.Body; b.Name != "云溪县" || len(b.Gaps) != 1 || len(b.Overlaps) != 0 || math.Abs(b.Covered-0.04) > 0.001 {
		t.Errorf("%+v", covered.Body)
	}
	s.get(t, "administrator", "/areas/coverage?division=999902").want(t, 404, "not_found")
	var list struct{ Areas []areaView }
	for code, n := range map[string]int{"": 1, "9999": 1, "51": 0} {
		s.get(t, "dispatcher", "/areas?kind=division&code="+code).into(t, 200, &list)
		if len(list.Areas) != n {
			t.Errorf("%d divisions begin with %q", len(list.Areas), code)
		}
	}
	s.get(t, "dispatcher", "/areas").into(t, 200, &list)
	if len(list.Areas) != 1 || list.Areas[0].Squad != "一中队" || list.Areas[0].ValidFrom != "2020-01-01" || list.Areas[0].ValidTo != "" {
		t.Errorf("%+v", list)
	}
	if a := s.doKey(t, "administrator", "DELETE", fmt.Sprintf("/areas/%d", a.ID), "", "a key of twenty letters"); a.status != 204 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	s.get(t, "stranger", "/areas?all=true").into(t, 200, &list)
	if len(list.Areas) != 0 {
		t.Errorf("another county sees %+v", list)
	}
}
