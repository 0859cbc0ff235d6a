package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts requests by route pattern, never by raw path.
type metrics struct {
	registry *prometheus.Registry
	took     *prometheus.HistogramVec
}

func newMetrics(registry *prometheus.Registry) (*metrics, error) {
	if registry == nil {
		registry = prometheus.NewRegistry()
	}
	m := &metrics{registry: registry, took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "jiujin_http_request_seconds",
		Help:    "Time to answer a request, by route. Streams count when they end.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
	}, []string{"method", "route", "status"})}
	err := errors.Join(
		registry.Register(m.took),
		registerOnce(registry, collectors.NewGoCollector()),
		registerOnce(registry, collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})),
	)
	return m, err
}

// registerOnce lets the owner of a shared registry have registered c before.
func registerOnce(registry *prometheus.Registry, c prometheus.Collector) error {
	err := registry.Register(c)
	if _, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		return nil
	}
	return err
}

func (m *metrics) observe(method, route string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		method = "other" // a client may make up as many as it likes
	}
	m.took.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}

func (s *Server) healthRoutes() {
	s.echo.GET("/healthz", func(c echo.Context) error {
		return c.JSON(http.StatusOK, map[string]string{"status": "alive"})
	})
	s.echo.GET("/readyz", s.readyz)
	s.echo.GET("/readyz/intake", s.readyz)
	scrape := promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})
	s.echo.GET("/metrics", echo.WrapHandler(scrape))
	s.echo.GET("/api/openapi.json", func(c echo.Context) error {
		document, err := json.Marshal(s.api.OpenAPI())
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, "application/openapi+json", document)
	})
}

// readyz answers 200 when every part works, else 503 with the names of those
// that do not. Why they do not is for the log. /readyz/intake looks at the
// intake of positions alone, which works while the database is away, and waits
// for nothing else.
func (s *Server) readyz(c echo.Context) error {
	ctx := c.Request().Context()
	status, parts := http.StatusOK, make(map[string]string)
	only := strings.TrimPrefix(c.Path(), "/readyz/")
	for name, works := range s.deps.Ready {
		if name != only && c.Path() != "/readyz" {
			continue
		}
		parts[name] = "ok"
		if err := works(ctx); err != nil {
			status, parts[name] = http.StatusServiceUnavailable, "failed"
			s.log.WarnContext(ctx, "not ready", "part", name, "err", err)
		}
	}
	if status != http.StatusOK {
		c.Response().Header().Set("Retry-After", "2")
	}
	return c.JSON(status, map[string]any{"ready": status == http.StatusOK, "parts": parts})
}
