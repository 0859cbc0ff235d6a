package address

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Level is how high a division stands.
type Level uint8

// The levels of divisions.
const (
	LevelProvince Level = iota + 1
	LevelPrefecture
	LevelCounty
	LevelTownship
)

// Division is an administrative division of China by the statistical codes of
// 2023: two digits of the province, two of the prefecture, two of the county,
// three of the township. Codes of provinces, prefectures and counties have six
// digits (GB/T 2260), those of townships nine.
type Division struct {
	Code   string
	Name   string // in full, as 四川省
	Level  Level
	Parent string // code of the division it belongs to, "" for a province
}

// The divisions are made by cmd/addressmodel from the list of the package
// china-division 2.7.0 (WTFPL, after the National Bureau of Statistics).
//
//go:embed divisions.txt.gz
var divisionFile []byte

// gazetteer finds divisions by code and by name.
type gazetteer struct {
	all    []Division
	byCode map[string]int32
	// byName holds names in full and without their last word (四川, 锦江), keyed
	// by the hash of their characters; prefix says that a longer name begins
	// like this.
	byName map[uint64]name
	length int // characters of the longest name
}

type name struct {
	whole, short []int32 // divisions of that name, numbers in all
	prefix       bool
}

var divisions = sync.OnceValue(func() *gazetteer {
	g, err := readGazetteer(divisionFile)
	if err != nil {
		panic("the divisions in this program: " + err.Error())
	}
	return g
})

// readGazetteer reads lines of level, code and name: "3510104锦江区". The
// parent of a county is the prefecture of its first four digits, or the
// province when there is none.
func readGazetteer(zipped []byte) (*gazetteer, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		return nil, err
	}
	g := &gazetteer{byCode: map[string]int32{}, byName: map[uint64]name{}}
	for line := range strings.Lines(string(text)) {
		d, err := readDivision(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		g.byCode[d.Code] = int32(len(g.all))
		g.all = append(g.all, d)
	}
	for i := range g.all {
		g.all[i].Parent = g.parent(g.all[i])
		g.index(int32(i))
	}
	return g, nil
}

func readDivision(line string) (Division, error) {
	if len(line) < 8 || line[0] < '1' || line[0] > '4' {
		return Division{}, fmt.Errorf("%q is no division", line)
	}
	level, digits := Level(line[0]-'0'), 6
	if level == LevelTownship {
		digits = 9
	}
	if len(line) <= 1+digits {
		return Division{}, fmt.Errorf("%q has no name", line)
	}
	return Division{Code: line[1 : 1+digits], Name: line[1+digits:], Level: level}, nil
}

func (g *gazetteer) parent(d Division) string {
	switch d.Level {
	case LevelPrefecture:
		return d.Code[:2] + "0000"
	case LevelCounty:
		if _, ok := g.byCode[d.Code[:4]+"00"]; ok {
			return d.Code[:4] + "00"
		}
		return d.Code[:2] + "0000"
	case LevelTownship:
		return d.Code[:6]
	}
	return ""
}

// index enters the names of a division.
func (g *gazetteer) index(i int32) {
	d := g.all[i]
	if placeholder(d.Name) {
		return
	}
	whole := []rune(d.Name)
	g.enter(whole, func(n *name) { n.whole = append(n.whole, i) })
	if short := shorten(d); len(short) >= 2 {
		g.enter(short, func(n *name) { n.short = append(n.short, i) })
	}
}

func (g *gazetteer) enter(chars []rune, add func(*name)) {
	g.length = max(g.length, len(chars))
	h := uint64(hashSeed)
	for k, r := range chars {
		h = hashStep(h, r)
		n := g.byName[h]
		if k+1 < len(chars) {
			n.prefix = true
		} else {
			add(&n)
		}
		g.byName[h] = n
	}
}

// placeholder says that a name stands for no place of its own, only for a row
// of the statistics.
func placeholder(name string) bool {
	switch name {
	case "市辖区", "县", "城区", "郊区", "省直辖县级行政区划", "自治区直辖县级行政区划", "市辖县":
		return true
	}
	return false
}

// endings are the last words of names, longest first within a level.
var endings = map[Level][]string{
	LevelProvince:   {"维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "特别行政区", "省", "市"},
	LevelPrefecture: {"自治州", "地区", "盟", "市"},
	LevelCounty:     {"自治县", "自治旗", "林区", "特区", "县", "区", "市", "旗"},
	LevelTownship:   {"民族乡", "街道", "苏木", "镇", "乡"},
}

// peoples are left out of the short name too: 恩施土家族苗族自治州 is 恩施.
var peoples = []string{
	"土家族", "苗族", "藏族", "羌族", "彝族", "侗族", "布依族", "壮族", "瑶族", "朝鲜族", "回族", "蒙古族", "蒙古", "哈萨克",
	"柯尔克孜", "白族", "傣族", "景颇族", "傈僳族", "哈尼族", "拉祜族", "佤族", "纳西族", "布朗族", "独龙族", "怒族", "普米族",
	"仡佬族", "仫佬族", "毛南族", "黎族", "畲族", "满族", "达斡尔族", "鄂温克族", "鄂伦春", "撒拉族", "土族", "东乡族", "保安族",
	"裕固族", "锡伯", "塔吉克", "水族", "各族",
}

// shorten gives the name without its last word and peoples; nil when nothing
// of two characters is left or nothing was taken away.
func shorten(d Division) []rune {
	for _, ending := range endings[d.Level] {
		short, found := strings.CutSuffix(d.Name, ending)
		if !found {
			continue
		}
		for again := true; again; {
			again = false
			for _, people := range peoples {
				if rest, ok := strings.CutSuffix(short, people); ok && len(rest) >= 2*len("字") {
					short, again = rest, true
				}
			}
		}
		if chars := []rune(short); len(chars) >= 2 {
			return chars
		}
		return nil
	}
	return nil
}

// FNV-1a over characters.
const hashSeed, hashPrime = 14695981039346656037, 1099511628211

func hashStep(h uint64, r rune) uint64 { return (h ^ uint64(r)) * hashPrime }

// DivisionByCode is the division of a code of six or nine digits. ok is false
// when the list has none.
func DivisionByCode(code string) (d Division, ok bool) {
	g := divisions()
	i, ok := g.byCode[code]
	if !ok {
		return Division{}, false
	}
	return g.all[i], true
}

// DivisionPath is the division of a code and those it belongs to, the province
// first; nil for an unknown code. The rows that only count (市辖区 as a
// prefecture) are left out.
func DivisionPath(code string) []Division {
	var path []Division
	for code != "" {
		d, ok := DivisionByCode(code)
		if !ok {
			break
		}
		if d.Level == LevelCounty || !placeholder(d.Name) {
			path = append([]Division{d}, path...)
		}
		code = d.Parent
	}
	return path
}
