package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/geo"
	"jiujin/geo/datum"
	"jiujin/internal/pg"
	"jiujin/tracking"
)

type unitsOutput struct {
	Body struct {
		Units []dispatch.UnitView `json:"units" nullable:"false"`
	}
}

type unitInput struct {
	ID int64 `path:"id"`
}

type unitOutput struct{ Body dispatch.UnitView }

type addUnitInput struct {
	Command
	Body struct {
		CallSign string `json:"call_sign" minLength:"1" maxLength:"40"`
		OrgID    int64  `json:"org_id" minimum:"1" doc:"Squad or team it belongs to"`
		Plate    string `json:"plate,omitempty" maxLength:"20"`
		Crew     int    `json:"crew" minimum:"1" maximum:"20"`
	}
}

type serviceInput struct {
	Command
	ID   int64 `path:"id"`
	Body struct {
		InService bool   `json:"in_service" doc:"false = in repair"`
		Reason    string `json:"reason,omitempty" maxLength:"200" doc:"Needed to go into repair"`
	}
}

type nearInput struct {
	Lon float64 `query:"lon" required:"true" minimum:"-180" maximum:"180"`
	Lat float64 `query:"lat" required:"true" minimum:"-90" maximum:"90"`
	K   int     `query:"k" default:"5" minimum:"1" maximum:"100"`

	Free  bool      `query:"free" doc:"Leave out units whose newest fix says that the crew is busy"`
	Since time.Time `query:"since" doc:"Leave out units whose newest fix is from before"`
}

type nearUnit struct {
	Unit      dispatch.UnitView `json:"unit"`
	DistanceM float64           `json:"distance_m" doc:"Through the air"`
}

type nearOutput struct {
	Body struct {
		Units []nearUnit `json:"units" nullable:"false"`
	}
}

func (s *Server) unitRoutes() {
	const path = "/api/v1/units"
	tags := []string{"units"}
	handle(s, "GET", path, huma.Operation{Summary: "Units of the branch; those of a squad's people are the county's", Tags: tags}, s.listUnits)
	handle(s, "POST", path, huma.Operation{Summary: "Add a unit", Tags: tags, DefaultStatus: http.StatusCreated}, s.addUnit)
	handle(s, "GET", path+"/near", huma.Operation{
		Summary: "The units nearest to a point", Tags: tags,
		Description: "With the key of a gateway the answer is as of all vehicles, and each unit is " +
			"`unit_id`, `distance_m`, `lon`, `lat`, `fixed_at`, and where known `speed_kmh`, `heading_deg`, `engaged`.",
	}, s.unitsNear)
	s.machines[route{"GET", path + "/near"}] = s.vehiclesNear
	handle(s, "GET", path+"/{id}", huma.Operation{Summary: "One unit", Tags: tags},
		func(ctx context.Context, in *unitInput) (*unitOutput, error) {
			v, err := s.deps.Dispatch.UnitViewByID(ctx, s.deps.DB.Pool, who(ctx).CountyPath, in.ID, s.now())
			return &unitOutput{Body: v}, err
		})
	handle(s, "GET", path+"/{id}/history", huma.Operation{Summary: "How much of a unit is stored for a span of time", Tags: tags}, s.history)
	handle(s, "POST", path+"/{id}/service", huma.Operation{Summary: "Put a unit in repair or back in service", Tags: tags}, s.setService)
	handle(s, "POST", path+"/{id}/devices", huma.Operation{Summary: "Register a device; its key is shown this once", Tags: tags, DefaultStatus: http.StatusCreated}, s.addDevice)
	handle(s, "GET", "/api/v1/devices/{id}/datum", huma.Operation{Summary: "Compare the newest track of a device with the roads of the map under each datum", Tags: tags}, s.checkDatum)
	handle(s, "GET", "/api/v1/shifts", huma.Operation{Summary: "Shifts that touch a span of time", Tags: tags}, s.listShifts)
	handle(s, "POST", "/api/v1/shifts", huma.Operation{Summary: "Put a unit on duty", Tags: tags, DefaultStatus: http.StatusCreated}, s.addShift)
	handle(s, "DELETE", "/api/v1/shifts/{id}", huma.Operation{Summary: "End a shift now, or drop one ahead", Tags: tags, DefaultStatus: http.StatusNoContent}, s.endShift)
}

func (s *Server) listUnits(ctx context.Context, _ *struct{}) (*unitsOutput, error) {
	out := &unitsOutput{}
	var err error
	out.Body.Units, err = s.deps.Dispatch.UnitViews(ctx, s.deps.DB.Pool, who(ctx).CountyPath, nil, s.now())
	return out, err
}

