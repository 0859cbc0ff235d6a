// Package backdrop serves maps of somebody else that an operator configures to
// be shown instead of the basemap: PMTiles archives on the disk, and raster
// tiles of other services (XYZ and WMTS).
//
// Pages see tiles in WGS-84. Tiles of a map in GCJ-02 are put together anew
// from the ones under them, shifted back, so that everything drawn above and
// every click stays in WGS-84. Tiles of other services are fetched by this
// service, with the key that the operator was given, and kept for a day; the
// pages talk to no other host, unless a map is configured as direct.
package backdrop

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"jiujin/geo/datum"
)

// Map is a map as it is configured.
type Map struct {
	ID     string // in addresses: small letters, digits, hyphens
	NameZH string `toml:"name"`
	NameEN string `toml:"name-en"` // "" = the Chinese one
	File   string // a PMTiles archive; without it URL
	// URL is the address of a tile, with {z}, {x}, {y} and, where it applies, {-y} (rows counted from the south), {s} and
	// {key}. Several are drawn one above the other. One without {z} is the base address of a WMTS; Layer and the next
	// three say which of its tiles: https://t{s}.tianditu.gov.cn/vec_w/wmts has the layer vec, …/cva_w/wmts its names, cva.
	URL        []string
	Layer      []string // of a WMTS, one for each URL
	Style      string   // of a WMTS; "" = default
	MatrixSet  string   `toml:"matrix-set"` // of a WMTS; "" = w, the Web Mercator set of 天地图
	Format     string   // of a WMTS; "" = tiles
	Subdomains string   // what {s} stands for: one of these characters
	Key        string   // what {key} stands for; never sent to pages
	Datum      string   // of the map: WGS84 (also without it), CGCS2000 or GCJ02
	MinZoom    int      `toml:"min-zoom"`
	MaxZoom    int      `toml:"max-zoom"`  // 0 = 18
	TileSize   int      `toml:"tile-size"` // pixels across a tile of a raster: 256 (0) or 512
	Source     string   // who made the map, with the credit that its licence asks for
	Approval   string   // the approval number (审图号)
	Dark       bool     // made for dark pages; others are dimmed there
	Direct     bool     // pages fetch the tiles from the URL themselves
}

// ErrMap says that a map is not configured as it must be.
var ErrMap = errors.New("not a map that can be served")

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// complete fills in what may be left out and says whether the map can be served. The error wraps ErrMap.
func (m *Map) complete() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("map %q: %w: %s", m.ID, ErrMap, fmt.Sprintf(format, args...))
	}
	if m.MaxZoom == 0 {
		m.MaxZoom = 18
	}
	if m.TileSize == 0 {
		m.TileSize = 256
	}
	if m.NameEN == "" {
		m.NameEN = m.NameZH
	}
	d, err := datum.Parse(m.Datum)
	switch {
	case !idForm.MatchString(m.ID):
		return wrong("the id has other characters than a-z, 0-9 and -, or is longer than 40")
	case m.NameZH == "":
		return wrong("it has no name")
	case err != nil || d == datum.BD09:
		return wrong("datum %q; a map may be in WGS84, CGCS2000 or GCJ02", m.Datum)
	case (m.File == "") == (len(m.URL) == 0):
		return wrong("give a file or a url, and not both")
	case m.MinZoom < 0 || m.MinZoom > m.MaxZoom || m.MaxZoom > 22:
		return wrong("zooms %d to %d are not within 0 to 22", m.MinZoom, m.MaxZoom)
	case m.TileSize != 256 && m.TileSize != 512:
		return wrong("tile-size %d is not 256 or 512", m.TileSize)
	case m.Direct && (m.File != "" || d == datum.GCJ02):
		return wrong("only the tiles of another service in WGS84 or CGCS2000 can be direct")
	case m.Direct && (m.Key != "" || strings.Contains(strings.Join(m.URL, ""), "{key}")):
		return wrong("everybody could read the key of a direct map")
	}
	m.Datum = string(d)
	for i, address := range m.URL {
		if !strings.Contains(address, "{z}") {
			if len(m.Layer) <= i {
				return wrong("url %d has no {z}; for a WMTS name its layer", i+1)
			}
			m.URL[i] = m.wmts(address, m.Layer[i])
		}
		if strings.Contains(m.URL[i], "{s}") && m.Subdomains == "" {
			return wrong("url %d has {s}: say with subdomains what it stands for", i+1)
		}
		u, err := url.Parse(strings.ReplaceAll(m.URL[i], "{s}", m.Subdomains[:min(1, len(m.Subdomains))]))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return wrong("url %d is not an address that begins with https:// or http://", i+1)
		}
		if strings.Contains(m.URL[i], "{key}") && m.Key == "" {
			return wrong("url %d wants a key", i+1)
		}
	}
	return nil
}

// wmts is the address of a tile of a WMTS, asked for with keys and values.
func (m *Map) wmts(base, layer string) string {
	or := func(v, other string) string {
		if v == "" {
			return other
		}
		return v
	}
	glue := "?"
	if strings.Contains(base, "?") {
		glue = "&"
	}
	q := url.Values{
		"SERVICE": {"WMTS"}, "REQUEST": {"GetTile"}, "VERSION": {"1.0.0"}, "LAYER": {layer}, "STYLE": {or(m.Style, "default")},
		"TILEMATRIXSET": {or(m.MatrixSet, "w")}, "FORMAT": {or(m.Format, "tiles")},
	}
	address := base + glue + q.Encode() + "&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}"
	if m.Key != "" && !strings.Contains(base, "{key}") {
		address += "&tk={key}"
	}
	return address
}

// Check completes the maps and says what is wrong with them, all at once.
func Check(maps []Map) error {
	var wrong []error
	seen := map[string]bool{}
	for i := range maps {
		m := &maps[i]
		m.URL = slices.Clone(m.URL)
		wrong = append(wrong, m.complete())
		if seen[m.ID] {
			wrong = append(wrong, fmt.Errorf("map %q: %w: its id is taken", m.ID, ErrMap))
		}
		seen[m.ID] = true
	}
	return errors.Join(wrong...)
}

// Public says why the map must not be shown to the public; nil when it may.
func (m *Map) Public() error {
	if m.Approval == "" || m.Source == "" {
		return fmt.Errorf("map %q: %w: to be public it needs source and approval in the file that maps names; "+
			"请在 maps 所指的文件中为该地图填写 source（来源）和 approval（审图号）", m.ID, ErrMap)
	}
	return nil
}

// Addresses are those from which pages fetch a direct map: for each URL, with each of the subdomains. None when the map
// is not direct.
func (m *Map) Addresses() (out [][]string) {
	if !m.Direct {
		return nil
	}
	for _, address := range m.URL {
		list := []string{address}
		if m.Subdomains != "" {
			list = nil
		}
		for _, s := range m.Subdomains {
			list = append(list, strings.ReplaceAll(address, "{s}", string(s)))
		}
		out = append(out, list)
	}
	return out
}
