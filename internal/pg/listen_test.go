package pg_test

import (
	"context"
	"strings"
	"testing"

	"jiujin/internal/pg"
)

func TestListen(t *testing.T) {
	db, target := open(t, pg.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	woken, ended := make(chan struct{}, 16), make(chan error, 1)
	go func() {
		ended <- pg.Listen(ctx, target+"&application_name=listener", "Some channel", func() { woken <- struct{}{} })
	}()
	<-woken // connected
	exec(t, db.Pool, `SELECT pg_notify('Some channel', '')`)
	<-woken // notified

	n := scan[int](t, db.Pool, `
		SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'listener'`)
	if n != 1 {
		t.Fatalf("%d listening connections, want 1", n)
	}
	<-woken // connected again
	exec(t, db.Pool, `SELECT pg_notify('Some channel', '')`)
	<-woken
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("error %v after ctx has ended, want nil", err)
	}
	if len(woken) != 0 {
		t.Errorf("woken %d times without a reason", len(woken))
	}
}

func TestListenWaitsForServer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pg.Listen(ctx, "postgres:///x?host=/nonexistent", "c", func() { t.Error("woken") }); err != nil {
		t.Error(err)
	}
	if err := pg.Listen(t.Context(), "postgres://h:port/", "c", func() {}); err == nil {
		t.Error("a url that cannot be read gives no error")
	}
}

func TestCheck(t *testing.T) {
	db, target := open(t, pg.Options{})
	seen := make(map[string]pg.Finding)
	for _, f := range db.Check(t.Context()) {
		seen[f.Name] = f
		if !f.OK || f.Advice != "" || f.Value == "" {
			t.Errorf("%+v", f)
		}
	}
	for _, name := range []string{
		"server version", "Chinese search", "extension postgis", "extension pg_trgm", "extension btree_gist", "fsync",
		"full_page_writes", "synchronous_commit", "data_checksums", "session time zone", "clock difference",
	} {
		if _, ok := seen[name]; !ok {
			t.Errorf("nothing on %s", name)
		}
	}

	careless, err := pg.Open(t.Context(), withOptions(t, target, "--synchronous_commit=off"), pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer careless.Close()
	for _, f := range careless.Check(t.Context()) {
		if bad := f.Name == "synchronous_commit"; f.OK == bad || strings.Contains(f.Advice, "acknowledged") != bad {
			t.Errorf("%+v", f)
		}
	}
}
