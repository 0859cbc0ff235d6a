package httpapi

import (
	"context"
	"errors"
	"math"

	"jiujin/tracking"
)

type checkDatumInput struct {
	ID int64 `path:"id"`
}

type datumMedian struct {
	Datum   string   `json:"datum"`
	MedianM *float64 `json:"median_m" doc:"Of the distances to the nearest road; null beyond half a kilometre or so"`
}

type datumFinding struct {
	Declared string        `json:"declared"`
	Points   int           `json:"points" doc:"Moving fixes of the last week that were looked at, at most 200; fewer than 50 tell nothing"`
	Medians  []datumMedian `json:"medians" nullable:"false"`
	Better   string        `json:"better" doc:"The datum that the track fits, when that is not the declared one; otherwise empty"`
	Warning  string        `json:"warning" doc:"One sentence in English, empty when all is well; the page of the device shows it"`
}

type datumFindingOutput struct{ Body datumFinding }

// checkDatum does at once what the service does by itself every hour for every device that reports. Only the service's
// own check keeps its result.
func (s *Server) checkDatum(ctx context.Context, in *checkDatumInput) (*datumFindingOutput, error) {
	f, err := tracking.CheckDatum(ctx, s.deps.DB.Pool, in.ID, s.now())
	if errors.Is(err, tracking.ErrUnknownDevice) {
		err = errNotFound
	}
	if err != nil {
		return nil, err
	}
	if _, err := s.deps.Dispatch.UnitViewByID(ctx, s.deps.DB.Pool, who(ctx).OrgPath, f.UnitID, s.now()); err != nil {
		return nil, err
	}
	return &datumFindingOutput{Body: datumFindingOf(f)}, nil
}

func datumFindingOf(f tracking.DatumFinding) datumFinding {
	out := datumFinding{Declared: string(f.Declared), Points: f.Points, Medians: []datumMedian{}, Better: string(f.Better()), Warning: f.Warning()}
	for _, d := range tracking.DatumsCompared() {
		if metres, ok := f.Medians[d]; ok {
			m := datumMedian{Datum: string(d)}
			if v := float64(metres); !math.IsInf(v, 0) {
				v = math.Round(v*10) / 10
				m.MedianM = &v
			}
			out.Medians = append(out.Medians, m)
		}
	}
	return out
}
