package basemap

import (
	"context"
	"fmt"

	"jiujin/internal/pg"
)

// encode makes the tile z/x/y, not compressed; empty when nothing is in it.
// A tile is 4,096 units wide and carries 64 more on each side, so that strokes
// do not end at its edge. Details under 4 units, half a pixel, are dropped;
// from zoom 14 on, which clients stretch, those under 1 unit. Tiles down to
// zoom 11 are made from the coarse features.
func encode(ctx context.Context, q pg.Queryer, z, x, y int) (tile []byte, err error) {
	err = q.QueryRow(ctx, `
		with tile as (
			select st_tileenvelope($1, $2, $3) as square, `+found(z)+` as reach,
				40075016.68 / 2.0 ^ $1 / 4096 * case when $1 < 14 then 4 else 1 end as detail
		), drawn as materialized (
			select f.id, f.layer, nullif(f.class, '') as class, nullif(f.name, '') as name, nullif(f.name_en, '') as name_en,
				st_asmvtgeom(st_simplify(st_transform(f.geom, 3857), t.detail, true), t.square, 4096, 64, true) as geom
			from `+source(z)+` f, tile t
			where f.geom && t.reach and f.min_zoom <= $1
		), shown as materialized (
			select * from drawn where geom is not null
		)
		select
			(select st_asmvt(l, 'land', 4096, 'geom') from (select class, name, name_en, geom from shown where layer = 'land' order by id) l) ||
			(select st_asmvt(l, 'green', 4096, 'geom') from (select class, name, name_en, geom from shown where layer = 'green' order by id) l) ||
			(select st_asmvt(l, 'water', 4096, 'geom') from (select class, name, name_en, geom from shown where layer = 'water' order by id) l) ||
			(select st_asmvt(l, 'building', 4096, 'geom') from (select class, name, name_en, geom from shown where layer = 'building' order by id) l) ||
			(select st_asmvt(l, 'path', 4096, 'geom') from (select class, name, name_en, geom from shown where layer = 'path' order by id) l) ||
			(select st_asmvt(l, 'rail', 4096, 'geom') from (select class, name, name_en, geom from shown where layer = 'rail' order by id) l) ||
			(select st_asmvt(l, 'road', 4096, 'geom') from (select class, name, name_en, geom from shown where layer = 'road' order by id) l) ||
			(select st_asmvt(l, 'district', 4096, 'geom') from (select class, name, name_en, geom from shown where layer = 'district' order by id) l) ||
			(select st_asmvt(l, 'place', 4096, 'geom') from (select class, name, name_en, geom from shown where layer = 'place' order by id) l) ||
			(select st_asmvt(l, 'poi', 4096, 'geom') from (select class, name, name_en, geom from shown where layer = 'poi' order by id) l)`,
		z, x, y).Scan(&tile)
	if err != nil {
		return nil, fmt.Errorf("tile %d/%d/%d: %w", z, x, y, err)
	}
	return tile, nil
}

// source is what a tile of zoom z is made from. Each set has an index of its own, which is used because the set stands in
// the text of the query.
func source(z int) string {
	switch {
	case z <= 7:
		return `(select * from basemap_coarse where deepest = 7)`
	case z <= 9:
		return `(select * from basemap_coarse where deepest = 9)`
	case z <= 11:
		return `(select * from basemap_coarse where deepest = 11)`
	case z <= 12:
		return `(select * from basemap_feature where min_zoom <= 12)`
	}
	return `basemap_feature`
}

// found is the box in which features of the tile lie, in the coordinates of its source.
func found(z int) string {
	box := `st_tileenvelope($1, $2, $3, margin => 64.0 / 4096)`
	if z <= 11 {
		return box
	}
	return `st_transform(` + box + `, 4326)`
}
