package app

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"jiujin/dispatch"
	"jiujin/geo/basemap"
	"jiujin/internal/auth"
	"jiujin/internal/httpapi"
	"jiujin/ticket"
	"jiujin/tracking"
)

// publicConfig is what the pages need before anybody signs in.
func (s *service) publicConfig(ctx context.Context) (httpapi.Config, error) {
	c := httpapi.Config{
		Title: s.cfg.Title, OrgName: s.cfg.OrgName, Version: s.opts.Version, Demo: s.opts.Demo, Exercise: s.cfg.Exercise(),
		Channels: ticket.Channels,
	}
	orgs, err := auth.Orgs(ctx, s.db.Pool, "")
	if err != nil {
		return c, err
	}
	if len(orgs) > 0 {
		c.OrgName = orgs[0].Name // the root; the configured name is for the first start
	}
	policies, err := dispatch.Policies(ctx, s.db.Pool)
	if err != nil {
		return c, err
	}
	for u := 1; u <= 4; u++ {
		arrive := ticket.ArriveWithin(ticket.Urgency(u))
		c.Urgencies = append(c.Urgencies, httpapi.Urgency{Urgency: u, ArriveMin: int(arrive.Minutes()), OfferSeconds: policies[u].OfferSeconds})
	}
	for _, t := range ticket.Subtypes {
		c.Subtypes = append(c.Subtypes, httpapi.Subtype{
			Code: t.Code, Kind: string(t.Kind), ZH: t.ZH, EN: t.EN, Urgency: int(t.Urgency), FieldVisit: t.FieldVisit,
		})
	}
	c.Transitions = transitions()
	c.Outcomes, c.DeclineReasons = terms(ticket.Outcomes), terms(ticket.DeclineReasons)
	c.Backdrops, c.PublicMap = backdrops(s.maps.All()), s.cfg.PublicMap
	c.Register.Version = s.atlas.Version()
	info, err := basemap.Load(ctx, s.db.Pool)
	if errors.Is(err, basemap.ErrNone) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	b := info.Bounds
	c.Basemap = &httpapi.Basemap{
		Name: info.Name, Approval: info.Approval, Source: info.Source, Fictional: info.Fictional,
		Bounds: [4]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}, Version: info.Version,
	}
	return c, nil
}

// transitions is the status machine, for the pages to draw their buttons from.
func transitions() []httpapi.Transition {
	rows := make([]httpapi.Transition, 0, len(ticket.Transitions))
	for _, t := range ticket.Transitions {
		row := httpapi.Transition{
			Action: string(t.Action), To: string(t.To), Roles: t.Roles, Needs: append([]string{}, t.Needs...),
			Kinds: []string{}, NoVisit: t.NoVisit,
		}
		for _, from := range t.From {
			row.From = append(row.From, string(from))
		}
		for _, kind := range t.Kinds {
			row.Kinds = append(row.Kinds, string(kind))
		}
		rows = append(rows, row)
	}
	return rows
}

func terms(list []ticket.Term) []httpapi.Term {
	out := make([]httpapi.Term, len(list))
	for i, t := range list {
		out[i] = httpapi.Term(t)
	}
	return out
}

// pingWithin is how long the database may take to say that it is there.
const pingWithin = 2 * time.Second

// ready tells which part cannot work. The store was rebuilt before the service began to listen. The intake of
// positions works without the database; history is the way of positions from the spool into it.
func (s *service) ready() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"database": func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, pingWithin)
			defer cancel()
			return s.db.Pool.Ping(ctx)
		},
		"intake":  func(context.Context) error { return s.ingest.Ready() },
		"history": func(context.Context) error { return s.ingest.Damage() },
	}
}

// metrics registers what the parts count.
func (s *service) metrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(&partsCollector{s: s})
	return r
}

// partsCollector reads the parts' own counters when it is asked.
type partsCollector struct{ s *service }

var (
	fixesDesc    = prometheus.NewDesc("jiujin_fixes_total", "Fixes taken in, by what became of them.", []string{"status", "reason"}, nil)
	unitsDesc    = prometheus.NewDesc("jiujin_positions", "Units with a position, by freshness.", []string{"freshness"}, nil)
	streamsDesc  = prometheus.NewDesc("jiujin_streams_open", "Open live streams.", nil, nil)
	cutsDesc     = prometheus.NewDesc("jiujin_streams_cut_total", "Streams cut because the reader was too slow.", nil, nil)
	terminalDesc = prometheus.NewDesc("jiujin_jt808", "JT/T 808 terminals: connections and sessions now.", []string{"what"}, nil)
	jt808Desc    = prometheus.NewDesc("jiujin_jt808_total", "JT/T 808: what was seen since the start.", []string{"what"}, nil)
	gt06NowDesc  = prometheus.NewDesc("jiujin_gt06", "GT06 units: connections and units logged in now.", []string{"what"}, nil)
	gt06Desc     = prometheus.NewDesc("jiujin_gt06_total", "GT06: what was seen since the start.", []string{"what"}, nil)
	poolDesc     = prometheus.NewDesc("jiujin_database_connections", "Connections of the pool.", []string{"state"}, nil)
)

// Describe serves prometheus.Collector.
func (c *partsCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{fixesDesc, unitsDesc, streamsDesc, cutsDesc, poolDesc, terminalDesc, jt808Desc, gt06NowDesc, gt06Desc} {
		ch <- d
	}
}

// Collect serves prometheus.Collector.
func (c *partsCollector) Collect(ch chan<- prometheus.Metric) {
	counts := c.s.ingest.Counts()
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter(fixesDesc, float64(counts.Stored), "stored", "")
	counter(fixesDesc, float64(counts.Doubted), "doubted", "")
	counter(fixesDesc, float64(counts.Duplicate), "duplicate", "")
	for reason, n := range counts.Refused {
		counter(fixesDesc, float64(n), "refused", string(reason))
	}
	now, byFreshness := c.s.db.Now(), map[tracking.Freshness]int{}
	c.s.engine.Service.Positions.All(func(f tracking.Fix) { byFreshness[tracking.FreshnessAt(f.FixedAt, now)]++ })
	for _, f := range []tracking.Freshness{tracking.Live, tracking.Recent, tracking.Stale, tracking.Lost} {
		gauge(unitsDesc, float64(byFreshness[f]), string(f))
	}
	open, cuts := c.s.board.Hub.Stats()
	gauge(streamsDesc, float64(open))
	counter(cutsDesc, float64(cuts))
	t := c.s.terminals.Counts()
	gauge(terminalDesc, float64(t.Connections), "connections")
	gauge(terminalDesc, float64(t.Sessions), "sessions")
	for what, n := range t.Totals() {
		counter(jt808Desc, float64(n), what)
	}
	u := c.s.units.Counts()
	gauge(gt06NowDesc, float64(u.Connections), "connections")
	gauge(gt06NowDesc, float64(u.Units), "units")
	for what, n := range map[string]int64{"logins": u.Logins, "frames": u.Frames, "bad": u.Bad, "unknown": u.Unknown, "crowded": u.Crowded} {
		counter(gt06Desc, float64(n), what)
	}
	pool := c.s.db.Pool.Stat()
	gauge(poolDesc, float64(pool.AcquiredConns()), "in_use")
	gauge(poolDesc, float64(pool.IdleConns()), "idle")
}
