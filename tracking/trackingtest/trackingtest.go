// Package trackingtest gives tests of devices' protocols an intake with a database, and the messages that others recorded.
package trackingtest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
	"jiujin/tracking"
)

// Patience is how long a test waits for what should come at once.
const Patience = 10 * time.Second

// Site is a running intake with a database of its own.
type Site struct {
	DB      *pg.DB
	Devices *tracking.Devices
	Ingest  *tracking.Ingestor
	Log     *slog.Logger // discards
	Unplug  func()       // stops the intake and waits for its end
}

// NewSite starts an intake by the given clock; nil is the real one. It ends with the test.
func NewSite(t *testing.T, now func() time.Time) *Site {
	t.Helper()
	s := &Site{DB: pgtest.New(t), Log: slog.New(slog.DiscardHandler)}
	if now != nil {
		s.DB.Now = now
	}
	spool, err := tracking.OpenLog(t.TempDir(), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	s.Devices = tracking.NewDevices(s.DB)
	s.Ingest = tracking.NewIngestor(s.DB, spool, tracking.NewStore(), tracking.DefaultRules(), nil, s.Log)
	s.Unplug = Background(t, s.Ingest.Run)
	return s
}

// Background runs fn until the test ends or stop is called, which waits for its end.
func Background(t *testing.T, fn func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fn(ctx) }()
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// Recorded reads a file of public messages as Lines does. It is empty where the folder of public test data is not beside
// the repository; JIUJIN_DATA names another.
func Recorded[V any](t testing.TB, file string, like V) []V {
	t.Helper()
	dir := os.Getenv("JIUJIN_DATA")
	if dir == "" {
		dir = "../../../shared/data" // of the package under test
	}
	path := filepath.Join(dir, "device-frames", file)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return Lines(t, path, like)
}

// Lines reads a file of JSON objects, one a line, each into a copy of like.
func Lines[V any](t testing.TB, path string, like V) (out []V) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		v := like
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("%s, line %d: %v", path, len(out)+1, err)
		}
		out = append(out, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
