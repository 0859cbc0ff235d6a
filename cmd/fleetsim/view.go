package main

import (
	"time"

	"github.com/paulmach/orb"
)

// The shapes below are the parts of the service's answers that the simulator reads.

type ticketView struct {
	ID           int64      `json:"id"`
	Number       string     `json:"number"`
	Version      int        `json:"version"`
	Status       string     `json:"status"`
	Kind         string     `json:"kind"`
	Subtype      string     `json:"subtype"`
	Urgency      int        `json:"urgency"`
	Lon          *float64   `json:"lon"`
	Lat          *float64   `json:"lat"`
	Alarm        string     `json:"alarm"`
	RegisteredAt time.Time  `json:"registered_at"`
	ToDispatchAt *time.Time `json:"to_dispatch_at"`
	ClosedAt     *time.Time `json:"closed_at"`
	Outcome      string     `json:"outcome"`
	Offer        *struct {
		ID   int64  `json:"id"`
		Mode string `json:"mode"` // auto or manual
	} `json:"offer"`
}

// point is where the case is; false when nobody knows.
func (t *ticketView) point() (orb.Point, bool) {
	if t.Lon == nil || t.Lat == nil {
		return orb.Point{}, false
	}
	return orb.Point{*t.Lon, *t.Lat}, true
}

type eventView struct {
	Seq  int64  `json:"seq"`
	Type string `json:"type"`
	Data struct {
		Version int `json:"version"` // of the ticket after the event; 0 on events that do not change one
	} `json:"data"`
}

type ticketDetail struct {
	ticketView
	Appeals []struct {
		Narrative string `json:"narrative"`
	} `json:"appeals"`
	Events []eventView `json:"events"`
}

type unitView struct {
	ID       int64      `json:"id"`
	CallSign string     `json:"call_sign"`
	Duty     string     `json:"duty"`
	Lon      *float64   `json:"lon"`
	Lat      *float64   `json:"lat"`
	FixedAt  *time.Time `json:"fixed_at"`
}

type caseCard struct {
	OfferID int64      `json:"id"`
	Ticket  ticketView `json:"ticket"`
}

type officerState struct {
	Unit  unitView  `json:"unit"`
	Offer *caseCard `json:"offer"`
	Case  *caseCard `json:"sortie"`
}

type subtype struct {
	Code       string `json:"code"`
	Kind       string `json:"kind"`
	Urgency    int    `json:"urgency"`
	FieldVisit bool   `json:"field_visit"`
}

type serviceConfig struct {
	Demo     bool      `json:"demo"`
	Subtypes []subtype `json:"subtypes"`
	Outcomes []struct {
		Code string `json:"code"`
	} `json:"outcomes"`
	DeclineReasons []struct {
		Code string `json:"code"`
	} `json:"decline_reasons"`
}

func (c *serviceConfig) subtype(code string) (subtype, bool) {
	for _, s := range c.Subtypes {
		if s.Code == code {
			return s, true
		}
	}
	return subtype{}, false
}
