package httpapi

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jiujin/internal/auth"
	"jiujin/internal/pg"
	"jiujin/ticket"
	"jiujin/tracking"
	"jiujin/tracking/describe"
)

type devicesInput struct {
	Freshness string `query:"freshness" enum:"live,recent,stale,lost" doc:"Only those"`
}

type devicesOutput struct {
	Body struct {
		Devices []tracking.DeviceHealth `json:"devices" nullable:"false"`
	}
}

type deviceInput struct {
	ID int64 `path:"id"`
}

type deviceDetail struct {
	tracking.DeviceHealth
	Decoded    json.RawMessage        `json:"decoded,omitempty" doc:"What the last message says, as jiujin decode shows it; not of protocol http, whose messages are plain, and not of one that was cut"`
	Refusals   []tracking.KeptRefusal `json:"refusals" nullable:"false" doc:"The newest 20"`
	SuggestedS *int                   `json:"suggested_clock_ahead_s" doc:"What would explain the clock offset, when that is near a time zone and not what is set"`
}

type deviceOutput struct{ Body deviceDetail }

type changeDeviceInput struct {
	Command
	ID   int64 `path:"id"`
	Body struct {
		Label       *string `json:"label,omitempty" minLength:"1" maxLength:"60"`
		Datum       *string `json:"datum,omitempty" enum:"WGS84,GCJ02,BD09,CGCS2000"`
		ClockAheadS *int    `json:"clock_ahead_s,omitempty" minimum:"-86400" maximum:"86400" doc:"By how much its clock is ahead"`
		IntervalS   *int    `json:"interval_s,omitempty" minimum:"0" maximum:"86400" doc:"0 = nobody knows"`
		Lenient     *bool   `json:"lenient,omitempty" doc:"JT/T 808: positions are taken before authentication"`
		Disabled    *bool   `json:"disabled,omitempty"`

		Names      *[]deviceName `json:"names,omitempty" maxItems:"10" doc:"Instead of those it has; the old ones find nothing any more"`
		Passphrase *string       `json:"passphrase,omitempty" maxLength:"32" doc:"OwnTracks: of its encryption; empty = it does not encrypt"`
	}
}

// deviceName is what a device calls itself.
type deviceName struct {
	Protocol string `json:"protocol" enum:"http,jt808,gt06,owntracks,traccar"`
	Ident    string `json:"ident" minLength:"1" maxLength:"128"`
}

func namesIn(list []deviceName) (names []tracking.Name) {
	for _, n := range list {
		names = append(names, tracking.Name{Protocol: n.Protocol, Ident: n.Ident})
	}
	return names
}

type settleInput struct {
	Command
	ID int64 `path:"id"`
}

type gatewaysOutput struct {
	Body struct {
		Gateways []tracking.Gateway `json:"gateways" nullable:"false"`
	}
}

type addGatewayInput struct {
	Command
	Body struct {
		Label string `json:"label" minLength:"1" maxLength:"60"`
	}
}

type newGateway struct {
	GatewayID int64  `json:"gateway_id"`
	Key       string `json:"key" doc:"For Authorization: Bearer; kept only as a hash"`
}

type newGatewayOutput struct{ Body newGateway }

func (s *Server) deviceRoutes() {
	tags := []string{"devices"}
	handle(s, "GET", "/api/v1/devices", huma.Operation{Summary: "Devices of the branch and how they fare, those in trouble first", Tags: tags}, s.listDevices)
	handle(s, "GET", "/api/v1/devices/{id}", huma.Operation{Summary: "One device: its last message, its last refusals, its clock", Tags: tags}, s.device)
	handle(s, "PATCH", "/api/v1/devices/{id}", huma.Operation{Summary: "Change a device; what is left out stays", Tags: tags}, s.changeDevice)
	handle(s, "POST", "/api/v1/devices/{id}/settle-conflict", huma.Operation{Summary: "Let a device register anew after another terminal claimed its identity", Tags: tags}, s.settleConflict)
	handle(s, "GET", "/api/v1/gateways", huma.Operation{Summary: "Platforms that forward positions; they belong to the root, others see none", Tags: tags}, s.listGateways)
	handle(s, "POST", "/api/v1/gateways", huma.Operation{Summary: "Register a gateway, for administrators of the root; its key is shown this once", Tags: tags, DefaultStatus: http.StatusCreated}, s.addGateway)
}

func (s *Server) listDevices(ctx context.Context, in *devicesInput) (*devicesOutput, error) {
	list, err := tracking.HealthOf(ctx, s.deps.DB.Pool, who(ctx).OrgPath, 0, true, s.now())
	if err != nil {
		return nil, err
	}
	out := &devicesOutput{}
	out.Body.Devices = []tracking.DeviceHealth{}
	for _, d := range list {
		if in.Freshness == "" || string(d.Freshness) == in.Freshness {
			out.Body.Devices = append(out.Body.Devices, d)
		}
	}
	return out, nil
}

func (s *Server) device(ctx context.Context, in *deviceInput) (*deviceOutput, error) {
	d, err := s.deviceDetail(ctx, s.deps.DB.Pool, in.ID)
	return &deviceOutput{Body: d}, err
}

func (s *Server) deviceDetail(ctx context.Context, q pg.Queryer, id int64) (deviceDetail, error) {
	list, err := tracking.HealthOf(ctx, q, who(ctx).OrgPath, id, true, s.now())
	if err != nil {
		return deviceDetail{}, err
	}
	if id == 0 || len(list) == 0 {
		return deviceDetail{}, errNotFound
	}
	d := deviceDetail{DeviceHealth: list[0]}
	d.Decoded = s.decoded(&d.DeviceHealth)
	if d.Refusals, err = tracking.LastRefusals(ctx, q, id); err != nil {
		return deviceDetail{}, err
	}
	d.SuggestedS = suggestedClock(d.ClockOffsetS, d.ClockAheadS)
	return d, nil
}