func (s *Server) addUnit(ctx context.Context, in *addUnitInput) (*unitOutput, error) {
	me, b := actor(who(ctx)), in.Body
	v, err := command(ctx, s, in.Key, "POST /units", b, func(ctx context.Context, tx *pg.Tx) (dispatch.UnitView, error) {
		id, err := s.deps.Dispatch.AddUnit(ctx, tx, me, dispatch.NewUnit{CallSign: strings.TrimSpace(b.CallSign), OrgID: b.OrgID, Plate: b.Plate, Crew: b.Crew})
		if err != nil {
			return dispatch.UnitView{}, err
		}
		return s.deps.Dispatch.UnitViewByID(ctx, tx, me.OrgPath, id, tx.Now())
	})
	return &unitOutput{Body: v}, err
}

func (s *Server) unitsNear(ctx context.Context, in *nearInput) (*nearOutput, error) {
	p := orb.Point{in.Lon, in.Lat}
	if err := geo.ValidPoint(p); err != nil {
		return nil, invalid{"query.lon", text{"这不是一个有效的位置。", "This is not a place on earth."}}
	}
	views, err := s.deps.Dispatch.UnitViews(ctx, s.deps.DB.Pool, who(ctx).CountyPath, nil, s.now())
	if err != nil {
		return nil, err
	}
	mine := make(map[int64]dispatch.UnitView, len(views))
	for _, v := range views {
		if v.Lon != nil { // or its position is not to be shown
			mine[v.ID] = v
		}
	}
	out := &nearOutput{}
	out.Body.Units = []nearUnit{}
	keep := func(id int64) bool { _, ok := mine[id]; return ok }
	wanted := tracking.Wanted{Free: in.Free, Since: in.Since, Keep: keep}
	for _, n := range s.deps.Dispatch.Positions.AppendNearest(nil, p, in.K, wanted) {
		out.Body.Units = append(out.Body.Units, nearUnit{Unit: mine[n.Fix.UnitID], DistanceM: float64(n.Distance)})
	}
	return out, nil
}

func (s *Server) setService(ctx context.Context, in *serviceInput) (*unitOutput, error) {
	me, b := actor(who(ctx)), in.Body
	route := fmt.Sprintf("POST /units/%d/service", in.ID)
	v, err := command(ctx, s, in.Key, route, b, func(ctx context.Context, tx *pg.Tx) (dispatch.UnitView, error) {
		if err := s.deps.Dispatch.SetService(ctx, tx, me, in.ID, b.InService, strings.TrimSpace(b.Reason)); err != nil {
			return dispatch.UnitView{}, err
		}
		return s.deps.Dispatch.UnitViewByID(ctx, tx, me.OrgPath, in.ID, tx.Now())
	})
	return &unitOutput{Body: v}, err
}

type addDeviceInput struct {
	Command
	ID   int64 `path:"id"`
	Body struct {
		Label      string       `json:"label" minLength:"1" maxLength:"60"`
		Datum      string       `json:"datum,omitempty" default:"WGS84" enum:"WGS84,GCJ02,BD09,CGCS2000" doc:"Of the coordinates it sends"`
		Kind       string       `json:"kind,omitempty" default:"http" enum:"http,jt808,gt06,osmand,owntracks,traccar" doc:"The protocol it speaks"`
		Names      []deviceName `json:"names,omitempty" maxItems:"10" doc:"What it calls itself: the phone number set in a JT/T 808 terminal, an IMEI, user/device, the name that a gateway gives it"`
		Passphrase string       `json:"passphrase,omitempty" maxLength:"32" doc:"OwnTracks: of its encryption"`
	}
}

type newDevice struct {
	DeviceID int64  `json:"device_id"`
	Key      string `json:"key" doc:"For Authorization: Bearer; kept only as a hash"`
}

type newDeviceOutput struct{ Body newDevice }

func (s *Server) addDevice(ctx context.Context, in *addDeviceInput) (*newDeviceOutput, error) {
	me, b := actor(who(ctx)), in.Body
	route := fmt.Sprintf("POST /units/%d/devices", in.ID)
	names, err := tracking.NamesOf(b.Kind, namesIn(b.Names))
	if err != nil {
		return nil, err
	}
	device := tracking.Device{UnitID: in.ID, Label: b.Label, Kind: b.Kind, Datum: datum.Datum(b.Datum), Login: &tracking.Login{Passphrase: b.Passphrase}}
	d, err := command(ctx, s, in.Key, route, b, func(ctx context.Context, tx *pg.Tx) (newDevice, error) {
		id, key, err := s.deps.Dispatch.AddDevice(ctx, tx, me, device, names...)
		return newDevice{DeviceID: id, Key: key}, err
	})
	return &newDeviceOutput{Body: d}, err
}

// historyMost is how many fixes are counted for one answer: a unit that reports every second sends as many in 11 days.
// More would take longer than a request may.
const historyMost = 1_000_000

type historyInput struct {
	ID   int64     `path:"id"`
	From time.Time `query:"from" required:"true"`
	To   time.Time `query:"to" required:"true" doc:"Exclusive. A span with more than 1,000,000 fixes is refused: ask for parts of it"`
}

