package httpapi

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jiujin/dispatch"
	"jiujin/ticket"
)

type progressInput struct {
	Body struct {
		Number string `json:"number" maxLength:"40"`
		Code   string `json:"code" maxLength:"20"`
	}
}

type progressStep struct {
	Step  string     `json:"step" enum:"received,dispatched,on_site,closed"`
	At    *time.Time `json:"at" doc:"Rounded down to a quarter of an hour"`
	State string     `json:"state" enum:"done,now,todo"`
}

type progressAnswer struct {
	Number      string         `json:"number"`
	StatusGroup string         `json:"status_group" enum:"received,assigned,on_site,closing,closed,cancelled"`
	Steps       []progressStep `json:"steps" nullable:"false"`
	District    string         `json:"district"`
	SubtypeZH   string         `json:"subtype_zh"`
	SubtypeEN   string         `json:"subtype_en"`
	ExpectedBy  time.Time      `json:"expected_by" doc:"Rounded up to the hour"`
}

type progressOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         progressAnswer
}

type publicBoardOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         dispatch.PublicBoard
}

func (s *Server) publicRoutes() {
	tags := []string{"public"}
	handle(s, "POST", "/api/v1/public/progress", huma.Operation{Summary: "A reporter follows the own ticket", Tags: tags}, s.progress)
	handle(s, "GET", "/api/v1/public/board", huma.Operation{Summary: "Figures for the service hall: delayed, coarse, without places or people", Tags: tags},
		func(ctx context.Context, _ *struct{}) (*publicBoardOutput, error) {
			board, err := s.deps.Dispatch.Public(ctx, s.deps.DB.Pool, s.now())
			return &publicBoardOutput{CacheControl: "public, max-age=60", Body: board}, err
		})
}

// progress shows what has happened in four coarse steps: no place finer than the county, no unit, no times finer than
// a quarter of an hour, nothing of the reporter. Ten wrong tries in ten minutes from one address are enough.
func (s *Server) progress(ctx context.Context, in *progressInput) (*progressOutput, error) {
	ip := network(aboutRequest(ctx).ip)
	if wait := s.codes.Take(ip, s.deps.DB.Now()); wait > 0 {
		return nil, throttled{wait}
	}
	p, err := ticket.FollowUp(ctx, s.deps.DB.Pool, strings.TrimSpace(in.Body.Number), in.Body.Code)
	if err != nil {
		return nil, err
	}
	s.codes.Refund(ip)
	return &progressOutput{CacheControl: "no-store", Body: publicProgress(p)}, nil
}

func publicProgress(p ticket.Progress) progressAnswer {
	sub, _ := ticket.SubtypeByCode(p.Subtype)
	a := progressAnswer{
		Number: p.Number, District: p.Org, SubtypeZH: sub.ZH, SubtypeEN: sub.EN,
		ExpectedBy: p.DueAt.UTC().Add(time.Hour - 1).Truncate(time.Hour), StatusGroup: statusGroup(p.Status),
	}
	times := []time.Time{p.RegisteredAt, p.AcceptedAt, p.OnSceneAt, p.DoneAt}
	over := p.Status == ticket.Closed || p.Status == ticket.Cancelled
	current := map[string]int{"received": 0, "assigned": 1, "on_site": 2, "closing": 3, "closed": 4, "cancelled": 4}[a.StatusGroup]
	for i, name := range []string{"received", "dispatched", "on_site", "closed"} {
		step := progressStep{Step: name, State: "todo"}
		if at := times[i]; !at.IsZero() {
			quarter := at.UTC().Truncate(15 * time.Minute)
			step.At = &quarter
		}
		switch {
		case over && step.At == nil: // closed without it: nobody had to go
		case i < current:
			step.State = "done"
		case i == current:
			step.State = "now"
		}
		a.Steps = append(a.Steps, step)
	}
	return a
}

func statusGroup(st ticket.Status) string {
	switch st {
	case ticket.Accepted, ticket.EnRoute:
		return "assigned"
	case ticket.OnScene:
		return "on_site"
	case ticket.Reporting:
		return "closing"
	case ticket.Closed:
		return "closed"
	case ticket.Cancelled:
		return "cancelled"
	case ticket.Registered, ticket.ToDispatch, ticket.Offered:
		return "received"
	}
	return "received"
}
