package resolve

import "strings"

func (j *judge) areas(e *evidence) {
	differs, same := false, false
	for _, own := range e.parts.divisions {
		agrees := indexOf(j.q.us, own.stem) >= 0 && len(own.stem) >= 2
		asksSame := false
		for _, other := range j.q.parts.divisions {
			if stemsAgree(own.stem, other.stem) {
				agrees = true
			} else if own.level == other.level && own.level == district {
				asksSame = true
			}
		}
		if agrees {
			same = same || own.level == district
			e.areaAgreed = append(e.areaAgreed, show(own.stem)+own.suffix)
			e.value[areaNats] += max(0, float64(min(j.r.rarity(j.r.stems[hash(own.stem)]), 4)))
		} else if asksSame {
			differs = true
		}
	}
	if differs && !same {
		e.value[areaDiffers] = 1
	}
}

// askedNats is what it tells, in nats, that a shop lies in Query.Area: about the share of a district in a city.
const askedNats = 2

// askedArea compares the shop's division with Query.Area, by its code, or by name when the register has none.
func (j *judge) askedArea(e *evidence, s *Shop) {
	code := j.q.Area
	known, agrees := s.Division != "" && code != "", strings.HasPrefix(s.Division, code) || strings.HasPrefix(code, s.Division)
	if s.Division == "" && len(j.q.area) > 0 {
		agrees = indexOf(units(s.District), j.q.area) >= 0
		known = s.District != ""
		for _, d := range e.parts.divisions {
			known = known || d.level == district
			agrees = agrees || stemsAgree(d.stem, j.q.area)
		}
	}
	switch {
	case known && agrees:
		e.value[areaNats] += askedNats
	case known:
		e.value[areaDiffers] = 1
	}
}

func stemsAgree(a, b []unit) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	return len(b) > 0 && same(a[len(a)-len(b):], b)
}
