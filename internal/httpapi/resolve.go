package httpapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/geo"
	"jiujin/geo/resolve"
	"jiujin/geo/retailer"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

type resolveInput struct {
	Body struct {
		Text string   `json:"text" minLength:"1" maxLength:"400" doc:"The caller's words: name, address, landmark, in any order"`
		Lon  *float64 `json:"lon,omitempty" minimum:"-180" maximum:"180" doc:"Where the caller or the map is, WGS-84; needs lat"`
		Lat  *float64 `json:"lat,omitempty" minimum:"-90" maximum:"90"`
		Area string   `json:"area,omitempty" maxLength:"12" pattern:"^[0-9]*$" doc:"Begin of the code of the division that is meant"`
	}
}

// ResolvedShop is a shop that the caller can mean.
type ResolvedShop struct {
	ID        int64    `json:"id"`
	LicenceNo string   `json:"licence_no"`
	Name      string   `json:"name"`
	Address   string   `json:"address"`
	Lon       *float64 `json:"lon"`
	Lat       *float64 `json:"lat"`
	Over      bool     `json:"over" doc:"The licence is over"`
	Score     float64  `json:"score" doc:"Probability, 0 to 1"`
	WhyZh     string   `json:"why_zh"`
	WhyEn     string   `json:"why_en"`
}

// ResolveQuestion is what to ask the caller next.
type ResolveQuestion struct {
	About   string   `json:"about" enum:"district,town,road,number,place,branch,name,operator,any"`
	Options []string `json:"options" nullable:"false" doc:"Answers that tell the candidates apart; none when there are too many"`
	Zh      string   `json:"zh"`
	En      string   `json:"en"`
}

type resolveOutput struct {
	Body struct {
		Sure       bool             `json:"sure"`
		Unknown    float64          `json:"unknown" doc:"Probability that it is none of the register"`
		Candidates []ResolvedShop   `json:"candidates" nullable:"false"`
		Question   *ResolveQuestion `json:"question" doc:"null when the answer is sure"`
		TookMS     float64          `json:"took_ms"`
	}
}

// PlaceCheck is a ticket whose caller is to be contacted again about the place.
type PlaceCheck struct {
	TicketID int64     `json:"ticket_id"`
	OpenedAt time.Time `json:"opened_at"`
	DueAt    time.Time `json:"due_at"`
	Question string    `json:"question" doc:"What to ask; may be empty"`
}

// PlaceChecked is the place check of a ticket, and what came of it.
type PlaceChecked struct {
	OpenedAt  time.Time  `json:"opened_at"`
	DueAt     time.Time  `json:"due_at"`
	Question  string     `json:"question" doc:"What to ask; may be empty"`
	SettledAt *time.Time `json:"settled_at" doc:"null while it is open"`
	SettledBy string     `json:"settled_by" doc:"Name of the person; empty while it is open, for people of other counties, and once the name was erased"`
	Outcome   string     `json:"outcome" enum:",confirmed,corrected,unreachable"`
	Note      string     `json:"note"`
}

type placeChecksOutput struct {
	Body struct {
		Checks []PlaceCheck `json:"checks" nullable:"false"`
	}
}

type placeCheckInput struct {
	Command
	ID   int64 `path:"id"`
	Body struct {
		Outcome string `json:"outcome" enum:"confirmed,corrected,unreachable"`
		Note    string `json:"note,omitempty" maxLength:"500"`
	}
}

type locateInput struct {
	Command
	ID   int64 `path:"id"`
	Body struct {
		Version           int      `json:"version" minimum:"1" doc:"The version that the caller saw"`
		RetailerLicenceNo string   `json:"retailer_licence_no,omitempty" maxLength:"80" doc:"Empty = no shop of the register"`
		PlaceText         string   `json:"place_text,omitempty" maxLength:"200" doc:"Empty = the words stay"`
		Lon               *float64 `json:"lon,omitempty" minimum:"-180" maximum:"180" doc:"WGS-84; needs lat. Beats the register's point"`
		Lat               *float64 `json:"lat,omitempty" minimum:"-90" maximum:"90"`
		AccuracyM         *float64 `json:"accuracy_m,omitempty" minimum:"0" doc:"Radius of likely error of a measured position; none = set by hand. Beyond 50 the register's point stays"`
	}
}

