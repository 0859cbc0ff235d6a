package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

const words = "学校旁边的烟摊" // by which the caller names the place

// secondShop is another shop, with a licence number of its own form and no place.
func (s *scene) secondShop(t testing.TB) {
	t.Helper()
	_, err := s.db.Pool.Exec(t.Context(), `insert into retailer (licence_no, source, name, operator, address, phone_tail, status) values ('LZ-77', 'list', '老张副食', '', $1, '', 'valid')`, words)
	if err != nil {
		t.Fatal(err)
	}
}

// arrived is a ticket about vague words at whose pin officer1 is.
func (s *scene) arrived(t testing.TB) (tk Ticket, path string) {
	t.Helper()
	var made openAnswer
	body := fmt.Sprintf(`{"channel":"phone","kind":"report","subtype":"R03","narrative":"店里卖假烟","place_text":%q,"lon":%v,"lat":%v,"reporter":{"mode":"anonymous"}}`, words, lon, lat)
	s.do(t, "agent", "/tickets", body).into(t, http.StatusCreated, &made)
	s.offer(t, made.Ticket, s.units[0], "").into(t, http.StatusOK, &tk)
	s.do(t, "officer1", fmt.Sprintf("/offers/%d/accept", tk.Offer.ID), "").into(t, http.StatusOK, &tk)
	tk = s.act(t, "officer1", tk, "depart", "")
	return s.act(t, "officer1", tk, "arrive", ""), fmt.Sprintf("/tickets/%d/place", tk.ID)
}

