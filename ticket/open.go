package ticket

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// Place is where a demand points to. Quality is derived: a licensed retailer beats a pin, a pin beats words.
type Place struct {
	Text         string
	RetailerID   int64 // 0 = none
	RetailerName string
	Division     string     // 6 to 12 digits of the division code, "" = unknown
	Point        *orb.Point // WGS-84, nil = unknown
	SquadID      int64      // organisation that is responsible there, 0 = unknown
}

func (p *Place) quality() string {
	switch {
	case p.RetailerID != 0 && p.Point != nil:
		return "retailer"
	case p.Point != nil:
		return "pinned"
	case filled(p.Text):
		return "text"
	}
	return "none"
}

func (p *Place) check() Invalid {
	var bad Invalid
	bad.text("place_text", p.Text, maxLine)
	if p.Point != nil && geo.ValidPoint(*p.Point) != nil {
		bad.add("lon", "not_a_point")
	}
	return bad
}

// Reporter is who called. It goes into the vault and nowhere else.
type Reporter struct {
	Mode              string // named, hidden (known to the vault only), anonymous (no contact kept)
	Name, Phone, Note string // Phone: 5 to 20 digits, and spaces, +, -, ( and )
}

// Opening is one demand as an agent takes it down.
type Opening struct {
	Channel, Subtype string
	Kind             Kind
	Narrative        string // the caller's words, stored unchanged
	Place            Place
	Urgency          Urgency // 0 = the subtype's default
	UrgencyReason    string
	Reporter         Reporter
}

const (
	maxText = 4000 // characters of a narrative or a reason
	maxLine = 200
)

func (in *Opening) check() Invalid {
	var bad Invalid
	if !slices.Contains(Channels, in.Channel) {
		bad.add("channel", "unknown_value")
	}
	sub, ok := SubtypeByCode(in.Subtype)
	if !ok {
		bad.add("subtype", "unknown_value")
	} else if in.Kind != sub.Kind {
		bad.add("kind", "kind_does_not_match_subtype")
	}
	if !filled(in.Narrative) {
		bad.add("narrative", "required")
	}
	bad.text("narrative", in.Narrative, maxText)
	if in.Urgency < 0 || in.Urgency > 4 {
		bad.add("urgency", "out_of_range")
	}
	bad.text("urgency_reason", in.UrgencyReason, maxLine)
	bad = append(bad, in.Place.check()...)
	return append(bad, in.Reporter.check()...)
}

func (r *Reporter) check() (bad Invalid) {
	bad.text("reporter.name", r.Name, maxLine)
	bad.text("reporter.phone", r.Phone, maxLine)
	bad.text("reporter.note", r.Note, maxLine)
	hasContact := r.Name != "" || r.Phone != "" || r.Note != ""
	switch r.Mode {
	case "named", "hidden":
		if r.Phone == "" && r.Name == "" {
			bad.add("reporter.phone", "required_unless_anonymous")
		}
		if r.Phone != "" && !callable(r.Phone) {
			bad.add("reporter.phone", "not_a_phone")
		}
	case "anonymous":
		if hasContact {
			bad.add("reporter.mode", "anonymous_keeps_no_contact")
		}
	default:
		bad.add("reporter.mode", "unknown_value")
	}
	return bad
}

// callable tells whether s looks like a telephone number: 5 to 20 digits, and spaces, +, -, ( and ) between them.
func callable(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune(" +-()", r):
			return false
		}
	}
	return digits >= 5 && digits <= 20
}

// Open registers a demand: an appeal with the caller's words, a ticket with a number and a secret code, and, unless
// the caller stays anonymous, a row in the vault. A demand that needs a visit and has a point goes on to dispatch in
// the same step. The code is returned once and stored only as a hash. Errors: Invalid.
func Open(ctx context.Context, tx *pg.Tx, actor Actor, in Opening) (t Ticket, code string, err error) {
	if bad := in.check(); len(bad) > 0 {
		return Ticket{}, "", bad
	}
	sub, _ := SubtypeByCode(in.Subtype)
	urgency := in.Urgency
	if urgency == 0 {
		urgency = sub.Urgency
	}
	now := tx.Now()
	t = Ticket{
		Kind: in.Kind, Subtype: in.Subtype, Urgency: urgency, UrgencyReason: in.UrgencyReason,
		Title: title(in.Place, sub), PlaceText: in.Place.Text, PlaceQuality: in.Place.quality(),
		Division: in.Place.Division, RetailerID: in.Place.RetailerID, Point: in.Place.Point, SquadID: in.Place.SquadID,
		Status: Registered, Version: 1, RegisteredAt: now, DueAt: now.Add(handleWithin[in.Kind]), lastAt: now,
	}
	if sub.FieldVisit {
		t.ArriveBy = now.Add(ArriveWithin(urgency))
	}
	code = newCode()
	if err := insertTicket(ctx, tx, actor, &t, code); err != nil {
		return Ticket{}, "", err
	}
	if err := insertAppeal(ctx, tx, actor, t.ID, in); err != nil {
		return Ticket{}, "", err
	}
	err = Record(tx, actor, "ticket.registered", t.ID, 0, Data{
		"number": t.Number, "kind": t.Kind, "subtype": t.Subtype, "urgency": t.Urgency, "channel": in.Channel, "place_quality": t.PlaceQuality,
	})
	if err != nil {
		return Ticket{}, "", err
	}
	if sub.FieldVisit && t.Point != nil {
		by := Actor{ID: actor.ID, Role: roleEngine}
		if t, err = Advance(ctx, tx, by, t.ID, Step{Action: ActTriage, Version: 1, Data: Data{"rule": "located_field_visit"}}); err != nil {
			return Ticket{}, "", err
		}
	}
	return t, code, nil
}

func title(p Place, sub Subtype) string {
	switch {
	case p.RetailerName != "":
		return p.RetailerName
	case filled(p.Text):
		return p.Text
	}
	return sub.ZH
}

// localDay is the calendar day of an instant where the hotline works.
func localDay(t time.Time) time.Time { return t.In(shanghai) }

var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)
