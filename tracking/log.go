package tracking

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// Position is a place in a Log: bytes since the log began. It only grows, also
// over restarts.
type Position int64

// ErrSpoolFull says that the spool has reached its bound, because the database
// has been away for long. pg.IsUnavailable holds for it.
var ErrSpoolFull = fmt.Errorf("the spool of positions is full: %w", net.ErrClosed)

// ErrSpoolBroken says that the disk did not take a write. The log takes nothing
// more until the process starts again: after a failed sync nobody knows what is
// on the disk. pg.IsUnavailable holds for it.
var ErrSpoolBroken = fmt.Errorf("the spool of positions cannot be written: %w", net.ErrClosed)

// ErrSpoolDamaged says that a record that was durable cannot be read any more.
// What comes behind it waits until a person has looked.
var ErrSpoolDamaged = errors.New("the spool of positions is damaged")

const (
	segmentBytes = 64 << 20 // a segment is closed at this size
	pendingBytes = 16 << 20 // unwritten bytes above which Append waits
	recordBytes  = 1 << 20  // largest payload of a record
	headerBytes  = 20
)

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// Log is a write-ahead log of records in segment files of one folder, the
// spool. Many writers append; one write and one fdatasync make all records
// durable that have gathered since the last. It is safe for concurrent use, and
// one process at a time may have a folder open.
//
// A record is a header and its payload, little endian:
//
//	length   uint32  of the payload
//	crc      uint32  CRC32C of the payload, then of position and unsynced
//	position uint64  of the header
//	unsynced uint32  bytes before position that had not been synced when this was appended
//
// A segment is a file of records, named after the position of its first; its
// unused rest is zero. Only the last one can end in a record that is torn by a
// crash, and only behind what was synced: that is cut off at the next start. A
// bad record before one that says it came after a sync is damage, and an error.
type Log struct {
	dir     string
	max     int64
	segment int64 // size at which a segment is closed
	lock    *os.File
	wake    chan struct{} // takes one: something was appended

	mu       sync.Mutex // guards the rest
	id       string
	pending  []byte // records that are not written
	gather   *group // those who wait for pending
	end      Position
	synced   Position
	grown    chan struct{} // closed when synced grows
	segments []Position    // where each begins, oldest first
	failed   error         // why nothing more is taken

	file  *os.File // the last segment; Run's own
	spare []byte   // Run's own
}

// group is the records of one sync.
type group struct {
	done chan struct{} // closed when it is over
	err  error
}

// OpenLog opens the log in a folder, and makes both when they are not there. It
// refuses to hold more than about maxBytes. Run writes and must be called once;
// it closes the log.
func OpenLog(dir string, maxBytes int64) (*Log, error) { return openLog(dir, maxBytes, segmentBytes) }

func openLog(dir string, maxBytes, segment int64) (*Log, error) {
	l := &Log{
		dir: dir, max: maxBytes, segment: segment,
		wake: make(chan struct{}, 1), gather: &group{done: make(chan struct{})},
		grown: make(chan struct{}),
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("spool %s is in use by another process: %w", dir, err), lock.Close())
	}
	l.lock = lock
	if err := errors.Join(l.readID(), l.openSegments()); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return l, nil
}

func (l *Log) readID() error {
	b, err := os.ReadFile(filepath.Join(l.dir, "id"))
	if err == nil && len(b) >= 16 {
		l.id = string(b)
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("spool: %w", err)
	}
	return l.renew()
}

// renew gives the log another name, so that the database knows nothing of it.
func (l *Log) renew() error {
	id := rand.Text()
	if err := writeFile(filepath.Join(l.dir, "id"), func(f *os.File) error {
		_, err := f.WriteString(id)
		return err
	}); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.id = id
	return nil
}

// ID names the log; no other has the same.
func (l *Log) ID() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.id
}

// Err is why nothing can be appended now: ErrSpoolFull, ErrSpoolBroken,
// ErrStopped, or nil.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refusal()
}

func (l *Log) refusal() error {
	if l.failed != nil {
		return l.failed
	}
	if int64(l.end-l.segments[0]) > l.max {
		return fmt.Errorf("%w: %d MB of at most %d MB", ErrSpoolFull, int64(l.end-l.segments[0])>>20, l.max>>20)
	}
	return nil
}

// Span is from where to where there are records, and up to where they are
// durable.
func (l *Log) Span() (first, synced, end Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.segments[0], l.synced, l.end
}

// append adds a record. Its group is over when it is durable; so are then all
// records that were appended before. It waits when the disk falls behind; ctx
// ends the wait.
func (l *Log) append(ctx context.Context, payload []byte) (*group, error) {
	if len(payload) == 0 || len(payload) > recordBytes {
		return nil, fmt.Errorf("spool: a record has 1 to %d bytes, not %d", recordBytes, len(payload))
	}
	sum := checksum(payload)
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.failed == nil && len(l.pending) > pendingBytes {
		g := l.gather
		l.mu.Unlock()
		select {
		case <-g.done:
		case <-ctx.Done():
		}
		l.mu.Lock()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	if err := l.refusal(); err != nil {
		return nil, err
	}
	l.pending = appendRecord(l.pending, payload, sum, l.end, l.synced)
	l.end += Position(headerBytes + len(payload))
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return l.gather, nil
}

func appendRecord(b, payload []byte, sum uint32, at, synced Position) []byte {
	var h [headerBytes]byte
	binary.LittleEndian.PutUint32(h[0:], uint32(len(payload)))
	binary.LittleEndian.PutUint64(h[8:], uint64(at))
	binary.LittleEndian.PutUint32(h[16:], uint32(at-synced))
	binary.LittleEndian.PutUint32(h[4:], crc32.Update(sum, castagnoli, h[8:]))
	b = append(b, h[:]...)
	return append(b, payload...)
}

// more is closed when something becomes durable that is not yet.
func (l *Log) more() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.grown
}

// Run writes until ctx ends, then what was appended before, closes the log and
// returns nil. When the disk does not take a write, nothing more is taken in
// and Run returns ErrSpoolBroken.
func (l *Log) Run(ctx context.Context) error {
	for {
		select {
		case <-l.wake:
			if err := l.flush(); err != nil {
				return errors.Join(err, l.close(err))
			}
		case <-ctx.Done():
			l.mu.Lock()
			l.failed = ErrStopped
			l.mu.Unlock()
			return errors.Join(l.flush(), l.close(ErrStopped))
		}
	}
}

// flush makes pending records durable.
func (l *Log) flush() error {
	l.mu.Lock()
	b, g, upTo := l.pending, l.gather, l.end
	l.pending, l.spare = l.spare[:0], nil
	l.gather = &group{done: make(chan struct{})}
	l.mu.Unlock()
	if len(b) > 0 {
		if err := l.write(b); err != nil {
			g.err = fmt.Errorf("%w: %w", ErrSpoolBroken, err)
		}
	}
	l.mu.Lock()
	if g.err == nil {
		l.synced = upTo
		close(l.grown)
		l.grown = make(chan struct{})
	} else {
		l.failed = g.err
	}
	l.mu.Unlock()
	if cap(b) > pendingBytes/4 {
		b = nil // a rare flood; do not keep its memory
	}
	l.spare = b
	close(g.done)
	return g.err
}

// close ends everything; whoever still waits is told why.
func (l *Log) close(why error) error {
	l.mu.Lock()
	l.failed = why
	l.gather.err = why
	close(l.gather.done)
	l.mu.Unlock()
	return errors.Join(l.file.Close(), l.lock.Close())
}
