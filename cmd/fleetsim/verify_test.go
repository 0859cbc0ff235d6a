package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// shelf is what a service might have after a crash: some fixes of unit 1, and tickets.
type shelf struct {
	fixes   map[int64]int // how often each is there
	tickets map[int64]ticketDetail
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/session", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "x"})
	})
	mux.HandleFunc("GET /api/v1/units/1/history", func(w http.ResponseWriter, r *http.Request) {
		from, err1 := time.Parse(time.RFC3339Nano, r.FormValue("from"))
		to, err2 := time.Parse(time.RFC3339Nano, r.FormValue("to"))
		if err1 != nil || err2 != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		n := 0
		for at, times := range s.fixes {
			if at >= from.UnixMilli() && at < to.UnixMilli() {
				n += times
			}
		}
		answer(map[string]int{"fixes": n})
	})
	mux.HandleFunc("GET /api/v1/tickets", func(w http.ResponseWriter, r *http.Request) {
		before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64)
		list := []ticketView{}
		for id := int64(len(s.tickets)); id > 0; id-- { // two a page, newest first
			if (before == 0 || id < before) && len(list) < 2 {
				list = append(list, s.tickets[id].ticketView)
			}
		}
		answer(map[string]any{"tickets": list})
	})
	mux.HandleFunc("GET /api/v1/tickets/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
		t, ok := s.tickets[id]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		answer(t)
	})
	mux.ServeHTTP(w, r)
}

// look inspects a shelf. A request that is not answered well ends with the time limit.
func (s *shelf) look(l *ledger) (findings, error) {
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	a := newAPI(server.URL, newMeasure(time.Now()))
	return inspect(ctx, &person{api: a, login: "admin", password: "x"}, l)
}

func TestInspectFindsEveryLostAndEveryDoubledFix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &shelf{fixes: map[int64]int{}}
		l := &ledger{fixTimes: map[int64][]int64{}}
		there := rapid.SampledFrom([]int{0, 2}).Draw(t, "times that a spoilt fix is there")
		spoilt := 0
		at := int64(1_790_000_000_000)
		for range rapid.IntRange(1, 1200).Draw(t, "fixes") {
			at += rapid.Int64Range(1, 2000).Draw(t, "gap")
			l.fixTimes[1] = append(l.fixTimes[1], at)
			s.fixes[at] = 1
			if rapid.IntRange(0, 99).Draw(t, "spoilt") == 0 {
				s.fixes[at] = there
				spoilt++
			}
		}
		s.fixes[at+1] = 1 // after the last acknowledged one: sent, but its answer was lost
		f, err := s.look(l)
		if err != nil {
			t.Fatal(err)
		}
		lost, doubled := spoilt, 0
		if there == 2 {
			lost, doubled = 0, spoilt
		}
		if f.Lost != lost || f.Doubled != doubled || f.Foreign != 0 || f.FixesAcked != len(l.fixTimes[1]) {
			t.Fatalf("found %+v, want %d lost and %d doubled", f, lost, doubled)
		}
	})
}

func TestInspectCountsFixesThatNobodySent(t *testing.T) {
	s := &shelf{fixes: map[int64]int{1000: 1, 1500: 1, 2000: 1}}
	f, err := s.look(&ledger{fixTimes: map[int64][]int64{1: {1000, 2000}}})
	if err != nil || f.Lost != 0 || f.Doubled != 0 || f.Foreign != 1 {
		t.Errorf("found %+v, %v", f, err)
	}
}

func TestInspectFindsLostAndDoubledSteps(t *testing.T) {
	filed := func(id int64, words string, events string) ticketDetail {
		var d ticketDetail
		text := fmt.Sprintf(`{"id":%d,"number":"N%d","appeals":[{"narrative":%q}],"events":[%s]}`, id, id, words, events)
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	const registered = `{"type":"ticket.registered"},{"type":"ticket.triaged","data":{"version":2}}`
	const offered = registered + `,{"type":"offer.made","data":{"version":3}}`
	const accepted = `,{"type":"offer.accepted","data":{"version":4}}`
	opened := func(id int64, words string) effect {
		return effect{TicketID: id, Event: "ticket.registered", Number: fmt.Sprintf("N%d", id), Digest: digest(words)}
	}
	accept := effect{TicketID: 2, Event: "offer.accepted", Version: 4}
	older := filed(1, "b", registered) // from before the run, with the same words by chance
	for name, c := range map[string]struct {
		tickets       []ticketDetail
		lost, doubled int
	}{
		"all there":           {[]ticketDetail{older, filed(2, "a", offered+accepted), filed(3, "b", registered), filed(4, "c", registered)}, 0, 0},
		"ticket gone":         {[]ticketDetail{older, filed(2, "a", offered+accepted)}, 1, 0},
		"step gone":           {[]ticketDetail{older, filed(2, "a", offered), filed(3, "b", registered)}, 1, 0},
		"step of other kind":  {[]ticketDetail{older, filed(2, "a", offered+`,{"type":"offer.accepted","data":{"version":9}}`), filed(3, "b", registered)}, 1, 0},
		"step twice":          {[]ticketDetail{older, filed(2, "a", offered+accepted+accepted), filed(3, "b", registered)}, 0, 1},
		"report twice":        {[]ticketDetail{older, filed(2, "a", offered+accepted), filed(3, "b", registered), filed(4, "b", registered)}, 0, 1},
		"report twice, apart": {[]ticketDetail{older, filed(2, "a", offered+accepted), filed(3, "b", registered), filed(4, "c", ""), filed(5, "d", ""), filed(6, "a", "")}, 0, 1},
	} {
		s := &shelf{tickets: map[int64]ticketDetail{}}
		for _, d := range c.tickets {
			s.tickets[d.ID] = d
		}
		f, err := s.look(&ledger{commands: []effect{opened(2, "a"), opened(3, "b"), accept}})
		if err != nil || f.Lost != c.lost || f.Doubled != c.doubled {
			t.Errorf("%s: found %+v, %v; want %d lost, %d doubled", name, f, err, c.lost, c.doubled)
		}
	}
}
