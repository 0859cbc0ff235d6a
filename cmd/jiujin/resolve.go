package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/datum"
	"jiujin/geo/resolve"
	"jiujin/geo/retailer"
	"jiujin/internal/app"
	"jiujin/internal/pg"
)

type resolveCmd struct {
	Register *os.File `help:"CSV of shops with headings in the first line, instead of the database's register."`
	Places   *os.File `help:"CSV of named places with coordinates that callers may name beside a shop."`
	Datum    string   `default:"WGS84" enum:"WGS84,GCJ02,BD09,CGCS2000" help:"Of coordinates in the files whose heading names none."`
	Lang     string   `default:"zh" enum:"zh,en" help:"Of the reasons and the question: zh or en."`
}

// Run answers standard input line by line, also with lines that are not worth it.
func (c *resolveCmd) Run(ctx context.Context, cfg *app.Config) error {
	r, err := c.register(ctx, cfg)
	if err != nil {
		return err
	}
	return answerLines(ctx, os.Stdin, os.Stdout, func(line []byte, err error) any {
		if err != nil {
			return refusal(err)
		}
		return resolveLine(r, c.Lang, line)
	})
}

func (c *resolveCmd) register(ctx context.Context, cfg *app.Config) (*resolve.Register, error) {
	d, err := datum.Parse(c.Datum)
	if err != nil {
		return nil, err
	}
	var places []resolve.Place
	if c.Places != nil {
		list, err := retailer.ReadList(c.Places, d)
		if err != nil {
			return nil, err
		}
		for _, l := range list {
			if l.Point != nil {
				places = append(places, resolve.Place{Name: l.Name, Point: *l.Point})
			}
		}
	}
	if c.Register != nil {
		list, err := retailer.ReadList(c.Register, d)
		if err != nil {
			return nil, err
		}
		return resolve.NewRegister(shopsOf(nil, list), places), nil
	}
	var ids []int64
	var list []retailer.Listed
	err = app.BesideServer(ctx, *cfg, cfg.Logger(), func(ctx context.Context, db *pg.DB) (err error) {
		ids, list, err = retailer.ListAll(ctx, db.Pool)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resolve.NewRegister(shopsOf(ids, list), places), nil
}

// shopsOf numbers the rows of a list; ids are those of the database, nil for a file.
func shopsOf(ids []int64, list []retailer.Listed) []resolve.Shop {
	out := make([]resolve.Shop, len(list))
	for i, l := range list {
		out[i] = resolve.Shop{
			ID: int64(i + 1), LicenceNo: l.Key, Name: l.Name, Operator: l.Operator, Address: l.Address, District: l.District,
			PhoneTail: l.PhoneTail, Aliases: l.Aliases, Division: l.Division, Point: l.Point, Over: l.Over,
		}
		if ids != nil {
			out[i].ID = ids[i]
		}
	}
	return out
}

// resolveLine is the answer to one line.
func resolveLine(r *resolve.Register, lang string, line []byte) any {
	q, err := readQuery(line)
	if err != nil {
		return refusal(err)
	}
	return wireAnswer(r.Resolve(q), lang)
}

func readQuery(line []byte) (resolve.Query, error) {
	var in struct {
		Text string    `json:"text"`
		Near []float64 `json:"near"`
		Area string    `json:"area"`
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return resolve.Query{}, fmt.Errorf(`the line is no JSON object such as {"text":"…","near":[lon,lat],"area":"510104"}: %w`, err)
	}
	q := resolve.Query{Text: in.Text, Area: in.Area}
	if strings.TrimSpace(in.Text) == "" {
		return q, errors.New(`"text" is empty: it takes the caller's words`)
	}
	if in.Near != nil {
		if len(in.Near) != 2 {
			return q, errors.New(`"near" takes [longitude, latitude]`)
		}
		q.Near = &orb.Point{in.Near[0], in.Near[1]}
		if err := geo.ValidPoint(*q.Near); err != nil {
			return q, fmt.Errorf(`"near": %w`, err)
		}
	}
	return q, nil
}

// resolved is an answer on the wire.
type resolved struct {
	Sure       bool           `json:"sure"`
	Question   *string        `json:"question"` // null when the answer is sure
	Candidates []resolvedShop `json:"candidates"`
}

type resolvedShop struct {
	LicenceNo string   `json:"licence_no"`
	Name      string   `json:"name"`
	Address   string   `json:"address"`
	Lon       *float64 `json:"lon"` // WGS-84; null when the place is not known
	Lat       *float64 `json:"lat"`
	Score     float64  `json:"score"` // probability, 0 to 1
	Why       string   `json:"why"`
}

func wireAnswer(a resolve.Answer, lang string) resolved {
	out := resolved{Sure: a.Sure, Candidates: make([]resolvedShop, len(a.Candidates))}
	if a.Question != nil {
		text := a.Question.In(lang)
		out.Question = &text
	}
	for i, c := range a.Candidates {
		s := resolvedShop{LicenceNo: c.Shop.LicenceNo, Name: c.Shop.Name, Address: c.Shop.Address, Score: float64(int(c.Score*10_000)) / 10_000}
		if p := c.Shop.Point; p != nil {
			s.Lon, s.Lat = &p[0], &p[1]
		}
		s.Why = resolve.Words(c.Why, lang)
		out.Candidates[i] = s
	}
	return out
}
