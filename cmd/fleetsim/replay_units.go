package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"jiujin/cmd/fleetsim/trace"
)

// registerAtOnce is how many vehicles are registered at a time.
const registerAtOnce = 8

// replayed is a vehicle of a file as the service knows it.
type replayed struct {
	unitID   int64
	deviceID int64
	key      string // of its device
	phone    string // of its vehicle unit
}

// register makes a unit for each vehicle that has none of its name yet, and a new device for each.
func (r *replay) register(ctx context.Context) error {
	var known struct {
		Units []unitView `json:"units"`
	}
	if err := r.admin.get(ctx, "/units", &known); err != nil {
		return err
	}
	for _, u := range known.Units {
		r.units[u.CallSign] = &replayed{unitID: u.ID}
	}
	squad, err := r.squad(ctx)
	if err != nil {
		return err
	}
	vehicles := r.trace.Vehicles()
	for _, name := range vehicles {
		if r.units[name] == nil {
			r.units[name] = &replayed{}
		}
	}
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(registerAtOnce)
	for i, name := range vehicles {
		g.Go(func() error { return r.enrol(within, squad, name, i) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, name := range vehicles {
		r.names[r.units[name].unitID] = name
	}
	return nil
}

// squad is the organisation that the units belong to: the one with this code, made when it is missing.
func (r *replay) squad(ctx context.Context) (int64, error) {
	type org struct {
		ID       int64  `json:"id"`
		Code     string `json:"code"`
		Level    string `json:"level"`
		ParentID *int64 `json:"parent_id"`
	}
	var all struct {
		Orgs []org `json:"orgs"`
	}
	if err := r.admin.get(ctx, "/orgs", &all); err != nil {
		return 0, err
	}
	parent := int64(0)
	have := map[string]int64{}
	for _, o := range all.Orgs {
		have[o.Code] = o.ID
		if parent == 0 {
			parent = o.ID // the list begins with the top
		}
	}
	for _, add := range []struct{ code, level, name string }{{"replay", "county", "回放"}, {"replay-1", "squad", "回放车队"}} {
		if id := have[add.code]; id != 0 {
			parent = id
			continue
		}
		var made org
		body := map[string]any{"parent_id": parent, "level": add.level, "code": add.code, "name": add.name}
		if _, err := r.admin.command(ctx, "/orgs", body, &made, nil); err != nil {
			return 0, err
		}
		parent = made.ID
	}
	return parent, nil
}

// enrol registers one vehicle; number makes its phone and name unlike those of the others.
func (r *replay) enrol(ctx context.Context, squad int64, name string, number int) error {
	u := r.units[name]
	if u.unitID == 0 {
		var made unitView
		body := map[string]any{"call_sign": name, "org_id": squad, "crew": 2}
		if _, err := r.admin.command(ctx, "/units", body, &made, nil); err != nil {
			return fmt.Errorf("unit %s: %w", name, err)
		}
		u.unitID = made.ID
	}
	var made struct {
		ID  int64  `json:"device_id"`
		Key string `json:"key"`
	}
	body := map[string]any{"label": "replay " + name, "datum": string(r.trace.Datum)}
	switch named := func(protocol, ident string) []map[string]string {
		return []map[string]string{{"protocol": protocol, "ident": ident}}
	}; r.flags.Protocol {
	case "gateway":
		body["names"] = named("http", name)
	case "osmand":
		body["kind"] = "osmand"
	case "jt808":
		u.phone = fmt.Sprintf("170%08d", number)
		body["kind"], body["names"] = "jt808", named("jt808", u.phone)
	}
	if _, err := r.admin.command(ctx, fmt.Sprintf("/units/%d/devices", u.unitID), body, &made, nil); err != nil {
		return fmt.Errorf("device of %s: %w", name, err)
	}
	u.deviceID, u.key = made.ID, made.Key
	return nil
}

// record is one row as POST /fixes takes it.
type record struct {
	Device   string   `json:"device,omitempty"` // gateway only
	FixedAt  int64    `json:"fixed_at"`         // Unix milliseconds
	Lon      float64  `json:"lon"`
	Lat      float64  `json:"lat"`
	SpeedKmh *float64 `json:"speed_kmh,omitempty"`
	Engaged  *bool    `json:"engaged,omitempty"`
}

func recordOf(row trace.Row) record {
	return record{FixedAt: row.At.UnixMilli(), Lon: row.Lon, Lat: row.Lat, SpeedKmh: row.SpeedKmh, Engaged: row.Occupied}
}