func (s *Server) resolveRoutes() {
	const v1 = "/api/v1"
	tags := []string{"places"}
	handle(s, "POST", v1+"/resolve", huma.Operation{Summary: "Find the shops that a caller means, and what to ask next", Tags: tags}, s.resolve)
	handle(s, "GET", v1+"/place-checks", huma.Operation{Summary: "Tickets whose place has to be asked after", Tags: tags}, s.placeChecks)
	handle(s, "POST", v1+"/tickets/{id}/place-check", huma.Operation{Summary: "Say what the place check came to", Tags: tags}, s.settlePlace)
	handle(s, "POST", v1+"/tickets/{id}/place", huma.Operation{Summary: "Correct the place to what was found on the spot", Tags: tags}, s.locate)
}

func (s *Server) resolve(_ context.Context, in *resolveInput) (*resolveOutput, error) {
	begin, b := time.Now(), &in.Body
	if (b.Lon == nil) != (b.Lat == nil) {
		return nil, invalid{"body.lon", text{"经度和纬度要么都填，要么都不填。", "Give both lon and lat, or neither."}}
	}
	q := resolve.Query{Text: b.Text, Area: b.Area}
	if b.Lon != nil {
		q.Near = &orb.Point{*b.Lon, *b.Lat}
	}
	a := s.deps.Shops.Register().Resolve(q)
	out := &resolveOutput{}
	out.Body.Sure, out.Body.Unknown = a.Sure, a.Unknown
	out.Body.Candidates = make([]ResolvedShop, len(a.Candidates))
	for i, c := range a.Candidates {
		v := ResolvedShop{
			ID: c.Shop.ID, LicenceNo: c.Shop.LicenceNo, Name: c.Shop.Name, Address: c.Shop.Address, Over: c.Shop.Over,
			Score: c.Score, WhyZh: resolve.Words(c.Why, "zh"), WhyEn: resolve.Words(c.Why, "en"),
		}
		if p := c.Shop.Point; p != nil {
			v.Lon, v.Lat = &p[0], &p[1]
		}
		out.Body.Candidates[i] = v
	}
	if a.Question != nil {
		out.Body.Question = &ResolveQuestion{About: a.Question.About, Options: append([]string{}, a.Question.Options...), Zh: a.Question.Zh, En: a.Question.En}
	}
	out.Body.TookMS = float64(time.Since(begin).Microseconds()) / 1000
	return out, nil
}

// checkPlace starts the place check for a new ticket that needs a visit and whose place is no shop of the register: a
// point on the map alone is somebody's reading of the caller's words.
func (s *Server) checkPlace(ctx context.Context, tx *pg.Tx, me ticket.Actor, t *ticket.Ticket) error {
	sub, _ := ticket.SubtypeByCode(t.Subtype)
	if !sub.FieldVisit || t.RetailerID != 0 && t.Point != nil {
		return nil
	}
	question := ""
	if t.PlaceText != "" {
		if a := s.deps.Shops.Register().Resolve(resolve.Query{Text: t.PlaceText, Near: t.Point}); a.Question != nil {
			question = a.Question.Zh
		}
	}
	if err := resolve.OpenCheck(ctx, tx, t.ID, question); err != nil {
		return err
	}
	return ticket.Record(tx, me, "place.unverified", t.ID, 0, ticket.Data{"due_at": tx.Now().Add(resolve.CheckWithin), "place_quality": t.PlaceQuality})
}

func (s *Server) placeChecks(ctx context.Context, _ *struct{}) (*placeChecksOutput, error) {
	list, err := resolve.OpenChecks(ctx, s.deps.DB.Pool, actor(who(ctx)).OrgPath)
	if err != nil {
		return nil, err
	}
	out := &placeChecksOutput{}
	out.Body.Checks = make([]PlaceCheck, len(list))
	for i, c := range list {
		out.Body.Checks[i] = PlaceCheck{TicketID: c.TicketID, OpenedAt: c.OpenedAt, DueAt: c.DueAt, Question: c.Question}
	}
	return out, nil
}

func (s *Server) settlePlace(ctx context.Context, in *placeCheckInput) (*ticketOutput, error) {
	b := &in.Body
	return s.ticketCommand(ctx, in.Key, fmt.Sprintf("POST /tickets/%d/place-check", in.ID), in.ID, b,
		func(ctx context.Context, tx *pg.Tx, me ticket.Actor) (ticket.Ticket, error) {
			t, err := ticket.Lock(ctx, tx, me, in.ID)
			if err != nil {
				return t, err
			}
			if err := resolve.SettleCheck(ctx, tx, t.ID, b.Outcome, strings.TrimSpace(b.Note)); err != nil {
				return t, err
			}
			return t, ticket.Record(tx, me, "place.asked", t.ID, 0, ticket.Data{"outcome": b.Outcome})
		})
}

