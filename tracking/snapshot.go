package tracking

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"jiujin/internal/pg"
)

const (
	snapshotEvery = 30 * time.Second
	snapshotBytes = 256 << 20 // of the log, after which a snapshot does not wait for its time
	snapshotLook  = time.Second
	snapshotChunk = 64 << 10
	snapshotPiece = 1 << 20
	snapshotMagic = "jiujin positions 1 "
)

// snapshots writes the Store into a file from time to time, so that a start
// needs no more of the log than what came after.
//
// The file positions.snap is a row of records like those of the log, at their
// places in the file: first the magic text, the log's id and the position in
// it; then fixes; last an empty record of the log with their number.
type snapshots struct {
	spool *Log
	store *Store
	drain *drain
	log   *slog.Logger

	mu sync.Mutex
	at Position // of the last snapshot
}

func (s *snapshots) path() string { return filepath.Join(s.spool.dir, "positions.snap") }

// run writes a snapshot when there is something new, every half minute or after
// much of it, and drops what of the log nobody needs any more. It ends with ctx.
func (s *snapshots) run(ctx context.Context) {
	ticker := time.NewTicker(snapshotLook)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		s.mu.Lock()
		at := s.at
		s.mu.Unlock()
		_, synced, _ := s.spool.Span()
		if synced > at && time.Since(last) >= snapshotEvery || synced-at >= snapshotBytes {
			last = time.Now()
			if err := s.take(); err != nil {
				s.log.Error("positions have no new snapshot; trying again later", "error", err)
			}
		}
		if err := s.drop(); err != nil {
			s.log.Error("the spool keeps what it needs no more", "error", err)
		}
	}
}

