// Package app wires the parts together: one configuration, one place where everything is made and ended.
package app

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/tracking"
)

// Config is everything an operator can set for the server: by flag (--listen), by environment (JIUJIN_LISTEN) or in a
// TOML file (listen = "…"), in this order of precedence. The zero value of a field is not its default; kong fills the
// defaults below in. deploy/config.example.toml shows all of them and is compared with this struct by a test.
type Config struct {
	Listen      string `default:"127.0.0.1:8080" help:"Address to listen on; port 0 takes a free one."`
	DatabaseURL string `help:"PostgreSQL 15+ with PostGIS. Without it a private cluster in the data folder is used."`
	DataDir     string `default:"${data_dir}" help:"Folder for the private cluster, the spool of positions and secrets." type:"path"`
	TLSCert     string `help:"Certificate file (PEM). Phones need HTTPS to work offline and to send positions." type:"path"`
	TLSKey      string `help:"Key file (PEM) of the certificate." type:"path"`

	JT808Listen    string `name:"jt808-listen" env:"JIUJIN_JT808_LISTEN" help:"Address for JT/T 808 terminals over TCP, such as 0.0.0.0:6808. Empty: they are not served."`
	JT808UDPListen string `name:"jt808-udp-listen" env:"JIUJIN_JT808_UDP_LISTEN" help:"Address for JT/T 808 terminals over UDP, whose sender can be forged: private networks only. Empty: none."`
	GT06Listen     string `name:"gt06-listen" env:"JIUJIN_GT06_LISTEN" help:"Address for GT06 units over TCP, such as 0.0.0.0:5023. They have no secret but the IMEI: private networks only. Empty: they are not served."`

	Title   string `default:"12313 稽查调度" help:"Name shown on every screen."`
	OrgName string `default:"本局" help:"Name of the root organisation, used at the first start only."`

	Region    string `default:"73.4,3.4,135.1,53.6" help:"West, south, east, north in degrees: fixes, cases and imported retailers outside are refused."`
	Maps      string `help:"File (TOML) with further maps to choose from: PMTiles, XYZ, WMTS; see docs/data.md." type:"path"`
	PublicMap bool   `default:"false" help:"Maps are shown to people who are not signed in. Each then needs a source and an approval number."`

	Proxies []string `help:"Networks of reverse proxies whose X-Forwarded-For is believed, such as 10.1.0.0/16."`
	Origins []string `help:"Further origins whose pages may write, such as https://desk.example.org."`

	KeepFixesDays  int `default:"90" help:"Days after which fixes, and refused ones, are dropped; 31 at least."`
	KeepTracksDays int `default:"730" help:"Days after which hourly tracks are dropped; not fewer than keep-fixes-days."`

	SpoolMax    int64   `default:"8192" help:"Megabytes that positions may take in the data folder while the database is away; then none are taken. 256 at least."`
	ListMax     int64   `default:"4096" help:"Megabytes that a list of retailers may have, unpacked; six million licences take about 1200."`
	TopSpeedKmh float64 `default:"250" help:"No vehicle is faster: a position that says so is doubted. 0 believes everything (no jump, drift, frozen)."`
	ETAURL      string  `name:"eta-url" env:"JIUJIN_ETA_URL" help:"Routing server of your own, such as http://osrm.example.org:5000, asked for the times of units that the roads loaded here do not know. It learns where units and cases are."`
	ETAKind     string  `name:"eta-kind" env:"JIUJIN_ETA_KIND" default:"osrm" enum:"osrm,valhalla" help:"osrm or valhalla."`

	ClockStart string  `help:"Exercise: the time that the service's clock shows at the start, such as 2026-11-22T06:00:00Z."`
	ClockSpeed float64 `default:"0" help:"Exercise: how many seconds the service's clock advances in one."`

	LogLevel  string `default:"info" enum:"debug,info,warn,error" help:"debug, info, warn or error."`
	LogFormat string `default:"text" enum:"text,json" help:"text or json."`
}

// DefaultDataDir is where the data lives unless the operator says otherwise: the system's state folder for root, who
// has to share it with the postgres user, and the person's own otherwise.
func DefaultDataDir() string {
	if os.Geteuid() == 0 {
		return "/var/lib/jiujin"
	}
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "jiujin")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return filepath.Join(os.TempDir(), "jiujin")
	}
	return filepath.Join(home, ".local", "state", "jiujin")
}

