package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
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
	return resolveLines(ctx, r, c.Lang, os.Stdin, os.Stdout)
}

// Help is shown under the usage.
func (*resolveCmd) Help() string {
	return `Each line {"text":"…","near":[lon,lat],"area":"510104"} gets one line
{"sure":…,"question":…,"candidates":[{"licence_no","name","address","lon","lat","score","why"}]}. text is the caller's words: a
name or a part of it, an address, a landmark, in any order. near, WGS-84, is where the caller or the map is; area is a
division's code or its begin; both may be left out, and an area that is no division counts for nothing. A line that is no
question gets {"error":"…"}, blank ones too, and the next is read.

sure says that the first candidate is the shop. Otherwise question is what to ask the caller next. score is the probability,
0 to 1, that a candidate is the one; candidates may be empty. lon and lat are WGS-84, null when the list has no place.

The columns of --register are found by their headings, Chinese or English, in any order; only a name is needed (name, 店名,
店铺名称, 企业名称, …). Also read: licence number, address (地址, 经营地址, …), district, division code, person in charge,
telephone, aliases, state, lon and lat (lon_gcj02, lat_bd09 and the like name their datum). UTF-8 or GB 18030; commas,
semicolons or tabs.

Exit code: 0 when the input has ended, whatever the lines got; 1 when a flag is wrong, or the file, the database or a stream
cannot be read or written.`
}

// resolveLines answers lines on all processors, in order.
func resolveLines(ctx context.Context, r *resolve.Register, lang string, in io.Reader, out io.Writer) error {
	return answerLinesAtOnce(ctx, in, out, runtime.GOMAXPROCS(0), func(line []byte, err error) any {
		if err != nil {
			return refusal(err)
		}
		return resolveLine(r, lang, line)
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
	q, err := readQuery(r, line)
	if err != nil {
		return refusal(err)
	}
	return wireAnswer(r.Resolve(q), lang)
}

func readQuery(r *resolve.Register, line []byte) (resolve.Query, error) {
	var in struct {
		Text string          `json:"text"`
		Near []float64       `json:"near"`
		Area json.RawMessage `json:"area"` // a code, as text or as a number
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return resolve.Query{}, fmt.Errorf(`the line is no JSON object such as {"text":"…","near":[lon,lat],"area":"510104"}: %w`, err)
	}
	q := resolve.Query{Text: in.Text}
	if area := strings.Trim(string(in.Area), `" `); area != "null" {
		q.Area = area
	}
	if strings.TrimSpace(in.Text) == "" {
		return q, errors.New(`"text" is empty: it takes the caller's words`)
	}
	if in.Near == nil {
		return q, nil
	}
	if len(in.Near) != 2 {
		return q, errors.New(`"near" takes [longitude, latitude]`)
	}
	p := orb.Point{in.Near[0], in.Near[1]}
	if geo.ValidPoint(p) != nil || !r.Bound().Contains(p) && r.Bound().Contains(orb.Point{p[1], p[0]}) {
		return q, fmt.Errorf(`"near" is [%v, %v]: it takes the longitude first, as in [104.06, 30.66]`, p[0], p[1])
	}
	q.Near = &p
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
