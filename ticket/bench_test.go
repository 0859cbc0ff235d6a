package ticket_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
	"jiujin/ticket"
)

// BenchmarkRecord appends facts, each in a transaction of its own as a step on a ticket is, and tells how many a second
// the log takes. All writers wait for the one head of the log.
func BenchmarkRecord(b *testing.B) {
	for _, writers := range []int{1, 8} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			db, err := pg.Open(context.Background(), pgtest.NewURL(b), pg.Options{MaxConns: int32(writers), Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			b.ResetTimer()
			var done atomic.Int64
			var all sync.WaitGroup
			for range writers {
				all.Go(func() {
					for done.Add(1) <= int64(b.N) {
						err := db.InTx(context.Background(), func(tx *pg.Tx) error {
							return ticket.Record(tx, ticket.Engine, "ticket.amended", 0, 0, ticket.Data{"from": "registered", "to": "registered", "version": 2})
						})
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			if seq, err := ticket.HeadSeq(b.Context(), db.Pool); err != nil || seq != int64(b.N) {
				b.Errorf("head %d after %d events, %v", seq, b.N, err)
			}
		})
	}
}