// suggestedClock is what a device's clock should be set to, where its fixes come in with that offset (receipt less fix
// time, as the device says it) and it is held to be so much ahead; nil when that explains the offset, or no zone does.
func suggestedClock(offsetS *float64, aheadS int) *int {
	if offsetS == nil {
		return nil
	}
	zone, ok := tracking.ZoneError(-time.Duration((*offsetS + float64(aheadS)) * float64(time.Second)))
	if !ok {
		return nil
	}
	seconds := aheadS + int(zone/time.Second)
	return &seconds
}

// decoded is what the last message of a device says; nil when there is none to describe.
func (s *Server) decoded(d *tracking.DeviceHealth) json.RawMessage {
	if d.Protocol == nil || *d.Protocol == "http" || d.Raw == nil || *d.Raw == "" || len(*d.Raw) >= keptMax {
		return nil
	}
	raw, passphrase := []byte(*d.Raw), ""
	switch *d.Protocol {
	case "jt808", "gt06":
		var err error
		if raw, err = hex.DecodeString(*d.Raw); err != nil {
			return describe.Refused(err)
		}
	case "owntracks":
		if device, ok := s.deps.Devices.ByID(d.ID); ok && device.Login != nil {
			passphrase = device.Login.Passphrase
		}
	}
	return describe.JSON(*d.Protocol, raw, passphrase)
}

// changed answers a command on a device with the device as it is now, and leaves a record of what was done, with told in
// it unless that is nil.
func (s *Server) changed(ctx context.Context, key, route string, id int64, in, told any, what string, fn func(ctx context.Context, tx *pg.Tx) error) (*deviceOutput, error) {
	me := actor(who(ctx))
	d, err := command(ctx, s, key, route, in, func(ctx context.Context, tx *pg.Tx) (deviceDetail, error) {
		if err := fn(ctx, tx); errors.Is(err, tracking.ErrUnknownDevice) {
			return deviceDetail{}, errNotFound
		} else if err != nil {
			return deviceDetail{}, err
		}
		d, err := s.deviceDetail(ctx, tx, id)
		if err != nil {
			return d, err
		}
		data := ticket.Data{"device_id": id}
		if told != nil {
			data["changed"] = told
		}
		return d, ticket.Record(tx, me, what, 0, d.UnitID, data)
	})
	return &deviceOutput{Body: d}, err
}

func (s *Server) changeDevice(ctx context.Context, in *changeDeviceInput) (*deviceOutput, error) {
	b, branch := in.Body, who(ctx).OrgPath
	c := tracking.DeviceChange{
		Label: b.Label, Datum: b.Datum, ClockAheadS: b.ClockAheadS, IntervalS: b.IntervalS, Lenient: b.Lenient, Disabled: b.Disabled,
		Passphrase: b.Passphrase,
	}
	if b.Names != nil {
		names := namesIn(*b.Names)
		c.Names = &names
	}
	told := b // the record says that there is a new passphrase, not which
	if b.Passphrase != nil && *b.Passphrase != "" {
		hidden := "…"
		told.Passphrase = &hidden
	}
	return s.changed(ctx, in.Key, fmt.Sprintf("PATCH /devices/%d", in.ID), in.ID, b, told, "device.changed", func(ctx context.Context, tx *pg.Tx) error {
		return tracking.ChangeDevice(ctx, tx, branch, in.ID, c)
	})
}

func (s *Server) settleConflict(ctx context.Context, in *settleInput) (*deviceOutput, error) {
	branch := who(ctx).OrgPath
	return s.changed(ctx, in.Key, fmt.Sprintf("POST /devices/%d/settle-conflict", in.ID), in.ID, nil, nil, "device.conflict_settled", func(ctx context.Context, tx *pg.Tx) error {
		return tracking.SettleConflict(ctx, tx, branch, in.ID)
	})
}

// ofRoot tells whether somebody looks after the whole tree. Gateways belong to it: they speak for devices of every branch.
func ofRoot(p auth.Principal) bool { return p.OrgLevel == "province" }

func (s *Server) listGateways(ctx context.Context, _ *struct{}) (*gatewaysOutput, error) {
	out := &gatewaysOutput{}
	if !ofRoot(who(ctx)) {
		out.Body.Gateways = []tracking.Gateway{}
		return out, nil
	}
	var err error
	out.Body.Gateways, err = tracking.Gateways(ctx, s.deps.DB.Pool)
	return out, err
}

func (s *Server) addGateway(ctx context.Context, in *addGatewayInput) (*newGatewayOutput, error) {
	if !ofRoot(who(ctx)) {
		return nil, auth.ErrOutOfScope
	}
	me := actor(who(ctx))
	g, err := command(ctx, s, in.Key, "POST /gateways", in.Body, func(ctx context.Context, tx *pg.Tx) (newGateway, error) {
		id, key, err := tracking.AddGateway(ctx, tx, in.Body.Label)
		if err != nil {
			return newGateway{}, err
		}
		return newGateway{id, key}, ticket.Record(tx, me, "gateway.added", 0, 0, ticket.Data{"gateway_id": id, "label": in.Body.Label})
	})
	return &newGatewayOutput{Body: g}, err
}
