package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"jiujin/geo/tile"
)

// describeTiles are the operations that answer with tiles.
func (s *Server) describeTiles() []*huma.Operation {
	number := &huma.Schema{Type: "integer"}
	other := s.describeTile("get-backdrop-tile", "/api/v1/backdrops/{id}/{layer}/{z}/{x}/{y}", "One tile of a map of somebody else",
		"/config lists the maps. Coordinates are WGS-84, whatever those of the map are. 502: its service does not answer with a tile.")
	other.Parameters[2] = param("path", "y", "Row", true, number)
	other.Parameters = append(other.Parameters, param("path", "id", "Of the map", true, &huma.Schema{Type: "string"}),
		param("path", "layer", "Which of the map's layers, from 0", true, number))
	other.Responses["200"].Content = map[string]*huma.MediaType{"image/png": {}, "image/jpeg": {}, "image/webp": {}, tile.Vector: {}}
	return []*huma.Operation{
		other,
		s.describeTile("get-tile", "/api/v1/tiles/{z}/{x}/{y}", "One vector tile of the basemap",
			"Layers, the lowest first: land, green, water, building, path, rail, road, district, place, poi; properties class, name and name_en. "+
				"Zooms 0 to 16. Always compressed with gzip."),
		s.describeTile("get-register-tile", "/api/v1/retailers/tiles/{z}/{x}/{y}", "One vector tile of the register",
			"Layer shop. Below zoom 14 a point has n, the number of shops around it; at 14, the deepest, it has id, licence_no, name and "+
				"status. Shops whose licence is over are left out. Always compressed with gzip."),
	}
}

func (s *Server) describeTile(id, path, summary, description string) *huma.Operation {
	number := &huma.Schema{Type: "integer"}
	op := &huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{"map"},
		Summary: summary, Description: "Web Mercator, counted from the north-west. " + description,
		Parameters: []*huma.Param{
			param("path", "z", "Zoom", true, number), param("path", "x", "Column", true, number),
			param("path", "y", "Row, followed by .mvt", true, &huma.Schema{Type: "string", Pattern: `^[0-9]+\.mvt$`}),
			param("header", "If-None-Match", "ETag of the tile the client has", false, &huma.Schema{Type: "string"}),
		},
		Responses: s.ok("A Mapbox Vector Tile", tile.Vector, &huma.Schema{Type: "string", Format: "binary"}, nil),
	}
	op.Responses["204"] = &huma.Response{Description: "Nothing is in the tile"}
	op.Responses["304"] = &huma.Response{Description: "The client's tile is current"}
	return op
}
