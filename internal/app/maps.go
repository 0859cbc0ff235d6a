package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/BurntSushi/toml"

	"jiujin/geo/backdrop"
	"jiujin/geo/basemap"
	"jiujin/internal/httpapi"
	"jiujin/internal/pg"
)

// backdropCache is what each further map may keep of its tiles, in bytes.
const backdropCache = 32 << 20

// maps reads the file with further maps, [[map]] for each; none without a file. An unknown key is an error.
func (c *Config) maps() ([]backdrop.Map, error) {
	if c.Maps == "" {
		return nil, nil
	}
	var file struct{ Map []backdrop.Map }
	meta, err := toml.DecodeFile(c.Maps, &file)
	if err != nil {
		return nil, fmt.Errorf("maps %s: %w", c.Maps, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("maps %s: unknown key %q", c.Maps, unknown[0])
	}
	if err := backdrop.Check(file.Map); err != nil {
		return nil, fmt.Errorf("maps %s: %w", c.Maps, err)
	}
	return file.Map, nil
}

// openMaps completes the basemap, opens the further maps, and sees that what the public would be shown may be shown.
func (s *service) openMaps(ctx context.Context) error {
	if err := s.completeBasemap(ctx); err != nil {
		return err
	}
	list, err := s.cfg.maps()
	if err != nil {
		return err
	}
	if err := checkPublic(ctx, s.cfg, s.db.Pool, list); err != nil {
		return err
	}
	s.maps, err = backdrop.Open(list, backdropCache, s.db.Now)
	return err
}

func (s *service) completeBasemap(ctx context.Context) error {
	return s.db.InTx(ctx, func(tx *pg.Tx) error {
		done, err := basemap.Complete(ctx, tx)
		if done {
			s.log.Info("the basemap was stored before there were coarse tiles: made what they show")
		}
		return err
	})
}

// errNotPublic says why the service does not start with public-map.
var errNotPublic = errors.New("public-map: a map that the public sees needs a source and an approval number; " +
	"向公众展示的地图必须注明来源和审图号")

// checkPublic says whether every map may be shown to people who are not signed in, which public-map does.
func checkPublic(ctx context.Context, cfg Config, q pg.Queryer, maps []backdrop.Map) error {
	if !cfg.PublicMap {
		return nil
	}
	var wrong []error
	info, err := basemap.Load(ctx, q)
	switch {
	case errors.Is(err, basemap.ErrNone):
	case err != nil:
		return err
	default:
		wrong = append(wrong, PublicBasemap(info))
	}
	for i := range maps {
		wrong = append(wrong, maps[i].Public())
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("%w: %w", errNotPublic, err)
	}
	return nil
}

// PublicBasemap says why a basemap may not be shown to the public; a made-up one may.
func PublicBasemap(info basemap.Info) error {
	if !info.Fictional && (info.Approval == "" || info.Source == "") {
		return fmt.Errorf("the basemap %q has no approval number or no source: import it again with --approval; "+
			"底图缺少审图号或来源，请加 --approval 重新导入", info.Name)
	}
	return nil
}

// backdrops are the further maps as pages see them.
func backdrops(list []backdrop.Shown) []httpapi.Backdrop {
	out := make([]httpapi.Backdrop, len(list))
	for i, m := range list {
		out[i] = httpapi.Backdrop{
			ID: m.ID, ZH: m.NameZH, EN: m.NameEN, Vector: m.Vector, Layers: m.Addresses(), TileSize: m.TileSize,
			MinZoom: m.MinZoom, MaxZoom: m.MaxZoom, Source: m.Source, Approval: m.Approval, Dark: m.Dark, Schema: schemaOf(m.Metadata),
		}
		if m.Direct {
			continue
		}
		for layer := range max(1, len(m.URL)) {
			out[i].Layers = append(out[i].Layers, []string{fmt.Sprintf("/api/v1/backdrops/%s/%d/{z}/{x}/{y}", m.ID, layer)})
		}
	}
	return out
}

// schemaOf says by which names the layers of a vector archive go: protomaps, openmaptiles or "" for others.
func schemaOf(metadata []byte) string {
	var m struct {
		Layers []struct {
			ID string `json:"id"`
		} `json:"vector_layers"`
	}
	if json.Unmarshal(metadata, &m) != nil {
		return ""
	}
	for _, l := range m.Layers {
		switch l.ID {
		case "transportation":
			return "openmaptiles"
		case "roads":
			return "protomaps"
		}
	}
	return ""
}
