package dispatch

import (
	"context"

	"jiujin/internal/pg"
	"jiujin/ticket"
	"jiujin/tracking"
)

// NewUnit is a unit to be added.
type NewUnit struct {
	CallSign string
	OrgID    int64 // squad or team
	Plate    string
	Crew     int
}

// AddUnit adds a unit below an organisation of the actor's branch. Errors: ErrUnitNotFound when the organisation is
// not there; the constraint unit_call_sign_unique.
func (s *Service) AddUnit(ctx context.Context, tx *pg.Tx, actor ticket.Actor, u NewUnit) (int64, error) {
	id, err := insertUnit(ctx, tx, actor.OrgPath, u)
	if err != nil {
		return 0, err
	}
	return id, ticket.Record(tx, actor, "unit.added", 0, id, ticket.Data{"call_sign": u.CallSign, "crew": u.Crew})
}

// AddDevice registers a device of a unit in the actor's branch and returns its key, which is kept only as a hash.
// Errors: ErrUnitNotFound.
func (s *Service) AddDevice(ctx context.Context, tx *pg.Tx, actor ticket.Actor, d tracking.Device, names ...tracking.Name) (id int64, key string, err error) {
	if err := lockUnit(ctx, tx, d.UnitID, actor.OrgPath); err != nil {
		return 0, "", err
	}
	id, key, err = tracking.AddDevice(ctx, tx, d, names...)
	if err != nil {
		return 0, "", err
	}
	return id, key, ticket.Record(tx, actor, "device.added", 0, d.UnitID, ticket.Data{"device_id": id, "label": d.Label, "datum": d.Datum})
}
