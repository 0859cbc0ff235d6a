package tracking

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jiujin/internal/pg"
)

// tape is a log and what it was given.
type tape struct {
	dir      string
	log      *Log
	appended []string
	synced   int // of them
}

const testSegment = 600 // a few records

func openTape(t testing.TB, dir string) *tape {
	t.Helper()
	l, err := openLog(dir, 1<<20, testSegment)
	if err != nil {
		t.Fatal(err)
	}
	return &tape{dir: dir, log: l}
}

func (p *tape) append(t testing.TB, payload string) {
	t.Helper()
	if _, err := p.log.append(t.Context(), []byte(payload)); err != nil {
		t.Fatal(err)
	}
	p.appended = append(p.appended, payload)
}

func (p *tape) sync(t testing.TB) {
	t.Helper()
	if err := p.log.flush(); err != nil {
		t.Fatal(err)
	}
	p.synced = len(p.appended)
}

// write puts what is pending into the file without a sync, as a crash may leave it.
func (p *tape) write(t testing.TB) {
	t.Helper()
	if _, err := p.log.file.Write(p.log.pending); err != nil {
		t.Fatal(err)
	}
}

// kill ends the log as the end of the process does.
func (p *tape) kill() { _ = errors.Join(p.log.file.Close(), p.log.lock.Close()) }

func (p *tape) lastFile() string { return p.log.segmentName(p.log.segments[len(p.log.segments)-1]) }

// records is everything that a log has from a position on.
func records(l *Log, from Position) (list []string, err error) {
	_, synced, _ := l.Span()
	for from < synced && err == nil {
		from, err = l.Read(from, 100, func(b []byte) error {
			list = append(list, string(b))
			return nil
		})
	}
	return list, err
}

// prefix says whether got is the beginning of all, and at least least long.
func prefix(got, all []string, least int) bool {
	return len(got) >= least && len(got) <= len(all) && slices.Equal(got, all[:len(got)])
}

// Whatever a crash leaves behind the last sync, the next start has every record
// that was synced, after them some that were not, in order, and nothing else.
func TestLogAfterACrashAtEveryByte(t *testing.T) {
	p := openTape(t, t.TempDir())
	for i := range 12 {
		p.append(t, strings.Repeat(fmt.Sprint(i%10), 30+i))
		if i%4 == 3 {
			p.sync(t)
		}
	}
	_, synced, _ := p.log.Span()
	base := p.log.segments[len(p.log.segments)-1]
	for i := range 3 {
		p.append(t, strings.Repeat("torn", 10+i))
	}
	p.write(t)
	name, from := p.lastFile(), int(synced-base)
	p.kill()
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	end := from + len(p.log.pending)
	crashes := map[string]func(b []byte, at int) []byte{
		"cut":     func(b []byte, at int) []byte { return b[:at] },
		"zeroed":  func(b []byte, at int) []byte { clear(b[at:]); return b },
		"garbled": func(b []byte, at int) []byte { b[at] ^= 0x55; return b },
		"hole":    func(b []byte, at int) []byte { clear(b[at:min(at+40, len(b))]); return b },
	}
	for crash, spoil := range crashes {
		for at := from; at <= end && at < len(whole); at++ {
			if err := os.WriteFile(name, spoil(bytes.Clone(whole), at), 0o600); err != nil {
				t.Fatal(err)
			}
			q := openTape(t, p.dir)
			got, err := records(q.log, 0)
			if err != nil || !prefix(got, p.appended, p.synced) {
				t.Fatalf("%s at byte %d: %q, %v", crash, at, got, err)
			}
			q.append(t, "after")
			q.sync(t)
			again, err := records(q.log, 0)
			if err != nil || !slices.Equal(again, append(got, "after")) {
				t.Fatalf("%s at byte %d, then appended: %q, %v", crash, at, again, err)
			}
			if len(q.log.segments) > len(p.log.segments) {
				_ = os.Remove(q.lastFile())
			}
			q.kill()
		}
	}
}

