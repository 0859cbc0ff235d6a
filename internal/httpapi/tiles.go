package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"jiujin/geo/tile"
)

func (s *Server) tileRoutes() {
	s.echo.GET("/api/v1/tiles/:z/:x/:y", s.tile)
	s.echo.GET("/api/v1/backdrops/:id/:layer/:z/:x/:y", s.backdropTile)
	s.echo.GET("/api/v1/retailers/tiles/:z/:x/:y", s.registerTile)
}

// tile serves one vector tile of the basemap; y ends in .mvt. Tiles are kept compressed, and every client of ours
// takes gzip.
func (s *Server) tile(c echo.Context) error {
	z, x, y, ok := tileAt(c, ".mvt")
	if !ok {
		return s.echoRefuse(c, errNotFound)
	}
	t, err := s.deps.Tiles.Tile(c.Request().Context(), z, x, y)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	return sendTile(c, t, s.caching("max-age=60, stale-while-revalidate=86400"))
}

// caching is private for maps that one has to sign in for.
func (s *Server) caching(rest string) string {
	if s.deps.PublicMap {
		return "public, " + rest
	}
	return "private, " + rest
}

// backdropTile serves one tile of a map of somebody else; layer is its place among the addresses of the map.
func (s *Server) backdropTile(c echo.Context) error {
	z, x, y, ok := tileAt(c, "")
	layer, err := strconv.Atoi(c.Param("layer"))
	if !ok || err != nil {
		return s.echoRefuse(c, errNotFound)
	}
	t, err := s.deps.Maps.Tile(c.Request().Context(), c.Param("id"), layer, z, x, y)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	return sendTile(c, t, s.caching("max-age=3600, stale-while-revalidate=86400"))
}

// registerTile serves one vector tile of the register; y ends in .mvt.
func (s *Server) registerTile(c echo.Context) error {
	z, x, y, ok := tileAt(c, ".mvt")
	if !ok {
		return s.echoRefuse(c, errNotFound)
	}
	t, err := s.deps.Atlas.Tile(c.Request().Context(), z, x, y)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	return sendTile(c, t, "private, no-cache")
}

// tileAt reads zoom, column and row; the row ends in suffix.
func tileAt(c echo.Context, suffix string) (z, x, y int, ok bool) {
	z, errZ := strconv.Atoi(c.Param("z"))
	x, errX := strconv.Atoi(c.Param("x"))
	row, named := strings.CutSuffix(c.Param("y"), suffix)
	y, errY := strconv.Atoi(row)
	return z, x, y, named && errors.Join(errZ, errX, errY) == nil
}

// sendTile answers with a tile, with 304 when the client has it, or with 204 when nothing is in it.
func sendTile(c echo.Context, t tile.Tile, cached string) error {
	head := c.Response().Header()
	if strings.HasPrefix(cached, "public") {
		head.Del("Vary") // the same for everybody
	}
	head.Set("Cache-Control", cached)
	head.Set("ETag", t.ETag)
	if c.Request().Header.Get("If-None-Match") == t.ETag {
		return c.NoContent(http.StatusNotModified)
	}
	if len(t.Data) == 0 {
		return c.NoContent(http.StatusNoContent)
	}
	if t.Gzip {
		head.Set("Content-Encoding", "gzip")
	}
	return c.Blob(http.StatusOK, t.Kind, t.Data)
}
