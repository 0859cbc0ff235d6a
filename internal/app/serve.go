package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/dispatch"
	"jiujin/geo/backdrop"
	"jiujin/geo/basemap"
	"jiujin/geo/resolve"
	"jiujin/geo/retailer"
	"jiujin/geo/retailer/atlas"
	"jiujin/geo/road"
	"jiujin/internal/auth"
	"jiujin/internal/httpapi"
	"jiujin/internal/live"
	"jiujin/internal/pg"
	"jiujin/internal/pg/cluster"
	"jiujin/internal/terminal"
	"jiujin/migrations"
	"jiujin/ticket"
	"jiujin/tracking"
	"jiujin/tracking/gt06"
	"jiujin/tracking/jt808"
	webmap "jiujin/web-map"
)

const (
	databaseName = "jiujin"
	tileCache    = 64 << 20
	drainWithin  = 15 * time.Second // requests under way at a stop get this long
)

// Options of a run that are not the operator's configuration.
type Options struct {
	Version string
	// Demo marks everything shown as made up.
	Demo bool
	// Ready, when not nil, is called once with the service's address after it answers.
	Ready func(Running)
}

// Running describes a service that answers.
type Running struct {
	URL string // such as http://127.0.0.1:8080
	// Admin and AdminSecret are the first administrator and the one-time password, at the first start only.
	Admin, AdminSecret string
	// AdminPending: the first administrator has not chosen a password yet.
	AdminPending bool
	JT808        string // address for terminals over TCP, "" when they are not served
	GT06         string // address for GT06 units, "" when they are not served
}

// Serve runs the service until ctx ends, then stops it in order: no new requests, positions under way made durable,
// streams closed, database closed. It returns nil after such a stop.
func Serve(ctx context.Context, cfg Config, opts Options, log *slog.Logger) error {
	return serve(ctx, cfg, opts, log, func(context.Context, *pg.DB) error { return nil })
}

// serve takes the address before it touches the database, so that a taken port leaves nothing half done; prepare runs
// on the migrated database before the service is put together.
func serve(ctx context.Context, cfg Config, opts Options, log *slog.Logger, prepare func(context.Context, *pg.DB) error) error {
	listener, err := listen(cfg)
	if err != nil {
		return err
	}
	defer listener.Close() // a second time when the service has run
	return WithDatabase(ctx, cfg, log, func(ctx context.Context, url string) error {
		db, err := OpenDatabase(ctx, url, log)
		if err != nil {
			return err
		}
		defer db.Close()
		if db.Now, err = cfg.clock(time.Now); err != nil {
			return err
		}
		if cfg.Exercise() {
			log.Warn("this is an exercise: the service runs on a clock of its own", "start", cfg.ClockStart, "speed", cfg.ClockSpeed)
		}
		if err := prepare(ctx, db); err != nil {
			return err
		}
		s, err := assemble(ctx, cfg, opts, db, url, log)
		if err != nil {
			return err
		}
		return s.run(ctx, listener)
	})
}

// listen takes the address, and reads the certificate once to see that it can be used.
func listen(cfg Config) (net.Listener, error) {
	if cfg.TLSCert != "" {
		if _, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey); err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another address with --listen", cfg.Listen, err)
	}
	return listener, nil
}

// WithDatabase runs fn with the URL of a database that is ready: the operator's, or that of the private cluster, which
// is started before and stopped after fn. ctx ends when the cluster cannot be kept running.
func WithDatabase(ctx context.Context, cfg Config, log *slog.Logger, fn func(ctx context.Context, url string) error) error {
	if cfg.DatabaseURL != "" {
		return fn(ctx, cfg.DatabaseURL)
	}
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	c, err := cluster.Start(ctx, cluster.Config{Dir: clusterDir(cfg), Logger: log})
	if err != nil {
		return err
	}
	if err := c.CreateDatabase(ctx, databaseName); err != nil {
		return errors.Join(err, c.Stop())
	}
	return errors.Join(fn(ctx, c.URL(databaseName)), c.Stop())
}

// clusterDir is where the private cluster lies.
func clusterDir(cfg Config) string { return filepath.Join(cfg.DataDir, "pg") }

// OpenDatabase migrates a database and opens it.
func OpenDatabase(ctx context.Context, url string, log *slog.Logger) (*pg.DB, error) {
	applied, err := pg.Migrate(ctx, url, migrations.FS)
	if err != nil {
		return nil, err
	}
	if applied > 0 {
		log.Info("database migrated", "steps", applied)
	}
	return pg.Open(ctx, url, pg.Options{Logger: log})
}

