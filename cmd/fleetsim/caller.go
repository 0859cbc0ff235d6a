package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/town"
)

// callers make the town's calls, and the agents take them down.
type callers struct {
	fleet  *fleet
	agents map[string][]*person // by county
	rng    *rand.Rand
	turn   int
}

// run makes the opening scene, then calls until work ends.
func (c *callers) run(work, hard context.Context) error {
	perHour := c.fleet.flags.CallsPerHour
	if perHour <= 0 {
		return nil
	}
	if err := c.open(work, hard); err != nil {
		return err
	}
	mean := 0.0
	for h := range 24 {
		mean += c.fleet.town.Rate(c.fleet.measure.begun.Truncate(time.Hour).Add(time.Duration(h)*time.Hour)) / 24
	}
	for {
		rate := perHour * max(c.fleet.town.Rate(time.Now())/mean, 0.25)
		if pause(work, time.Duration(c.rng.ExpFloat64()/rate*float64(time.Hour))) != nil {
			return nil
		}
		call := c.fleet.town.Demand(c.rng, time.Now())
		r, err := c.takeDown(hard, &call)
		if err == nil {
			err = c.register(hard, &call, r)
		}
		if isRefusal(err) {
			c.fleet.measure.trouble(err)
		} else if err != nil {
			return ended(hard, err)
		}
	}
}

// report is the body of POST /tickets.
type report struct {
	Channel       string   `json:"channel"`
	Kind          string   `json:"kind"`
	Subtype       string   `json:"subtype"`
	Narrative     string   `json:"narrative"`
	PlaceText     string   `json:"place_text,omitempty"`
	LicenceNo     string   `json:"retailer_licence_no,omitempty"`
	Lon           *float64 `json:"lon,omitempty"`
	Lat           *float64 `json:"lat,omitempty"`
	Urgency       int      `json:"urgency,omitempty"`
	UrgencyReason string   `json:"urgency_reason,omitempty"`
	Reporter      reporter `json:"reporter"`
}

