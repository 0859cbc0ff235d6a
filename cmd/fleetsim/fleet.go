package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/internal/town"
)

const (
	drainWithin   = 15 * time.Second // for what is under way when a run ends
	inspectWithin = 60 * time.Second
	aliveWithin   = 5 * time.Second  // a service that is silent so long when a run ends is not waited for
	freshWithin   = 30 * time.Minute // a known position that old is where the vehicle is
)

// fleet is a run of the simulator.
type fleet struct {
	flags   *runCmd
	creds   credentials
	town    *town.Town
	roads   *roads
	api     *api
	measure *measure
	ledger  *ledger
	config  serviceConfig // read at the start
	alive   time.Duration // aliveWithin

	vehicles    []*vehicle
	officers    []*officer
	dispatchers []*dispatcher
	callers     *callers
	storms      atomic.Int64  // how often all terminals have been cut off
	numbers     atomic.Uint32 // of the fixes
	online      atomic.Int64  // officers whose live view has come up

	mu    sync.Mutex // guards truth
	truth map[int64]town.Call
}

// newFleet draws the town and everybody in it. The journal, if any, is opened; run closes it.
func newFleet(flags *runCmd, creds credentials) (*fleet, error) {
	t := town.Generate(town.Options{Seed: creds.Seed, Counties: creds.Counties})
	l, err := newLedger(flags.Journal)
	if err != nil {
		return nil, err
	}
	m := newMeasure(time.Now())
	f := &fleet{flags: flags, creds: creds, town: t, roads: newRoads(t.Graph), api: newAPI(flags.URL, m), measure: m, ledger: l, alive: aliveWithin, truth: map[int64]town.Call{}}
	byCallSign := map[string]*vehicle{}
	for i, d := range creds.Devices {
		if d.Index >= len(t.Units) || flags.Vehicles > 0 && i >= flags.Vehicles {
			continue
		}
		v := newVehicle(d.Index, d.UnitID, d.Key, t, f.roads, f.rng(uint64(d.Index)))
		v.numbers = &f.numbers
		f.vehicles = append(f.vehicles, v)
		byCallSign[fmt.Sprint(countyOf(t.Units[d.Index].Squad), d.CallSign)] = v
	}
	return f, f.hire(byCallSign)
}

// rng is a stream of chance of its own for everybody.
func (f *fleet) rng(who uint64) *rand.Rand { return rand.New(rand.NewPCG(f.flags.Seed, who)) }

// hire finds the logins: an officer for each vehicle, the agents, and one dispatcher for each county.
func (f *fleet) hire(byCallSign map[string]*vehicle) error {
	orgs := map[string]string{}
	for _, u := range f.town.Users {
		orgs[u.Login] = u.Org
	}
	f.callers = &callers{fleet: f, agents: map[string][]*person{}, rng: f.rng(1 << 32)}
	boards, crewed := map[string]bool{}, map[*vehicle]bool{}
	for i, u := range f.creds.Users {
		who := &person{api: f.api, login: u.Login, password: f.creds.Password}
		county := countyOf(orgs[u.Login])
		switch u.Role {
		case "agent":
			f.callers.agents[county] = append(f.callers.agents[county], who)
		case "dispatcher":
			if !boards[county] {
				boards[county] = true
				f.dispatchers = append(f.dispatchers, &dispatcher{who: who, fleet: f, delay: f.flags.DispatcherDelay, open: map[int64]*waiting{}})
			}
		case "officer":
			if v := byCallSign[county+u.Unit]; v != nil && !crewed[v] {
				crewed[v] = true
				f.officers = append(f.officers, newOfficer(who, v, f, f.rng(1<<33+uint64(i))))
			}
		}
	}
	for c := range f.town.Options.Counties {
		if county := fmt.Sprintf("county%d", c+1); len(f.callers.agents[county]) == 0 || !boards[county] {
			return fmt.Errorf("the credentials name no agent or no dispatcher of %s; is the file from another version?", county)
		}
	}
	return nil
}

// run plays until ctx ends or the duration is over, brings in what is under way and compares. With a service that does
// not answer it ends within two times f.alive, and the summary tells what was not compared.
func (f *fleet) run(ctx context.Context) (summary, error) {
	work, cancel := ctx, context.CancelFunc(func() {})
	if f.flags.Duration > 0 {
		work, cancel = context.WithTimeout(ctx, f.flags.Duration)
	}
	defer cancel()
	hard, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()

	var beside errgroup.Group
	beside.Go(func() error { return f.ledger.keep(hard) })
	beside.Go(func() error { f.drain(work, hard, stop); return nil })
	err := f.play(work, hard)
	stop()
	if err = errors.Join(err, beside.Wait(), f.ledger.close()); err != nil {
		return summary{}, err
	}
	return f.conclude(context.WithoutCancel(ctx))
}

// drain calls stop when what is under way at the end of work has had its time: at once when the service is silent.
// It returns when hard ends.
func (f *fleet) drain(work, hard context.Context, stop func()) {
	defer stop()
	select {
	case <-hard.Done():
		return
	case <-work.Done():
	}
	if f.answers(hard) == nil {
		_ = pause(hard, drainWithin) // whichever comes first, it is over
	}
}

// answers asks for a sign of life; the error says that there was none in time.
func (f *fleet) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, f.alive)
	defer cancel()
	return f.api.send(ctx, nil, &request{method: "GET", path: "/api/v1/config"}, nil)
}

