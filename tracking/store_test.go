package tracking

import (
	"testing"

	"golang.org/x/sync/errgroup"
)

func TestEnsurePartitions(t *testing.T) {
	d := newDesk(t).run(t)
	// The fixes come before their partition, and one is older than all.
	raws := drive(5)
	raws[0].FixedAt = noon.AddDate(0, 0, -20)
	d.submit(t, d.devices[0], raws...)
	d.flush(t)
	const inDefault = `SELECT count(*) FROM ONLY fix_default`
	if n := value[int](t, d.db, inDefault); n != 5 {
		t.Fatalf("%d fixes in the default partition, want 5", n)
	}
	var nodes errgroup.Group
	for range 3 {
		nodes.Go(func() error { return EnsurePartitions(t.Context(), d.db, noon) })
	}
	if err := nodes.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, d.db, inDefault); n != 1 {
		t.Errorf("%d fixes in the default partition, want the old one", n)
	}
	if n := value[int](t, d.db, `SELECT count(*) FROM fix_20261122`); n != 4 {
		t.Errorf("%d fixes in today's partition, want 4", n)
	}
	if n := value[int](t, d.db, `SELECT count(*) FROM pg_inherits WHERE inhparent = 'fix'::regclass`); n != 10 {
		t.Errorf("%d partitions, want nine days and the default", n)
	}
	want(t, d.submit(t, d.devices[0], raws...), Stored, Stored, Stored, Stored, Duplicate)
	if n := d.history(t); n != 5 {
		t.Errorf("%d fixes after they were sent again, want 5", n)
	}
	if err := EnsurePartitions(t.Context(), d.db, noon.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, d.db, `SELECT count(*) FROM pg_inherits WHERE inhparent = 'fix'::regclass`); n != 11 {
		t.Errorf("%d partitions the day after, want one more", n)
	}
}
