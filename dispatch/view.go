package dispatch

import (
	"slices"
	"time"

	"jiujin/ticket"
	"jiujin/tracking"
)

// UnitView is a unit as the screens see it. It is a read model: its JSON form is the API's.
type UnitView struct {
	ID            int64              `json:"id"`
	CallSign      string             `json:"call_sign"`
	Kind          string             `json:"kind"`
	Plate         string             `json:"plate"`
	Crew          int                `json:"crew"`
	OrgID         int64              `json:"org_id"`
	Squad         string             `json:"squad"`
	Duty          Duty               `json:"duty"`
	SortieStatus  string             `json:"sortie_status"` // "", accepted, en_route, on_scene
	TicketID      *int64             `json:"ticket_id"`
	OfferTicketID *int64             `json:"offer_ticket_id"`
	RepairReason  string             `json:"in_repair_reason"`
	Lon           *float64           `json:"lon"`
	Lat           *float64           `json:"lat"`
	HeadingDeg    *float64           `json:"heading_deg"`
	SpeedKmh      *float64           `json:"speed_kmh"`
	FixedAt       *time.Time         `json:"fixed_at"`
	Freshness     tracking.Freshness `json:"freshness"`

	OrgPath string `json:"-"` // branch, for filtering
	onShift bool
}

// Duty is whether a unit may be sent. It is derived from shift, repair, offer, sortie and position, never stored.
type Duty string

// The duties, in the order of precedence.
const (
	DutyInRepair  Duty = "in_repair"
	DutyCommitted Duty = "committed"
	DutyOffShift  Duty = "off_shift"
	DutyOffered   Duty = "offered"
	DutyNoSignal  Duty = "no_signal"
	DutyAvailable Duty = "available"
)

// duty derives the duty of a unit. A unit that is on its way stays committed even when its vehicle was reported
// broken on scene or its shift has ended.
func (v *UnitView) duty(inRepair bool) Duty {
	switch {
	case v.TicketID != nil:
		return DutyCommitted
	case inRepair:
		return DutyInRepair
	case !v.onShift:
		return DutyOffShift
	case v.OfferTicketID != nil:
		return DutyOffered
	case v.Freshness == tracking.Lost:
		return DutyNoSignal
	}
	return DutyAvailable
}

// locate fills in the newest position that may be shown.
func (v *UnitView) locate(s *Service, now time.Time) {
	fix, ok := s.position(v.ID, v.onShift)
	if !ok {
		v.Freshness = tracking.Lost
		return
	}
	lon, lat, at := fix.Point.Lon(), fix.Point.Lat(), fix.FixedAt
	v.Lon, v.Lat, v.FixedAt = &lon, &lat, &at
	v.HeadingDeg, v.SpeedKmh = fix.HeadingDeg.Ptr(), fix.SpeedKmh.Ptr()
	v.Freshness = tracking.FreshnessAt(at, now)
}

// RetailerRef is the shop a ticket is about.
type RetailerRef struct {
	LicenceNo string `json:"licence_no"`
	Name      string `json:"name"`
	Address   string `json:"address"`
	Status    string `json:"status"`
}

// OfferRef is a ticket's open offer.
type OfferRef struct {
	ID        int64     `json:"id"`
	UnitID    int64     `json:"unit_id"`
	CallSign  string    `json:"call_sign"`
	OfferedAt time.Time `json:"offered_at"`
	ExpiresAt time.Time `json:"expires_at"`
	DistanceM float64   `json:"distance_m"`
	ETAS      int       `json:"eta_s"`
	ETABasis  string    `json:"eta_basis"`
	Mode      string    `json:"mode"`
}

// UnitRef is the unit on a ticket. Distance and arrival are of the moment the view was made, for a unit that has not
// arrived yet.
type UnitRef struct {
	ID        int64      `json:"id"`
	CallSign  string     `json:"call_sign"`
	Squad     string     `json:"squad"`
	DistanceM *float64   `json:"distance_m"`
	ETAS      *int       `json:"eta_s"`
	ETABasis  string     `json:"eta_basis"`
	ETAAt     *time.Time `json:"eta_at"`

	onShift bool
}

