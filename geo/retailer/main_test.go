package retailer

import (
	"bytes"
	"context"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

func TestMain(m *testing.M) {
	pgtest.Main(m)
}

var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

func gb(t testing.TB, s string) []byte {
	t.Helper()
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func load(t testing.TB, db *pg.DB, list []byte, opts ImportOptions) Report {
	t.Helper()
	if opts.Now.IsZero() {
		opts.Now = noon
	}
	report, err := Import(context.Background(), db, bytes.NewReader(list), opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func save(t testing.TB, db *pg.DB, list []Retailer) {
	t.Helper()
	err := db.InTx(context.Background(), func(tx *pg.Tx) error {
		_, err := Save(context.Background(), tx, list)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readAll(t testing.TB, src string) []record {
	t.Helper()
	r := newRecords(src)
	var out []record
	for {
		rec, err := r.next()
		if err != nil {
			return out
		}
		out = append(out, rec)
	}
}

// count is the number of retailers; where is a clause of the test's own.
func count(t testing.TB, q pg.Queryer, where string) (n int) {
	t.Helper()
	if err := q.QueryRow(context.Background(), "select count(*) from retailer "+where).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
