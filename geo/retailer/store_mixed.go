package retailer

import (
	"context"
	"fmt"

	"github.com/paulmach/orb"
)

// mixedDatum hears the witnesses on the staged rows; of a long list on a part of its streets.
func (d *delivering) mixedDatum(ctx context.Context) (Mixed, error) {
	rows, err := d.db.Pool.Query(ctx, fmt.Sprintf(`
		select s.address, s.lon, s.lat, k.lon, k.lat
		from staged_%d s left join retailer k on k.licence_no = s.licence_no and k.gone_on is null
		where s.lon is not null and (
			$1 <= 1 or hashtext(regexp_replace(s.address, '[0-9０-９].*', '')) %% $1 = 0)
		limit $2`, d.id), 1+d.staged/maxSightings, 2*maxSightings)
	if err != nil {
		return Mixed{}, fmt.Errorf("points of delivery %d: %w", d.id, err)
	}
	defer rows.Close()
	var list []sighting
	for rows.Next() {
		var address string
		var s sighting
		var lon, lat *float64
		if err := rows.Scan(&address, &s.point[0], &s.point[1], &lon, &lat); err != nil {
			return Mixed{}, fmt.Errorf("points of delivery %d: %w", d.id, err)
		}
		s.street, s.number = streetOf(address)
		if lon != nil && lat != nil {
			s.known = &orb.Point{*lon, *lat}
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		return Mixed{}, fmt.Errorf("points of delivery %d: %w", d.id, err)
	}
	return mixedDatums(d.rows.datum, list), nil
}
