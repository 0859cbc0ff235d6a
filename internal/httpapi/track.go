package httpapi

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"jiujin/dispatch"
	"jiujin/tracking"
)

const (
	trackLongest = 31 * 24 * time.Hour // a longer span is refused: the answer is made in memory
	rawLongest   = 7 * 24 * time.Hour

	catchUpWithin = time.Second
)

type trackInput struct {
	ID   int64     `path:"id"`
	From time.Time `query:"from" required:"true"`
	To   time.Time `query:"to" required:"true" doc:"Exclusive; at most 31 days after from, with raw 7"`
	Raw  bool      `query:"raw" doc:"Every position as it was stored, doubted ones too, instead of the line simplified to 5 m"`
}

type trackStop struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Lon  float64   `json:"lon"`
	Lat  float64   `json:"lat"`
}

type trackGap struct {
	From time.Time `json:"from" doc:"Time of the last good position before"`
	To   time.Time `json:"to" doc:"Time of the first one after"`
}

type trackAnswer struct {
	UnitID   int64       `json:"unit_id"`
	CallSign string      `json:"call_sign"`
	From     time.Time   `json:"from"`
	To       time.Time   `json:"to"`
	Points   [][5]any    `json:"points" nullable:"false" doc:"By time: lon, lat, Unix milliseconds, speed_kmh or null, why it is doubted or null"`
	Stops    []trackStop `json:"stops" nullable:"false" doc:"Halts of 3 minutes or more within 50 m"`
	Gaps     []trackGap  `json:"gaps" nullable:"false" doc:"More than 5 minutes without a good position"`
	Fixes    int         `json:"fixes" doc:"Good positions behind all of this"`
	Metres   float64     `json:"metres" doc:"From each good position to the next"`
	MovingS  int         `json:"moving_s" doc:"Seconds at 3 km/h or more"`
	TopKmh   *float64    `json:"top_kmh" doc:"Highest speed that was reported"`
}

type trackOutput struct{ Body trackAnswer }

type sceneInput struct {
	At time.Time `query:"at" required:"true" doc:"Not in the future"`
}

type sceneOutput struct{ Body dispatch.Scene }

func (s *Server) trackRoutes() {
	tags := []string{"history"}
	handle(s, "GET", "/api/v1/units/{id}/track", huma.Operation{Summary: "Where a unit went in a span of time", Tags: tags}, s.track)
	handle(s, "GET", "/api/v1/scene", huma.Operation{Summary: "Units and open tickets at a moment of the past", Tags: tags}, s.scene)
	for _, f := range tracking.Formats() {
		s.echo.GET("/api/v1/units/:id/track."+string(f), func(c echo.Context) error { return s.exportTrack(c, f) })
	}
}

func (s *Server) track(ctx context.Context, in *trackInput) (*trackOutput, error) {
	unit, t, err := s.readTrack(ctx, in)
	if err != nil {
		return nil, err
	}
	a := trackAnswer{
		UnitID: t.UnitID, CallSign: unit.CallSign, From: t.From, To: t.To,
		Points: make([][5]any, len(t.Points)), Stops: []trackStop{}, Gaps: []trackGap{},
		Fixes: t.Fixes, Metres: math.Round(float64(t.Length)*10) / 10, MovingS: int(t.Moving.Seconds()), TopKmh: t.TopKmh.Ptr(),
	}
	for i, p := range t.Points {
		a.Points[i] = [5]any{centimetre(p.Point.Lon()), centimetre(p.Point.Lat()), p.At.UnixMilli(), nil, nil}
		if p.SpeedKmh.Known {
			a.Points[i][3] = math.Round(p.SpeedKmh.Value*10) / 10
		}
		if p.Doubt != "" {
			a.Points[i][4] = p.Doubt
		}
	}
	for _, v := range t.Stops {
		a.Stops = append(a.Stops, trackStop{v.From, v.To, centimetre(v.Point.Lon()), centimetre(v.Point.Lat())})
	}
	for _, v := range t.Gaps {
		a.Gaps = append(a.Gaps, trackGap(v))
	}
	return &trackOutput{Body: a}, nil
}

// centimetre rounds a coordinate to 1e-7 degrees.
func centimetre(v float64) float64 { return math.Round(v*1e7) / 1e7 }

