package dispatch

import (
	"context"
	"time"

	"jiujin/internal/pg"
	"jiujin/ticket"
	"jiujin/tracking"
)

// sceneOldest is the age above which a position says nothing about a moment: it would be shown as lost on the day.
const sceneOldest = 30 * time.Minute

// Scene is what the board showed at a moment of the past. It is a read model: its JSON form is the API's.
type Scene struct {
	At      time.Time     `json:"at"`
	Units   []SceneUnit   `json:"units" nullable:"false"`
	Tickets []SceneTicket `json:"tickets" nullable:"false" doc:"Open at the moment, 2,000 at most, the most urgent first"`
}

// SceneUnit is a unit at a moment of the past. Its name, squad and crew are those of today.
type SceneUnit struct {
	UnitID         int64              `json:"unit_id"`
	CallSign       string             `json:"call_sign"`
	Kind           string             `json:"kind"`
	Squad          string             `json:"squad"`
	OnShift        bool               `json:"on_shift"`
	Lon            *float64           `json:"lon" doc:"Newest good position of the 30 minutes before; null without one, or when it may not be shown"`
	Lat            *float64           `json:"lat"`
	FixedAt        *time.Time         `json:"fixed_at"`
	HeadingDeg     *float64           `json:"heading_deg"`
	SpeedKmh       *float64           `json:"speed_kmh"`
	Freshness      tracking.Freshness `json:"freshness" enum:"live,recent,stale,lost"`
	SortieTicketID *int64             `json:"sortie_ticket_id" doc:"The ticket that it was on its way to or at"`

	phoneFrom *time.Time // begin of the shift that ran
}

// SceneTicket is a ticket at a moment of the past. Place, title and urgency are those of today.
type SceneTicket struct {
	ID           int64          `json:"id"`
	Number       string         `json:"number"`
	Status       ticket.Status  `json:"status"`
	Urgency      ticket.Urgency `json:"urgency"`
	Title        string         `json:"title"`
	Lon          *float64       `json:"lon"`
	Lat          *float64       `json:"lat"`
	RegisteredAt time.Time      `json:"registered_at"`
	UnitID       *int64         `json:"unit_id" doc:"The unit it was with, or offered to"`
}

// SceneAt is the units and open tickets of a branch as they were at a moment that has passed: positions from the
// history, states from the event log. The rule of phones holds for the moment.
func (s *Service) SceneAt(ctx context.Context, q pg.Queryer, branch string, at time.Time) (Scene, error) {
	scene := Scene{At: at.UTC()}
	var err error
	if scene.Units, err = sceneUnits(ctx, q, branch, at); err != nil {
		return scene, err
	}
	if scene.Tickets, err = sceneTickets(ctx, q, branch, at); err != nil {
		return scene, err
	}
	sights := make([]tracking.Sight, len(scene.Units))
	for i, u := range scene.Units {
		sights[i].UnitID = u.UnitID
		if u.phoneFrom != nil {
			sights[i].PhoneFrom = *u.phoneFrom
		}
	}
	fixes, err := tracking.PositionsAt(ctx, q, sights, at, sceneOldest)
	if err != nil {
		return scene, err
	}
	for i := range scene.Units {
		u := &scene.Units[i]
		u.Freshness = tracking.Lost
		if fix, ok := fixes[u.UnitID]; ok {
			lon, lat := fix.Point.Lon(), fix.Point.Lat()
			u.Lon, u.Lat, u.FixedAt = &lon, &lat, &fix.FixedAt
			u.HeadingDeg, u.SpeedKmh = fix.HeadingDeg.Ptr(), fix.SpeedKmh.Ptr()
			u.Freshness = tracking.FreshnessAt(fix.FixedAt, at)
		}
	}
	return scene, nil
}
