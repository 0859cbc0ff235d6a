package live

import (
	"context"
	"errors"
	"maps"
	"slices"

	"jiujin/dispatch"
	"jiujin/internal/pg"
)

// news is what was read at one moment, to be published together.
type news struct {
	seq      int64 // head of the event log at that moment
	events   []dispatch.EventView
	tickets  []dispatch.TicketView // those that the events touched
	units    []dispatch.UnitView   // those that the events or time changed
	officers map[int64]dispatch.OfficerState
}

// start begins at the head of the log. Whoever subscribed before may have a snapshot from before that, and is cut.
func (b *Board) start(ctx context.Context) error {
	err := AtHead(ctx, b.Service.DB, func(q pg.Queryer, seq int64) error {
		views, err := b.Service.UnitViews(ctx, q, "", nil, b.now())
		if err != nil {
			return err
		}
		b.cursor = seq
		b.keep(views)
		return nil
	})
	if err == nil {
		b.Hub.cutAll()
	}
	return err
}

// follow publishes everything that was committed since the last call.
func (b *Board) follow(ctx context.Context) error {
	for {
		var n news
		err := AtHead(ctx, b.Service.DB, func(q pg.Queryer, seq int64) error {
			n = news{seq: seq}
			return b.readEvents(ctx, q, &n)
		})
		if err != nil {
			return err
		}
		b.tell(&n)
		if len(n.events) < eventBatch {
			return nil
		}
	}
}

// readEvents reads the events after the cursor, and the rows that they touched.
func (b *Board) readEvents(ctx context.Context, q pg.Queryer, n *news) (err error) {
	n.events, err = dispatch.EventsAfter(ctx, q, "", b.cursor, eventBatch)
	if err != nil || len(n.events) == 0 {
		return err
	}
	now := b.now()
	tickets, units := b.touched(n.events)
	if n.tickets, err = b.Service.TicketViews(ctx, q, "", slices.Collect(maps.Keys(tickets)), now); err != nil {
		return err
	}
	for i := range n.tickets {
		v := &n.tickets[i]
		if v.Unit != nil {
			units[v.Unit.ID] = true
		}
		if v.Offer != nil {
			units[v.Offer.UnitID] = true
		}
	}
	if len(units) > 0 {
		if n.units, err = b.Service.UnitViews(ctx, q, "", slices.Collect(maps.Keys(units)), now); err != nil {
			return err
		}
	}
	return b.readOfficers(ctx, q, n)
}

// touched is the tickets and units that events name, and the units that had one of these tickets until now.
func (b *Board) touched(events []dispatch.EventView) (tickets, units map[int64]bool) {
	tickets, units = map[int64]bool{}, map[int64]bool{}
	for _, e := range events {
		if e.TicketID != 0 {
			tickets[e.TicketID] = true
		}
		if e.UnitID != 0 {
			units[e.UnitID] = true
		}
	}
	for id, u := range b.units {
		if u.TicketID != nil && tickets[*u.TicketID] || u.OfferTicketID != nil && tickets[*u.OfferTicketID] {
			units[id] = true
		}
	}
	return tickets, units
}

// readOfficers reads what the open pages of the changed units' officers show. A unit that is no more has no page.
func (b *Board) readOfficers(ctx context.Context, q pg.Queryer, n *news) error {
	watched := b.Hub.officerUnits()
	n.officers = make(map[int64]dispatch.OfficerState)
	for _, v := range n.units {
		if !watched[v.ID] {
			continue
		}
		state, err := b.Service.Officer(ctx, q, v.ID, b.now())
		if errors.Is(err, dispatch.ErrUnitNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		n.officers[v.ID] = state
	}
	return nil
}

// refresh finds what changed by time alone (a shift began, a signal was lost) and publishes that.
func (b *Board) refresh(ctx context.Context) error {
	var n news
	err := AtHead(ctx, b.Service.DB, func(q pg.Queryer, seq int64) error {
		n = news{seq: seq}
		views, err := b.Service.UnitViews(ctx, q, "", nil, b.now())
		if err != nil {
			return err
		}
		for _, v := range views {
			old, known := b.units[v.ID]
			if !known || old.Duty != v.Duty || old.Freshness != v.Freshness || old.CallSign != v.CallSign ||
				old.OrgPath != v.OrgPath || (old.Lon == nil) != (v.Lon == nil) {
				n.units = append(n.units, v)
			}
		}
		return b.readOfficers(ctx, q, &n)
	})
	if err != nil {
		return err
	}
	b.tell(&n)
	return nil
}

// tell publishes news: first the facts, then the rows as they are after them. Only a fact carries an id, so a reader
// that is cut off in between is sent the rest when it comes back.
func (b *Board) tell(n *news) {
	for i := range n.events {
		e := &n.events[i]
		b.publish(Message{Name: "event", ID: e.Seq}, e, func(s *Subscriber) bool {
			return s.Events && e.OrgPath != "" && inBranch(s, e.OrgPath)
		})
		b.cursor = e.Seq
	}
	for i := range n.tickets {
		v := &n.tickets[i]
		b.publish(Message{Name: "ticket", AsOf: n.seq}, v, func(s *Subscriber) bool { return inBranch(s, v.OrgPath) })
	}
	b.keep(n.units)
	for i := range n.units {
		v := &n.units[i]
		b.publish(Message{Name: "unit", AsOf: n.seq}, v, func(s *Subscriber) bool { return inBranch(s, v.OrgPath) })
	}
	for id, state := range n.officers {
		b.publish(Message{Name: "officer", AsOf: n.seq}, state, func(s *Subscriber) bool { return s.UnitID == id })
	}
}

// keep notes units as they are shown now.
func (b *Board) keep(views []dispatch.UnitView) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.units == nil {
		b.units = make(map[int64]dispatch.UnitView, len(views))
	}
	for _, v := range views {
		b.units[v.ID] = v
	}
}
