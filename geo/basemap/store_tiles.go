package basemap

import (
	"context"
	"fmt"

	"jiujin/internal/pg"
)

// encode makes the tile z/x/y, not compressed; empty when nothing is in it.
// A tile is 4,096 units wide and carries 64 more on each side, so that strokes
// do not end at its edge. Details under 4 units, a fifth of a pixel or so, are
// dropped; from zoom 14 on, which clients stretch, those under 1 unit.
func encode(ctx context.Context, q pg.Queryer, z, x, y int) (tile []byte, err error) {
	err = q.QueryRow(ctx, `
		with tile as (
			select st_tileenvelope($1, $2, $3) as square,
				st_transform(st_tileenvelope($1, $2, $3, margin => 64.0 / 4096), 4326) as reach,
				40075016.68 / 2.0 ^ $1 / 4096 * case when $1 < 14 then 4 else 1 end as detail
		), drawn as materialized (
			select f.id, f.layer, nullif(f.class, '') as class, nullif(f.name, '') as name, nullif(f.name_en, '') as name_en,
				st_asmvtgeom(st_simplify(st_transform(f.geom, 3857), t.detail, true), t.square, 4096, 64, true) as geom
			from basemap_feature f, tile t
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
