package main

import (
	"context"
	"strings"
	"testing"

	"jiujin/geo/retailer"
	"jiujin/internal/app"
	"jiujin/internal/pg"
)

// The benchmark fills an empty register and uses one that it filled, and adds nothing to one with shops of others.
func TestBenchSearchSparesARegister(t *testing.T) {
	s, err := newScratch(&app.Config{}, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.remove(); err != nil {
			t.Error(err)
		}
	})
	b := benchSearchCmd{Docs: 200, Queries: 10, Seed: 1}
	err = s.database(t.Context(), "register", func(ctx context.Context, db *pg.DB, _ string) error {
		shops := func() (n int) {
			t.Helper()
			if err := db.Pool.QueryRow(ctx, `select count(*) from retailer`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for range 2 {
			if _, err := b.fill(ctx, db, s, &serviceFigures{}); err != nil || shops() != b.Docs {
				t.Errorf("%d shops, %v", shops(), err)
			}
		}
		theirs := strings.NewReader("许可证号,店名\n421182100001,东风\n")
		if _, err := retailer.Import(ctx, db, theirs, retailer.ImportOptions{}); err != nil {
			return err
		}
		other := benchSearchCmd{Docs: 300, Queries: 10, Seed: 2}
		for _, b := range []benchSearchCmd{b, other} {
			if _, err := b.fill(ctx, db, s, &serviceFigures{}); err == nil || !strings.Contains(err.Error(), "real shops") || shops() != 201 {
				t.Errorf("%d shops, %v", shops(), err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
