package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"jiujin/geo/resolve"
	"jiujin/geo/resolve/trial"
)

type benchResolveCmd struct {
	Shops   int    `default:"200000" help:"Shops of the made-up register."`
	PerKind int    `default:"200" help:"Words of each kind of noise about shops of the register, and as many about shops that are not in it."`
	Seed    uint64 `default:"2" help:"Of the made-up city and of the noise."`
	Data    string `help:"Folder with the labelled lists shops-poi and poi-matching; without it only the made-up register is measured." type:"path"`
	Fit     bool   `help:"Fit the weights instead, on the training halves, and print them."`
}

// resolveFigures is what the bench prints.
type resolveFigures struct {
	Register  int                 `json:"register_shops"`
	BuildS    float64             `json:"build_seconds"`
	HeapMB    float64             `json:"register_megabytes"` // with the shops
	Kinds     []trial.Figures     `json:"kinds"`
	City      []trial.Figures     `json:"city,omitempty"`
	Platforms []platformFigures   `json:"platforms,omitempty"`
	Pairs     []trial.PairFigures `json:"pairs,omitempty"`
}

type platformFigures struct {
	Half      string  `json:"half"`
	Near      bool    `json:"near"`
	Cases     int     `json:"cases"`
	Top1      float64 `json:"top1"`
	Top5      float64 `json:"top5"`
	Absent    int     `json:"absent"`
	NotSure   float64 `json:"not_sure"`
	Precision float64 `json:"pair_precision"`
	Recall    float64 `json:"pair_recall"`
	F1        float64 `json:"pair_f1"`
}

// Run measures how well callers' words are resolved.
func (c *benchResolveCmd) Run() error {
	if c.Fit {
		return c.fit()
	}
	before := heapMB()
	w := trial.NewWorld(c.Shops, c.Seed)
	shops, cases := w.Cases(c.PerKind, c.Seed)
	places := w.Places
	w = nil // the shops stay: they are a part of the register
	start := time.Now()
	r := resolve.NewRegister(shops, places)
	out := resolveFigures{Register: r.Len(), BuildS: time.Since(start).Seconds(), HeapMB: heapMB() - before}
	out.Kinds = trial.Measure(r, cases)
	if c.Data != "" {
		if err := c.labelled(&out); err != nil {
			return err
		}
	}
	return printFigures(out)
}

func (c *benchResolveCmd) labelled(out *resolveFigures) error {
	dir := filepath.Join(c.Data, "shops-poi")
	list, err := trial.ReadPlatforms(dir)
	if err != nil {
		return err
	}
	for _, near := range []bool{false, true} {
		registers, cases := list.Across(near)
		for _, half := range []string{"fitted", "held out", "all"} {
			out.Platforms = append(out.Platforms, platformRow(list, registers, cases, half, near))
		}
	}
	city, err := trial.ReadCity(dir)
	if err != nil {
		return err
	}
	shops, words := city.Cases(c.PerKind, c.Seed)
	out.City = trial.Measure(resolve.NewRegister(shops, nil), words)
	out.Pairs, err = trial.MeasurePairs(filepath.Join(c.Data, "poi-matching"))
	return err
}

// training says whether a case belongs to the half that weights are fitted on.
func training(c trial.Case) bool { return c.Group%2 == 0 }

func platformRow(list *trial.Platforms, registers []*resolve.Register, cases [][]trial.Case, half string, near bool) platformFigures {
	only := func(c trial.Case) bool { return half == "all" || (half == "fitted") == training(c) }
	row := platformFigures{Half: half, Near: near}
	var top1, top5, unsure float64
	for i, r := range registers {
		var some []trial.Case
		for _, c := range cases[i] {
			if only(c) {
				some = append(some, c)
			}
		}
		f := trial.Measure(r, some)[0]
		row.Cases += f.Cases
		row.Absent += f.Absent
		top1, top5 = top1+f.Top1*float64(f.Cases), top5+f.Top5*float64(f.Cases)
		unsure += f.NotSure * float64(f.Absent)
	}
	row.Top1, row.Top5, row.NotSure = top1/float64(row.Cases), top5/float64(row.Cases), unsure/float64(row.Absent)
	row.Precision, row.Recall, row.F1 = list.PairF1(registers, cases, only)
	return row
}

// fit prints the weights that fit the training halves best.
func (c *benchResolveCmd) fit() error {
	var samples []resolve.Sample
	add := func(r *resolve.Register, cases []trial.Case, weight float64) {
		for _, x := range cases {
			if training(x) {
				samples = append(samples, r.Sample(x.Query, x.Want, weight))
			}
		}
	}
	for i, n := range []int{5_000, 20_000, 60_000} {
		w := trial.NewWorld(n, c.Seed+uint64(i)+100)
		shops, cases := w.Cases(c.PerKind/2, c.Seed+uint64(i)+200)
		for k := range cases {
			cases[k].Group = 0 // another seed than the one that is judged: all may be used
		}
		add(resolve.NewRegister(shops, w.Places), cases, 1)
	}
	if c.Data != "" {
		dir := filepath.Join(c.Data, "shops-poi")
		list, err := trial.ReadPlatforms(dir)
		if err != nil {
			return err
		}
		for _, near := range []bool{false, true} {
			registers, cases := list.Across(near)
			for i := range registers {
				add(registers[i], cases[i], 3)
			}
		}
		city, err := trial.ReadCity(dir)
		if err != nil {
			return err
		}
		shops, words := city.Cases(c.PerKind, c.Seed+300)
		add(resolve.NewRegister(shops, nil), words, 1)
	}
	_, err := fmt.Fprint(os.Stdout, resolve.Fit(samples))
	return err
}