// aliases are the words that were learned, as "licence number words".
func (s *scene) aliases(t testing.TB) []string {
	t.Helper()
	rows, err := s.db.Pool.Query(t.Context(), `select r.licence_no || ' ' || a.words from retailer_alias a join retailer r on r.id = a.retailer_id order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := []string{}
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	return out
}

// The officer stands in the shop: the ticket goes there, keeps the caller's words, the place check is over, the
// history says where to, and the words are learned.
func TestCorrectionOnTheSpot(t *testing.T) {
	s := newScene(t)
	s.foundShop(t)
	tk, path := s.arrived(t)
	if tk.PlaceCheckDue == nil {
		t.Error("the place is not to be asked after")
	}
	body := fmt.Sprintf(`{"version":%d,"retailer_licence_no":"510104100009","lon":%v,"lat":%v}`, tk.Version, lon+0.001, lat)
	s.do(t, "officer2", path, body).want(t, 409, "not_your_ticket")
	s.do(t, "stranger", path, body).want(t, 404, "not_found")
	s.do(t, "officer1", path, fmt.Sprintf(`{"version":%d,"lon":1,"lat":1}`, tk.Version)).want(t, 422, "validation")
	s.do(t, "officer1", path, fmt.Sprintf(`{"version":%d,"retailer_licence_no":"x"}`, tk.Version)).want(t, 422, "validation")
	s.do(t, "officer1", path, body).into(t, http.StatusOK, &tk)
	if tk.PlaceQuality != "retailer" || *tk.Lon != lon+0.001 || tk.PlaceText != words || tk.Title != "恒发商贸行" || tk.PlaceCheckDue != nil {
		t.Errorf("%+v", tk.TicketView)
	}
	d := s.detail(t, "dispatcher", tk.ID)
	last := d.Events[len(d.Events)-1]
	if last.Type != "place.verified" || last.ActorName != "人员officer1" || last.UnitID != s.units[0] ||
		!strings.Contains(string(last.Data), `"retailer":"恒发商贸行"`) || !strings.Contains(string(last.Data), `"moved_m":98`) {
		t.Errorf("%+v %s", last, last.Data)
	}
	if c := d.PlaceCheck; c == nil || c.Outcome != "corrected" || c.SettledBy != "人员officer1" || c.SettledAt == nil || c.Question == "" {
		t.Errorf("%+v", c)
	}
	if got := s.aliases(t); !slices.Equal(got, []string{"510104100009 " + words}) {
		t.Errorf("learned %v", got)
	}
	var r recordView
	s.doKey(t, "agent", "GET", "/retailers/510104100009/record", "", "reading-needs-no-key-at-all").into(t, http.StatusOK, &r)
	if r.GeoQuality != "scene" || r.GeoVerifiedOn == "" || *r.Lon != lon+0.001 || r.History[0].Reason != "scene" {
		t.Errorf("%+v", r)
	}
}

// Before anybody is there nobody has found anything.
func TestNoCorrectionFromAfar(t *testing.T) {
	s := newScene(t)
	s.foundShop(t)
	tk := s.accepted(t)
	s.do(t, "officer1", fmt.Sprintf("/tickets/%d/place", tk.ID), fmt.Sprintf(`{"version":%d,"lon":%v,"lat":%v}`, tk.Version, lon, lat)).
		want(t, 422, "illegal_transition")
}

// Of two who correct what they both saw one is told so, with the ticket as it is.
func TestTwoCorrectAtOnce(t *testing.T) {
	s := newScene(t)
	s.foundShop(t)
	s.secondShop(t)
	tk, path := s.arrived(t)
	people, shops := []string{"officer1", "dispatcher"}, []string{"510104100009", "LZ-77"}
	answers := make([]answer, 2)
	for _, who := range people {
		s.cookie(t, who)
	}
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() {
			body := fmt.Sprintf(`{"version":%d,"retailer_licence_no":%q,"lon":%v,"lat":%v}`, tk.Version, shops[i], lon, lat)
			answers[i] = s.do(t, people[i], path, body)
		})
	}
	all.Wait()
	won := 0
	if answers[0].status != http.StatusOK {
		won = 1
	}
	var now Ticket
	answers[won].into(t, http.StatusOK, &now)
	var problem struct {
		Code    string
		Current Ticket
	}
	answers[1-won].into(t, http.StatusConflict, &problem)
	if problem.Code != "version_conflict" || problem.Current.Retailer == nil || problem.Current.Retailer.LicenceNo != shops[won] || now.Version != tk.Version+1 {
		t.Errorf("%+v", problem)
	}
	if d := s.detail(t, "agent", tk.ID); strings.Count(eventTypes(d), "place.verified") != 1 {
		t.Error(eventTypes(d))
	}
}

// However often a place is corrected, the ticket is where the last one said, its words are the caller's, and only what
// the last one said is learned: an address of the register is nobody's words.
func TestCorrectionsInAnyOrder(t *testing.T) {
	s := newScene(t)
	s.foundShop(t)
	s.secondShop(t)
	tk, path := s.arrived(t)
	rapid.Check(t, func(r *rapid.T) {
		who := rapid.SampledFrom([]string{"officer1", "dispatcher", "leader1"}).Draw(r, "who")
		shop := rapid.SampledFrom([]string{"", "510104100009", "LZ-77"}).Draw(r, "shop")
		pin := shop != "510104100009" || rapid.Bool().Draw(r, "pin")
		stale := rapid.IntRange(0, 4).Draw(r, "stale") == 0
		want, home := orb.Point{lon, lat}, lon
		if at := s.shopAt(t); !pin {
			want[0] = at
		}
		body := fmt.Sprintf(`{"version":%d,"retailer_licence_no":%q`, tk.Version, shop)
		if stale {
			body = fmt.Sprintf(`{"version":%d,"retailer_licence_no":%q`, tk.Version-1, shop)
		}
		if pin {
			want[0] += float64(rapid.IntRange(-50, 50).Draw(r, "east")) / 10000
			body += fmt.Sprintf(`,"lon":%v,"lat":%v`, want[0], want[1])
		}
		learned, before := s.aliases(t), ""
		if tk.Retailer != nil {
			before = tk.Retailer.LicenceNo
		}
		a := s.do(t, who, path, body+"}")
		if stale {
			a.want(t, 409, "version_conflict")
			if !slices.Equal(s.aliases(t), learned) {
				r.Error("a refused correction was learned")
			}
			return
		}
		a.into(t, http.StatusOK, &tk)
		wanted := []string{}
		if shop == "510104100009" && before != "LZ-77" { // the words are the address of LZ-77
			wanted = append(wanted, shop+" "+words)
		}
		got := ""
		if tk.Retailer != nil {
			got = tk.Retailer.LicenceNo
		}
		if got != shop || *tk.Lon != want[0] || tk.PlaceText != words || (tk.PlaceQuality == "retailer") != (shop != "") || !slices.Equal(s.aliases(t), wanted) {
			r.Errorf("shop %q at %v: %+v, learned %v", shop, want, tk.TicketView, s.aliases(t))
		}
		if at := s.shopAt(t); shop != "510104100009" && at != home {
			r.Errorf("the register still has the shop at %v", at)
		}
	})
}

// The ticket goes where the officer says; the register's point only to what was set by hand or measured well.
func TestOnlyAGoodPositionMovesTheRegister(t *testing.T) {
	s := newScene(t)
	s.foundShop(t)
	tk, path := s.arrived(t)
	for _, c := range []struct {
		accuracy   string
		east, shop float64
	}{
		{`,"accuracy_m":2000`, 0.001, 0},
		{`,"accuracy_m":50.1`, 0.002, 0},
		{`,"accuracy_m":50`, 0.003, 0.003},
		{`,"accuracy_m":2000`, 0.004, 0.003}, // what was found before stays found
		{``, 0.005, 0.005},
	} {
		s.do(t, "officer1", path, fmt.Sprintf(`{"version":%d,"retailer_licence_no":"510104100009","lon":%v,"lat":%v%s}`, tk.Version, lon+c.east, lat, c.accuracy)).
			into(t, http.StatusOK, &tk)
		if *tk.Lon != lon+c.east || s.shopAt(t) != lon+c.shop {
			t.Errorf("%+v: the ticket is at %v, the shop at %v", c, *tk.Lon-lon, s.shopAt(t)-lon)
		}
	}
	s.do(t, "officer1", path, fmt.Sprintf(`{"version":%d,"lon":%v,"lat":%v,"accuracy_m":-1}`, tk.Version, lon, lat)).want(t, 422, "validation")
}

// The officer took the shop for another, and the desk knows better: nothing of it stays learned.
func TestAmendmentTakesBackWhatTheVisitTaught(t *testing.T) {
	s := newScene(t)
	s.foundShop(t)
	s.secondShop(t)
	tk, path := s.arrived(t)
	s.do(t, "officer1", path, fmt.Sprintf(`{"version":%d,"retailer_licence_no":"510104100009","lon":%v,"lat":%v}`, tk.Version, lon+0.001, lat)).
		into(t, http.StatusOK, &tk)
	tk = s.act(t, "officer1", tk, "redispatch", `,"reason":"换人"`)
	tk = s.act(t, "dispatcher", tk, "amend", `,"retailer_licence_no":"510104100009"`)
	if got := s.aliases(t); !slices.Equal(got, []string{"510104100009 " + words}) || s.shopAt(t) != lon+0.001 {
		t.Errorf("the desk agrees: learned %v, the shop is at %v", got, s.shopAt(t)-lon)
	}
	s.act(t, "dispatcher", tk, "amend", fmt.Sprintf(`,"retailer_licence_no":"LZ-77","lon":%v,"lat":%v`, lon, lat))
	if got := s.aliases(t); len(got) != 0 || s.shopAt(t) != lon {
		t.Errorf("learned %v, the shop is at %v", got, s.shopAt(t)-lon)
	}
}

// shopAt is the longitude at which the register has the shop that is found.
func (s *scene) shopAt(t testing.TB) (lon float64) {
	t.Helper()
	if err := s.db.Pool.QueryRow(t.Context(), `select lon from retailer where licence_no = '510104100009'`).Scan(&lon); err != nil {
		t.Fatal(err)
	}
	return lon
}

// The desk chooses the shop in the place check: that ends it too, and the words stay the caller's.
func TestCorrectionAtTheSecondContact(t *testing.T) {
	s := newScene(t)
	s.foundShop(t)
	var made openAnswer
	s.do(t, "agent", "/tickets", fmt.Sprintf(`{"channel":"phone","kind":"report","subtype":"R03","narrative":"店里卖假烟","place_text":%q,"reporter":{"mode":"anonymous"}}`, words)).
		into(t, http.StatusCreated, &made)
	tk := s.act(t, "dispatcher", made.Ticket, "amend", `,"retailer_licence_no":"510104100009"`)
	d := s.detail(t, "dispatcher", tk.ID)
	if c := d.PlaceCheck; tk.PlaceCheckDue != nil || tk.PlaceText != words || c == nil || c.Outcome != "corrected" || c.SettledBy != "人员dispatcher" {
		t.Errorf("%+v %+v", tk.TicketView, c)
	}
}

// The note of the place check is shown to the desk; it may name the caller, and is in no event.
func TestNoteOfTheSecondContact(t *testing.T) {
	s := newScene(t)
	tk, _ := s.arrived(t)
	const note = "王女士说在学校西门"
	s.do(t, "agent", fmt.Sprintf("/tickets/%d/place-check", tk.ID), fmt.Sprintf(`{"outcome":"confirmed","note":%q}`, note)).into(t, http.StatusOK, &tk)
	d := s.detail(t, "dispatcher", tk.ID)
	if c := d.PlaceCheck; c == nil || c.Note != note || c.SettledBy != "人员agent" || c.Outcome != "confirmed" || tk.PlaceCheckDue != nil {
		t.Errorf("%+v", c)
	}
	if n := s.count(t, `select count(*) from event where data::text like '%王女士%'`); n != 0 {
		t.Errorf("the note is in %d events", n)
	}
}