// service is everything that runs.
type service struct {
	cfg         Config
	opts        Options
	log         *slog.Logger
	url         string // of the database
	db          *pg.DB
	ingest      *tracking.Ingestor
	devices     *tracking.Devices
	board       *live.Board
	fences      *tracking.Fences
	atlas       *atlas.Atlas
	shops       *resolve.Keeper
	finder      *retailer.Finder
	importer    *retailer.Importer
	maps        *backdrop.Maps
	arrivals    *dispatch.Arrivals
	engine      *dispatch.Engine
	roads       *road.Roads
	calibration *dispatch.Calibration
	api         *httpapi.Server

	terminals *jt808.Server
	units     *gt06.Server
	screens   *terminal.Bridge
	wakes     []chan struct{}
	first     Running
}

func assemble(ctx context.Context, cfg Config, opts Options, db *pg.DB, url string, log *slog.Logger) (*service, error) {
	s := &service{cfg: cfg, opts: opts, log: log, url: url, db: db}
	if err := tracking.EnsurePartitions(ctx, db, db.Now()); err != nil {
		return nil, err
	}
	if err := s.openMaps(ctx); err != nil {
		return nil, err
	}
	spool, err := tracking.OpenLog(filepath.Join(cfg.DataDir, "spool"), cfg.SpoolMax<<20)
	if err != nil {
		return nil, err
	}
	positions := tracking.NewStore()
	s.wire(positions, spool)
	begin := time.Now()
	rebuilt, err := s.ingest.Rebuild(ctx)
	if err != nil {
		return nil, err
	}
	log.Info("position store rebuilt", "units", positions.Len(), "took", time.Since(begin).Round(time.Millisecond),
		"from_snapshot", rebuilt.Snapshot, "replayed_bytes", rebuilt.Replayed)

	passwords, err := auth.NewPasswords(auth.DefaultCost(), 2)
	if err != nil {
		return nil, err
	}
	s.first.Admin, s.first.AdminSecret, _, err = auth.EnsureFirstAdministrator(ctx, db, passwords, cfg.OrgName)
	if err != nil {
		return nil, err
	}
	admin, err := auth.PersonByLogin(ctx, db.Pool, auth.FirstLogin)
	if err != nil && !errors.Is(err, auth.ErrNotFound) {
		return nil, err
	}
	s.first.AdminPending = admin.MustChange
	s.api, err = s.httpServer(passwords)
	return s, err
}

// wire connects the parts that follow the event log and the fixes.
func (s *service) wire(positions *tracking.Store, spool *tracking.Log) {
	wake := func() chan struct{} {
		c := make(chan struct{}, 1)
		s.wakes = append(s.wakes, c)
		return c
	}
	s.roads = road.NewRoads(s.db, s.log)
	core := &dispatch.Service{DB: s.db, Positions: positions, Roads: s.roads, External: s.cfg.external(s.db.Now)}
	s.calibration = &dispatch.Calibration{Service: core, Log: s.log}
	s.board = &live.Board{Service: core, Hub: live.NewHub(), Log: s.log, Wake: wake()}
	s.engine = &dispatch.Engine{Service: core, Log: s.log, Wake: wake()}
	rules := tracking.DefaultRules()
	if region, err := s.cfg.Bounds(); err == nil {
		rules.Region = region
	}
	rules.TopSpeedKmh = s.cfg.TopSpeedKmh
	s.devices = tracking.NewDevices(s.db)
	s.atlas = atlas.New(s.db, tileCache/4, s.log)
	s.finder = retailer.NewFinder(s.db, s.log)
	s.importer = retailer.NewImporter(s.db, filepath.Join(s.cfg.DataDir, "lists"), s.cfg.ListMax<<20, rules.Region, s.log)
	s.shops = resolve.NewKeeper(s.db, s.log)
	s.fences = tracking.NewFences(s.db, positions, s.log, s.board.OnFence)
	s.arrivals = &dispatch.Arrivals{Service: core, Log: s.log, Wake: wake()}
	s.ingest = tracking.NewIngestor(s.db, spool, positions, rules, s.onFix, s.log)
	s.terminals = &jt808.Server{Devices: s.devices, Ingest: s.ingest, DB: s.db, Now: s.db.Now, Log: s.log}
	s.units = &gt06.Server{Devices: s.devices, Ingest: s.ingest, Now: s.db.Now, Log: s.log}
	s.screens = terminal.New(core, s.terminals, s.log, wake())
}

// onFix shows accepted fixes to everybody who follows them; none of them blocks.
func (s *service) onFix(fixes []tracking.Fix) {
	s.board.OnFix(fixes)
	s.fences.OnFix(fixes)
	s.arrivals.OnFix(fixes)
}

