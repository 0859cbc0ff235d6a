package resolve

import "slices"

// level is the rank of a division in an address.
type level uint8

const (
	province level = iota
	city           // 市, of either rank
	district       // 区, 县, 新区
	town           // 街道, 镇, 乡
	village        // 社区, 村
)

// division is a named area as a text writes it: 武侯 and 区.
type division struct {
	level  level
	stem   []unit
	suffix string
}

// road is a road as a text writes it: 华府大道 and its part 一段.
type road struct {
	name    []unit
	segment []unit // 北段, 2段; empty when the text does not say
	end     int    // where the name ends in the text
}

// numberKind says what a number in an address counts.
type numberKind uint8

const (
	houseNo numberKind = iota // of the road: 18号, 63弄
	subNo                     // 附36号, the 5号 of 63弄5号
	building
	floor
	room
)

// number is a number of an address, or several: from low to high.
type number struct {
	kind      numberKind
	low, high int
}

// parts is what a text says about a place.
type parts struct {
	divisions []division
	roads     []road
	numbers   []number
	places    [][]unit // everything else: estates, buildings, landmarks, and in a caller's words the shop itself
}

var divisionSuffixes = []struct {
	text  string
	level level
}{
	{"自治区", province},
	{"自由贸易试验区", district},
	{"经济技术开发区", district},
	{"高新技术开发区", district},
	{"开发区", district},
	{"街道办事处", town},
	{"街道办", town},
	{"街道", town},
	{"街办", town},
	{"社区", village},
	{"新区", district},
	{"省", province},
	{"市", city},
	{"区", district},
	{"县", district},
	{"镇", town},
	{"乡", town},
	{"村", village},
}

var divisionWords = func() (out []word) {
	for _, s := range divisionSuffixes {
		out = append(out, wordOf(s.text))
	}
	return out
}()

// notDivisions are words that end like a division and name none.
var notDivisions = wordsOf(
	"超市", "小区", "校区", "园区", "门市", "城市", "都市", "夜市", "菜市", "集市", "景区", "街区", "片区", "厂区", "东区", "西区", "南区", "北区",
	"中区", "战区", "库区", "专区", "社区", "特区", "花市", "早市", "书市", "股市", "服务区", "工业区", "住宅区", "商业区", "生活区", "别墅区", "度假村", "新村",
)

var roadSuffixes = wordsOf("大道", "大街", "公路", "胡同", "路", "街", "巷", "道")

// notRoads are words that end or go on like a road and name none.
var notRoads = wordsOf("街道", "街办", "道路", "街区", "巷子", "道口", "路口", "味道", "频道", "赛道", "通道", "步行街", "隧道", "铁路", "线路", "地道", "人行道")

// scanner cuts a text into parts, from left to right.
type scanner struct {
	us    []unit
	skip  []bool // units that say nothing; nil when there are none
	start int    // where the piece begins that is not cut off yet
	out   parts
}

// scan reads the parts of an address, or of a caller's words. Units that skip marks are boundaries.
func scan(us []unit, skip []bool) parts {
	s := scanner{us: us, skip: skip}
	for i := 0; i < len(us); {
		if us[i].sep != 0 || s.skipped(i) {
			s.cut(i)
		}
		if s.skipped(i) {
			i++
			s.start = i
			continue
		}
		i = s.step(i)
	}
	s.cut(len(us))
	return s.out
}

func (s *scanner) skipped(i int) bool { return s.skip != nil && s.skip[i] }

// step reads what stands at i and says where to go on.
func (s *scanner) step(i int) int {
	if s.us[i].number() {
		if next, ok := s.number(i); ok {
			return next
		}
		return i + 1
	}
	if next, ok := s.road(i); ok {
		return next
	}
	if next, ok := s.division(i); ok {
		return next
	}
	return i + 1
}

// within adds the districts of a label beside the address, unless the address names them itself.
func (p *parts) within(label []division) {
	for _, d := range label {
		if !slices.ContainsFunc(p.divisions, func(own division) bool { return own.level == d.level && stemsAgree(own.stem, d.stem) }) {
			p.divisions = append(p.divisions, d)
		}
	}
}

// labelled are the divisions that the label of a district names.
func labelled(district string) []division {
	if district == "" {
		return nil
	}
	return scan(units(district), nil).divisions
}

// cut ends the piece before i; it becomes a place unless it is too short to be one.
func (s *scanner) cut(i int) {
	if piece := trimPlace(s.us[s.start:i]); len(piece) >= 2 {
		s.out.places = append(s.out.places, piece)
	}
	s.start = i
}

// division reads 武侯区 when its suffix stands at i.
func (s *scanner) division(i int) (int, bool) {
	for k, suffix := range divisionSuffixes {
		if !starts(s.us[i:], divisionWords[k]) {
			continue
		}
		end := i + len(divisionWords[k])
		stem := s.us[s.start:i]
		if len(stem) == 0 || len(stem) > 8 || len(stem) < 2 && suffix.level <= city {
			return 0, false
		}
		if isOneOf(s.us[s.start:end], notDivisions) && (suffix.level != city || s.start > 0 || len(stem) != 2) { // 运城市 is one
			return 0, false
		}
		s.out.divisions = append(s.out.divisions, division{suffix.level, stem, suffix.text})
		s.start = end
		return end, true
	}
	return 0, false
}

