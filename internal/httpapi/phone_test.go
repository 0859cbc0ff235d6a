package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jiujin/dispatch"
)

// phone posts a position of the present time with a person's session.
func (s *scene) phone(t testing.TB, login string, lon, lat float64) answer {
	t.Helper()
	body := fmt.Sprintf(`{"fixed_at":%d,"lon":%v,"lat":%v}`, s.db.Now().UnixMilli(), lon, lat)
	return s.call(t, "POST", "/api/v1/fixes", body, "Cookie", s.cookie(t, login), "Accept-Language", "en")
}

// A phone is located on duty only: off shift its positions are neither taken nor shown, a vehicle's are.
func TestPhonesAreLocatedOnDutyOnly(t *testing.T) {
	s := newScene(t).run(t)
	_, err := s.db.Pool.Exec(t.Context(), `update shift set span = tstzrange(lower(span), $1)`, start.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	tk := s.report(t).Ticket
	l := s.listen(t, "dispatcher", "board", "")
	l.begin(t, "snapshot")
	s.pass(30 * time.Minute)
	var took fixesAnswer
	s.phone(t, "officer1", lon, lat+0.01).into(t, 200, &took)
	s.fix(t, s.devices[1], lon, lat+0.02)
	if n := s.count(t, `select count(*) from fix where source = 'phone' and unit_id = `+id(s.units[0])); took.Stored != 1 || n != 1 {
		t.Errorf("on duty: %+v, %d kept as a phone's", took, n)
	}
	l.until(t, func(h heard) bool {
		return h.name == "fixes" && strings.Contains(h.data, fmt.Sprintf("[%d,", s.units[0]))
	})
	if v := s.unitView(t, s.units[0]); v.Lon == nil || v.Duty != dispatch.DutyAvailable {
		t.Errorf("on duty: %+v", v)
	}

	s.pass(30*time.Minute - time.Millisecond)
	s.phone(t, "officer1", lon, lat+0.01).into(t, 200, &took)
	s.pass(time.Millisecond) // the shift's end is exclusive
	p := s.phone(t, "officer1", lon, lat+0.01).want(t, 409, "off_shift")
	if !strings.Contains(p.Detail, "ask your leader") {
		t.Errorf("nothing says what to do: %s", p.Detail)
	}
	if n := s.count(t, `select count(*) from fix where source = 'phone'`) + s.count(t, `select count(*) from refused_fix`); n != 2 {
		t.Errorf("%d positions of phones are kept, want the 2 on duty", n)
	}
	s.fix(t, s.devices[1], lon, lat+0.02) // a vehicle parks where it parks
	if v := s.unitView(t, s.units[0]); v.Lon != nil || v.Lat != nil || v.FixedAt != nil || v.SpeedKmh != nil || v.Duty != dispatch.DutyOffShift {
		t.Errorf("off duty a phone: %+v", v)
	}
	if v := s.unitView(t, s.units[1]); v.Lon == nil || v.Duty != dispatch.DutyOffShift {
		t.Errorf("off duty a vehicle: %+v", v)
	}
	l.until(t, func(h heard) bool { // the board is told by time alone
		return h.name == "unit" && strings.Contains(h.data, fmt.Sprintf(`"id":%d,`, s.units[0])) && strings.Contains(h.data, `"lon":null`)
	})
	var near struct{ Units []nearUnit }
	s.get(t, "dispatcher", fmt.Sprintf("/units/near?lon=%v&lat=%v&k=9", lon, lat)).into(t, 200, &near)
	for _, n := range near.Units {
		if n.Unit.ID == s.units[0] {
			t.Errorf("near: %+v", n)
		}
	}
	var ranked struct{ Candidates []dispatch.Candidate }
	s.get(t, "dispatcher", fmt.Sprintf("/tickets/%d/candidates", tk.ID)).into(t, 200, &ranked)
	for _, c := range ranked.Candidates {
		if (c.UnitID == s.units[0] && (c.Lon != nil || c.DistanceM != 0)) || (c.UnitID == s.units[1] && c.Lon == nil) {
			t.Errorf("ranked: %+v", c)
		}
	}
}

func (s *scene) unitView(t testing.TB, unit int64) (v dispatch.UnitView) {
	t.Helper()
	s.get(t, "dispatcher", fmt.Sprintf("/units/%d", unit)).into(t, 200, &v)
	return v
}
