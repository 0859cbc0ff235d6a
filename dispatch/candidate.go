package dispatch

import (
	"cmp"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo/area"
	"jiujin/ticket"
	"jiujin/tracking"
)

// Reason says why a unit stands where it stands in a ranking. Every unit considered has exactly one.
type Reason string

// The reasons, the hard ones first. A dispatcher may override the soft ones.
const (
	ReasonInRepair   Reason = "in_repair"
	ReasonOffShift   Reason = "off_shift"
	ReasonOnTask     Reason = "on_task"
	ReasonOffered    Reason = "offered"
	ReasonNoFix      Reason = "no_fix"
	ReasonStaleFix   Reason = "stale_fix"
	ReasonCrew       Reason = "crew_too_small"
	ReasonDeclined   Reason = "declined_before" // also let an offer run out (no_answer), or gave the case back (aborted)
	ReasonETAOverCap Reason = "eta_over_cap"
	ReasonBest       Reason = "best"
	ReasonFarther    Reason = "farther"
	ReasonOtherSquad Reason = "other_squad" // would be there first, but another squad is responsible for the place
	ReasonPenalised  Reason = "penalised"   // would be there first, but declined lately or is not sure to be where it was
)

// Hard tells whether nobody may send the unit in spite of the reason.
func (r Reason) Hard() bool {
	return r == ReasonInRepair || r == ReasonOffShift || r == ReasonOnTask || r == ReasonOffered
}

// Limits of eligibility (domain C4, C5).
const (
	maxFixAge     = 30 * time.Minute // older positions are "lost": a person must confirm
	declineMemory = 30 * time.Minute // a unit that declined a ticket is not asked again for so long
	minCrew       = 2                // certified officers for an enforcement visit
	readiness     = 2 * time.Minute  // from accepting to rolling
	declineCost   = 3.0              // minutes per decline or missed offer in the last 4 hours
	maxDecline    = 9.0
)

// Facts is what the database knows about a unit at the moment of ranking.
type Facts struct {
	UnitID         int64
	CallSign       string
	Squad          string
	OrgPath        string // of the organisation it belongs to
	CountyID       int64
	Crew           int
	InRepair       bool
	RepairReason   string
	OnShift        bool
	OfferedTicket  string // number of the ticket of its open offer
	TaskTicket     string // number of the ticket of its active sortie
	TaskStatus     ticket.Status
	DeclinedReason string    // its last decline of this ticket, "" = none
	DeclinedAt     time.Time // zero = none
	Declines4h     int
	SortiesToday   int
}

// Candidate is a unit's place in the ranking of one moment. The JSON form is what the desk shows and what is kept
// with the offer.
type Candidate struct {
	UnitID    int64              `json:"unit_id"`
	CallSign  string             `json:"call_sign"`
	Squad     string             `json:"squad"`
	Territory Territory          `json:"territory" enum:"own,other,other_county," doc:"Whose the place is; empty when nobody is responsible there"`
	Rank      int                `json:"rank"` // 1 is best; 0 = not eligible
	Eligible  bool               `json:"eligible"`
	Reason    Reason             `json:"reason"`
	Params    map[string]any     `json:"params"`
	DistanceM float64            `json:"distance_m"` // along the way as estimated; 0 without a position
	ETAS      int                `json:"eta_s"`      // including readiness; 0 without a position
	ETABasis  string             `json:"eta_basis"`
	ScoreMin  float64            `json:"score_min"` // equivalent minutes, lower is better
	Terms     map[string]float64 `json:"terms"`     // what the score is made of, in minutes
	Freshness tracking.Freshness `json:"freshness"`
	FixedAt   *time.Time         `json:"fixed_at"`
	Load      int                `json:"load"` // sorties since midnight
	Lon       *float64           `json:"lon"`
	Lat       *float64           `json:"lat"`
}

// located is a unit's newest position with its estimate; at zero means the unit has none.
type located struct {
	at    time.Time
	point orb.Point
	eta   ETA
}

// matter is a ticket that is ranked for, with what its ranking depends on besides the units.
type matter struct {
	t           *ticket.Ticket
	policy      Policy
	responsible []area.Body // for the place; nobody when empty
	now         time.Time
}

