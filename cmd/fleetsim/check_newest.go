package main

import (
	"context"
	"time"

	"jiujin/cmd/fleetsim/trace"
)

// checkNewest compares the live map, when all is sent, with the newest position of every vehicle that the service said
// it took: of two of the same time the one sent later. Whatever came late, twice or as junk has moved nobody back.
func (r *replay) checkNewest(ctx context.Context) error {
	v := &verdict{Check: "newest positions"}
	r.verdicts = append(r.verdicts, v)
	return r.lookAround(ctx, trace.Snapshot{Known: r.sent.newestTaken()}, v)
}

// newestTaken is the newest row of every vehicle that was taken, in WGS-84 files.
func (s *sent) newestTaken() []trace.Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []trace.Place
	for name, row := range s.newest {
		all = append(all, trace.Place{Vehicle: name, At: row.At.UTC().Truncate(time.Microsecond), Lon: row.Lon, Lat: row.Lat})
	}
	return all
}
