package httpapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jiujin/dispatch"
)

// The dossier of a shop with a case gives all of it, and nothing of who reported.
func TestDossier(t *testing.T) {
	s := newScene(t).run(t)
	_, err := s.db.Pool.Exec(t.Context(), `
		insert into retailer (licence_no, name, operator, address, phone_tail, status, valid_to, division_code, lon, lat, h3) values
			('421182100001', '红塔烟酒店', '王建国', '滨湖大道163号', '1234', 'valid', now() + interval '10 days', '421182', $1, $2, 1),
			('421182100002', '建国副食店', '王建国', '人民路8号', '1234', 'closed', null, '421127', null, null, null),
			('421182100003', '别家', '王建国', '解放街', '9999', 'valid', null, '421127', null, null, null)`, lon, lat)
	if err == nil {
		_, err = s.db.Pool.Exec(t.Context(), `
			insert into place (name, kind, lon, lat, source) values ('实验小学', 'school', $1::float8, $2::float8 + 0.0005, 'osm')`, lon, lat)
	}
	if err != nil {
		t.Fatal(err)
	}
	const words = "红塔烟酒店卖假烟，我叫李明亮，电话13800001111"
	var made openAnswer
	s.do(t, "agent", "/tickets", fmt.Sprintf(
		`{"channel":"phone","kind":"report","subtype":"R01","narrative":%q,"retailer_licence_no":"421182100001",
		"reporter":{"mode":"hidden","name":"李明亮","phone":"13800001111"}}`, words)).into(t, 201, &made)

	body := fmt.Sprintf(`{"licence_no":"421182100001","subtype":"R01","text":%q}`, words)
	answer := s.call(t, "POST", "/api/v1/dossier", body, "Cookie", s.cookie(t, "agent"), "Content-Type", "application/json")
	var d Dossier
	answer.into(t, 200, &d)
	if d.Retailer == nil || d.Retailer.Name != "红塔烟酒店" || len(d.Cases) != 1 || d.Open != 1 || d.Cases[0].Number != made.Ticket.Number {
		t.Errorf("the shop and its cases: %+v", d)
	}
	if len(d.Siblings) != 1 || d.Siblings[0].LicenceNo != "421182100002" || !d.Siblings[0].SamePhone {
		t.Errorf("siblings %+v", d.Siblings)
	}
	if d.School == nil || d.School.Name != "实验小学" || d.School.DistanceM < 50 || d.School.DistanceM > 60 {
		t.Errorf("school %+v", d.School)
	}
	if len(d.Units) == 0 || !slices.IsSortedFunc(d.Units, func(a, b dispatch.UnitNear) int { return cmp.Compare(a.DistanceM, b.DistanceM) }) {
		t.Errorf("units %+v", d.Units)
	}
	if len(d.Duplicates) != 1 || !d.Duplicates[0].SameRetailer || d.Duplicates[0].Similarity != 1 {
		t.Errorf("duplicates %+v", d.Duplicates)
	}
	codes := []string{}
	for _, w := range d.Warnings {
		codes = append(codes, w.Code)
	}
	if !slices.Equal(codes, []string{"licence_ends", "near_school"}) {
		t.Errorf("warnings %v", codes)
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"李明亮", "13800001111"} {
		if strings.Contains(string(text), secret) || strings.Contains(s.log.String(), secret) {
			t.Errorf("%s is in the dossier or in the log", secret)
		}
	}

	// Of the ticket itself nothing is a past case or a duplicate; a licence that is not in the register is a warning.
	var own, none Dossier
	body = fmt.Sprintf(`{"licence_no":"421182100001","subtype":"R01","ticket_id":%d}`, made.Ticket.ID)
	s.call(t, "POST", "/api/v1/dossier", body, "Cookie", s.cookie(t, "agent"), "Content-Type", "application/json").into(t, 200, &own)
	if len(own.Cases) != 0 || len(own.Duplicates) != 0 {
		t.Errorf("of the ticket itself: %+v", own)
	}
	body = `{"licence_no":"999999999999"}`
	s.call(t, "POST", "/api/v1/dossier", body, "Cookie", s.cookie(t, "agent"), "Content-Type", "application/json").into(t, 200, &none)
	if none.Retailer != nil || len(none.Warnings) != 1 || none.Warnings[0].Code != "no_licence" {
		t.Errorf("of an unknown licence: %+v", none)
	}
}
