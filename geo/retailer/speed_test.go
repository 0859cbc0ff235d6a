package retailer

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo/zh"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// asked is what agents type: names whole, begun and in part, addresses,
// numbers, people, pinyin, and mistakes.
func asked(list []Retailer) []Query {
	at := &orb.Point{114.62, 29.91}
	var out []Query
	for i := 0; i < len(list); i += len(list)/40 + 1 {
		r := list[i]
		name := []rune(r.Name)
		full, initials := zh.Pinyin(zh.Fold(r.Name))
		for _, text := range []string{
			r.Name, string(name[:1]), string(name[:2]), string(name[1:3]), string(name[:4]), "烟酒", "商店", r.Address, strings.TrimPrefix(r.Address, "武穴市"),
			string(r.LicenceNo), string(r.LicenceNo[7:]), r.PhoneTail, r.Operator, full, full[:6], initials, initials[:3], initials[1:4],
			string(name[0]) + "错" + string(name[2:]), string(name[:2]) + " " + string([]rune(r.Address)[3:7]), "",
		} {
			out = append(out, Query{Text: text, Near: at})
			if text != "" {
				out = append(out, Query{Text: text})
			}
		}
	}
	return out
}

func BenchmarkSearch(b *testing.B) {
	db := pgtest.New(b)
	list := invented(100_000)
	save(b, db, list)
	queries := asked(list)
	var took []time.Duration
	slowest := map[string]time.Duration{}
	b.ResetTimer()
	for i := range b.N {
		q := queries[i%len(queries)]
		start := time.Now()
		search(b, db, q)
		d := time.Since(start)
		took = append(took, d)
		slowest[q.Text] = max(slowest[q.Text], d)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds()), "p95-µs")
	b.ReportMetric(float64(took[len(took)-1].Microseconds()), "max-µs")
	texts := make([]string, 0, len(slowest))
	for text := range slowest {
		texts = append(texts, text)
	}
	slices.SortFunc(texts, func(x, y string) int { return int(slowest[y] - slowest[x]) })
	for _, text := range texts[:min(5, len(texts))] {
		b.Logf("%v %q", slowest[text], text)
	}
}

// With many retailers no selective search reads the whole table.
func TestSearchUsesIndexes(t *testing.T) {
	db := pgtest.New(t)
	list := invented(20_000)
	save(t, db, list)
	at := &orb.Point{114.62, 29.91}
	one := list[777]
	full, initials := zh.Pinyin(zh.Fold(one.Name))
	for _, text := range []string{
		one.Name, string([]rune(one.Name)[:1]), string([]rune(one.Name)[:2]), one.Address, string(one.LicenceNo), one.PhoneTail, one.Operator,
		full, initials, initials[:2], "",
	} {
		for _, q := range []Query{{Text: text, Limit: 20}, {Text: text, Near: at, Limit: 20}} {
			for _, plan := range plans(t, db, q) {
				if strings.Contains(plan, "Seq Scan on retailer") {
					t.Errorf("%q reads the whole table:\n%s", text, plan)
				}
			}
		}
	}
}

// plans is how the statements of a search are carried out.
func plans(t testing.TB, db *pg.DB, q Query) (out []string) {
	t.Helper()
	words := parse(q.Text)
	ctx := context.Background()
	err := db.InTx(ctx, func(tx *pg.Tx) error {
		if err := searchSettings(ctx, tx, words); err != nil {
			return err
		}
		statements := map[string][]any{findSQL: findArgs(q, words), similarSQL: similarArgs(q, words)}
		if q.Text == "" && q.Near != nil {
			statements = map[string][]any{nearSQL: {q.Near[0], q.Near[1], q.Scope, q.Limit}}
		}
		for sql, args := range statements {
			rows, err := tx.Query(ctx, "explain (analyze) "+sql, args...)
			if err != nil {
				return err
			}
			var plan, row string
			for rows.Next() {
				if err := rows.Scan(&row); err != nil {
					return err
				}
				plan += row + "\n"
			}
			if err := rows.Err(); err != nil {
				return err
			}
			out = append(out, plan)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
