package dispatch

import (
	"context"
	"log/slog"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo/road"
)

// Calibration learns from the organisation's own sorties how much longer ways take than the roads say, area by area, and
// puts that to use. It keeps no state but table road_trip.
type Calibration struct {
	Service *Service
	Log     *slog.Logger
	// Every is how often it looks; 0 means 10 min.
	Every time.Duration
}

const (
	calibrateWithin = 180 * 24 * time.Hour // sorties that ended longer ago say nothing
	calibrateAtOnce = 200                  // sorties in one look
)

// localTime is the time zone in which the hours of speeds are counted.
var localTime = time.FixedZone("Asia/Shanghai", 8*3600)

// Run works until ctx ends and returns nil then. Trouble with the database is logged and tried again.
func (c *Calibration) Run(ctx context.Context) error {
	every := c.Every
	if every == 0 {
		every = 10 * time.Minute
	}
	timer := time.NewTimer(min(every, 30*time.Second)) // the roads have to be read first
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		if _, err := c.Look(ctx); err != nil && ctx.Err() == nil {
			c.Log.Error("travel times could not be learned from sorties; tried again later", "err", err)
		}
		timer.Reset(every)
	}
}

// Look works out what the roads said of the sorties that ended since the last look, and learns anew from all of the last
// half year. With no roads it does nothing.
func (c *Calibration) Look(ctx context.Context) (road.Factors, error) {
	roads := c.Service.Roads
	if roads == nil || roads.Version() == 0 {
		return road.Factors{}, nil
	}
	version, since := roads.Version(), c.Service.DB.Now().Add(-calibrateWithin)
	for {
		fresh, err := newTrips(ctx, c.Service.DB.Pool, version, since, calibrateAtOnce)
		if err != nil {
			return road.Factors{}, err
		}
		if len(fresh) == 0 {
			break
		}
		if err := c.drive(fresh); err != nil {
			return road.Factors{}, err
		}
		if err := saveTrips(ctx, c.Service.DB, version, fresh); err != nil {
			return road.Factors{}, err
		}
		if len(fresh) < calibrateAtOnce {
			break
		}
	}
	drives, err := savedDrives(ctx, c.Service.DB.Pool, version, since)
	if err != nil {
		return road.Factors{}, err
	}
	f := road.Learn(drives)
	roads.SetFactors(f)
	return f, nil
}

// sortieTrip is a sortie that arrived: where the unit was when it left, and where it went.
type sortieTrip struct {
	sortieID    int64
	from        *orb.Point // nil when the unit was not seen then
	to          orb.Point
	left, there time.Time
	roadS       float64 // 0: the roads do not say
}

// drive fills in what the roads say, hour by hour.
func (c *Calibration) drive(trips []sortieTrip) error {
	byHour := map[int][]int{}
	for i, t := range trips {
		if t.from != nil {
			hour := t.left.In(localTime).Hour()
			byHour[hour] = append(byHour[hour], i)
		}
	}
	for hour, list := range byHour {
		pairs := make([][2]orb.Point, len(list))
		for k, i := range list {
			pairs[k] = [2]orb.Point{*trips[i].from, trips[i].to}
		}
		seconds, err := c.Service.Roads.RoadSeconds(hour, pairs)
		if err != nil {
			return err
		}
		for k, i := range list {
			trips[i].roadS = seconds[k]
		}
	}
	return nil
}
