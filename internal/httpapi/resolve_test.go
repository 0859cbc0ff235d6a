package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"jiujin/geo/datum"
	"jiujin/geo/retailer"
	"jiujin/internal/pg"
)

// foundShop is a shop of the register near the scene's case.
func (s *scene) foundShop(t testing.TB) {
	t.Helper()
	err := s.deps.DB.InTx(t.Context(), func(tx *pg.Tx) error {
		_, err := retailer.Save(context.Background(), tx, []retailer.Retailer{{
			LicenceNo: "510104100009", Name: "恒发商贸行", Address: "东大街88号", Status: retailer.Valid,
			Point: &orb.Point{lon, lat}, SourceDatum: datum.WGS84,
		}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Server.deps.Shops.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestResolveAnswersWithEvidenceAndAQuestion(t *testing.T) {
	s := newScene(t)
	s.foundShop(t)
	var out struct {
		Sure       bool
		Candidates []ResolvedShop
		Question   *ResolveQuestion
	}
	s.do(t, "agent", "/resolve", `{"text":"东大街八十八号的恒发商贸"}`).into(t, http.StatusOK, &out)
	if len(out.Candidates) != 1 || out.Candidates[0].LicenceNo != "510104100009" || out.Candidates[0].WhyZh == "" || out.Candidates[0].WhyEn == "" {
		t.Errorf("%+v", out)
	}
	s.do(t, "agent", "/resolve", `{"text":"卖假烟的店"}`).into(t, http.StatusOK, &out)
	if out.Sure || out.Question == nil || out.Question.Zh == "" {
		t.Errorf("%+v", out)
	}
	s.do(t, "agent", "/resolve", `{"text":"x","lon":104.1}`).want(t, 422, "validation")
}

// A place that nobody has pinned down is asked after, once.
func TestPlaceCheck(t *testing.T) {
	s := newScene(t)
	var made openAnswer
	s.do(t, "agent", "/tickets", `{"channel":"phone","kind":"report","subtype":"R03","narrative":"店里卖假烟","place_text":"学校旁边的烟摊","reporter":{"mode":"anonymous"}}`).
		into(t, http.StatusCreated, &made)
	open := func() []PlaceCheck {
		var list struct{ Checks []PlaceCheck }
		s.get(t, "agent", "/place-checks").into(t, http.StatusOK, &list)
		return list.Checks
	}
	if list := open(); len(list) != 1 || list[0].TicketID != made.Ticket.ID || list[0].Question == "" {
		t.Errorf("%+v", list)
	}
	path := fmt.Sprintf("/tickets/%d/place-check", made.Ticket.ID)
	s.do(t, "agent", path, `{"outcome":"unreachable"}`).into(t, http.StatusOK, &made.Ticket)
	s.do(t, "agent", path, `{"outcome":"confirmed"}`).want(t, 409, "no_place_check")
	if list := open(); len(list) != 0 {
		t.Errorf("still open: %+v", list)
	}
}

// A point on the map alone is nobody's certainty; a shop of the register needs no place check.
func TestOnlyARegisteredShopIsVerified(t *testing.T) {
	s := newScene(t)
	s.foundShop(t)
	s.report(t)
	shop := `{"channel":"phone","kind":"report","subtype":"R03","narrative":"店里卖假烟","retailer_licence_no":"510104100009","reporter":{"mode":"anonymous"}}`
	var made openAnswer
	s.do(t, "agent", "/tickets", shop).into(t, http.StatusCreated, &made)
	var list struct{ Checks []PlaceCheck }
	s.get(t, "agent", "/place-checks").into(t, http.StatusOK, &list)
	if len(list.Checks) != 1 || list.Checks[0].TicketID == made.Ticket.ID {
		t.Errorf("%+v", list)
	}
}

// An officer finds a shop on scene, and neither who runs it nor whether it was reported: a shop could be warned.
func TestOfficersLearnOfNoReports(t *testing.T) {
	s := newScene(t)
	s.foundShop(t)
	if _, err := s.db.Pool.Exec(t.Context(), `update retailer set operator = '王守义', phone_tail = '4321'`); err != nil {
		t.Fatal(err)
	}
	s.do(t, "agent", "/tickets", `{"channel":"phone","kind":"report","subtype":"R03","narrative":"店里卖假烟","retailer_licence_no":"510104100009","reporter":{"mode":"anonymous"}}`).
		into(t, http.StatusCreated, &openAnswer{})
	told := []string{"王守义", "4321", `"open_tickets":1`, `"tickets_year":1`}
	for _, query := range []string{"q=510104100009", fmt.Sprintf("lon=%v&lat=%v&within_m=500", lon, lat), fmt.Sprintf("lon=%v&lat=%v", lon, lat)} {
		desk, officer := s.get(t, "dispatcher", "/retailers?"+query), s.get(t, "officer1", "/retailers?"+query)
		for _, word := range told {
			if !strings.Contains(string(desk.body), word) || strings.Contains(string(officer.body), word) {
				t.Errorf("%s, %s: desk %s, officer %s", query, word, desk.body, officer.body)
			}
		}
		if !strings.Contains(string(officer.body), "恒发商贸行") {
			t.Errorf("%s: %d %s", query, officer.status, officer.body)
		}
	}
	if err := s.Server.deps.Finder.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"王守义", "4321"} {
		desk, officer := s.get(t, "dispatcher", "/retailers?q="+url.QueryEscape(words)), s.get(t, "officer1", "/retailers?q="+url.QueryEscape(words))
		if !strings.Contains(string(desk.body), "恒发商贸行") || strings.Contains(string(officer.body), "恒发商贸行") {
			t.Errorf("%s: desk %s, officer %s", words, desk.body, officer.body)
		}
	}
}
