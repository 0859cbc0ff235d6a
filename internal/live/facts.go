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

// start begins at the head of the log. Nobody has a snapshot from before: streams wait until they are followed.
func (b *Board) start(ctx context.Context) error {
	return AtHead(ctx, b.Service.DB, func(_ pg.Queryer, seq int64) error {
		b.cursor, b.started = seq, true
		return nil
	})
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
	return b.readOfficers(ctx, q, n, b.Hub.watched().units)
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
func (b *Board) readOfficers(ctx context.Context, q pg.Queryer, n *news, watched map[int64]bool) error {
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

// refresh reads the units that are watched now, and publishes what changed by time alone (a shift began, a signal was
// lost). Then those who came since the last time are followed.
func (b *Board) refresh(ctx context.Context) error {
	w := b.Hub.watched()
	var n news
	var shown map[int64]dispatch.UnitView
	read := func(q pg.Queryer, seq int64) (err error) {
		if shown, err = b.readWatched(ctx, q, &w); err != nil {
			return err
		}
		n = news{seq: seq, units: b.changed(shown)}
		return b.readOfficers(ctx, q, &n, w.units)
	}
	for range refreshTries { // what a fact changed is told after that fact
		if err := AtHead(ctx, b.Service.DB, read); err != nil {
			return err
		}
		if n.seq == b.cursor {
			break
		}
		if err := b.follow(ctx); err != nil {
			return err
		}
	}
	b.hold(shown, w.branches)
	b.tell(&n)
	b.Hub.release(w.waiting)
	return nil
}

// readWatched reads the units of the watched branches, and those with an open page.
func (b *Board) readWatched(ctx context.Context, q pg.Queryer, w *watched) (map[int64]dispatch.UnitView, error) {
	shown := make(map[int64]dispatch.UnitView)
	read := func(branch string, ids []int64) error {
		views, err := b.Service.UnitViews(ctx, q, branch, ids, b.now())
		for _, v := range views {
			shown[v.ID] = v
		}
		return err
	}
	for branch := range w.branches {
		if within(branch, w.branches) {
			continue // read with the wider one
		}
		if err := read(branch, nil); err != nil {
			return nil, err
		}
	}
	if len(w.units) == 0 {
		return shown, nil
	}
	return shown, read("", slices.Collect(maps.Keys(w.units)))
}

// within tells whether one of the branches is wider than branch.
func within(branch string, branches map[string]bool) (yes bool) {
	eachBranch(branch, func(wider string) { yes = yes || wider != branch && branches[wider] })
	return yes
}

// changed is those of the units that somebody has been shown otherwise, or that are new in a branch that was followed.
func (b *Board) changed(shown map[int64]dispatch.UnitView) (units []dispatch.UnitView) {
	for id, v := range shown {
		old, known := b.units[id]
		switch {
		case !known && !b.branches[v.OrgPath] && !within(v.OrgPath, b.branches):
		case !known, old.Duty != v.Duty, old.Freshness != v.Freshness, old.CallSign != v.CallSign,
			old.OrgPath != v.OrgPath, (old.Lon == nil) != (v.Lon == nil):
			units = append(units, v)
		}
	}
	return units
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

// keep notes how units are shown now, as far as they are watched.
func (b *Board) keep(views []dispatch.UnitView) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range views {
		if _, shown := b.units[v.ID]; shown || b.branches[v.OrgPath] || within(v.OrgPath, b.branches) {
			b.units[v.ID] = v
		}
	}
}

// hold takes over what is watched from now on.
func (b *Board) hold(shown map[int64]dispatch.UnitView, branches map[string]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.units, b.branches = shown, branches
}