type historyAnswer struct {
	Fixes         int                     `json:"fixes" doc:"Stored ones, doubted ones too"`
	Refused       int                     `json:"refused" doc:"Received in the span"`
	First         *time.Time              `json:"first"`
	Last          *time.Time              `json:"last"`
	Metres        float64                 `json:"metres" doc:"From each fix to the next, by time, then by receipt"`
	EngagedMetres float64                 `json:"engaged_metres" doc:"The part that begins at a fix whose crew was engaged"`
	LongestGapS   float64                 `json:"longest_gap_s"`
	SameSecond    int                     `json:"same_second" doc:"Fixes in the second of the one before"`
	FastSteps     int                     `json:"fast_steps" doc:"Above 200 km/h from the fix before"`
	Pickups       int                     `json:"pickups" doc:"Times that the crew became engaged"`
	Doubted       map[tracking.Reason]int `json:"doubted" doc:"By reason; those that the map and the tracks leave out"`
}

type historyOutput struct{ Body historyAnswer }

// history says how much of a unit is stored, for integrators who compare it with what they sent.
func (s *Server) history(ctx context.Context, in *historyInput) (*historyOutput, error) {
	q := s.deps.DB.Pool
	if _, err := s.deps.Dispatch.UnitViewByID(ctx, q, who(ctx).OrgPath, in.ID, s.now()); err != nil {
		return nil, err
	}
	if err := s.deps.Ingest.Flush(ctx); err != nil {
		return nil, err
	}
	if !in.To.After(in.From) {
		return nil, invalid{"query.to", text{"结束时间应晚于开始时间。", "It must be later than from."}}
	}
	shown, err := s.deps.Dispatch.ShownFixes(ctx, q, []int64{in.ID}, in.From, in.To)
	if err != nil {
		return nil, err
	}
	s.catchUp(ctx, in.To)
	t, err := tracking.TallyOf(ctx, q, in.ID, in.From, in.To, historyMost, shown)
	if err != nil {
		return nil, err
	}
	out := &historyOutput{Body: historyAnswer{
		Fixes: t.Fixes, Refused: t.Refused, Metres: float64(t.Length), EngagedMetres: float64(t.Engaged),
		LongestGapS: t.LongestGap.Seconds(), SameSecond: t.SameSecond, FastSteps: t.FastSteps, Pickups: t.Pickups, Doubted: t.Doubted,
	}}
	if t.Fixes > 0 {
		out.Body.First, out.Body.Last = &t.First, &t.Last
	}
	if t.Doubted == nil {
		out.Body.Doubted = map[tracking.Reason]int{}
	}
	return out, nil
}

type shiftsInput struct {
	From time.Time `query:"from" doc:"Default: now"`
	To   time.Time `query:"to" doc:"Default: a day after from"`
}

type shiftsOutput struct {
	Body struct {
		Shifts []dispatch.Shift `json:"shifts" nullable:"false"`
	}
}

func (s *Server) listShifts(ctx context.Context, in *shiftsInput) (*shiftsOutput, error) {
	if in.From.IsZero() {
		in.From = s.now()
	}
	if in.To.IsZero() {
		in.To = in.From.Add(24 * time.Hour)
	}
	if !in.To.After(in.From) {
		return nil, invalid{"query.to", text{"结束时间应晚于开始时间。", "It must be later than from."}}
	}
	out := &shiftsOutput{}
	var err error
	out.Body.Shifts, err = dispatch.Shifts(ctx, s.deps.DB.Pool, who(ctx).CountyPath, in.From, in.To)
	return out, err
}

type addShiftInput struct {
	Command
	Body struct {
		UnitID int64     `json:"unit_id" minimum:"1"`
		From   time.Time `json:"from"`
		To     time.Time `json:"to"`
	}
}

type shiftOutput struct{ Body dispatch.Shift }

func (s *Server) addShift(ctx context.Context, in *addShiftInput) (*shiftOutput, error) {
	me, b := actor(who(ctx)), in.Body
	shift, err := command(ctx, s, in.Key, "POST /shifts", b, func(ctx context.Context, tx *pg.Tx) (dispatch.Shift, error) {
		return s.deps.Dispatch.AddShift(ctx, tx, me, dispatch.Shift{UnitID: b.UnitID, From: b.From, To: b.To})
	})
	return &shiftOutput{Body: shift}, err
}

type endShiftInput struct {
	Command
	ID int64 `path:"id"`
}

func (s *Server) endShift(ctx context.Context, in *endShiftInput) (*struct{}, error) {
	me := actor(who(ctx))
	route := fmt.Sprintf("DELETE /shifts/%d", in.ID)
	_, err := command(ctx, s, in.Key, route, nil, func(ctx context.Context, tx *pg.Tx) (struct{}, error) {
		return struct{}{}, s.deps.Dispatch.EndShift(ctx, tx, me, in.ID)
	})
	if errors.Is(err, dispatch.ErrUnitNotFound) { // it is the shift that is not there
		return nil, errNotFound
	}
	return nil, err
}
