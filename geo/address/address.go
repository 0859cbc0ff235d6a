// Package address splits Chinese addresses into labelled parts and finds the
// administrative divisions that a text names. It is pure: texts in, parts out.
package address

import (
	"slices"

	"jiujin/geo/address/crf"
)

// Label says what a part of an address is. The words are those of the
// collection of labelled addresses that the model learned from.
type Label string

// The labels, from the country down to the room.
const (
	Country   Label = "country"
	Province  Label = "prov"
	City      Label = "city"      // a prefecture
	District  Label = "district"  // a county or an equal of it
	DevZone   Label = "devZone"   // a development zone
	Town      Label = "town"      // a township or a street office (街道)
	Community Label = "community" // a village or neighbourhood
	Road      Label = "road"
	SubRoad   Label = "subRoad" // a section or lane of the road before
	RoadNo    Label = "roadno"
	SubRoadNo Label = "subroadno"
	POI       Label = "poi"    // a named place: building, estate, company, shop
	SubPOI    Label = "subpoi" // a place within the named place
	HouseNo   Label = "houseno"
	CellNo    Label = "cellno" // entrance, 单元
	FloorNo   Label = "floorno"
	RoomNo    Label = "roomno"
	Person    Label = "person"
	Assist    Label = "assist"    // beside, opposite, crossing of
	Redundant Label = "redundant" // says nothing, or says it again
	OtherInfo Label = "otherinfo"
)

// Labels are all labels, in the order of their constants.
func Labels() []Label {
	return []Label{
		Country, Province, City, District, DevZone, Town, Community, Road, SubRoad, RoadNo, SubRoadNo, POI, SubPOI,
		HouseNo, CellNo, FloorNo, RoomNo, Person, Assist, Redundant, OtherInfo,
	}
}

// Part is one part of an address. Start and End count characters (code points)
// of the text, End is the first behind the part; Text is what stands there.
type Part struct {
	Label      Label
	Start, End int
	Text       string
}

// First is the text of the first part with the label, or "".
func First(parts []Part, label Label) string {
	if at := slices.IndexFunc(parts, func(p Part) bool { return p.Label == label }); at >= 0 {
		return parts[at].Text
	}
	return ""
}

// longestText is what is parsed at once: a longer text is no address, and is
// cut into pieces of this many characters.
const longestText = 256

// Parse splits a text into parts, which follow each other without a gap from
// its first character to its last; the empty text has none. Bytes that are no
// UTF-8 count as one character each, as in a loop over the text. Any text gives
// parts: whether it is an address is for the caller to judge.
func Parse(text string) []Part { return ParseBy(model(), text) }

// ParseBy is Parse by another model than the one of this program.
func ParseBy(m *crf.Model, text string) []Part {
	chars := []rune(text)
	var parts []Part
	for at := 0; at < len(chars); at += longestText {
		piece := chars[at:min(at+longestText, len(chars))]
		for i, tag := range m.Decode(features(piece)) {
			if len(parts) == 0 || i == 0 || begins(tag) {
				parts = append(parts, Part{Label: labelOf(tag), Start: at + i})
			}
			parts[len(parts)-1].End = at + i + 1
		}
	}
	for i, p := range parts {
		parts[i].Text = string(chars[p.Start:p.End])
	}
	return parts
}