// Validate checks what kong cannot: fields that depend on each other or have a form. It reports everything at once.
func (c *Config) Validate() error {
	var wrong []error
	if (c.TLSCert == "") != (c.TLSKey == "") {
		wrong = append(wrong, errors.New("tls-cert and tls-key belong together: give both or none"))
	}
	// A track must not be built anew from the few fixes that came late when the others have been dropped.
	if late := int(tracking.DefaultRules().Oldest.Hours() / 24); c.KeepFixesDays <= late {
		wrong = append(wrong, fmt.Errorf("keep-fixes-days %d: fixes may come %d days late, so keep them longer than that", c.KeepFixesDays, late))
	}
	if c.KeepTracksDays < c.KeepFixesDays {
		wrong = append(wrong, fmt.Errorf("keep-tracks-days %d is less than keep-fixes-days %d", c.KeepTracksDays, c.KeepFixesDays))
	}
	if _, err := c.Bounds(); err != nil {
		wrong = append(wrong, err)
	}
	if _, err := c.maps(); err != nil {
		wrong = append(wrong, err)
	}
	if _, err := c.proxies(); err != nil {
		wrong = append(wrong, err)
	}
	if _, err := c.clock(time.Now); err != nil {
		wrong = append(wrong, err)
	}
	if c.SpoolMax < leastSpool {
		wrong = append(wrong, fmt.Errorf("spool-max %d: at least %d megabytes", c.SpoolMax, leastSpool))
	}
	if c.ListMax < 1 {
		wrong = append(wrong, fmt.Errorf("list-max %d: at least 1 megabyte", c.ListMax))
	}
	if !(c.TopSpeedKmh >= 0) {
		wrong = append(wrong, fmt.Errorf("top-speed-kmh %v: 0 or more", c.TopSpeedKmh))
	}
	return errors.Join(wrong...)
}

// external is the routing server of the operator; nil when there is none.
func (c *Config) external(now func() time.Time) dispatch.ETASource {
	if c.ETAURL == "" {
		return nil
	}
	return &dispatch.ExternalETA{URL: c.ETAURL, Kind: c.ETAKind, Now: now}
}

// keep is for how long the history is kept.
func (c *Config) keep() tracking.Keep {
	const day = 24 * time.Hour
	return tracking.Keep{Fixes: time.Duration(c.KeepFixesDays) * day, Tracks: time.Duration(c.KeepTracksDays) * day}
}

// leastSpool is two segments of the spool and some.
const leastSpool = 256

// Exercise says that the service runs on a clock of its own.
func (c *Config) Exercise() bool { return c.ClockStart != "" }

// clock is the service's clock over the computer's: that itself, or the exercise's.
func (c *Config) clock(now func() time.Time) (func() time.Time, error) {
	switch {
	case c.ClockStart == "" && c.ClockSpeed == 0:
		return now, nil
	case c.ClockStart == "" || c.ClockSpeed == 0:
		return nil, errors.New("clock-start and clock-speed belong together: give both or none")
	case !(c.ClockSpeed > 0 && c.ClockSpeed <= 10_000):
		return nil, fmt.Errorf("clock-speed %v: more than 0, at most 10000", c.ClockSpeed)
	}
	start, err := time.Parse(time.RFC3339, c.ClockStart)
	if err != nil {
		return nil, fmt.Errorf("clock-start %q: write a time such as 2026-11-22T06:00:00Z", c.ClockStart)
	}
	begin := now()
	return func() time.Time { return start.Add(time.Duration(float64(now().Sub(begin)) * c.ClockSpeed)) }, nil
}

// Bounds is Region as a rectangle; an error says how to write it.
func (c *Config) Bounds() (orb.Bound, error) {
	var w, s, e, n float64
	if _, err := fmt.Sscanf(c.Region, "%f,%f,%f,%f", &w, &s, &e, &n); err != nil || w >= e || s >= n {
		return orb.Bound{}, fmt.Errorf("region %q: write west,south,east,north in degrees, such as 113.9,29.6,115.2,30.4", c.Region)
	}
	return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}}, nil
}

func (c *Config) proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range c.Proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("proxies: %q is not a network such as 10.1.0.0/16", text)
		}
		out = append(out, p)
	}
	return out, nil
}

// Logger makes the program's logger, on standard error.
func (c *Config) Logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}

// TOML reads a configuration file for kong: keys are the flags' names, with - or _. An unknown key is an error, because
// it is a misspelt one.
func TOML(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if _, err := toml.NewDecoder(r).Decode(&values); err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	for key, v := range values {
		if dashed := strings.ReplaceAll(key, "_", "-"); dashed != key {
			values[dashed] = v
			delete(values, key)
		}
	}
	return &fileResolver{values: values}, nil
}

type fileResolver struct{ values map[string]any }

// Validate refuses keys that no flag of the application has.
func (f *fileResolver) Validate(app *kong.Application) error {
	known := map[string]bool{}
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known[flag.Name] = true
		}
		return next(nil)
	})
	var wrong []error
	for key := range f.values {
		if !known[key] {
			wrong = append(wrong, fmt.Errorf("configuration file: unknown key %q", key))
		}
	}
	return errors.Join(wrong...)
}

// Resolve answers kong's question for one flag; an empty text means the default.
func (f *fileResolver) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	v, ok := f.values[flag.Name]
	if !ok || v == "" {
		return nil, nil
	}
	if list, ok := v.([]any); ok {
		parts := make([]string, len(list))
		for i, e := range list {
			parts[i] = fmt.Sprint(e)
		}
		return strings.Join(parts, ","), nil
	}
	return fmt.Sprint(v), nil
}
