package terminal

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/tracking"
	"jiujin/tracking/jt808"
)

const insertDriverCard = `
insert into vault.driver_card (device_id, unit_id, at, inserted, result, name, licence, issuer, valid_until, id_card, received_at)
values (@device, @unit, coalesce(@at::timestamptz, @now), @inserted, @result, @name, @licence, @issuer, @valid, @id_card, @now)`

func saveDriverCard(ctx context.Context, db *pg.DB, dev *tracking.Device, c jt808.Driver) error {
	args := pgx.NamedArgs{
		"device": dev.ID, "unit": dev.UnitID, "now": db.Now().UTC(), "at": nil, "inserted": c.In, "result": c.Read,
		"name": c.Name, "licence": c.Licence, "issuer": c.Issuer, "valid": string(c.Until), "id_card": c.Citizen,
	}
	if at, ok := c.Clock.Time(); ok {
		args["at"] = at
	}
	if _, err := db.Pool.Exec(ctx, insertDriverCard, args); err != nil {
		return fmt.Errorf("keep a driver card of device %d: %w", dev.ID, err)
	}
	return nil
}
