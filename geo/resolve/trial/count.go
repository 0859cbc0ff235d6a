package trial

import (
	"slices"
	"time"

	"jiujin/geo/resolve"
)

// Measure answers the cases and counts what is right: one row for each kind, and one for all.
func Measure(r *resolve.Register, cases []Case) []Figures {
	rows := []*Figures{{Kind: "all"}}
	for _, c := range cases {
		at := slices.IndexFunc(rows, func(f *Figures) bool { return f.Kind == c.Kind })
		if at < 0 {
			at, rows = len(rows), append(rows, &Figures{Kind: c.Kind})
		}
		start := time.Now()
		answer := r.Resolve(c.Query)
		took := time.Since(start)
		for _, f := range []*Figures{rows[0], rows[at]} {
			f.count(c, answer, took)
		}
	}
	out := make([]Figures, len(rows))
	for i, f := range rows {
		f.finish()
		out[i] = *f
	}
	return out
}

func (f *Figures) count(c Case, answer resolve.Answer, took time.Duration) {
	f.took = append(f.took, took)
	rank := slices.IndexFunc(answer.Candidates, func(x resolve.Candidate) bool { return slices.Contains(c.Want, x.Shop.ID) })
	if answer.Sure {
		f.surely++
		if rank == 0 {
			f.right++
		}
	}
	if len(c.Want) == 0 {
		f.Absent++
		if !answer.Sure {
			f.notSure++
		}
		return
	}
	f.Cases++
	if answer.Sure {
		f.sure++
	}
	if rank == 0 {
		f.top1++
	}
	if rank >= 0 && rank < 3 {
		f.top3++
	}
	if rank >= 0 && rank < 5 {
		f.top5++
	}
}

func (f *Figures) finish() {
	f.Top1, f.Top3, f.Top5 = share(f.top1, f.Cases), share(f.top3, f.Cases), share(f.top5, f.Cases)
	f.Sure, f.Right, f.NotSure = share(f.sure, f.Cases), share(f.right, f.surely), share(f.notSure, f.Absent)
	slices.Sort(f.took)
	if n := len(f.took); n > 0 {
		f.P50, f.P95 = f.took[n/2].Seconds()*1000, f.took[n*95/100].Seconds()*1000
	}
}

// share is a of b to four digits; 0 of nothing is 0.
func share(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a*10_000/b) / 10_000
}
