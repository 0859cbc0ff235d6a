package dispatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

// Engine makes offers, lets them expire and raises alarms, without a person. It keeps no state: whatever it does is
// read from the database each time, so it may stop and start anywhere, and two engines do no harm beyond wasted work
// because the constraints let one offer through.
type Engine struct {
	Service *Service
	Log     *slog.Logger
	// Wake is signalled when the event log grew. It should hold one element; more signals are the same news.
	Wake <-chan struct{}
	// Heartbeat is how often the engine looks without being woken; 0 means 5 s.
	Heartbeat time.Duration
	// Looked, when not nil, is called after each look; tests wait on it.
	Looked func()
}

// Run works until ctx ends and returns nil then. Trouble with the database is logged and tried again at the next
// look; nothing is lost by that.
func (e *Engine) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-e.Wake:
		case <-timer.C:
		}
		next, err := e.Look(ctx)
		if err != nil && ctx.Err() == nil {
			e.Log.Error("dispatch engine could not finish its look; it tries again", "err", err)
		}
		timer.Reset(next)
		if e.Looked != nil {
			e.Looked()
		}
	}
}

// Look does everything that is due and returns after how long to look again at the latest.
func (e *Engine) Look(ctx context.Context) (time.Duration, error) {
	beat := e.Heartbeat
	if beat == 0 {
		beat = 5 * time.Second
	}
	if err := errors.Join(e.expireDue(ctx), e.serveQueue(ctx)); err != nil {
		return min(beat, time.Second), err
	}
	db := e.Service.DB
	next, err := nextExpiry(ctx, db.Pool)
	if err != nil || next.IsZero() {
		return beat, err
	}
	return min(beat, max(next.Sub(db.Now()), time.Millisecond)), nil
}

func (e *Engine) expireDue(ctx context.Context) error {
	db := e.Service.DB
	ids, err := dueOffers(ctx, db.Pool, db.Now().UTC())
	if err != nil {
		return err
	}
	var failed error
	for _, id := range ids {
		err := db.InTx(ctx, func(tx *pg.Tx) error {
			_, err := e.Service.expire(ctx, tx, id)
			return err
		})
		if err != nil { // the other offers expire all the same
			failed = errors.Join(failed, fmt.Errorf("expire offer %d: %w", id, err))
		}
	}
	return failed
}

// pair is a waiting ticket with its ranking.
type pair struct {
	t        ticket.Ticket
	policy   Policy
	ranking  []Candidate
	failed   int   // offers that came to nothing
	proposed int64 // the unit that stands proposed, 0 = it is said that none is fit, -1 = no proposal
}

func (p *pair) best() *Candidate {
	if len(p.ranking) == 0 || !p.ranking[0].Eligible {
		return nil
	}
	return &p.ranking[0]
}

// serveQueue looks at every ticket that waits for a unit. The most urgent class goes first; inside a class the best
// pair of ticket and unit goes first, not the oldest ticket: sending each freed unit to the oldest ticket makes
// units cross the county and everybody wait longer (domain C6). After each offer the rest is ranked again, because
// one unit is gone.
func (e *Engine) serveQueue(ctx context.Context) error {
	waiting, d, err := e.waiting(ctx)
	if err != nil {
		return err
	}
	for len(waiting) > 0 {
		slices.SortStableFunc(waiting, comparePairs)
		p := waiting[0]
		waiting = waiting[1:]
		offered, err := e.serve(ctx, &p)
		if err != nil {
			return err
		}
		if !offered {
			continue
		}
		d.take(p.best().UnitID, p.t.Number)
		for i := range waiting {
			w := &waiting[i]
			if b := w.best(); b == nil || b.UnitID != p.best().UnitID {
				continue
			}
			if w.ranking, err = e.Service.rank(ctx, d, &w.t); err != nil {
				return err
			}
		}
	}
	return nil
}

// take notes an offer that was made since d was read.
func (d *duty) take(unitID int64, number string) {
	for _, units := range d.units {
		for i := range units {
			if units[i].UnitID == unitID {
				units[i].OfferedTicket = number
			}
		}
	}
}

func comparePairs(a, b pair) int {
	ab, bb := a.best(), b.best()
	if c := cmp.Compare(a.t.Urgency, b.t.Urgency); c != 0 {
		return c
	}
	if (ab == nil) != (bb == nil) {
		return cmp.Compare(btoi(ab == nil), btoi(bb == nil))
	}
	if ab != nil {
		if c := cmp.Compare(ab.ScoreMin, bb.ScoreMin); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.t.ID, b.t.ID)
}

