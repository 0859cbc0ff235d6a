package basemap

import (
	"context"
	"fmt"

	"jiujin/internal/pg"
)

// coarsen makes what tiles down to zoom 11 show of the features, anew: three sets, for zooms to 7, to 9 and to 11. In
// each, lines of one layer, class and name that meet are joined, within squares as large as a tile of the set's deepest
// zoom; shapes have only the points that make a difference of a fifth of a pixel at that zoom, and lines shorter than a
// pixel are left out. Names of lines begin with the last set: none is drawn before, but those of river-label.
func coarsen(ctx context.Context, tx *pg.Tx) error {
	for _, step := range []struct{ what, sql string }{
		{"delete the old ones", `delete from basemap_coarse`},
		{"count the features", `analyze basemap_feature`},
		{"lines", `
			insert into basemap_coarse (deepest, layer, class, name, name_en, min_zoom, geom)
			select s.deepest, joined.layer, joined.class, joined.name, joined.name_en, joined.min_zoom,
			       st_simplify(line.geom, s.pixel / 2, true)
			  from (select deepest, 40075016.68 / 2.0 ^ deepest / 512 as pixel, 360 / 2.0 ^ deepest as square, deepest = 11 as named
			          from unnest(array[7, 9, 11]) deepest) s
			 cross join lateral (
				select f.layer, f.class, n.name, n.name_en, f.min_zoom,
				       st_linemerge(st_collectionextract(st_collect(st_transform(f.geom, 3857)), 2)) as lines
				  from basemap_feature f
				 cross join lateral (
					select case when s.named or f.class = 'river-label' then f.name else '' end as name,
					       case when s.named or f.class = 'river-label' then f.name_en else '' end as name_en) n
				 where f.min_zoom <= s.deepest and st_dimension(f.geom) = 1
				 group by f.layer, f.class, n.name, n.name_en, f.min_zoom,
				          floor(st_xmin(f.geom) / s.square), floor(st_ymin(f.geom) / s.square)
				 order by min(f.id)) joined
			 cross join lateral st_dump(joined.lines) line
			 where st_length(line.geom) >= s.pixel`},
		{"areas", `
			insert into basemap_coarse (deepest, layer, class, name, name_en, min_zoom, geom)
			select deepest, f.layer, f.class, f.name, f.name_en, f.min_zoom, shape
			  from unnest(array[7, 9, 11]) deepest
			  join basemap_feature f on f.min_zoom <= deepest and st_dimension(f.geom) = 2
			 cross join lateral st_simplify(st_transform(f.geom, 3857), 40075016.68 / 2.0 ^ deepest / 1024, true) shape
			 where not st_isempty(shape) order by deepest, f.id`},
		{"points", `
			insert into basemap_coarse (deepest, layer, class, name, name_en, min_zoom, geom)
			select deepest, f.layer, f.class, f.name, f.name_en, f.min_zoom, st_transform(f.geom, 3857)
			  from unnest(array[7, 9, 11]) deepest
			  join basemap_feature f on f.min_zoom <= deepest and st_dimension(f.geom) = 0
			 order by deepest, f.id`},
		{"count the coarse ones", `analyze basemap_coarse`},
	} {
		if _, err := tx.Exec(ctx, step.sql); err != nil {
			return fmt.Errorf("coarse features of the basemap: %s: %w", step.what, err)
		}
	}
	return nil
}

// Complete makes the coarse features where a map has been stored without them, as before there were any, under a new
// version; done says whether it did. An import keeps both in step by itself.
func Complete(ctx context.Context, tx *pg.Tx) (done bool, err error) {
	tag, err := tx.Exec(ctx, `select from basemap for update`) // two that start at once follow each other
	if err == nil && tag.RowsAffected() > 0 {
		err = tx.QueryRow(ctx, `
			select not exists (select from basemap_coarse) and exists (select from basemap_feature where min_zoom <= 11)`).Scan(&done)
	}
	if err != nil {
		return false, fmt.Errorf("look for coarse features of the basemap: %w", err)
	}
	if !done {
		return false, nil
	}
	if err := coarsen(ctx, tx); err != nil {
		return false, err
	}
	tag, err = tx.Exec(ctx, `update basemap set version = version + 1 where exists (select from basemap_coarse)`)
	if err != nil {
		return false, fmt.Errorf("version of the basemap: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}