// locate corrects the place, ends the place check, and keeps the words by which the caller named the shop. A second
// correction takes back what the first one taught.
func (s *Server) locate(ctx context.Context, in *locateInput) (*ticketOutput, error) {
	b := &in.Body
	return s.ticketCommand(ctx, in.Key, fmt.Sprintf("POST /tickets/%d/place", in.ID), in.ID, b,
		func(ctx context.Context, tx *pg.Tx, me ticket.Actor) (ticket.Ticket, error) {
			p, err := s.placeFound(ctx, tx, in)
			if err != nil {
				return ticket.Ticket{}, err
			}
			t, before, err := s.deps.Dispatch.Locate(ctx, tx, me, in.ID, b.Version, p)
			if err != nil {
				return t, err
			}
			if err := untaught(ctx, tx, t); err != nil {
				return t, err
			}
			if t.RetailerID != 0 {
				if err := resolve.Learn(ctx, tx, t.RetailerID, before.RetailerID, before.PlaceText, t.ID); err != nil {
					return t, err
				}
			}
			if in.movesRegister() {
				if err := retailer.Correct(ctx, tx, t.RetailerID, *t.Point, t.ID, who(ctx).Actor()); err != nil {
					return t, err
				}
			}
			return t, corrected(ctx, tx, t.ID)
		})
}

// movesRegister says whether the register takes over the point: it is that of a shop, set by hand or measured well.
func (in *locateInput) movesRegister() bool {
	b := &in.Body
	return b.Lon != nil && b.RetailerLicenceNo != "" && (b.AccuracyM == nil || geo.Metres(*b.AccuracyM) <= retailer.SceneAccuracy)
}

// untaught takes back what the visit of a ticket taught about other shops than the one that it is about now: the words by
// which they are called, and where they are.
func untaught(ctx context.Context, tx *pg.Tx, t ticket.Ticket) error {
	if err := resolve.Unlearn(ctx, tx, t.RetailerID, t.ID); err != nil {
		return err
	}
	return retailer.Uncorrect(ctx, tx, t.RetailerID, t.ID, who(ctx).Actor())
}

// placeFound reads a place as it was found on the spot: where somebody stands beats the register's point, and the
// caller's words are not made up from the register.
func (s *Server) placeFound(ctx context.Context, tx *pg.Tx, in *locateInput) (ticket.Place, error) {
	b := &in.Body
	p, err := s.place(ctx, tx, b.PlaceText, b.RetailerLicenceNo, b.Lon, b.Lat)
	if err != nil {
		return p, err
	}
	p.Text = strings.TrimSpace(b.PlaceText)
	if b.Lon == nil || b.RetailerLicenceNo == "" {
		return p, nil
	}
	p.Point, p.SquadID = &orb.Point{*b.Lon, *b.Lat}, 0
	return p, s.placeInAreas(ctx, tx, &p)
}

// corrected ends the check of a ticket's place, if one is open, because the place was corrected.
func corrected(ctx context.Context, tx *pg.Tx, ticketID int64) error {
	err := resolve.SettleCheck(ctx, tx, ticketID, "corrected", "")
	if errors.Is(err, resolve.ErrNoCheck) {
		return nil
	}
	return err
}

// placeCheckOf is the check of a ticket's place, null when there never was one. Who settled it stands in the events.
func placeCheckOf(ctx context.Context, q pg.Queryer, ticketID int64, events []dispatch.EventView) (*PlaceChecked, error) {
	c, err := resolve.CheckOf(ctx, q, ticketID)
	if errors.Is(err, resolve.ErrNoCheck) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := &PlaceChecked{OpenedAt: c.OpenedAt, DueAt: c.DueAt, Question: c.Question, Outcome: c.Outcome, Note: c.Note}
	if c.SettledAt.IsZero() {
		return v, nil
	}
	v.SettledAt = &c.SettledAt
	for _, e := range events {
		ends := e.Type == "place.asked" || e.Type == "place.verified" || e.Type == "ticket.amended"
		if ends && !e.At.Before(c.SettledAt) {
			v.SettledBy = e.ActorName
			break
		}
	}
	return v, nil
}