// waiting reads the queue and ranks the units for each of its tickets.
func (e *Engine) waiting(ctx context.Context) ([]pair, *duty, error) {
	db := e.Service.DB
	queue, err := ticket.Queue(ctx, db.Pool)
	if err != nil || len(queue) == 0 {
		return nil, nil, err
	}
	ids := make([]int64, len(queue))
	for i := range queue {
		ids[i] = queue[i].ID
	}
	failed, err := failedOffers(ctx, db.Pool, ids)
	if err != nil {
		return nil, nil, err
	}
	proposed, err := proposedUnits(ctx, db.Pool, ids)
	if err != nil {
		return nil, nil, err
	}
	d, err := readDuty(ctx, db.Pool, queue, db.Now().UTC())
	if err != nil {
		return nil, nil, err
	}
	out := make([]pair, len(queue))
	for i, t := range queue {
		out[i] = pair{t: t, policy: d.policies[int(t.Urgency)], failed: failed[t.ID], proposed: -1}
		if unit, ok := proposed[t.ID]; ok {
			out[i].proposed = unit
		}
		if out[i].ranking, err = e.Service.rank(ctx, d, &t); err != nil {
			return nil, nil, err
		}
	}
	return out, d, nil
}

// serve does for one ticket what its policy says; it reports whether an offer was made.
func (e *Engine) serve(ctx context.Context, p *pair) (bool, error) {
	switch {
	case p.failed >= p.policy.MaxOffers:
		return false, e.alarm(ctx, p, "offers_exhausted", ticket.Data{"offers": p.failed})
	case p.best() == nil:
		if err := e.propose(ctx, p); err != nil {
			return false, err
		}
		return false, e.alarm(ctx, p, "no_candidate", nil)
	case p.policy.Mode == "auto":
		return e.offer(ctx, p)
	}
	return false, e.propose(ctx, p)
}

func (e *Engine) offer(ctx context.Context, p *pair) (bool, error) {
	best := p.best()
	var t ticket.Ticket
	err := e.Service.DB.InTx(ctx, func(tx *pg.Tx) (err error) {
		t, err = e.Service.Offer(ctx, tx, ticket.Engine, Request{TicketID: p.t.ID, UnitID: best.UnitID, Mode: "auto"})
		return err
	})
	var busy *UnitBusyError
	var moved *ticket.TransitionError
	switch {
	case errors.As(err, &busy), errors.As(err, &moved), errors.Is(err, ErrTicketTaken), errors.Is(err, ErrOverrideReason),
		errors.Is(err, ErrUnitNotFound):
		// Somebody was faster, or the ranking has changed since: the next look sees the new state.
		return false, nil
	case err != nil:
		return false, fmt.Errorf("offer ticket %s: %w", p.t.Number, err)
	}
	e.Log.Info("offered", "ticket", t.Number, "unit", best.CallSign, "eta_s", best.ETAS,
		"distance_m", int(best.DistanceM), "next", nextBest(p.ranking, best.UnitID))
	return true, nil
}

// propose keeps the engine's choice for the dispatcher. It is written again only when the choice changes.
func (e *Engine) propose(ctx context.Context, p *pair) error {
	var unitID int64
	callSign := ""
	if b := p.best(); b != nil {
		unitID, callSign = b.UnitID, b.CallSign
	}
	if p.proposed == unitID {
		return nil
	}
	return e.Service.DB.InTx(ctx, func(tx *pg.Tx) error {
		t, err := ticket.Lock(ctx, tx, ticket.Engine, p.t.ID)
		if err != nil || t.Status != ticket.ToDispatch {
			return err
		}
		before, known, err := readProposal(ctx, tx, p.t.ID)
		if err != nil || (known && before == unitID) {
			return err
		}
		if err := writeProposal(ctx, tx, p.t.ID, p.ranking); err != nil {
			return err
		}
		if unitID != 0 {
			if err := ticket.ClearAlarm(ctx, tx, p.t.ID); err != nil {
				return err
			}
		}
		return ticket.Record(tx, ticket.Engine, "dispatch.proposed", p.t.ID, unitID, ticket.Data{"call_sign": callSign})
	})
}

func (e *Engine) alarm(ctx context.Context, p *pair, what string, data ticket.Data) error {
	if p.t.Alarm == what {
		return nil
	}
	return e.Service.DB.InTx(ctx, func(tx *pg.Tx) error {
		t, err := ticket.Lock(ctx, tx, ticket.Engine, p.t.ID)
		if err != nil || t.Status != ticket.ToDispatch {
			return err
		}
		raised, err := ticket.RaiseAlarm(ctx, tx, t.ID, what, data)
		if raised {
			tx.AfterCommit(func() { e.Log.Warn("a ticket needs a dispatcher", "ticket", t.Number, "alarm", what) })
		}
		return err
	})
}
