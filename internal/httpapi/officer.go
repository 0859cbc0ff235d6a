package httpapi

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"jiujin/dispatch"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

type officerOutput struct{ Body dispatch.OfficerState }

type acceptInput struct {
	Command
	ID int64 `path:"id"`
}

type declineInput struct {
	Command
	ID   int64 `path:"id"`
	Body struct {
		ReasonCode string `json:"reason_code" doc:"One of /config decline_reasons"`
		Note       string `json:"note,omitempty" maxLength:"200"`
	}
}

func (s *Server) officerRoutes() {
	tags := []string{"officer"}
	handle(s, "GET", "/api/v1/officer", huma.Operation{Summary: "The own unit and the case in hand", Tags: tags},
		func(ctx context.Context, _ *struct{}) (*officerOutput, error) {
			unit := who(ctx).UnitID
			if unit == 0 {
				return nil, dispatch.ErrUnitNotFound
			}
			state, err := s.deps.Dispatch.Officer(ctx, s.deps.DB.Pool, unit, s.now())
			return &officerOutput{Body: state}, err
		})
	handle(s, "POST", "/api/v1/offers/{id}/accept", huma.Operation{Summary: "Take the case", Tags: tags},
		func(ctx context.Context, in *acceptInput) (*ticketOutput, error) {
			return s.ticketCommand(ctx, in.Key, fmt.Sprintf("POST /offers/%d/accept", in.ID), 0, nil,
				func(ctx context.Context, tx *pg.Tx, me ticket.Actor) (ticket.Ticket, error) {
					return s.deps.Dispatch.Accept(ctx, tx, me, in.ID)
				})
		})
	handle(s, "POST", "/api/v1/offers/{id}/decline", huma.Operation{Summary: "Decline the case, with a reason", Tags: tags},
		func(ctx context.Context, in *declineInput) (*ticketOutput, error) {
			return s.ticketCommand(ctx, in.Key, fmt.Sprintf("POST /offers/%d/decline", in.ID), 0, in.Body,
				func(ctx context.Context, tx *pg.Tx, me ticket.Actor) (ticket.Ticket, error) {
					return s.deps.Dispatch.Decline(ctx, tx, me, in.ID, in.Body.ReasonCode, in.Body.Note)
				})
		})
}
