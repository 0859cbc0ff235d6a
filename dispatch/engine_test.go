package dispatch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"jiujin/dispatch"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// runEngine runs the engine until stop is called; looked tells of each look.
func (c *county) runEngine(t *testing.T, wake <-chan struct{}) (looked <-chan struct{}, stop func() error) {
	t.Helper()
	looks := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	c.engine.Wake, c.engine.Heartbeat = wake, time.Hour
	c.engine.Looked = func() {
		select {
		case looks <- struct{}{}:
		case <-ctx.Done():
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- c.engine.Run(ctx) }()
	return looks, func() error {
		cancel()
		return <-ended
	}
}

func TestEngineRuns(t *testing.T) {
	c := newCounty(t, 1)
	before := goleak.IgnoreCurrent()
	wake := make(chan struct{}, 1)
	looked, stop := c.runEngine(t, wake)
	<-looked // at once, unasked
	tk := c.report(t, 1)
	wake <- struct{}{}
	<-looked
	if v := c.view(t, tk.ID); v.Status != ticket.Offered {
		t.Errorf("%+v", v)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	goleak.VerifyNone(t, before)
}

// The engine wakes by itself when an offer runs out.
func TestEngineWakesForExpiry(t *testing.T) {
	c := newCounty(t, 1)
	tk := c.report(t, 1)
	c.look(t)
	c.pass(time.Minute - 20*time.Millisecond)
	looked, stop := c.runEngine(t, nil)
	<-looked
	if v := c.view(t, tk.ID); v.Status != ticket.Offered {
		t.Errorf("%+v", v)
	}
	c.pass(20 * time.Millisecond)
	<-looked // Heartbeat is an hour: this look comes of the expiry
	if v := c.view(t, tk.ID); v.Status != ticket.ToDispatch || v.Tried != 1 {
		t.Errorf("%+v", v)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// Without its database the engine says so and goes on.
func TestEngineOutlivesTrouble(t *testing.T) {
	c := newCounty(t, 1)
	tk := c.report(t, 1)
	c.exec(t, `alter table dispatch_policy rename to away`)
	next, err := c.engine.Look(t.Context())
	if err == nil || next != time.Second {
		t.Errorf("%v, %v", next, err)
	}
	looked, stop := c.runEngine(t, nil)
	<-looked
	c.exec(t, `alter table away rename to dispatch_policy`)
	<-looked
	if v := c.view(t, tk.ID); v.Status != ticket.Offered {
		t.Errorf("%+v", v)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// One offer that cannot expire keeps nobody else waiting.
func TestOneBadOfferDoesNotStopTheRest(t *testing.T) {
	c := newCounty(t, 3)
	bad := c.report(t, 1)
	c.look(t)
	good := c.report(t, 1)
	c.look(t)
	c.exec(t, `update ticket set status = 'to_dispatch' where id = $1`, bad.ID) // by somebody's hand
	c.pass(time.Minute)
	if _, err := c.engine.Look(t.Context()); err == nil {
		t.Error("the engine is silent about an offer that cannot expire")
	}
	if v := c.view(t, good.ID); v.Tried != 1 || v.Status != ticket.Offered {
		t.Errorf("%+v", v)
	}
}

func TestPolicy(t *testing.T) {
	c := newCounty(t, 3)
	set := func(p dispatch.Policy) error {
		return c.inTx(func(ctx context.Context, tx *pg.Tx) error { return dispatch.SetPolicy(ctx, tx, c.dispatcher, p) })
	}
	if err := set(dispatch.Policy{Urgency: 3, Mode: "auto", OfferSeconds: 30, MaxOffers: 1, ETACapMin: 5}); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []dispatch.Policy{
		{Urgency: 9, Mode: "auto", OfferSeconds: 30, MaxOffers: 1, ETACapMin: 5},
		{Urgency: 1, Mode: "x", OfferSeconds: 30, MaxOffers: 1, ETACapMin: 5},
		{Urgency: 1, Mode: "auto", OfferSeconds: 9, MaxOffers: 1, ETACapMin: 5},
		{Urgency: 1, Mode: "auto", OfferSeconds: 30, MaxOffers: 11, ETACapMin: 5},
		{Urgency: 1, Mode: "auto", OfferSeconds: 30, MaxOffers: 1, ETACapMin: 1441},
		{Urgency: 1, Mode: "auto", OfferSeconds: 30, MaxOffers: 1, ETACapMin: 5, BorderMin: 61},
		{Urgency: 1, Mode: "auto", OfferSeconds: 30, MaxOffers: 1, ETACapMin: 5, BorderMin: -1},
	} {
		var bad ticket.Invalid
		if err := set(wrong); !errors.As(err, &bad) || len(bad) != 1 {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	tk := c.report(t, 3)
	c.look(t)
	if o := c.openOffer(t, tk.ID); !o.ExpiresAt.Equal(start.Add(30 * time.Second)) {
		t.Errorf("%+v", o)
	}
	c.pass(30 * time.Second)
	c.look(t)
	if v := c.view(t, tk.ID); v.Alarm != "offers_exhausted" {
		t.Errorf("%+v", v)
	}
}
