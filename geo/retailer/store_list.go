package retailer

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/internal/pg"
)

// ListAll is the whole register in the order of its ids, as far as a shop is told from others by it. The ids stand beside
// the rows.
func ListAll(ctx context.Context, q pg.Queryer) (ids []int64, list []Listed, err error) {
	rows, err := q.Query(ctx, `
		select id, licence_no, name, operator, address, phone_tail, division_code, status, lon, lat
		from retailer order by id`)
	if err != nil {
		return nil, nil, fmt.Errorf("list retailers: %w", err)
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		var id int64
		var l Listed
		var status Status
		var lon, lat *float64
		err := row.Scan(&id, &l.Key, &l.Name, &l.Operator, &l.Address, &l.PhoneTail, &l.Division, &status, &lon, &lat)
		if lon != nil && lat != nil {
			l.Point = &orb.Point{*lon, *lat}
		}
		l.Over = status.over()
		ids, list = append(ids, id), append(list, l)
		return struct{}{}, err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list retailers: %w", err)
	}
	return ids, list, nil
}
