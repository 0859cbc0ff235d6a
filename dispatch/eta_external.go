package dispatch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// ExternalETA asks a table of travel times of an OSRM or Valhalla server. It learns where units and cases are: it must be
// the organisation's own.
//
// After Trips failures in a row it is left alone for Rest; one request then tries whether it has come back.
type ExternalETA struct {
	URL     string        // such as http://osrm.example.org:5000
	Kind    string        // "osrm" or "valhalla"
	Timeout time.Duration // 0 means 800 ms
	Client  *http.Client  // nil is the default one
	Now     func() time.Time

	mu     sync.Mutex
	failed int
	until  time.Time // left alone until then
}

const (
	externalTrips   = 3
	externalRest    = 30 * time.Second
	externalTimeout = 800 * time.Millisecond
	externalMax     = 4 << 20 // bytes of an answer
)

// ErrExternalRests says that the server failed before and is left alone for now.
var ErrExternalRests = errors.New("the external source of travel times is left alone after failures")

// ETAs asks once. It knows nothing of units from which the server finds no way. Errors: ErrExternalRests, and what went wrong with the request or its answer.
func (x *ExternalETA) ETAs(ctx context.Context, to orb.Point, from []orb.Point) ([]ETA, error) {
	if len(from) == 0 {
		return []ETA{}, nil
	}
	if !x.enter() {
		return nil, ErrExternalRests
	}
	wait := x.Timeout
	if wait == 0 {
		wait = externalTimeout
	}
	within, stop := context.WithTimeout(ctx, wait)
	defer stop()
	etas, err := x.ask(within, to, from)
	if ctx.Err() == nil { // that a caller left says nothing about the server
		x.leave(err == nil)
	}
	if err != nil {
		return nil, fmt.Errorf("estimate with %s at %s: %w", x.Kind, x.URL, err)
	}
	return etas, nil
}

// enter is false while the server is left alone. At the end of that time one caller is let through first.
func (x *ExternalETA) enter() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.failed < externalTrips {
		return true
	}
	now := x.Now()
	if now.Before(x.until) {
		return false
	}
	x.until = now.Add(externalRest)
	return true
}

func (x *ExternalETA) leave(ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if ok {
		x.failed = 0
		return
	}
	x.failed++
	x.until = x.Now().Add(externalRest)
}

func (x *ExternalETA) ask(ctx context.Context, to orb.Point, from []orb.Point) ([]ETA, error) {
	request, err := x.request(ctx, to, from)
	if err != nil {
		return nil, err
	}
	client := x.Client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answers %s", response.Status)
	}
	var table struct {
		Durations [][]*float64 `json:"durations"` // of OSRM, in seconds
		Distances [][]*float64 `json:"distances"` // metres; missing from old servers
		Sources   [][]struct { // of Valhalla
			Time     *float64 `json:"time"`     // seconds
			Distance *float64 `json:"distance"` // kilometres
		} `json:"sources_to_targets"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, externalMax)).Decode(&table); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	out, known := make([]ETA, len(from)), 0
	for i, p := range from {
		var seconds, metres *float64
		switch {
		case i < len(table.Durations) && len(table.Durations[i]) == 1:
			seconds = table.Durations[i][0]
			if i < len(table.Distances) && len(table.Distances[i]) == 1 {
				metres = table.Distances[i][0]
			}
		case i < len(table.Sources) && len(table.Sources[i]) == 1:
			seconds = table.Sources[i][0].Time
			if km := table.Sources[i][0].Distance; km != nil {
				m := *km * 1000
				metres = &m
			}
		}
		if seconds == nil || *seconds < 0 {
			continue // no way leads there, as far as it knows
		}
		known++
		out[i] = ETA{Travel: time.Duration(*seconds * float64(time.Second)).Round(time.Second), Basis: BasisExternal}
		if out[i].Metres = DefaultStraightLine.ETA(p, to).Metres; metres != nil {
			out[i].Metres = geo.Metres(*metres)
		}
	}
	if known == 0 {
		return nil, fmt.Errorf("no time for any of %d units", len(from))
	}
	return out, nil
}

func (x *ExternalETA) request(ctx context.Context, to orb.Point, from []orb.Point) (*http.Request, error) {
	base := strings.TrimRight(x.URL, "/")
	if x.Kind == "valhalla" {
		type spot struct {
			Lat float64 `json:"lat"`
			Lon float64 `json:"lon"`
		}
		body := struct {
			Sources []spot `json:"sources"`
			Targets []spot `json:"targets"`
			Costing string `json:"costing"`
		}{Targets: []spot{{to[1], to[0]}}, Costing: "auto"}
		for _, p := range from {
			body.Sources = append(body.Sources, spot{p[1], p[0]})
		}
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/sources_to_targets", bytes.NewReader(text))
		if err == nil {
			r.Header.Set("Content-Type", "application/json")
		}
		return r, err
	}
	spots, sources := fmt.Sprintf("%.6f,%.6f", to[0], to[1]), make([]string, len(from))
	for i, p := range from {
		spots += fmt.Sprintf(";%.6f,%.6f", p[0], p[1])
		sources[i] = fmt.Sprint(i + 1)
	}
	url := fmt.Sprintf("%s/table/v1/driving/%s?destinations=0&sources=%s&annotations=duration,distance", base, spots, strings.Join(sources, ";"))
	return http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
}