type reporter struct {
	Mode  string `json:"mode"`
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// agent is the next agent of the county in which p lies.
func (c *callers) agent(p orb.Point) *person {
	list := c.agents[c.fleet.county(p)]
	c.turn++
	return list[c.turn%len(list)]
}

// takeDown is what an agent makes of a call: the shop is searched as the caller names it. A shop that is not found is
// pinned on the map, and a vague caller leaves words alone.
func (c *callers) takeDown(ctx context.Context, call *town.Call) (report, error) {
	sub := c.fleet.mapSubtype(call.Subtype)
	r := report{
		Channel: []string{"phone", "phone", "phone", "phone", "wechat", "web"}[c.rng.IntN(6)],
		Kind:    sub.Kind, Subtype: sub.Code, PlaceText: call.PlaceTxt,
		Reporter:  reporter{Mode: call.Mode, Name: call.Name, Phone: call.Phone},
		Narrative: narrative(call.Text, call.At),
	}
	switch {
	case call.Moving && sub.Urgency > 1:
		r.Urgency, r.UrgencyReason = 1, "货物正在转移"
	case call.InProgress && sub.FieldVisit && sub.Urgency > 2:
		r.Urgency, r.UrgencyReason = 2, "正在发生"
	}
	if call.Vague || call.PlaceTxt == "" {
		return r, nil
	}
	if call.Retailer >= 0 {
		found, err := c.search(ctx, call)
		if err != nil || found {
			r.LicenceNo = c.fleet.town.Retailers[call.Retailer].LicenceNo
			return r, err
		}
	}
	lon, lat := round(call.Point[0], 1e6), round(call.Point[1], 1e6)
	r.Lon, r.Lat = &lon, &lat
	return r, nil
}

// narrative carries the time of the call, which also tells two calls with the same words apart.
func narrative(text string, at time.Time) string {
	return fmt.Sprintf("%s（来电 %s）", text, at.In(time.FixedZone("CST", 8*3600)).Format("15:04:05.000"))
}

// search types a part of the shop's name, then of its address, and looks whether the shop is among the first hits.
func (c *callers) search(ctx context.Context, call *town.Call) (bool, error) {
	shop := c.fleet.town.Retailers[call.Retailer]
	words := []string{shop.Address}
	if strings.Contains(call.PlaceTxt, shop.Name) {
		name := []rune(shop.Name)
		words = []string{string(name[:min(len(name), 3+c.rng.IntN(3))]), shop.Name, shop.Address}
	}
	for _, w := range words {
		var answer struct {
			Retailers []struct {
				LicenceNo string `json:"licence_no"`
			} `json:"retailers"`
		}
		err := c.agent(call.Point).get(ctx, "/retailers?limit=10&q="+url.QueryEscape(w), &answer)
		if err != nil {
			return false, err
		}
		for _, hit := range answer.Retailers {
			if hit.LicenceNo == shop.LicenceNo {
				return true, nil
			}
		}
	}
	return false, nil
}

// register files a report, and remembers what the caller would say if asked again.
func (c *callers) register(ctx context.Context, call *town.Call, r report) error {
	var answer struct {
		Ticket ticketView `json:"ticket"`
	}
	var sent time.Time
	key, err := c.agent(call.Point).command(ctx, "/tickets", r, &answer, func(at time.Time) { sent = at })
	if err != nil {
		return err
	}
	t := answer.Ticket
	c.fleet.measure.count("opened")
	if t.Status == "registered" {
		c.fleet.remember(t.ID, *call)
	} else {
		c.fleet.measure.reportFiled(t.ID, sent)
	}
	return c.fleet.ledger.command(effect{Key: key, TicketID: t.ID, Event: "ticket.registered", Number: t.Number, Digest: digest(r.Narrative)})
}

// The opening scene: an urgent report about a shop that a patrol reaches in about 20 s, so that a whole case is seen
// within a minute of the start.
const (
	onlineWithin  = 8 * time.Second
	openingFrom   = 200.0 // metres by road
	openingTo     = 500.0
	openingDrive  = 20.0 // seconds
	openingMargin = geo.Metres(150)
)

func (c *callers) open(work, hard context.Context) error {
	for end := time.Now().Add(onlineWithin); time.Now().Before(end) && int(c.fleet.online.Load()) < len(c.fleet.officers); {
		if pause(work, 50*time.Millisecond) != nil {
			return nil
		}
	}
	shop, ok := c.fleet.openingShop()
	if !ok {
		return nil
	}
	r := c.fleet.town.Retailers[shop]
	call := town.Call{
		At: time.Now(), Subtype: "R06", Retailer: shop, Point: r.Point, InProgress: true, Minors: true, Mode: town.Anonymous,
		PlaceTxt: r.Address + r.Name,
		Text:     fmt.Sprintf("您好，我在%s，%s正在卖烟给穿校服的学生，现在人还在，你们快点来。", r.Address, r.Name),
	}
	body, err := c.takeDown(hard, &call)
	if err == nil {
		err = c.register(hard, &call, body)
	}
	if isRefusal(err) {
		c.fleet.measure.trouble(err)
		return nil
	}
	return ended(hard, err)
}

// openingShop is the shop that suits the scene best: some patrol drives to it for about 20 s, and no other is nearly as
// near.
func (f *fleet) openingShop() (shop int, ok bool) {
	type patrol struct {
		at    spot
		point orb.Point
	}
	var patrols []patrol
	for _, o := range f.officers {
		if at, free := o.vehicle.where(); free && !o.vehicle.offShift {
			p, _ := f.roads.point(at)
			patrols = append(patrols, patrol{at, p})
		}
	}
	best := math.Inf(1)
	for i, r := range f.town.Retailers {
		nearest, second := -1, geo.Metres(math.Inf(1))
		first := second
		for k, p := range patrols {
			switch d := geo.Distance(p.point, r.Point); {
			case d < first:
				nearest, first, second = k, d, first
			case d < second:
				second = d
			}
		}
		if r.Status != town.Valid || first > openingTo || second-first < openingMargin {
			continue
		}
		way := f.roads.way(patrols[nearest].at, f.roads.nearest(r.Point))
		if m := metres(way); m < openingFrom || m > openingTo {
			continue
		}
		if off := math.Abs(f.roads.seconds(way) - openingDrive); off < best {
			shop, ok, best = i, true, off
		}
	}
	return shop, ok
}