// Random appends, syncs, drops and restarts: what is read is what was appended.
func TestLogIsAListOfRecords(t *testing.T) {
	root := t.TempDir()
	var n int
	rapid.Check(t, func(rt *rapid.T) {
		n++
		p := openTape(t, filepath.Join(root, fmt.Sprint(n)))
		defer func() { p.kill() }()
		dropped := 0
		var ends []Position
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				p.append(t, string(rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(rt, "payload")))
				_, _, end := p.log.Span()
				ends = append(ends, end)
			},
			"sync": func(*rapid.T) { p.sync(t) },
			"drop": func(rt *rapid.T) {
				if p.synced == 0 {
					return
				}
				if err := p.log.Drop(ends[rapid.IntRange(0, p.synced-1).Draw(rt, "at")]); err != nil {
					rt.Fatal(err)
				}
				first, _, _ := p.log.Span()
				dropped, _ = slices.BinarySearch(ends, first)
				if first > 0 {
					dropped++
				}
			},
			"restart": func(*rapid.T) {
				p.kill()
				q := openTape(t, p.dir)
				if q.log.ID() != p.log.ID() {
					rt.Fatal("another log")
				}
				q.appended, q.synced = p.appended[:p.synced], p.synced
				ends = ends[:p.synced]
				p = q
			},
			"": func(rt *rapid.T) {
				first, _, _ := p.log.Span()
				got, err := records(p.log, first)
				if err != nil || !slices.Equal(got, p.appended[dropped:p.synced]) {
					rt.Fatalf("has %d records, want %d after %d dropped, %v", len(got), p.synced, dropped, err)
				}
			},
		})
	})
}

// A bad byte before records that came after a sync is damage, and is named.
func TestLogNamesDamage(t *testing.T) {
	p := openTape(t, t.TempDir())
	for i := range 3 {
		p.append(t, strings.Repeat(fmt.Sprint(i), 50))
		p.sync(t)
	}
	name := p.lastFile()
	p.kill()
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for at := range 2 * (headerBytes + 50) {
		b := bytes.Clone(whole)
		b[at] ^= 1
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		record := at / (headerBytes + 50) * (headerBytes + 50)
		_, err := openLog(p.dir, 1<<20, testSegment)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), fmt.Sprintf("at byte %d,", record)) {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
}

func TestLogIsBoundedAndOneProcessHasIt(t *testing.T) {
	dir := t.TempDir()
	l, err := openLog(dir, 1000, testSegment)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openLog(dir, 1000, testSegment); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second one: %v", err)
	}
	var at Position
	for err == nil {
		_, err = l.append(t.Context(), make([]byte, 100))
		if err == nil {
			err = l.flush()
		}
		_, _, at = l.Span()
	}
	if !errors.Is(err, ErrSpoolFull) || !pg.IsUnavailable(err) || l.Err() == nil {
		t.Errorf("at the bound: %v", err)
	}
	if err := l.Drop(at); err != nil {
		t.Fatal(err)
	}
	if _, err := l.append(t.Context(), make([]byte, 100)); err != nil {
		t.Errorf("after some was dropped: %v", err)
	}
	if _, err := l.append(t.Context(), make([]byte, recordBytes+1)); err == nil {
		t.Error("a record without bound")
	}
}

// When the disk takes no more, nobody is told otherwise.
func TestLogStopsWhenTheDiskFails(t *testing.T) {
	p := openTape(t, t.TempDir())
	first, err := p.log.append(t.Context(), []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.log.file.Close(); err != nil { // every write fails from now on
		t.Fatal(err)
	}
	if err := p.log.Run(t.Context()); !errors.Is(err, ErrSpoolBroken) {
		t.Errorf("Run: %v", err)
	}
	if err := (Receipt{first}).Wait(t.Context()); !errors.Is(err, ErrSpoolBroken) || !pg.IsUnavailable(err) {
		t.Errorf("the receipt: %v", err)
	}
	if _, err := p.log.append(t.Context(), []byte("b")); !errors.Is(err, ErrSpoolBroken) {
		t.Errorf("later: %v", err)
	}
}

// Many writers share a sync; what a receipt covers is there.
func TestLogRun(t *testing.T) {
	p := openTape(t, t.TempDir())
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.log.Run(ctx) }()
	const writers, each = 8, 50
	results := make(chan error, writers)
	for w := range writers {
		go func() {
			for i := range each {
				g, err := p.log.append(t.Context(), fmt.Appendf(nil, "%d/%d", w, i))
				if err == nil {
					err = Receipt{g}.Wait(t.Context())
				}
				if err != nil {
					results <- err
					return
				}
			}
			results <- nil
		}()
	}
	for range writers {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if got, err := records(p.log, 0); err != nil || len(got) != writers*each {
		t.Errorf("%d records, %v", len(got), err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := p.log.append(t.Context(), []byte("late")); !errors.Is(err, ErrStopped) {
		t.Errorf("after the end: %v", err)
	}
}
