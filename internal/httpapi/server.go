// Package httpapi is the service as its clients see it: routes, who may use
// them, request and response types, errors, the web pages. Rules live in the
// packages it calls.
package httpapi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"

	"jiujin/dispatch"
	"jiujin/geo/backdrop"
	"jiujin/geo/basemap"
	"jiujin/geo/resolve"
	"jiujin/geo/retailer"
	"jiujin/geo/retailer/atlas"
	"jiujin/internal/auth"
	"jiujin/internal/live"
	"jiujin/internal/pg"
	"jiujin/tracking"
)

// Deps is what a Server works with. Logger, Metrics, Region, Web, Proxies and
// Origins may be zero, the rest must be given.
type Deps struct {
	DB        *pg.DB
	Passwords *auth.Passwords
	Logger    *slog.Logger         // nil = slog.Default()
	Metrics   *prometheus.Registry // nil = a new one; /metrics shows what others registered too

	// Config returns what /config shows, without the times of the server.
	Config func(ctx context.Context) (Config, error)
	// Ready asks each part of the service why it cannot work; nil when it can.
	Ready map[string]func(ctx context.Context) error

	Dispatch *dispatch.Service
	Devices  *tracking.Devices
	Ingest   *tracking.Ingestor
	Fences   *tracking.Fences
	Hub      *live.Hub
	Tiles    *basemap.Tiles
	Atlas    *atlas.Atlas
	Finder   *retailer.Finder
	Importer *retailer.Importer
	Shops    *resolve.Keeper // what callers' words are compared with; nil = an empty register
	Maps     *backdrop.Maps
	// PublicMap shows the maps to people who are not signed in.
	PublicMap bool

	// Region is the area served, in WGS-84: the points of cases and of
	// imported retailers must lie in it. The zero Bound means the whole Earth.
	Region orb.Bound
	// Web holds the built web pages, index.html at its root; nil = none.
	Web fs.FS
	// Proxies are the networks of reverse proxies whose X-Forwarded-For and
	// X-Forwarded-Proto are believed. None by default.
	Proxies []netip.Prefix
	// Origins are further origins, such as "https://desk.example.org", whose
	// pages may write.
	Origins []string
}

// Server answers HTTP. Make it with New, serve Handler and keep Run running.
type Server struct {
	deps     Deps
	log      *slog.Logger
	sessions *auth.Sessions
	logins   *auth.Throttle // per login and address
	clients  *auth.Throttle // per address
	codes    *auth.Throttle // wrong codes of reporters, per address
	keys     *auth.Throttle // wrong keys of devices, per address
	echo     *echo.Echo
	api      huma.API
	rules    map[string]rule            // by method and path
	routed   map[route]rule             // the same by echo's way of writing a path
	machines map[route]echo.HandlerFunc // the answers for gateways, by the table's path
	pages    *pages
	metrics  *metrics
	handler  http.Handler
	boot     string        // names this run of the process on the streams
	intakes  sync.Pool     // of *intake
	policy   string        // Content-Security-Policy of every answer
	recheck  time.Duration // how often an open stream asks whether its person may still watch
}

