package httpapi

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"jiujin/tracking"
)

// A dispatcher draws a fence; who passes it is listed for supervisors, and heard on the stream.
func TestFenceFromDrawingToEvents(t *testing.T) {
	s := newScene(t)
	var f fenceView
	body := fmt.Sprintf(`{"name":"卷烟市场","polygon":[[%v,%v],[%v,%v],[%v,%v],[%v,%v]],"plain":true}`,
		lon-0.001, lat-0.001, lon+0.001, lat-0.001, lon+0.001, lat+0.001, lon-0.001, lat+0.001)
	s.do(t, "dispatcher", "/fences", body).into(t, http.StatusCreated, &f)
	if f.ID == 0 || len(f.Polygon) != 5 || f.OrgID != s.county.ID || !f.Plain {
		t.Fatalf("%+v", f)
	}
	if err := s.fences.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.spawn(t, s.fences.Run)
	s.clock.Add(10_000)
	s.fix(t, s.devices[0], lon, lat)
	s.clock.Add(10_000)
	s.fix(t, s.devices[0], lon+0.01, lat)
	for n := 0; n < 2; {
		n += len(<-s.fenced)
	}

	var list struct {
		Events []tracking.FenceEvent
		More   bool
	}
	span := "?from=" + start.Format(time.RFC3339) + "&to=" + start.Add(time.Hour).Format(time.RFC3339)
	path := fmt.Sprintf("/fences/%d/events%s", f.ID, span)
	s.get(t, "supervisor", path+"&limit=1").into(t, 200, &list)
	if len(list.Events) != 1 || !list.More || list.Events[0].Kind != tracking.FenceEnter || list.Events[0].UnitID != s.units[0] {
		t.Errorf("%+v", list)
	}
	s.get(t, "supervisor", fmt.Sprintf("%s&after=%d", path, list.Events[0].ID)).into(t, 200, &list)
	if len(list.Events) != 1 || list.More || list.Events[0].Kind != tracking.FenceExit {
		t.Errorf("%+v", list)
	}
	if a := s.doKey(t, "dispatcher", "DELETE", fmt.Sprintf("/fences/%d", f.ID), "", "a key of twenty letters"); a.status != 204 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	var fences struct{ Fences []fenceView }
	s.get(t, "dispatcher", "/fences").into(t, 200, &fences)
	if len(fences.Fences) != 0 {
		t.Errorf("%+v", fences)
	}
}
