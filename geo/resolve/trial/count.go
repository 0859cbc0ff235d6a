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
		compared := len(c.Want) > 0 && slices.ContainsFunc(c.Want, func(id int64) bool { return r.Compares(c.Query, id) })
		next := reply(r, c, answer)
		for _, f := range []*Figures{rows[0], rows[at]} {
			f.count(c, answer, took)
			f.ask(c, answer, next)
			if compared {
				f.compared++
			}
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

// reply is what follows when somebody who knows the shop answers the question; the same answer when there is none.
func reply(r *resolve.Register, c Case, answer resolve.Answer) resolve.Answer {
	if answer.Question == nil || len(c.Want) == 0 {
		return answer
	}
	s, ok := r.Shop(c.Want[0])
	if !ok {
		return answer
	}
	if answer.Question.About == "any" { // whether it is the first: a yes settles it
		if answer.Candidates[0].Shop.ID == s.ID {
			return resolve.Answer{Sure: true, Candidates: answer.Candidates[:1]}
		}
		return answer
	}
	words := r.Reply(*answer.Question, s)
	if words == "" {
		return answer
	}
	c.Query.Text += "，" + words
	return r.Resolve(c.Query)
}

func (f *Figures) ask(c Case, answer, next resolve.Answer) {
	if answer.Question == nil || len(c.Want) == 0 {
		return
	}
	first := func(a resolve.Answer) bool {
		return len(a.Candidates) > 0 && slices.Contains(c.Want, a.Candidates[0].Shop.ID)
	}
	f.Asked++
	if first(answer) {
		f.before++
	}
	if first(next) {
		f.after++
		if next.Sure {
			f.sureNext++
		}
	}
}

func (f *Figures) finish() {
	f.Top1, f.Top3, f.Top5 = share(f.top1, f.Cases), share(f.top3, f.Cases), share(f.top5, f.Cases)
	f.Sure, f.Right, f.NotSure = share(f.sure, f.Cases), share(f.right, f.surely), share(f.notSure, f.Absent)
	f.Compared = share(f.compared, f.Cases)
	f.Before, f.After, f.SureNext = share(f.before, f.Asked), share(f.after, f.Asked), share(f.sureNext, f.Asked)
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