// play starts everybody and returns when all have ended.
func (f *fleet) play(work, hard context.Context) error {
	if err := f.prepare(work); err != nil {
		if work.Err() != nil {
			return nil
		}
		return err
	}
	g, work := errgroup.WithContext(work)
	for _, v := range f.vehicles {
		g.Go(func() error { return v.drive(work, f.flags.Rate) })
		g.Go(func() error { return v.out.deliver(hard, v.carrier, f.measure, f.ledger) })
	}
	g.Go(func() error { return f.stormy(work) })
	g.Go(func() error { return f.nuisance(work) })
	for _, d := range f.dispatchers {
		g.Go(func() error { return d.watch(work) })
		g.Go(func() error { return d.work(work, hard) })
	}
	for _, o := range f.officers {
		g.Go(func() error { return o.watch(work) })
		g.Go(func() error { return o.work(work, hard) })
	}
	g.Go(func() error { return f.callers.run(work, hard) })
	return g.Wait()
}

// stormy cuts all terminals off at once, again and again, until ctx ends: they connect anew as soon as they have
// something to send.
func (f *fleet) stormy(ctx context.Context) error {
	if f.flags.StormEvery <= 0 {
		return nil
	}
	for pause(ctx, f.flags.StormEvery) == nil {
		f.storms.Add(1)
	}
	return nil
}

// prepare reads what the service knows: its terms, and where the vehicles were when it last heard of them.
func (f *fleet) prepare(ctx context.Context) error {
	if err := f.api.send(ctx, nil, &request{method: "GET", path: "/api/v1/config"}, &f.config); err != nil {
		return err
	}
	if !f.config.Demo {
		return errors.New("the service is not a demo; made-up reports do not belong there")
	}
	if len(f.config.Outcomes) == 0 || len(f.config.DeclineReasons) == 0 {
		return errors.New("the service names no outcomes or no reasons to decline")
	}
	if err := f.equip(ctx); err != nil {
		return err
	}
	last := map[int64]unitView{}
	for _, d := range f.dispatchers {
		var answer struct {
			Units []unitView `json:"units"`
		}
		if err := d.who.get(ctx, "/units", &answer); err != nil {
			return err
		}
		for _, u := range answer.Units {
			last[u.ID] = u
		}
	}
	for _, v := range f.vehicles {
		if u := last[v.unitID]; u.Lon != nil && u.Lat != nil && u.FixedAt != nil && time.Since(*u.FixedAt) < freshWithin {
			v.place([2]float64{*u.Lon, *u.Lat})
		}
	}
	return nil
}

// command sends a step on a ticket and notes the event that it must have made.
func (f *fleet) command(ctx context.Context, who *person, what, path string, body any) error {
	var t ticketView
	key, err := who.command(ctx, path, body, &t, nil)
	if err != nil {
		return err
	}
	return f.ledger.command(effect{Key: key, TicketID: t.ID, Event: events[what], Version: t.Version})
}

// outcome and declineReason draw one of the service's terms.
func (f *fleet) outcome(rng *rand.Rand) string {
	return f.config.Outcomes[min(rng.IntN(len(f.config.Outcomes)), rng.IntN(len(f.config.Outcomes)))].Code
}

func (f *fleet) declineReason(rng *rand.Rand) string {
	return f.config.DeclineReasons[rng.IntN(len(f.config.DeclineReasons))].Code
}

// remember keeps what a caller knows but did not say; recall gives it back until forget.
func (f *fleet) remember(ticketID int64, c town.Call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.truth[ticketID] = c
}

func (f *fleet) recall(ticketID int64) (town.Call, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.truth[ticketID]
	return c, ok
}

func (f *fleet) forget(ticketID int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.truth, ticketID)
}

// conclude compares what was acknowledged with what the service has, or says in the summary why that was not possible.
func (f *fleet) conclude(ctx context.Context) (summary, error) {
	s := f.measure.summary()
	s.Vehicles = len(f.vehicles)
	unsent := 0
	for _, v := range f.vehicles {
		made, dropped, waiting := v.out.counts()
		s.FixesSent += made - dropped
		s.FixesDropped += dropped
		unsent += waiting
	}
	who, err := f.api.inspector(f.creds)
	if err != nil {
		return s, err
	}
	if unsent > 0 {
		s.Findings = append(s.Findings, fmt.Sprintf("%d fixes could not be sent before the end", unsent))
	}
	found, err := f.compare(ctx, who)
	if err != nil {
		fixes, commands := f.ledger.counts()
		s.FixesAcked = fixes
		s.NotCompared = fmt.Sprintf("%d acknowledged fixes and %d acknowledged steps could not be compared with the service: %v", fixes, commands, err)
		return s, nil
	}
	s.FixesAcked, s.FixesOnServer, s.Lost, s.Doubled, s.Foreign = found.FixesAcked, found.FixesOnServer, found.Lost, found.Doubled, found.Foreign
	s.Findings = append(s.Findings, found.Findings...)
	return s, nil
}

func (f *fleet) compare(ctx context.Context, who *person) (findings, error) {
	if err := f.answers(ctx); err != nil {
		return findings{}, fmt.Errorf("it does not answer: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, inspectWithin)
	defer cancel()
	return inspect(ctx, who, f.ledger)
}