// road reads 华府大道一段 when its suffix stands at i.
func (s *scanner) road(i int) (int, bool) {
	for _, suffix := range roadSuffixes {
		if !starts(s.us[i:], suffix) {
			continue
		}
		end := i + len(suffix)
		name := s.us[s.start:end]
		if len(name) <= end-i || isOneOf(name, notRoads) || end < len(s.us) && s.us[end].sep == 0 && isOneOf(s.us[i:end+1], notRoads) {
			return 0, false
		}
		if end < len(s.us) && s.us[end].sep == 0 && isOneOf(s.us[end:end+1], shortRoads) {
			return 0, false // 新街路, 大道街: the longer one is the road
		}
		if extra := len(name) - 8; extra > 0 {
			name = name[extra:]
		}
		r := road{name: name, end: end}
		segment := readSegment(s.us[end:])
		r.segment = s.us[end : end+segment]
		s.out.roads = append(s.out.roads, r)
		end += segment
		if segment > 0 {
			end++ // 段
		}
		s.start = end
		return s.bareNumber(end), true
	}
	return 0, false
}

var (
	shortRoads   = wordsOf("路", "街", "巷")
	segmentWord  = wordOf("段")
	segmentSides = wordsOf("东", "南", "西", "北", "中", "上", "下")
	besideNumber = wordOf("附")
)

// readSegment reads 一段, 北段, 北三段, and 南三 of a segment without 段 before a number; it gives the length without 段.
func readSegment(us []unit) int {
	for n := range min(3, len(us)) {
		if us[n].sep != 0 {
			return 0
		}
		if starts(us[n:], segmentWord) {
			return n
		}
		if !us[n].number() && !isOneOf(us[n:n+1], segmentSides) {
			return 0
		}
	}
	return 0
}

// bareNumber reads the number that follows a road without 号.
func (s *scanner) bareNumber(i int) int {
	if i >= len(s.us) {
		return i
	}
	v, ok := s.us[i].value()
	if !ok || v == 0 || i+1 < len(s.us) && s.us[i+1].sep == 0 && !s.us[i+1].number() {
		return i
	}
	if next, ok := s.number(i); ok {
		return next
	}
	s.add(houseNo, v, v)
	s.start = i + 1
	return i + 1
}

var numberSuffixes = []struct {
	text string
	kind numberKind
}{
	{"号楼", building},
	{"号院", building},
	{"号", houseNo},
	{"弄", houseNo},
	{"栋", building},
	{"幢", building},
	{"座", building},
	{"单元", building},
	{"楼", floor},
	{"层", floor},
	{"f", floor},
	{"室", room},
	{"铺", room},
	{"户", room},
}

var numberWords = func() (out []word) {
	for _, s := range numberSuffixes {
		out = append(out, wordOf(s.text))
	}
	return out
}()

// notNumbers go on after a number that is a part of a name.
var notNumbers = wordsOf("号线", "号店", "号门", "号口", "号出", "号桥", "号信", "层楼")

// number reads 98-102号, 17、19号 or 附36号 from i on.
func (s *scanner) number(i int) (int, bool) {
	var values []int
	end, ranged := i, false
	for end < len(s.us) {
		v, ok := s.us[end].value()
		if !ok || len(values) > 0 && !isOneOfRunes(s.us[end].sep, "-—–~、,.，/和至") {
			break
		}
		ranged = ranged || len(values) > 0 && s.us[end].sep != '、' && s.us[end].sep != ','
		values, end = append(values, v), end+1
	}
	for k, suffix := range numberSuffixes {
		if len(values) == 0 || end >= len(s.us) || s.us[end].sep != 0 || !starts(s.us[end:], numberWords[k]) {
			continue
		}
		if end+2 <= len(s.us) && isOneOf(s.us[end:end+2], notNumbers) {
			return 0, false
		}
		before := i
		kind := s.kindOf(suffix.kind, &before)
		s.cut(before)
		s.addAll(kind, values, ranged)
		s.start = end + len(numberWords[k])
		return s.start, true
	}
	return 0, false
}

// kindOf is the kind of the number at before; 附 before it belongs to it.
func (s *scanner) kindOf(kind numberKind, before *int) numberKind {
	if *before > s.start && starts(s.us[*before-1:], besideNumber) {
		*before--
		return subNo
	}
	if kind != houseNo {
		return kind
	}
	for _, n := range s.out.numbers {
		if n.kind >= building {
			return room
		}
		kind = subNo
	}
	return kind
}

func (s *scanner) addAll(kind numberKind, values []int, ranged bool) {
	low, high := slices.Min(values), slices.Max(values)
	if ranged && len(values) == 2 && values[1] < values[0] { // 18-1号
		s.add(kind, values[0], values[0])
		s.add(subNo, values[1], values[1])
		return
	}
	s.add(kind, low, high)
}

func (s *scanner) add(kind numberKind, low, high int) {
	s.out.numbers = append(s.out.numbers, number{kind, low, high})
}

func isOneOfRunes(r rune, in string) bool {
	for _, x := range in {
		if x == r {
			return true
		}
	}
	return false
}

// besides are the words that tie a place to another one.
var besides = wordsOf(
	"交叉口", "交汇处", "交界处", "斜对面", "正对面", "旁边", "对面", "附近", "隔壁", "楼下", "楼上", "里面", "门口", "路口", "后面", "前面", "侧面", "拐角", "转角",
	"出口", "入口", "东侧", "西侧", "南侧", "北侧", "商铺", "旁", "内", "口", "近", "交",
)

// trimPlace takes the words off that only say how a place lies to another.
func trimPlace(us []unit) []unit {
	for again := true; again; {
		again = false
		for _, w := range besides {
			if ends(us, w) {
				us, again = us[:len(us)-len(w)], true
			}
			if starts(us, w) {
				us, again = us[len(w):], true
			}
		}
	}
	return us
}
