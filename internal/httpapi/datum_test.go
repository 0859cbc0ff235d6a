package httpapi

import (
	"fmt"
	"testing"
)

// A device that has not driven yet tells nothing; one of another branch is nobody's business. What the check finds is
// tested where it is made.
func TestDatumOfADevice(t *testing.T) {
	s := newScene(t)
	var id, abroad int64
	const first = `select min(id) from device where unit_id = $1`
	if err := s.db.Pool.QueryRow(t.Context(), first, s.units[0]).Scan(&id); err != nil {
		t.Fatal(err)
	}
	if err := s.db.Pool.QueryRow(t.Context(), first, s.abroad).Scan(&abroad); err != nil {
		t.Fatal(err)
	}
	var found datumFinding
	s.get(t, "administrator", fmt.Sprintf("/devices/%d/datum", id)).into(t, 200, &found)
	if found.Declared != "WGS84" || found.Points != 0 || len(found.Medians) != 0 || found.Warning != "" {
		t.Errorf("finding %+v", found)
	}
	s.get(t, "administrator", "/devices/999999/datum").want(t, 404, "not_found")
	s.get(t, "dispatcher", fmt.Sprintf("/devices/%d/datum", id)).want(t, 403, "forbidden")
	if _, err := s.db.Pool.Exec(t.Context(), `update person set org_id = $1 where login = 'administrator'`, s.county.ID); err != nil {
		t.Fatal(err)
	}
	s.get(t, "administrator", fmt.Sprintf("/devices/%d/datum", abroad)).want(t, 404, "not_found")
}
