package tracking

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/basemap"
	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

// The limits of the datum check.
const (
	datumEvery  = time.Minute        // how often devices are looked for that should be checked
	datumAgain  = time.Hour          // how long a result stands
	datumWithin = 7 * 24 * time.Hour // fixes that are looked at
	datumMost   = 200                // of them; the newest
	datumLeast  = 50                 // fewer moving fixes say nothing
	datumBatch  = 100                // devices of one round

	datumOnRoad = geo.Metres(15) // a receiver on a road is nearer than this, most of the time
)

// DatumsCompared are the datums that a track is tried under.
func DatumsCompared() []datum.Datum { return []datum.Datum{datum.WGS84, datum.GCJ02, datum.BD09} }

// DatumFinding is how well a device's track lies on the roads of the basemap under each datum that it might mean.
type DatumFinding struct {
	UnitID   int64
	Declared datum.Datum
	Points   int // moving fixes that were looked at
	// Medians are the medians of the distances to the nearest road; nil when there are too few points to tell.
	Medians map[datum.Datum]geo.Metres
}

// Better is the datum that the device seems to send, when that is not the declared one: the track then lies on the
// roads under it and less than half as far from them as under the declared one. Empty otherwise.
func (f DatumFinding) Better() datum.Datum {
	best := f.Declared
	for d, median := range f.Medians {
		if median < f.Medians[best] {
			best = d
		}
	}
	if best == f.Declared || f.Medians[best] >= datumOnRoad || f.Medians[best] >= f.Medians[f.Declared]/2 {
		return ""
	}
	return best
}

// Warning says, for whoever looks after the device, that its datum is declared wrongly; empty when nothing says so.
func (f DatumFinding) Warning() string {
	better := f.Better()
	if better == "" {
		return ""
	}
	return fmt.Sprintf("declared %s, but the track fits %s: the middle one of %d moving fixes is %.0f m from the nearest road as %s and %.0f m as %s",
		f.Declared, better, f.Points, f.Medians[better], better, f.Medians[f.Declared], f.Declared)
}

// CheckDatum compares the newest moving fixes of a device in the week before now with the roads of the basemap. It
// changes nothing. The error wraps ErrUnknownDevice.
func CheckDatum(ctx context.Context, q pg.Queryer, deviceID int64, now time.Time) (DatumFinding, error) {
	unitID, declared, points, err := movingPoints(ctx, q, deviceID, now.Add(-datumWithin), datumMost)
	if err != nil {
		return DatumFinding{}, err
	}
	if declared == "" || declared == datum.CGCS2000 {
		declared = datum.WGS84
	}
	f := DatumFinding{UnitID: unitID, Declared: declared, Points: len(points)}
	if len(points) < datumLeast {
		return f, nil
	}
	f.Medians = map[datum.Datum]geo.Metres{}
	for _, d := range DatumsCompared() {
		taken, err := retake(points, declared, d)
		if err != nil {
			return f, err
		}
		metres, err := basemap.RoadDistances(ctx, q, taken)
		if err != nil {
			return f, fmt.Errorf("datum of device %d: %w", deviceID, err)
		}
		slices.Sort(metres)
		f.Medians[d] = metres[len(metres)/2]
	}
	return f, nil
}

// retake is the points, which are WGS-84 if the declared datum is right, as they would be if another one were.
func retake(points []orb.Point, declared, other datum.Datum) ([]orb.Point, error) {
	taken := make([]orb.Point, len(points))
	for i, p := range points {
		raw, err := datum.FromWGS84(declared, p)
		if err == nil {
			taken[i], err = datum.ToWGS84(other, raw)
		}
		if err != nil {
			return nil, err
		}
	}
	return taken, nil
}

// RunDatumCheck looks every minute for devices that have reported since they were last checked, an hour ago or longer, and notes a warning with those whose track lies beside the roads. It returns nil when ctx ends; a failure is
// logged and tried again.
func RunDatumCheck(ctx context.Context, db *pg.DB, log *slog.Logger) error {
	ticker := time.NewTicker(datumEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if _, err := CheckDatums(ctx, db, db.Now()); err != nil && ctx.Err() == nil {
			log.Error("datums are not checked; trying again later", "error", err)
		}
	}
}

// CheckDatums checks the devices whose turn it is and notes the results. It returns how many it checked.
func CheckDatums(ctx context.Context, db *pg.DB, now time.Time) (checked int, err error) {
	devices, err := datumCandidates(ctx, db.Pool, now.Add(-datumAgain), datumBatch)
	if err != nil {
		return 0, err
	}
	for _, id := range devices {
		f, err := CheckDatum(ctx, db.Pool, id, now)
		if err != nil {
			return checked, err
		}
		if err := NoteDatum(ctx, db.Pool, id, f.Warning(), now); err != nil {
			return checked, err
		}
		checked++
	}
	return checked, nil
}