func (s *service) httpServer(passwords *auth.Passwords) (*httpapi.Server, error) {
	proxies, err := s.cfg.proxies()
	if err != nil {
		return nil, err
	}
	region, err := s.cfg.Bounds()
	if err != nil {
		return nil, err
	}
	return httpapi.New(httpapi.Deps{
		DB: s.db, Passwords: passwords, Logger: s.log, Metrics: s.metrics(),
		Config: s.publicConfig, Ready: s.ready(),
		Dispatch: s.engine.Service, Devices: s.devices, Ingest: s.ingest, Fences: s.fences, Hub: s.board.Hub,
		Tiles: basemap.NewTiles(s.db.Pool, tileCache), Atlas: s.atlas, Finder: s.finder, Importer: s.importer, Shops: s.shops, Region: region,
		Maps: s.maps, PublicMap: s.cfg.PublicMap,
		Web: webmap.Dist(), Proxies: proxies, Origins: s.cfg.Origins,
	})
}

// run serves until ctx ends. The HTTP server and the intake outlive the others: a fix that was taken in is written
// before the process ends.
func (s *service) run(ctx context.Context, listener net.Listener) error {
	defer s.maps.Close()
	scheme := "http"
	if s.cfg.TLSCert != "" {
		scheme = "https"
	}
	s.first.URL = scheme + "://" + listener.Addr().String()
	tcp, udp, err := jt808.Listen(s.cfg.JT808Listen, s.cfg.JT808UDPListen)
	if err != nil {
		return err
	}
	if tcp != nil {
		s.first.JT808 = tcp.Addr().String()
	}
	gt06Listener, err := gt06.Listen(s.cfg.GT06Listen)
	if err != nil {
		return err
	}
	if gt06Listener != nil {
		s.first.GT06 = gt06Listener.Addr().String()
	}

	intake, stopIntake := context.WithCancel(context.WithoutCancel(ctx))
	defer stopIntake()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.ingest.Run(intake) })
	g.Go(func() error { return s.devices.Run(intake, s.log) })
	g.Go(func() error { return s.board.Run(ctx) })
	g.Go(func() error { return s.roads.Run(ctx) })
	g.Go(func() error { return s.calibration.Run(ctx) })
	g.Go(func() error { return s.engine.Run(ctx) })
	g.Go(func() error { return s.fences.Run(ctx) })
	g.Go(func() error { return s.atlas.Run(ctx) })
	g.Go(func() error { return pg.Listen(ctx, s.url, atlas.Channel, s.atlas.Wake) })
	g.Go(func() error { return s.finder.Run(ctx) })
	g.Go(func() error { return pg.Listen(ctx, s.url, retailer.Channel, s.finder.Wake) })
	g.Go(func() error { return s.importer.Run(ctx) })
	g.Go(func() error { return s.shops.Run(ctx) })
	g.Go(func() error { return pg.Listen(ctx, s.url, retailer.Channel, s.shops.Wake) })
	g.Go(func() error { return s.arrivals.Run(ctx) })
	g.Go(func() error { return s.api.Run(ctx) })
	g.Go(func() error { return tracking.RunPartitions(ctx, s.db, s.cfg.keep(), s.log) })
	tracks := &tracking.TrackBuilder{DB: s.db, Log: s.log, Shown: s.engine.Service.ShownFixes}
	g.Go(func() error { return tracks.Run(ctx) })
	g.Go(func() error { return tracking.RunDatumCheck(ctx, s.db, s.log) })
	g.Go(func() error { return pg.Listen(ctx, s.url, ticket.EventChannel, s.wakeAll) })
	g.Go(func() error { return s.screens.Run(ctx) })
	g.Go(func() error {
		defer stopIntake()
		var feeds errgroup.Group
		feeds.Go(func() error { return s.serveHTTP(ctx, listener) })
		feeds.Go(func() error { return s.terminals.Run(ctx, tcp, udp) })
		feeds.Go(func() error { return s.units.Run(ctx, gt06Listener) })
		return feeds.Wait()
	})
	s.log.Info("serving", "url", s.first.URL, "jt808", s.first.JT808, "gt06", s.first.GT06, "version", s.opts.Version)
	if s.opts.Ready != nil {
		s.opts.Ready(s.first)
	}
	return g.Wait()
}

// wakeAll signals every follower of the event log; one that has not looked since the last signal needs no second.
func (s *service) wakeAll() {
	for _, c := range s.wakes {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// serveHTTP answers until ctx ends; then the board has closed the streams, and requests under way may finish.
func (s *service) serveHTTP(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s.api.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		s.log.Info("stopping: finishing what is under way")
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
		defer cancel()
		stopped <- server.Shutdown(grace)
	}()
	var err error
	if s.cfg.TLSCert != "" {
		err = server.ServeTLS(listener, s.cfg.TLSCert, s.cfg.TLSKey)
	} else {
		err = server.Serve(listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	if err := <-stopped; err != nil {
		return fmt.Errorf("requests did not finish within %s: %w", drainWithin, errors.Join(err, server.Close()))
	}
	return nil
}
