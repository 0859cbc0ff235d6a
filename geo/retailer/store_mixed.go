package retailer

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// mixedDatum hears the witnesses on the staged rows; of a long list on a part of its streets.
func (d *delivering) mixedDatum(ctx context.Context) (Mixed, error) {
	counties, err := d.counties(ctx)
	if err != nil {
		return Mixed{}, err
	}
	rows, err := d.db.Pool.Query(ctx, fmt.Sprintf(`
		select s.division_code, s.address, s.lon, s.lat, k.lon, k.lat
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
		var code, address string
		var s sighting
		var lon, lat *float64
		if err := rows.Scan(&code, &address, &s.point[0], &s.point[1], &lon, &lat); err != nil {
			return Mixed{}, fmt.Errorf("points of delivery %d: %w", d.id, err)
		}
		s.street, s.number = streetOf(address)
		s.division = counties.named(code, address)
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

// counties are the outlines of the divisions with six digits on the day of the delivery, as finely as the witness needs
// them.
func (d *delivering) counties(ctx context.Context) (divisions, error) {
	rows, err := d.db.Pool.Query(ctx, `
		select code, name, st_asgeojson(st_multi(st_simplifypreservetopology(shape, 0.0002)), 6) from area
		where kind = 'division' and char_length(code) = 6 and valid_from <= $1 and valid_to > $1`, d.asOf)
	if err != nil {
		return divisions{}, fmt.Errorf("outlines of counties: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (division, error) {
		var one division
		var text []byte
		if err := row.Scan(&one.code, &one.name, &text); err != nil {
			return one, err
		}
		shape, err := geojson.UnmarshalGeometry(text)
		if err != nil {
			return one, err
		}
		one.shape, _ = shape.Geometry().(orb.MultiPolygon) // by the column's type
		one.bound = one.shape.Bound()
		return one, nil
	})
	if err != nil {
		return divisions{}, fmt.Errorf("outlines of counties: %w", err)
	}
	return newDivisions(list), nil
}
