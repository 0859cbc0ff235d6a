package dispatch

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

const insertUnitSQL = `
insert into unit (org_id, call_sign, plate, crew)
select o.id, $3, $4, $5 from org o where o.id = $1 and o.path like $2 || '%' returning id`

// insertUnit fails with ErrUnitNotFound when the organisation is not in the branch.
func insertUnit(ctx context.Context, tx *pg.Tx, branch string, u NewUnit) (int64, error) {
	var id int64
	err := tx.QueryRow(ctx, insertUnitSQL, u.OrgID, branch, u.CallSign, u.Plate, u.Crew).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrUnitNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("add unit %s: %w", u.CallSign, err)
	}
	return id, nil
}
