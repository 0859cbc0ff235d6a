package httpapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jiujin/geo/retailer/atlas"
)

// Config is what the pages need to know before anybody signs in. Deps.Config
// fills it; product, server_time, time_zone and tiles are filled here.
type Config struct {
	Product        string       `json:"product"`
	Title          string       `json:"title"`
	OrgName        string       `json:"org_name"`
	Version        string       `json:"version"`
	Demo           bool         `json:"demo" doc:"Everything shown is made up"`
	Exercise       bool         `json:"exercise" doc:"The service runs on a clock of its own"`
	ServerTime     time.Time    `json:"server_time"`
	TimeZone       string       `json:"time_zone" doc:"In which times are shown"`
	Basemap        *Basemap     `json:"basemap"`
	Tiles          string       `json:"tiles" doc:"Address of a map tile"`
	Urgencies      []Urgency    `json:"urgencies" nullable:"false"`
	Subtypes       []Subtype    `json:"subtypes" nullable:"false"`
	Transitions    []Transition `json:"transitions" nullable:"false"`
	Outcomes       []Term       `json:"outcomes" nullable:"false"`
	DeclineReasons []Term       `json:"decline_reasons" nullable:"false"`
	Channels       []string     `json:"channels" nullable:"false"`
	PublicMap      bool         `json:"public_map" doc:"Maps are shown to people who are not signed in"`
	Register       RegisterMap  `json:"register"`
	Backdrops      []Backdrop   `json:"backdrops" nullable:"false" doc:"Maps of somebody else to choose instead of the basemap"`
}

// Basemap says which map is shown.
type Basemap struct {
	Name      string     `json:"name"`
	Approval  string     `json:"approval" doc:"审图号; empty for a made-up map"`
	Source    string     `json:"source"`
	Fictional bool       `json:"fictional"`
	Bounds    [4]float64 `json:"bounds" doc:"West, south, east, north; WGS-84 degrees"`
	Version   int64      `json:"version"`
}

// RegisterMap is where the tiles of the register are.
type RegisterMap struct {
	Tiles   string `json:"tiles" doc:"Address of a tile"`
	Single  int    `json:"single" doc:"The zoom from which on every shop is on the tiles, and the deepest"`
	Version int64  `json:"version" doc:"Another one when the register has changed"`
}

// Backdrop is a map of somebody else.
type Backdrop struct {
	ID       string     `json:"id"`
	ZH       string     `json:"zh"`
	EN       string     `json:"en"`
	Vector   bool       `json:"vector" doc:"Vector tiles, otherwise pictures"`
	Schema   string     `json:"schema" enum:"protomaps,openmaptiles," doc:"By which names the layers of vector tiles go; empty = others"`
	Layers   [][]string `json:"layers" nullable:"false" doc:"For each layer, the lowest first, the addresses of a tile; any of them will do"`
	TileSize int        `json:"tile_size" doc:"Pixels across a picture"`
	MinZoom  int        `json:"min_zoom"`
	MaxZoom  int        `json:"max_zoom"`
	Source   string     `json:"source"`
	Approval string     `json:"approval" doc:"审图号; empty when there is none"`
	Dark     bool       `json:"dark" doc:"Made for dark pages"`
}

// Urgency is one of the four grades with its limits.
type Urgency struct {
	Urgency      int `json:"urgency" minimum:"1" maximum:"4"`
	ArriveMin    int `json:"arrive_min" doc:"Minutes to be on scene; 0 = no limit"`
	OfferSeconds int `json:"offer_seconds" doc:"How long an offer stays open"`
}

// Subtype is one row of the demand taxonomy.
type Subtype struct {
	Code       string `json:"code"`
	Kind       string `json:"kind"`
	ZH         string `json:"zh"`
	EN         string `json:"en"`
	Urgency    int    `json:"urgency"`
	FieldVisit bool   `json:"field_visit"`
}

// Transition is one row of the ticket's status machine.
type Transition struct {
	Action string   `json:"action"`
	From   []string `json:"from" nullable:"false"`
	To     string   `json:"to" doc:"Empty = the status stays"`
	Roles  []string `json:"roles" nullable:"false"`
	Needs  []string `json:"needs" nullable:"false" doc:"Input that must not be empty"`
	Kinds  []string `json:"kinds" nullable:"false" doc:"Only for tickets of these kinds; empty = all"`
	// NoVisit is that of ticket.Transition.
	NoVisit bool `json:"no_visit" doc:"Only for subtypes whose field_visit is false"`
}

// Term is a coded word in both languages.
type Term struct {
	Code string `json:"code"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

func (s *Server) configRoutes() {
	type output struct{ Body Config }
	handle(s, "GET", "/api/v1/config", huma.Operation{Summary: "What the pages need before anybody signs in", Tags: []string{"service"}},
		func(ctx context.Context, _ *struct{}) (*output, error) {
			config, err := s.deps.Config(ctx)
			if err != nil {
				return nil, err
			}
			config.Product, config.TimeZone = "Jiujin", "Asia/Shanghai"
			config.Tiles = "/api/v1/tiles/{z}/{x}/{y}.mvt"
			config.Register.Tiles, config.Register.Single = "/api/v1/retailers/tiles/{z}/{x}/{y}.mvt", atlas.Single
			config.ServerTime = s.now()
			if config.Backdrops == nil {
				config.Backdrops = []Backdrop{}
			}
			return &output{Body: config}, nil
		})
}
