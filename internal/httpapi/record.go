package httpapi

import (
	"context"
	"errors"
	"time"

	"jiujin/geo/retailer"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// recordView is all that the register knows of a licence. Dates are empty when not known.
type recordView struct {
	Retailer
	Source          string            `json:"source"`
	GoneOn          string            `json:"gone_on" doc:"Day of the list that lacked it; empty while its list has it"`
	ValidFrom       string            `json:"valid_from"`
	USCC            string            `json:"uscc"`
	Holder          string            `json:"holder" doc:"individual, organisation, or empty"`
	Tier            string            `json:"tier"`
	MarketType      string            `json:"market_type"`
	GridUnit        string            `json:"grid_unit"`
	Squad           string            `json:"squad"`
	MarketOfficer   string            `json:"market_officer"`
	CustomerManager string            `json:"customer_manager"`
	DeliveryRoute   string            `json:"delivery_route"`
	Scope           string            `json:"scope"`
	Supplier        string            `json:"supplier"`
	Issuer          string            `json:"issuer"`
	IssuedOn        string            `json:"issued_on"`
	SchoolM         *float64          `json:"school_m"`
	RiskScore       *float64          `json:"risk_score"`
	LastInspectedOn string            `json:"last_inspected_on"`
	Replaces        string            `json:"replaces"`
	GeoQuality      string            `json:"geo_quality" enum:",given,geocoded,centre,scene,doubtful" doc:"How far the point can be trusted; empty without one"`
	GeoVerifiedOn   string            `json:"geo_verified_on"`
	SourceDatum     string            `json:"source_datum"`
	Extra           map[string]string `json:"extra"`
	UpdatedAt       time.Time         `json:"updated_at"`
	Next            []string          `json:"next_statuses" nullable:"false" doc:"States that may follow"`
	History         []changeView      `json:"history" nullable:"false" doc:"The newest first"`
}

type changeView struct {
	At       time.Time         `json:"at"`
	Delivery *int64            `json:"delivery_id"`
	By       string            `json:"by"`
	Kind     string            `json:"kind" enum:"changed,returned,closed,edited"`
	Reason   string            `json:"reason"`
	Fields   map[string][2]any `json:"fields" doc:"Field to before and after"`
}

type recordOutput struct{ Body recordView }

type statusInput struct {
	Command
	LicenceNo string `path:"licence_no" maxLength:"80"`
	Body      struct {
		Status string `json:"status" enum:"pending,valid,suspended,renewing,expired,closed,cancelled,withdrawn,recalled,revoked"`
		Reason string `json:"reason" minLength:"2" maxLength:"200"`
	}
}

type cartonInput struct {
	Code      string `query:"code" required:"true" maxLength:"100"`
	LicenceNo string `query:"licence_no" maxLength:"12" doc:"Of the shop in which the carton is"`
}

type cartonOutput struct {
	Body struct {
		Result    string    `json:"result" enum:"parsed,match,other_licence,unknown_licence,malformed"`
		Code      string    `json:"code"`
		SortedOn  string    `json:"sorted_on"`
		Case      string    `json:"case"`
		Order     int       `json:"order"`
		Company   string    `json:"company"`
		LicenceNo string    `json:"licence_no"`
		Mended    bool      `json:"mended" doc:"Letters and digits that look alike were exchanged"`
		Buyer     *Retailer `json:"buyer" doc:"Null when the register does not have the licence"`
	}
}

func (s *Server) wholeRecord(ctx context.Context, in *retailerInput) (*recordOutput, error) {
	v, err := s.recordView(ctx, s.deps.DB.Pool, retailer.LicenceNo(in.LicenceNo))
	return &recordOutput{Body: v}, err
}

func (s *Server) recordView(ctx context.Context, q pg.Queryer, no retailer.LicenceNo) (recordView, error) {
	r, err := retailer.RecordOf(ctx, q, no)
	if err != nil {
		return recordView{}, err
	}
	changes, err := retailer.History(ctx, q, r.ID)
	if err != nil {
		return recordView{}, err
	}
	shops := []Retailer{retailerView(retailer.Hit{Retailer: r.Retailer, Score: 100})}
	if err := s.countTickets(ctx, shops); err != nil {
		return recordView{}, err
	}
	v := recordView{
		Retailer: shops[0], Source: r.Source, GoneOn: date(r.GoneOn), ValidFrom: date(r.ValidFrom), USCC: r.USCC, Holder: string(r.LicenceNo.Holder()),
		Tier: r.Tier, MarketType: r.MarketType, GridUnit: r.GridUnit, Squad: r.Squad, MarketOfficer: r.MarketOfficer,
		CustomerManager: r.CustomerManager, DeliveryRoute: r.DeliveryRoute, Scope: r.Scope, Supplier: r.Supplier, Issuer: r.Issuer,
		IssuedOn: date(r.IssuedOn), SchoolM: r.SchoolM, RiskScore: r.RiskScore, LastInspectedOn: date(r.LastInspectedOn), Replaces: r.Replaces,
		GeoQuality: string(r.GeoQuality), GeoVerifiedOn: date(r.GeoVerifiedOn), SourceDatum: string(r.SourceDatum), Extra: r.Extra, UpdatedAt: r.UpdatedAt,
		Next: []string{}, History: make([]changeView, len(changes)),
	}
	for _, next := range r.Status.Next() {
		v.Next = append(v.Next, string(next))
	}
	for i, c := range changes {
		v.History[i] = changeView(c)
	}
	return v, nil
}

func date(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}

func (s *Server) changeStatus(ctx context.Context, in *statusInput) (*recordOutput, error) {
	no := retailer.LicenceNo(in.LicenceNo)
	v, err := command(ctx, s, in.Key, "POST /retailers/"+in.LicenceNo+"/status", in.Body, func(ctx context.Context, tx *pg.Tx) (recordView, error) {
		if err := retailer.ChangeStatus(ctx, tx, no, retailer.Status(in.Body.Status), in.Body.Reason, who(ctx).Actor()); err != nil {
			return recordView{}, err
		}
		err := ticket.Record(tx, actor(who(ctx)), "retailer.status_changed", 0, 0, ticket.Data{"licence_no": in.LicenceNo, "status": in.Body.Status})
		if err != nil {
			return recordView{}, err
		}
		return s.recordView(ctx, tx, no)
	})
	return &recordOutput{Body: v}, err
}

func (s *Server) readCarton(ctx context.Context, in *cartonInput) (*cartonOutput, error) {
	out := &cartonOutput{}
	c, err := retailer.ParseCarton(in.Code, s.now())
	if err != nil {
		out.Body.Result = string(retailer.CartonMalformed)
		return out, nil
	}
	var shop retailer.LicenceNo
	if in.LicenceNo != "" {
		if shop, err = retailer.ParseLicenceNo(in.LicenceNo); err != nil {
			return nil, err
		}
	}
	buyer, err := retailer.ByLicence(ctx, s.deps.DB.Pool, c.LicenceNo)
	known := err == nil
	if err != nil && !errors.Is(err, retailer.ErrNotFound) {
		return nil, err
	}
	if known {
		v := retailerView(retailer.Hit{Retailer: buyer, Score: 100})
		out.Body.Buyer = &v
	}
	out.Body.Result, out.Body.Code, out.Body.SortedOn, out.Body.Case = string(c.Judge(shop, &known)), c.Code, date(c.SortedOn), c.Case
	out.Body.Order, out.Body.Company, out.Body.LicenceNo, out.Body.Mended = c.Order, c.Company, string(c.LicenceNo), c.Mended
	return out, nil
}