// TicketView is a ticket as the boards see it: nothing of what the caller said or who the caller is.
type TicketView struct {
	ID            int64          `json:"id"`
	Number        string         `json:"number"`
	Version       int            `json:"version"`
	Status        ticket.Status  `json:"status"`
	Kind          ticket.Kind    `json:"kind"`
	Subtype       string         `json:"subtype"`
	Title         string         `json:"title"`
	Urgency       ticket.Urgency `json:"urgency"`
	UrgencyReason string         `json:"urgency_reason"`
	PlaceText     string         `json:"place_text"`
	PlaceQuality  string         `json:"place_quality"`
	Division      string         `json:"division"`
	Responsible   string         `json:"responsible"` // squad whose area the place lies in, "" = unknown
	Retailer      *RetailerRef   `json:"retailer"`
	Lon           *float64       `json:"lon"`
	Lat           *float64       `json:"lat"`
	RegisteredAt  time.Time      `json:"registered_at"`
	ToDispatchAt  *time.Time     `json:"to_dispatch_at"`
	AcceptedAt    *time.Time     `json:"accepted_at"`
	EnRouteAt     *time.Time     `json:"en_route_at"`
	OnSceneAt     *time.Time     `json:"on_scene_at"`
	SceneDoneAt   *time.Time     `json:"scene_done_at"`
	ClosedAt      *time.Time     `json:"closed_at"`
	ArriveBy      *time.Time     `json:"arrive_by"`
	DueAt         time.Time      `json:"due_at"`
	Outcome       string         `json:"outcome"`
	Alarm         string         `json:"alarm"`
	Tried         int            `json:"tried"`           // offers that came to nothing
	PlaceCheckDue *time.Time     `json:"place_check_due"` // by when the caller is to be asked again where it is, null = not to be asked
	Offer         *OfferRef      `json:"offer"`
	Unit          *UnitRef       `json:"unit"`
	Squad         string         `json:"squad"`

	OrgPath  string `json:"-"`
	unitPath string // branch of the unit that has the ticket, "" = none has
}

// Actions lists what an actor may do with the ticket now, by role, status and whose hands it is in. Who reads the
// county's tickets from a squad may offer those of others to the own units, no more. That an officer's own unit must
// have the ticket is checked by Act.
func (v *TicketView) Actions(actor ticket.Actor) []ticket.Action {
	all := ticket.Allowed(v.Status, v.Subtype, actor.Role)
	if inHands(actor, v.OrgPath, v.unitPath) {
		return all
	}
	return slices.DeleteFunc(all, func(a ticket.Action) bool { return a != ticket.ActOffer })
}

// estimate fills in how far the assigned unit still is.
func (v *TicketView) estimate(s *Service, now time.Time) {
	if v.Unit == nil || !v.onTheWay() {
		return
	}
	fix, ok := s.position(v.Unit.ID, v.Unit.onShift)
	if !ok {
		return
	}
	eta := s.left(fix.Point, [2]float64{*v.Lon, *v.Lat})
	if v.Status == ticket.Accepted {
		eta.Travel += readiness
	}
	metres, seconds, at := float64(eta.Metres), int(eta.Travel/time.Second), now.Add(eta.Travel)
	v.Unit.DistanceM, v.Unit.ETAS, v.Unit.ETABasis, v.Unit.ETAAt = &metres, &seconds, eta.Basis, &at
}

// onTheWay: somebody has the ticket and is not there yet, and it is known where.
func (v *TicketView) onTheWay() bool {
	return v.Lon != nil && (v.Status == ticket.Accepted || v.Status == ticket.EnRoute)
}

// UnitConcerned is the unit that the ticket is offered to or with; 0 when there is none.
func (v *TicketView) UnitConcerned() int64 {
	switch {
	case v.Offer != nil:
		return v.Offer.UnitID
	case v.Unit != nil:
		return v.Unit.ID
	}
	return 0
}