// readTrack reads what a unit of the caller's branch did, as far as it may be shown.
func (s *Server) readTrack(ctx context.Context, in *trackInput) (dispatch.UnitView, tracking.Track, error) {
	longest := trackLongest
	if in.Raw {
		longest = rawLongest
	}
	switch span := in.To.Sub(in.From); {
	case span <= 0:
		return dispatch.UnitView{}, tracking.Track{}, invalid{"query.to", text{"结束时间应晚于开始时间。", "It must be later than from."}}
	case span > longest:
		days := strconv.Itoa(int(longest / (24 * time.Hour)))
		return dispatch.UnitView{}, tracking.Track{}, invalid{"query.to", text{"时间跨度最多 " + days + " 天。", "The span is " + days + " days at most."}}
	}
	q := s.deps.DB.Pool
	unit, err := s.deps.Dispatch.UnitViewByID(ctx, q, who(ctx).OrgPath, in.ID, s.now())
	if err != nil {
		return unit, tracking.Track{}, err
	}
	shown, err := s.deps.Dispatch.ShownFixes(ctx, q, []int64{in.ID}, in.From, in.To)
	if err != nil {
		return unit, tracking.Track{}, err
	}
	s.catchUp(ctx, in.To)
	read := tracking.ReadTrack
	if in.Raw {
		read = tracking.ReadRaw
	}
	t, err := read(ctx, q, in.ID, in.From, in.To, shown)
	return unit, t, err
}

// catchUp waits a moment for what was acknowledged but is not in the history yet, when a span reaches up to now. With
// the history away it waits for nothing.
func (s *Server) catchUp(ctx context.Context, to time.Time) {
	if s.now().Sub(to) > time.Minute {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, catchUpWithin)
	defer cancel()
	_ = s.deps.Ingest.Flush(ctx) // what is stored is answered all the same
}

// exportTrack writes the same as a file. The line is made before the first byte goes out, so that a failure is told.
func (s *Server) exportTrack(c echo.Context, f tracking.Format) error {
	in, err := exportInput(c)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	unit, t, err := s.readTrack(c.Request().Context(), in)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	head := c.Response().Header()
	head.Set("Content-Type", f.ContentType())
	head.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="unit-%d-%s.%s"`, in.ID, t.From.Format("20060102T150405Z"), f))
	c.Response().WriteHeader(http.StatusOK)
	_ = tracking.Export(c.Response(), f, unit.CallSign, &t) // the client may be gone
	return nil
}

func exportInput(c echo.Context) (*trackInput, error) {
	in := &trackInput{}
	var err error
	if in.ID, err = strconv.ParseInt(c.Param("id"), 10, 64); err != nil {
		return nil, errNotFound
	}
	for name, t := range map[string]*time.Time{"from": &in.From, "to": &in.To} {
		if *t, err = time.Parse(time.RFC3339, c.QueryParam(name)); err != nil {
			return nil, invalid{"query." + name, textTime}
		}
	}
	if raw := c.QueryParam("raw"); raw != "" {
		if in.Raw, err = strconv.ParseBool(raw); err != nil {
			return nil, invalid{"query.raw", text{"应为 true 或 false。", "It must be true or false."}}
		}
	}
	return in, nil
}

func (s *Server) scene(ctx context.Context, in *sceneInput) (*sceneOutput, error) {
	if in.At.After(s.now()) {
		return nil, invalid{"query.at", text{"时间不能晚于现在。", "It must not be in the future."}}
	}
	s.catchUp(ctx, in.At)
	scene, err := s.deps.Dispatch.SceneAt(ctx, s.deps.DB.Pool, who(ctx).OrgPath, in.At)
	return &sceneOutput{Body: scene}, err
}

// describeTracks is one operation for each format.
func (s *Server) describeTracks() []*huma.Operation {
	moment := &huma.Schema{Type: "string", Format: "date-time"}
	var list []*huma.Operation
	for _, f := range tracking.Formats() {
		list = append(list, &huma.Operation{
			OperationID: "get-track-" + string(f), Method: http.MethodGet, Path: "/api/v1/units/{id}/track." + string(f), Tags: []string{"history"},
			Summary:     "The track as a file: " + string(f),
			Description: "Times are UTC, coordinates WGS-84. The line is broken where more than 5 minutes are missing.",
			Parameters: []*huma.Param{
				param("path", "id", "", true, &huma.Schema{Type: "integer", Format: "int64"}),
				param("query", "from", "", true, moment),
				param("query", "to", "Exclusive; at most 31 days after from, with raw 7", true, moment),
				param("query", "raw", "Every position as it was stored, doubted ones too", false, &huma.Schema{Type: "boolean"}),
			},
			Responses: s.ok("A file", f.ContentType(), &huma.Schema{Type: "string"}, nil),
		})
	}
	return list
}
