package resolve

import (
	"math"
	"slices"
	"strings"
)

// Question is what to ask the caller next.
type Question struct {
	About   string   // the attribute: district, town, road, number, place, branch, name, operator or any
	Options []string // the answers that tell the candidates apart, the likeliest first; none when there are too many
	Zh, En  string
}

// In is the question in a language, "zh" or "en".
func (q *Question) In(lang string) string {
	if lang == "en" {
		return q.En
	}
	return q.Zh
}

// attribute is something that a caller can be asked about a shop.
type attribute struct {
	about  string
	known  float64 // how likely it is that a caller can answer [judgement]
	of     func(e *weighed, s *Shop) string
	zh, en string // when there are many answers
	// With two or three answers the question names them between these words.
	zhBegin, zhEnd, enBegin string
}

var attributes = []attribute{
	{"district", 0.95, areaOf(district), "在哪个区或县？", "Which district is it in?", "是在", "", "Is it in"},
	{"town", 0.7, areaOf(town), "在哪个街道或乡镇？", "Which town or subdistrict is it in?", "是在", "", "Is it in"},
	{"road", 0.85, roadOf, "在哪条路上？", "Which road is it on?", "是在", "", "Is it on"},
	{"number", 0.5, func(e *weighed, _ *Shop) string { return e.houseNo() }, "门牌号是多少？", "What is the number on the door?", "门牌是", "", "Is the number"},
	{"place", 0.8, placeOf, "旁边或对面有什么小区、学校、商场？", "What is beside it or opposite: an estate, a school, a mall?", "是在", "那里", "Is it at"},
	{"branch", 0.6, func(e *weighed, _ *Shop) string { return show(e.name.branch) }, "招牌上写的是哪个分店？", "Which branch does the sign say?", "是", "店", "Is it the branch"},
	{"name", 0.8, func(e *weighed, _ *Shop) string { return show(e.name.core) + show(e.name.kind) }, "招牌上的全名是什么？", "What is the full name on the sign?", "招牌写的是", "", "Does the sign say"},
	{"operator", 0.3, func(_ *weighed, s *Shop) string { return firstRune(s.Operator) }, "老板姓什么？", "What is the owner's family name?", "老板姓", "", "Is the owner's family name"},
}

func areaOf(l level) func(*weighed, *Shop) string {
	return func(e *weighed, s *Shop) string {
		if l == district && s.District != "" {
			return s.District
		}
		for _, d := range e.parts.divisions {
			if d.level == l {
				return show(d.stem) + d.suffix
			}
		}
		return ""
	}
}

func roadOf(e *weighed, _ *Shop) string {
	if e.road != nil {
		return show(e.road.name)
	}
	if len(e.parts.roads) > 0 {
		return show(e.parts.roads[0].name)
	}
	return ""
}

func placeOf(e *weighed, _ *Shop) string {
	if len(e.parts.places) > 0 {
		return show(e.parts.places[0])
	}
	return ""
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// Reply is what somebody who knows the shop answers to q, as words to add to those of the query; "" when the shop's record
// does not tell, or for a question that takes yes or no.
func (r *Register) Reply(q Question, s Shop) string {
	if q.About == "any" {
		return ""
	}
	e := &weighed{evidence: &evidence{parts: scan(units(s.Address), nil), name: parseName(units(s.Name))}}
	e.parts.within(labelled(s.District))
	e.name.splitBrand(r.cores)
	at := attributes[slices.IndexFunc(attributes, func(at attribute) bool { return at.about == q.About })]
	reply := at.of(e, &s)
	if reply == "" || len(q.Options) > 0 && !slices.Contains(q.Options, reply) {
		return ""
	}
	return reply + at.zhEnd
}

const (
	leastTelling = 0.15 // nats that an answer must be expected to tell
	mostOptions  = 3
)

// question is the one whose answer is expected to tell most about which of the shops it is: the entropy of its answers,
// times how likely it is that the caller knows.
func (r *Register) question(all []weighed, a *asked) *Question {
	best, gain, values := -1, leastTelling, []string(nil)
	for i, at := range attributes {
		answers, g := r.telling(all, at)
		if g > gain {
			best, gain, values = i, g, answers
		}
	}
	if best < 0 {
		return r.confirm(all, a)
	}
	at := attributes[best]
	q := &Question{About: at.about, Zh: at.zh, En: at.en}
	if len(values) <= mostOptions {
		q.Options = values
		q.Zh = at.zhBegin + strings.Join(values, at.zhEnd+"，还是") + at.zhEnd + "？"
		q.En = at.enBegin + " " + strings.Join(values, " or ") + "?"
	}
	return q
}

// telling is what the answers to an attribute can be, and how much they are expected to tell.
func (r *Register) telling(all []weighed, at attribute) (answers []string, gain float64) {
	shares, total, known := map[string]float64{}, 0.0, 0.0
	for i := range all[:min(len(all), mostCandidates)] {
		e := &all[i]
		if e.p < 0.01*all[0].p {
			break
		}
		shop := r.shops.at(e.shop)
		value := at.of(e, &shop)
		if total += e.p; value == "" {
			continue
		}
		if shares[value] == 0 {
			answers = append(answers, value)
		}
		shares[value] += e.p
		known += e.p
	}
	for _, p := range shares {
		gain -= p / known * math.Log(p/known)
	}
	if total > 0 {
		gain *= at.known * known / total
	}
	return answers, gain
}

// confirm asks for what the words leave open, when there is nothing to choose between.
func (r *Register) confirm(all []weighed, a *asked) *Question {
	if len(all) > 0 && all[0].p > 0.1 {
		e := &all[0]
		s := r.shops.at(e.shop)
		at := strings.TrimSpace(roadOf(e, &s) + e.houseNo())
		if at == "" {
			at = s.Address
		}
		return &Question{
			About: "any", Options: []string{s.Name},
			Zh: "是不是" + at + "的“" + s.Name + "”？", En: "Is it " + s.Name + ", " + at + "?",
		}
	}
	switch {
	case len(a.parts.roads) == 0:
		return &Question{About: "road", Zh: "在哪条路上，附近有什么明显的建筑？", En: "Which road is it on, and what is near it?"}
	case !slices.ContainsFunc(a.parts.numbers, func(n number) bool { return n.kind == houseNo }):
		return &Question{About: "number", Zh: "门牌号是多少，旁边是什么店？", En: "What is the number on the door, and what is beside it?"}
	}
	return &Question{About: "name", Zh: "招牌上的全名是什么，在哪个区或乡镇？", En: "What is the full name on the sign, and in which district or town?"}
}
