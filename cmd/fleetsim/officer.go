package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// officer answers offers and takes cases to their end, with one vehicle. Whatever the service says is believed; after
// a refusal the officer reads the state again.
type officer struct {
	who     *person
	vehicle *vehicle
	fleet   *fleet
	rng     *rand.Rand
	states  chan officerState // the newest; holds one

	fate map[int64]string // what becomes of an offer: accept, decline or "" for letting it expire
	done string           // plan that was carried out or refused
}

func newOfficer(who *person, v *vehicle, f *fleet, rng *rand.Rand) *officer {
	return &officer{who: who, vehicle: v, fleet: f, rng: rng, states: make(chan officerState, 1), fate: map[int64]string{}}
}

// watch follows the officer's live view until ctx ends.
func (o *officer) watch(ctx context.Context) error {
	first := true
	return o.who.follow(ctx, "officer", func(m message) {
		if m.Name != "officer" {
			return
		}
		at := time.Now()
		var s officerState
		if err := json.Unmarshal(m.Data, &s); err != nil {
			o.fleet.measure.trouble(fmt.Errorf("officer message: %w", err))
			return
		}
		if first {
			first = false
			o.fleet.online.Add(1)
		}
		if s.Offer != nil {
			mode := s.Offer.Ticket.Offer
			o.fleet.measure.offerSeen(s.Offer.Ticket.ID, mode != nil && mode.Mode == "auto", at)
		}
		select {
		case <-o.states: // an older one nobody has read
		default:
		}
		o.states <- s
	})
}

// plan is what an officer is about to do. The zero plan is nothing.
type plan struct {
	key     string // names the plan; a plan of the same key is not begun twice
	what    string // accept, decline, or an action on the ticket
	after   time.Duration
	parked  bool // only once the vehicle stands at the place
	offerID int64
	ticket  ticketView
}

// work carries out one plan after another until work ends. What is under way then is finished unless hard ends.
func (o *officer) work(work, hard context.Context) error {
	var p plan
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		var due <-chan time.Time
		if p.what != "" && !p.parked {
			due = timer.C
		}
		var s officerState
		select {
		case <-work.Done():
			return nil
		case s = <-o.states:
		case ticketID := <-o.vehicle.arrived:
			if !p.parked || p.ticket.ID != ticketID {
				continue
			}
			p.parked = false
			timer.Reset(0)
			continue
		case <-due:
			now, err := o.carryOut(hard, p)
			if err != nil {
				return err
			}
			p = plan{}
			if now == nil {
				continue
			}
			s = *now
		}
		if next := o.decide(&s); next.key != p.key {
			p = next
			timer.Reset(p.after)
		}
	}
}

// decide says what to do in a state and steers the vehicle.
func (o *officer) decide(s *officerState) plan {
	if s.Offer != nil {
		if p := o.decideOffer(s.Offer); p.what != "" && p.key != o.done {
			return p
		}
	}
	if s.Case == nil {
		o.vehicle.release()
		return plan{}
	}
	t := s.Case.Ticket
	p := plan{key: fmt.Sprintf("ticket %d %s %d", t.ID, t.Status, t.Version), ticket: t}
	place, known := t.point()
	switch t.Status {
	case "accepted":
		p.what, p.after = "depart", o.between(time.Second, 3*time.Second)
	case "en_route":
		p.what, p.parked = "arrive", true
		if known {
			o.vehicle.goTo(t.ID, place)
		}
	case "on_scene":
		p.what, p.after = "finish", o.onScene()
		if known {
			o.vehicle.goTo(t.ID, place)
		}
	case "reporting":
		o.vehicle.release()
		p.what, p.after = "close", o.between(3*time.Second, 8*time.Second)
	}
	if p.key == o.done {
		return plan{}
	}
	return p
}

// decideOffer draws, once for an offer, what becomes of it. Before anybody has arrived anywhere every offer is taken
// soon: that is the opening scene.
func (o *officer) decideOffer(c *caseCard) plan {
	fate, known := o.fate[c.OfferID]
	if !known {
		o.fleet.measure.count("offers")
		switch x := o.rng.Float64(); {
		case x < 0.92 || !o.fleet.measure.atScene():
			fate = "accept"
		case x < 0.97:
			fate = "decline"
		}
		clear(o.fate) // a unit has one open offer
		o.fate[c.OfferID] = fate
	}
	after := o.between(time.Second, 4*time.Second)
	if !o.fleet.measure.atScene() {
		after = o.between(time.Second, 2*time.Second)
	}
	return plan{key: fmt.Sprintf("offer %d", c.OfferID), what: fate, after: after, offerID: c.OfferID, ticket: c.Ticket}
}

func (o *officer) between(a, b time.Duration) time.Duration {
	return a + time.Duration(o.rng.Int64N(int64(b-a)))
}

// onScene is lognormal around the median that was asked for.
func (o *officer) onScene() time.Duration {
	return time.Duration(float64(o.fleet.flags.Scene) * math.Exp(0.35*o.rng.NormFloat64()))
}

// events are the facts that the commands make.
var events = map[string]string{
	"accept": "offer.accepted", "decline": "offer.declined", "depart": "sortie.departed", "arrive": "sortie.arrived",
	"finish": "sortie.finished", "close": "ticket.closed", "offer": "offer.made", "amend": "ticket.amended",
	"triage": "ticket.triaged", "answer": "ticket.closed", "cancel": "ticket.cancelled",
}

// carryOut sends the command of a plan. When the service refuses it, the state as it is now is returned.
func (o *officer) carryOut(ctx context.Context, p plan) (*officerState, error) {
	path := fmt.Sprintf("/tickets/%d/actions/%s", p.ticket.ID, p.what)
	var body any
	switch p.what {
	case "accept":
		path = fmt.Sprintf("/offers/%d/accept", p.offerID)
	case "decline":
		path = fmt.Sprintf("/offers/%d/decline", p.offerID)
		body = map[string]any{"reason_code": o.fleet.declineReason(o.rng)}
	case "finish":
		body = map[string]any{"version": p.ticket.Version, "outcome": o.fleet.outcome(o.rng)}
	case "close":
		body = map[string]any{"version": p.ticket.Version, "outcome_text": reports[o.rng.IntN(len(reports))]}
	default:
		body = map[string]any{"version": p.ticket.Version}
	}
	o.done = p.key
	err := o.fleet.command(ctx, o.who, p.what, path, body)
	if err == nil {
		o.fleet.measure.count(counted[p.what])
		return nil, nil
	}
	if !isRefusal(err) {
		return nil, ended(ctx, err)
	}
	var now officerState
	if err := o.who.get(ctx, "/officer", &now); err != nil {
		return nil, ended(ctx, err)
	}
	return &now, nil
}

// counted names the counts of the summary.
var counted = map[string]string{
	"accept": "accepted", "decline": "declined", "depart": "departed", "arrive": "arrived", "finish": "finished", "close": "closed",
}

var reports = []string{
	"到场核查，与反映情况基本一致，已制作现场笔录并依法处理。", "到场检查，未发现反映的问题，已向店主宣传相关规定。",
	"现场责令改正，店主已签收责令改正通知书。", "现场查获涉案卷烟，已先行登记保存，移交案件组办理。",
	"到场时店铺已关门，走访周边商户后暂无法核实，已列入回访。",
}

// ended hides an error that only says that ctx has ended.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
