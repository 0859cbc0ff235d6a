package httpapi

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"jiujin/dispatch"
	"jiujin/ticket"
)

// picture is what a page knows from a stream.
type picture struct {
	units, tickets map[int64]string
	events         []int64
	lastID         string
}

// take is what a page does with a message.
func (p *picture) take(t testing.TB, h heard) {
	t.Helper()
	if h.id != 0 {
		p.lastID = strconv.FormatInt(h.id, 10)
	}
	switch h.name {
	case "snapshot":
		var snap snapshot
		h.into(t, &snap)
		p.units, p.tickets = map[int64]string{}, map[int64]string{}
		for _, u := range snap.Units {
			p.units[u.ID] = plain(t, u)
		}
		for _, k := range snap.Tickets {
			p.tickets[k.ID] = plain(t, k)
		}
	case "unit":
		var u dispatch.UnitView
		h.into(t, &u)
		p.units[u.ID] = plain(t, u)
	case "ticket":
		var k dispatch.TicketView
		h.into(t, &k)
		p.tickets[k.ID] = plain(t, k)
		if k.ClosedAt != nil {
			delete(p.tickets, k.ID)
		}
	case "event":
		p.events = append(p.events, h.seq(t))
	}
}

// current is the same picture asked for with GET.
func (s *scene) current(t testing.TB, login string) picture {
	t.Helper()
	p := picture{units: map[int64]string{}, tickets: map[int64]string{}}
	var units struct{ Units []dispatch.UnitView }
	s.get(t, login, "/units").into(t, 200, &units)
	for _, u := range units.Units {
		p.units[u.ID] = plain(t, u)
	}
	var tickets struct{ Tickets []dispatch.TicketView }
	s.get(t, login, "/tickets?limit=500").into(t, 200, &tickets)
	for _, k := range tickets.Tickets {
		p.tickets[k.ID] = plain(t, k)
	}
	return p
}

func same(a, b map[int64]string) bool {
	for id, v := range a {
		if b[id] != v {
			return false
		}
	}
	return len(a) == len(b)
}

// While four people at once make 200 random commands, one page stays and another one goes away and comes back again
// and again. Every fact reaches each exactly once and in order, and both end up with what GET says.
func TestNothingIsMissed(t *testing.T) {
	s := newScene(t).run(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, login := range []string{"agent", "dispatcher", "stranger", "chief", "officer1", "officer2", "officer3", "officer9"} {
		s.cookie(t, login) // before the goroutines share them
	}
	firstSeq := int64(s.count(t, `select seq from event_head`))
	stays := s.listen(t, "chief", "board", "")
	var steady, restless picture
	steady.take(t, stays.begin(t, "snapshot"))
	restless.lastID = strconv.FormatInt(firstSeq, 10)

	finished := make(chan struct{})
	var work, watch sync.WaitGroup
	for i := range 4 {
		work.Go(func() { s.commands(t, i, 50, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	watch.Go(func() {
		random := rand.New(rand.NewPCG(seed, 99))
		for over := false; !over; {
			select {
			case <-finished:
				over = true
			default:
			}
			s.visit(t, &restless, 1+random.IntN(40), over)
		}
	})
	work.Wait()
	close(finished)
	watch.Wait()

	want := s.current(t, "chief")
	for begin := time.Now(); !same(want.units, steady.units) || !same(want.tickets, steady.tickets) || len(steady.events) < len(restless.events); {
		if time.Since(begin) > patience/2 {
			t.Fatalf("the page that stayed shows\n%v %v\nwant\n%v %v", steady.units, steady.tickets, want.units, want.tickets)
		}
		steady.take(t, stays.next(t))
	}
	if !same(want.units, restless.units) || !same(want.tickets, restless.tickets) {
		t.Errorf("the page that came and went shows\n%v %v\nwant\n%v %v", restless.units, restless.tickets, want.units, want.tickets)
	}
	head := int64(s.count(t, `select seq from event_head`))
	t.Logf("%d facts", head-firstSeq)
	for name, seen := range map[string][]int64{"stayed": steady.events, "came and went": restless.events} {
		next := firstSeq + 1
		for _, seq := range seen {
			if seq != next {
				t.Fatalf("the page that %s: fact %d comes where %d should", name, seq, next)
			}
			next++
		}
		if next != head+1 {
			t.Errorf("the page that %s has facts up to %d of %d", name, next-1, head)
		}
	}
}

// visit opens a stream where the last one broke off and reads some messages; the last visit reads up to the head.
func (s *scene) visit(t *testing.T, p *picture, messages int, last bool) {
	l := s.listen(t, "chief", "board", p.lastID)
	defer l.close()
	head := int64(0)
	if last {
		head = int64(s.count(t, `select seq from event_head`))
	}
	whole := false // the state has come; the facts may have been there from the visit before
	for i := 0; i < messages || last; i++ {
		h, err := l.read()
		if err != nil {
			t.Errorf("the stream ended: %v", err)
			return
		}
		p.take(t, h)
		whole = whole || h.name == "snapshot"
		if last && whole && len(p.events) > 0 && p.events[len(p.events)-1] == head {
			return
		}
	}
}

// commands takes random steps with one unit and its tickets. Refusals are part of the game, failures are not.
func (s *scene) commands(t *testing.T, who, n int, random *rand.Rand) {
	officer, desk, unit := fmt.Sprintf("officer%d", who+1), "dispatcher", s.abroad
	if who < len(s.units) {
		unit = s.units[who]
	} else {
		officer, desk = "officer9", "stranger"
	}
	var tk Ticket
	for range n {
		var a answer
		if !(tk.ID != 0 && tk.ClosedAt == nil) {
			var made openAnswer
			a = s.do(t, desk, "/tickets", opening(3, anonymous))
			a.into(t, http.StatusCreated, &made)
			tk = made.Ticket
			continue
		}
		switch step := random.IntN(10); {
		case step == 0:
			a = s.tryAct(t, desk, tk, "cancel", `,"reason":"重复"`)
		case step == 1:
			body := fmt.Sprintf(`{"in_service":%v,"reason":"爆胎"}`, random.IntN(3) > 0)
			a = s.do(t, desk, fmt.Sprintf("/units/%d/service", unit), body)
		case step == 2:
			a = s.tryAct(t, desk, tk, "redispatch", `,"reason":"太远"`)
		case tk.Status == ticket.ToDispatch:
			a = s.do(t, desk, fmt.Sprintf("/tickets/%d/offers", tk.ID), fmt.Sprintf(`{"unit_id":%d,"version":%d,"override_reason":"x"}`, unit, tk.Version))
		case tk.Offer != nil && step < 5:
			a = s.do(t, officer, fmt.Sprintf("/offers/%d/decline", tk.Offer.ID), `{"reason_code":"other"}`)
		case tk.Offer != nil:
			a = s.do(t, officer, fmt.Sprintf("/offers/%d/accept", tk.Offer.ID), "")
		default:
			next := map[ticket.Status]string{"accepted": "depart", "en_route": "arrive", "on_scene": "finish", "reporting": "close"}
			a = s.tryAct(t, officer, tk, next[tk.Status], `,"outcome":"I05","outcome_text":"不属实"`)
		}
		if a.status >= 500 {
			t.Errorf("%d %s", a.status, a.body)
		}
		var list struct{ Tickets []Ticket }
		s.get(t, desk, "/tickets?status=all&limit=1&q="+tk.Number).into(t, 200, &list)
		tk = list.Tickets[0]
	}
}
