package httpapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"jiujin/dispatch"
	"jiujin/internal/pg"
)

type kpiOutput struct{ Body dispatch.KPI }

type policyAnswer struct {
	Policies []dispatch.Policy `json:"policies"`
}

type policyOutput struct{ Body policyAnswer }

type setPolicyInput struct {
	Command
	Urgency int `path:"urgency" minimum:"1" maximum:"4"`
	Body    struct {
		Mode         string `json:"mode" enum:"suggest,auto"`
		OfferSeconds int    `json:"offer_seconds" minimum:"10" maximum:"3600"`
		MaxOffers    int    `json:"max_offers" minimum:"1" maximum:"10"`
		ETACapMin    int    `json:"eta_cap_min" minimum:"5" maximum:"1440"`
		BorderMin    int    `json:"border_min" minimum:"0" maximum:"60" doc:"Minutes that a unit of another squad must be sooner; from another county four times as many"`
	}
}

func (s *Server) figureRoutes() {
	tags := []string{"figures"}
	handle(s, "GET", "/api/v1/kpi", huma.Operation{Summary: "Figures of the big screen", Tags: tags},
		func(ctx context.Context, _ *struct{}) (*kpiOutput, error) {
			k, err := s.deps.Dispatch.KPI(ctx, s.deps.DB.Pool, who(ctx).CountyPath, s.now())
			return &kpiOutput{Body: k}, err
		})
	handle(s, "GET", "/api/v1/policy", huma.Operation{Summary: "How tickets find their unit, by urgency", Tags: tags},
		func(ctx context.Context, _ *struct{}) (*policyOutput, error) {
			list, err := policyList(ctx, s.deps.DB.Pool)
			return &policyOutput{Body: policyAnswer{Policies: list}}, err
		})
	handle(s, "PUT", "/api/v1/policy/{urgency}", huma.Operation{Summary: "Change the policy of one urgency", Tags: tags}, s.setPolicy)
}

func (s *Server) setPolicy(ctx context.Context, in *setPolicyInput) (*policyOutput, error) {
	me, b := actor(who(ctx)), in.Body
	policy := dispatch.Policy{
		Urgency: in.Urgency, Mode: b.Mode, OfferSeconds: b.OfferSeconds, MaxOffers: b.MaxOffers, ETACapMin: b.ETACapMin,
		BorderMin: b.BorderMin,
	}
	answer, err := command(ctx, s, in.Key, "PUT /policy", policy, func(ctx context.Context, tx *pg.Tx) (policyAnswer, error) {
		if err := dispatch.SetPolicy(ctx, tx, me, policy); err != nil {
			return policyAnswer{}, err
		}
		list, err := policyList(ctx, tx)
		return policyAnswer{Policies: list}, err
	})
	return &policyOutput{Body: answer}, err
}

func policyList(ctx context.Context, q pg.Queryer) ([]dispatch.Policy, error) {
	byUrgency, err := dispatch.Policies(ctx, q)
	if err != nil {
		return nil, err
	}
	list := make([]dispatch.Policy, 0, len(byUrgency))
	for u := 1; u <= 4; u++ {
		if p, ok := byUrgency[u]; ok {
			list = append(list, p)
		}
	}
	return list, nil
}