// New registers every route. It fails when a route and the access table do not
// agree, or when the web pages cannot be read.
func New(deps Deps) (*Server, error) {
	s := &Server{
		deps:     deps,
		log:      deps.Logger,
		sessions: auth.NewSessions(deps.DB, deps.Passwords),
		logins:   auth.NewThrottle(auth.ThrottleRule{Free: 5, Window: 10 * time.Minute, First: time.Second, Keys: 10_000}),
		clients:  auth.NewThrottle(auth.ThrottleRule{Free: 300, Window: 10 * time.Minute, First: time.Second, Keys: 10_000}),
		codes:    auth.NewThrottle(auth.ThrottleRule{Free: 10, Window: 10 * time.Minute, First: time.Minute, Keys: 10_000}),
		keys:     auth.NewThrottle(auth.ThrottleRule{Free: 300, Window: 10 * time.Minute, First: time.Second, Keys: 10_000}),
		echo:     echo.New(),
		rules:    make(map[string]rule),
		routed:   make(map[route]rule),
		machines: make(map[route]echo.HandlerFunc),
		boot:     rand.Text()[:10],
		recheck:  recheckWithin,
		policy:   policy(deps.Maps.Hosts()),
	}
	s.intakes.New = func() any { return new(intake) }
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.deps.Shops == nil {
		s.deps.Shops = resolve.NewKeeper(deps.DB, s.log) // empty: nobody follows the register
	}
	for _, r := range accessTable() {
		if r.list {
			r.bodyMax = deps.Importer.Most()
		}
		s.rules[r.method+" "+r.path] = r
	}
	var err error
	if s.metrics, err = newMetrics(deps.Metrics); err != nil {
		return nil, err
	}
	if s.pages, err = readPages(deps.Web); err != nil {
		return nil, err
	}
	s.echo.HTTPErrorHandler = s.echoError
	s.echo.Use(s.admit)
	useProblems()
	s.api = humaecho.New(s.echo, apiConfig())
	s.registerRoutes()
	if err := s.checkRoutes(); err != nil {
		return nil, err
	}
	for _, r := range s.echo.Routes() {
		if rule, ok := s.rules[r.Method+" "+tablePath(r.Path)]; ok {
			s.routed[route{r.Method, r.Path}] = rule
		}
	}
	if s.handler, err = s.outside(s.echo); err != nil {
		return nil, err
	}
	return s, nil
}

// route is a method and a path.
type route struct{ method, path string }

// registerRoutes names every route there is.
func (s *Server) registerRoutes() {
	s.sessionRoutes()
	s.configRoutes()
	s.peopleRoutes()
	s.ticketRoutes()
	s.attachmentRoutes()
	s.officerRoutes()
	s.unitRoutes()
	s.trackRoutes()
	s.fixRoutes()
	s.deviceRoutes()
	s.fenceRoutes()
	s.roadRoutes()
	s.areaRoutes()
	s.inboundRoutes()
	s.retailerRoutes()
	s.resolveRoutes()
	s.dossierRoutes()
	s.tileRoutes()
	s.publicRoutes()
	s.figureRoutes()
	s.liveRoutes()
	s.healthRoutes()
	s.describeEchoRoutes()
	s.echo.GET(pagesPath, s.page)
}

// Handler is the whole service.
func (s *Server) Handler() http.Handler { return s.handler }

// Run removes what is over, ended sessions and old idempotency keys, once an
// hour, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "sweep failed, next try in an hour", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (s *Server) sweep(ctx context.Context) error {
	return errors.Join(
		s.sessions.Sweep(ctx),
		deleteIdempotencyBefore(ctx, s.deps.DB.Pool, s.deps.DB.Now().Add(-idempotencyLife)),
	)
}

func apiConfig() huma.Config {
	config := huma.DefaultConfig("Jiujin", "1")
	config.Info.Description = "Dispatch of field teams. Errors are RFC 9457 problems with a stable `code`."
	config.CreateHooks = nil // no $schema links
	config.Components.SecuritySchemes = securitySchemes()
	config.DocsPath, config.OpenAPIPath, config.SchemasPath = "", "", ""
	config.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	return config
}

// handle registers a handler of the API. Method and path must have a row in the
// access table, which also sets the limits. What fn returns as an error is
// turned into a problem here and nowhere else.
func handle[I, O any](s *Server, method, path string, op huma.Operation, fn func(context.Context, *I) (*O, error)) {
	op.Method, op.Path = method, path
	row := s.rules[method+" "+path]
	op.MaxBodyBytes, op.BodyReadTimeout, op.Security = row.bodyLimit(), row.timeLimit(), row.security()
	if op.OperationID == "" {
		op.OperationID = huma.GenerateOperationID(method, path, new(O))
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// checkRoutes compares the routes with the access table, both ways.
func (s *Server) checkRoutes() error {
	var wrong []error
	seen := make(map[string]bool)
	for _, r := range s.echo.Routes() {
		if r.Method == echo.RouteNotFound {
			continue
		}
		key := r.Method + " " + tablePath(r.Path)
		seen[key] = true
		if _, ok := s.rules[key]; !ok {
			wrong = append(wrong, fmt.Errorf("route %s has no row in the access table", key))
		}
	}
	for key := range s.rules {
		if !seen[key] {
			wrong = append(wrong, fmt.Errorf("row %s of the access table has no route", key))
		}
	}
	slices.SortFunc(wrong, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(wrong...)
}