// take writes a snapshot.
func (s *snapshots) take() error {
	// The Store is ahead of the log: it has everything before this position.
	_, at, _ := s.spool.Span()
	if err := writeSnapshot(s.path(), s.spool.ID(), at, s.store); err != nil {
		return fmt.Errorf("snapshot of the positions: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = at
	return nil
}

// drop removes the segments that are both in the database and in a snapshot.
func (s *snapshots) drop() error {
	s.mu.Lock()
	at := s.at
	s.mu.Unlock()
	drained, known := s.drain.position()
	if !known {
		return nil
	}
	return s.spool.Drop(min(at, drained))
}

// writeSnapshot writes piece by piece and syncs each: a sync of the log that
// comes in between waits for one piece and not for the whole file.
func writeSnapshot(name, id string, at Position, store *Store) error {
	return writeFile(name, func(f *os.File) (err error) {
		var b []byte
		var end Position // of the file, with b
		frame := func(payload []byte) {
			b = appendRecord(b, payload, checksum(payload), end, 0)
			end += Position(headerBytes + len(payload))
			if len(b) < snapshotPiece || err != nil {
				return
			}
			if _, err = f.Write(b); err == nil {
				err = syscall.Fdatasync(int(f.Fd()))
			}
			b = b[:0]
		}
		frame(binary.LittleEndian.AppendUint64(append([]byte(snapshotMagic), id...), uint64(at)))
		chunk := beginRecord(nil, time.UnixMicro(0))
		var n uint64
		store.All(func(fix Fix) {
			chunk = appendFix(chunk, &fix, 0)
			n++
			if len(chunk) >= snapshotChunk {
				frame(chunk)
				chunk = beginRecord(chunk[:0], time.UnixMicro(0))
			}
		})
		frame(chunk)
		frame(binary.LittleEndian.AppendUint64(nil, n))
		if err == nil {
			_, err = f.Write(b)
		}
		return err
	})
}

// errSnapshot says that a file is no snapshot of the log that is asked for.
var errSnapshot = errors.New("not a whole snapshot of this spool")

// readSnapshot fills the store and returns the position in the log up to which
// the snapshot stands. With an error the store may have some of it, which does
// no harm: they are true positions.
func readSnapshot(name, id string, store *Store) (at Position, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	var offset int64
	next := func() []byte {
		payload, size, ok := recordAt(b[offset:], Position(offset))
		if !ok {
			return nil
		}
		offset += size
		return payload
	}
	head := next()
	if len(head) != len(snapshotMagic)+len(id)+8 || string(head[:len(head)-8]) != snapshotMagic+id {
		return 0, errSnapshot
	}
	at = Position(binary.LittleEndian.Uint64(head[len(head)-8:]))
	payloads := make(chan []byte)
	var fill sync.WaitGroup
	var n atomic.Uint64
	errs := make([]error, runtime.GOMAXPROCS(0))
	for i := range errs {
		fill.Go(func() { errs[i] = store.fill(payloads, &n) })
	}
	payload := next()
	for ; len(payload) > 8; payload = next() {
		payloads <- payload
	}
	close(payloads)
	fill.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	if len(payload) != 8 || n.Load() != binary.LittleEndian.Uint64(payload) {
		return 0, errSnapshot
	}
	return at, nil
}

// fill takes in the fixes of payloads until there are no more, and counts them. After an error it takes in no more.
func (s *Store) fill(payloads <-chan []byte, n *atomic.Uint64) (err error) {
	var fixes []Fix
	for payload := range payloads {
		if err != nil {
			continue
		}
		fixes = fixes[:0]
		err = eachTaken(payload, func(e *taken) error { fixes = append(fixes, e.fix); return nil })
		n.Add(uint64(len(fixes)))
		s.UpdateAll(fixes, nil)
	}
	return err
}

// Rebuilt says how the Store was filled at the start.
type Rebuilt struct {
	Snapshot bool  // from a snapshot, otherwise from the history
	Replayed int64 // bytes of the log after it
}

// Rebuild fills the Store with the newest position of every unit: from the
// snapshot and what the log has after it, or without a snapshot from the
// history and the whole log. Units that are out of use are left out. Call it
// once, before Run.
func (in *Ingestor) Rebuild(ctx context.Context) (r Rebuilt, err error) {
	first, synced, _ := in.log.Span()
	at, err := readSnapshot(in.snapshots.path(), in.log.ID(), in.store)
	r.Snapshot = err == nil && at >= first && at <= synced
	if !r.Snapshot {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			in.snapshots.log.Warn("the snapshot of the positions is of no use; reading the history", "error", err)
		}
		at = first
		if err := Load(ctx, in.db.Pool, in.store); err != nil {
			return r, err
		}
	}
	in.snapshots.at = at
	r.Replayed = int64(synced - at)
	if err := in.replay(at, synced); err != nil {
		return r, err
	}
	return r, in.forgetRetired(ctx, in.db.Pool)
}

// replay applies what the log has between two positions.
func (in *Ingestor) replay(from, to Position) (err error) {
	var fixes []Fix
	for from < to {
		fixes = fixes[:0]
		from, err = in.log.Read(from, drainBytes, func(payload []byte) error {
			err := eachTaken(payload, func(e *taken) error {
				switch {
				case e.refused:
				case e.fix.Doubt == "":
					fixes = append(fixes, e.fix)
				case e.fix.Doubt == Drift:
					in.store.UpdateAll(fixes, nil)
					fixes = fixes[:0]
					if last, ok := in.store.Latest(e.fix.UnitID); ok {
						in.store.Update(Stay(e.fix, &last))
					}
				}
				return nil
			})
			if errors.Is(err, errRecord) {
				return nil // the drain keeps it aside
			}
			return err
		})
		if err != nil {
			return err
		}
		in.store.UpdateAll(fixes, nil)
	}
	return nil
}

// forgetRetired takes units out of the Store that are in it but not in use.
func (in *Ingestor) forgetRetired(ctx context.Context, q pg.Queryer) error {
	ids, err := retiredUnits(ctx, q)
	for _, id := range ids {
		in.store.Remove(id)
	}
	return err
}

// Run makes durable what Enter takes in, and carries it into the database,
// until ctx ends. Then everything under way is made durable, what waits for
// the database gets a few seconds, and a snapshot is written. It returns nil
// after such an end; later calls of Enter get ErrStopped. When the disk fails
// it goes on without taking anything in. Call it once.
func (in *Ingestor) Run(ctx context.Context) error {
	defer close(in.done)
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var background sync.WaitGroup
	background.Go(func() { in.drain.run(behind) })
	background.Go(func() { in.snapshots.run(behind) })
	if err := in.log.Run(ctx); err != nil {
		in.snapshots.log.Error("no positions are taken in until the service starts again", "error", err)
		<-ctx.Done()
	}
	_, synced, _ := in.log.Span()
	limited, cancel := context.WithTimeout(behind, drainAtEnd)
	defer cancel()
	if err := in.drain.await(limited, synced); err != nil {
		in.snapshots.log.Warn("some positions wait in the spool for the next start", "error", err)
	}
	stop()
	background.Wait()
	return errors.Join(in.snapshots.take(), in.snapshots.drop())
}

// drainAtEnd is how long the drain may go on at a stop.
const drainAtEnd = 5 * time.Second