// rank orders the units for a ticket: eligible ones by score, which is kept to a tenth of a minute, then by distance;
// after them the others by distance, then those without a position. Ties go to the lower id. It decides nothing that the
// database does not check again.
func rank(m matter, units []Facts, where map[int64]located) []Candidate {
	out := make([]Candidate, 0, len(units))
	for _, u := range units {
		out = append(out, candidate(m, u, where[u.UnitID]))
	}
	slices.SortFunc(out, func(a, b Candidate) int {
		score := 0
		if a.Eligible && b.Eligible {
			score = cmp.Compare(a.ScoreMin, b.ScoreMin)
		}
		return cmp.Or(
			-cmp.Compare(btoi(a.Eligible), btoi(b.Eligible)),
			-cmp.Compare(btoi(a.Lon != nil), btoi(b.Lon != nil)),
			score,
			cmp.Compare(a.DistanceM, b.DistanceM),
			cmp.Compare(a.UnitID, b.UnitID),
		)
	})
	for i := range out {
		c := &out[i]
		if !c.Eligible {
			continue
		}
		c.Rank = i + 1
		c.explain(&out[0])
	}
	return out
}

// explain says why an eligible unit stands where it stands.
func (c *Candidate) explain(best *Candidate) {
	if c.Terms["border"] > 0 {
		c.Params["border_min"] = c.Terms["border"]
	}
	switch {
	case c == best:
		c.Reason = ReasonBest
	case c.ETAS < best.ETAS && c.Terms["border"] > 0 && c.Terms["decline"]+c.Terms["age"] == 0:
		c.Reason = ReasonOtherSquad
	case c.ETAS < best.ETAS:
		c.Reason = ReasonPenalised
		c.Params["decline_min"], c.Params["age_min"] = c.Terms["decline"], c.Terms["age"]
	default:
		c.Reason = ReasonFarther
		c.Params["more_s"] = c.ETAS - best.ETAS
		c.Params["more_min"] = round1(c.ScoreMin - best.ScoreMin)
	}
}

func candidate(m matter, u Facts, at located) Candidate {
	c := Candidate{
		UnitID: u.UnitID, CallSign: u.CallSign, Squad: u.Squad, Territory: territory(m.responsible, u), Load: u.SortiesToday,
		Params: map[string]any{}, Terms: map[string]float64{}, Freshness: tracking.FreshnessAt(at.at, m.now),
	}
	if !at.at.IsZero() {
		lon, lat, fixedAt := at.point.Lon(), at.point.Lat(), at.at
		c.Lon, c.Lat, c.FixedAt = &lon, &lat, &fixedAt
		eta := at.eta.Travel + readiness
		c.DistanceM, c.ETAS, c.ETABasis = float64(at.eta.Metres), int(eta/time.Second), at.eta.Basis
		c.Terms["eta"] = round1(eta.Minutes())
		c.Terms["decline"] = min(declineCost*float64(u.Declines4h), maxDecline)
		c.Terms["age"] = round1(0.05 * min(max(m.now.Sub(at.at).Minutes()-5, 0), 60))
		c.Terms["border"] = c.Territory.cost(m.policy)
		c.ScoreMin = round1(c.Terms["eta"] + c.Terms["decline"] + c.Terms["age"] + c.Terms["border"])
	}
	c.Reason = obstacle(m.t, m.policy, u, at, m.now, c.Params)
	c.Eligible = c.Reason == ""
	return c
}

// obstacle is the first thing that keeps the unit from being sent, "" = nothing. It fills params with the figures
// that the screen shows beside the reason.
func obstacle(t *ticket.Ticket, p Policy, u Facts, at located, now time.Time, params map[string]any) Reason {
	switch {
	case u.InRepair:
		params["text"] = u.RepairReason
		return ReasonInRepair
	case !u.OnShift:
		return ReasonOffShift
	case u.TaskTicket != "":
		params["ticket"], params["status"] = u.TaskTicket, u.TaskStatus
		return ReasonOnTask
	case u.OfferedTicket != "":
		params["ticket"] = u.OfferedTicket
		return ReasonOffered
	case at.at.IsZero():
		return ReasonNoFix
	case now.Sub(at.at) > maxFixAge:
		params["age_s"] = int(now.Sub(at.at) / time.Second)
		return ReasonStaleFix
	case u.Crew < minCrew && t.Kind == ticket.Report:
		params["crew"] = u.Crew
		return ReasonCrew
	case !u.DeclinedAt.IsZero() && now.Sub(u.DeclinedAt) < declineMemory:
		params["reason"] = u.DeclinedReason
		return ReasonDeclined
	case (at.eta.Travel + readiness) > time.Duration(p.ETACapMin)*time.Minute:
		params["cap_min"] = p.ETACapMin
		return ReasonETAOverCap
	}
	return ""
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func round1(v float64) float64 {
	if v < 0 {
		return float64(int64(v*10-0.5)) / 10
	}
	return float64(int64(v*10+0.5)) / 10
}
