package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"jiujin/geo/basemap"
)

func (s *Server) tileRoutes() { s.echo.GET("/api/v1/tiles/:z/:x/:y", s.tile) }

// tile serves one vector tile of the basemap; y ends in .mvt. Tiles are kept compressed, and every client of ours
// takes gzip.
func (s *Server) tile(c echo.Context) error {
	z, errZ := strconv.Atoi(c.Param("z"))
	x, errX := strconv.Atoi(c.Param("x"))
	row, named := strings.CutSuffix(c.Param("y"), ".mvt")
	y, errY := strconv.Atoi(row)
	if errors.Join(errZ, errX, errY) != nil || !named {
		return s.echoRefuse(c, errNotFound)
	}
	t, err := s.deps.Tiles.Tile(c.Request().Context(), z, x, y)
	if errors.Is(err, basemap.ErrNoTile) {
		return s.echoRefuse(c, errNotFound)
	}
	if err != nil {
		return s.echoRefuse(c, err)
	}
	head := c.Response().Header()
	head.Del("Vary") // the same for everybody
	head.Set("Cache-Control", "public, max-age=60, stale-while-revalidate=86400")
	head.Set("ETag", t.ETag)
	if c.Request().Header.Get("If-None-Match") == t.ETag {
		return c.NoContent(http.StatusNotModified)
	}
	if len(t.Data) == 0 {
		return c.NoContent(http.StatusNoContent)
	}
	head.Set("Content-Encoding", "gzip")
	return c.Blob(http.StatusOK, "application/vnd.mapbox-vector-tile", t.Data)
}
