package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"

	"golang.org/x/sync/errgroup"

	"jiujin/cmd/fleetsim/terminal"
)

// How the vehicles of a mixed fleet report: most have a vehicle unit.
const (
	mixTerminals = 0.65
	mixPhones    = 0.20 // the others speak JSON over HTTP
	share2019    = 0.25 // of the terminals write the header of 2019
)

// equip gives every vehicle the means to report that the flags ask for, and what goes wrong with it. Devices other than
// those of the demo are registered by the administrator; one of an earlier run is used again.
func (f *fleet) equip(ctx context.Context) error {
	admin, err := f.api.inspector(f.creds)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(registerAtOnce)
	for _, v := range f.vehicles {
		rng := f.rng(1<<34 + uint64(v.index))
		protocol := f.protocolOf(rng)
		var trouble *chaos
		if rng.Float64() < f.flags.Chaos {
			trouble = &chaos{rng: f.rng(1<<35 + uint64(v.index))}
		}
		v.out.blind = newBlindSpots(f.rng(1<<36+uint64(v.index)), f.flags.BlindEvery, f.flags.BlindFor)
		switch protocol {
		case "http":
			v.carrier = &batches{api: f.api, unitID: v.unitID, key: v.out.key, chaos: trouble}
		case "osmand":
			g.Go(func() error {
				key, err := admin.addDevice(ctx, v.unitID, "osmand", "")
				v.carrier = &phoneApp{api: f.api, unitID: v.unitID, key: key, chaos: trouble}
				return err
			})
		case "jt808":
			v.out.whole = true
			id := f.identity(v, rng)
			v.carrier = &vehicleUnit{
				address: f.flags.Terminals, unitID: v.unitID, id: id, measure: f.measure, chaos: trouble, storms: &f.storms,
				rng: f.rng(1<<37 + uint64(v.index)),
			}
			g.Go(func() error {
				_, err := admin.addDevice(ctx, v.unitID, "jt808", id.Phone)
				if refused, ok := errors.AsType[*refusal](err); ok && refused.Status == http.StatusConflict {
					return nil // it is there from an earlier run
				}
				return err
			})
		}
	}
	return g.Wait()
}

func (f *fleet) protocolOf(rng *rand.Rand) string {
	if f.flags.Protocol != "mix" {
		return f.flags.Protocol
	}
	switch x := rng.Float64(); {
	case x < mixTerminals:
		return "jt808"
	case x < mixTerminals+mixPhones:
		return "osmand"
	}
	return "http"
}

// identity is the vehicle unit of a vehicle: the same in every run of a seed.
func (f *fleet) identity(v *vehicle, rng *rand.Rand) terminal.Identity {
	return terminal.Identity{
		Unit: terminal.Unit{Phone: fmt.Sprintf("1%02d%08d", f.flags.Seed%100, v.unitID), V2019: rng.Float64() < share2019},
		Registration: terminal.Registration{
			Province: 42, City: 100, Maker: "70111", Model: "FLEETSIM", TerminalID: fmt.Sprintf("S%06d", v.unitID), Colour: 1,
			Plate: fmt.Appendf(nil, "A%05d", v.unitID),
		},
	}
}

// addDevice registers a device of a unit and returns its key. ident is by what its protocol knows it; "" when by the key.
func (p *person) addDevice(ctx context.Context, unitID int64, kind, ident string) (key string, err error) {
	var made struct {
		Key string `json:"key"`
	}
	body := map[string]any{"label": "fleetsim " + kind, "kind": kind}
	if ident != "" {
		body["names"] = []map[string]string{{"protocol": kind, "ident": ident}}
	}
	_, err = p.command(ctx, fmt.Sprintf("/units/%d/devices", unitID), body, &made, nil)
	return made.Key, err
}
