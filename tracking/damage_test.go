package tracking

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A segment that cannot be read stops the drain, not the intake, and is told
// with what to do. Done as told, all that it does not hold is in the history.
func TestDamagedSegmentStopsTheDrainAlone(t *testing.T) {
	d := newDesk(t)
	d.in.log.segment = 50 // one record each
	raws := drive(6)
	for i := range raws[:5] {
		d.enter(t, raws[i])
	}
	bad := d.in.log.segmentName(d.in.log.segments[1])
	whole, err := os.ReadFile(bad)
	if err != nil {
		t.Fatal(err)
	}
	whole[headerBytes+recordStart] ^= 0x55
	if err := os.WriteFile(bad, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 1)
	d.in.drain.out = slog.New(slog.NewTextHandler(lineWriter(func(b []byte) {
		select {
		case told <- string(b):
		default:
		}
	}), &slog.HandlerOptions{Level: slog.LevelError}))
	d.run(t)
	if line := <-told; !strings.Contains(line, bad) || !strings.Contains(line, "move it aside together") {
		t.Errorf("the log says %s", line)
	}
	if err := d.in.Damage(); !errors.Is(err, ErrSpoolDamaged) || d.in.Ready() != nil {
		t.Errorf("Damage %v, Ready %v", err, d.in.Ready())
	}
	want(t, d.submit(t, d.devices[0], raws[5]), Stored)
	dir := d.image(t)
	before, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range before {
		if filepath.Base(name) <= filepath.Base(bad) {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	d.revive(t, dir)
	if n := d.history(t); n != 5 || d.in.Damage() != nil {
		t.Errorf("%d fixes in the history, want all but the damaged one; %v", n, d.in.Damage())
	}
}

// enter takes in a record and makes it durable, without Run.
func (d *desk) enter(t *testing.T, raw RawFix) {
	t.Helper()
	if _, err := d.in.Enter(t.Context(), []Report{{&d.devices[0], raw}}, make([]Outcome, 1)); err != nil {
		t.Fatal(err)
	}
	if err := d.in.log.flush(); err != nil {
		t.Fatal(err)
	}
}

type lineWriter func([]byte)

func (w lineWriter) Write(b []byte) (int, error) {
	w(b)
	return len(b), nil
}
