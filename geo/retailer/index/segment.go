package index

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// segment is up to SegmentSize documents that lie together, with all that a
// search needs. It does not change. It holds few pointers, so that six million
// documents do not cost the garbage collector anything.
type segment struct {
	ids     []int64
	byID    []uint16 // the documents in the order of ids
	texts   []byte   // of each: the lengths of its fields (see head), then names, address, operator, licence number, phone tail
	textAt  []uint32 // where those of each begin, and the end of the last
	places  []place  // of each
	box     box      // around all places
	boxes   []box    // around each boxSize documents
	frames  []box    // around each frameSize boxes
	cells   []geo.Cell
	cellAt  []uint16 // the first document of each cell; they are in the order of cells, those without a place last
	located int      // documents with a place
	over    []uint64 // a bit for each

	divisions []string // codes
	division  []uint16 // of each, in divisions

	byLicence, byLicenceEnd []uint16 // in the order of licence numbers; of numbers read backwards

	names, address, operators postings // pairs
	sounds                    postings // pairs of sounds of the names; 0 is the edge
	initials                  postings // three initials of the names in a row
	phones                    postings // the four digits as a number
}

// place is longitude and latitude in units of 1e-7 degrees, 11 mm or less.
type place struct{ lon, lat int32 }

const placeUnit = 1e7

// nowhere is the place of a document without one.
var nowhere = place{math.MinInt32, math.MinInt32}

func placeOf(p orb.Point) place {
	return place{int32(math.Round(p[0] * placeUnit)), int32(math.Round(p[1] * placeUnit))}
}

func (p place) point() orb.Point {
	return orb.Point{float64(p.lon) / placeUnit, float64(p.lat) / placeUnit}
}

// box is a range of longitudes and latitudes; west > east is an empty one.
type box struct{ west, south, east, north int32 }

var noBox = box{math.MaxInt32, math.MaxInt32, math.MinInt32, math.MinInt32}

func (b *box) add(p place) {
	b.west, b.east = min(b.west, p.lon), max(b.east, p.lon)
	b.south, b.north = min(b.south, p.lat), max(b.north, p.lat)
}

// boxSize is the number of documents that share a box.
const boxSize = 64

// frameSize is the number of boxes that share a frame.
const frameSize = 32

func (s *segment) len() int { return len(s.ids) }

// of is what document n says. The slices belong to s.
func (s *segment) of(n uint16) texts {
	text := s.texts[s.textAt[n]:s.textAt[int(n)+1]]
	names := headSize + int(text[0])<<8 + int(text[1])
	address := names + int(text[2])<<8 + int(text[3])
	operator := address + int(text[4])<<8 + int(text[5])
	licence := operator + int(text[6])
	return texts{
		names: text[headSize:names], address: text[names:address], operator: text[address:operator],
		licence: text[operator:licence], phone: text[licence:],
	}
}

func (s *segment) isOver(n uint16) bool { return s.over[n>>6]>>(n&63)&1 != 0 }

// find is the number of the document with an id.
func (s *segment) find(id int64) (uint16, bool) {
	at, ok := slices.BinarySearchFunc(s.byID, id, func(n uint16, id int64) int { return cmp.Compare(s.ids[n], id) })
	if !ok {
		return 0, false
	}
	return s.byID[at], true
}

// doc is document n as it was put in, but for the folding.
func (s *segment) doc(n uint16) Doc {
	t := s.of(n)
	d := Doc{
		ID: s.ids[n], Address: string(t.address), Operator: string(t.operator), LicenceNo: string(t.licence), PhoneTail: string(t.phone),
		Division: s.divisions[s.division[n]], Over: s.isOver(n),
	}
	for i, name := range bytes.Split(t.names, []byte{nameEnd}) {
		if i == 0 {
			d.Name = string(name)
			continue
		}
		d.Aliases = append(d.Aliases, string(name))
	}
	if s.places[n] != nowhere {
		d.Located, d.Point = true, s.places[n].point()
	}
	return d
}

// licences is the documents whose licence number begins or ends with number,
// at most 300 of each.
func (s *segment) licences(number string, room list) list {
	const most = 300
	room = room[:0]
	at, _ := slices.BinarySearchFunc(s.byLicence, number, func(n uint16, want string) int {
		return cmp.Compare(string(s.of(n).licence), want)
	})
	for _, n := range s.byLicence[at:min(len(s.byLicence), at+most)] {
		if !bytes.HasPrefix(s.of(n).licence, []byte(number)) {
			break
		}
		room = append(room, n)
	}
	at, _ = slices.BinarySearchFunc(s.byLicenceEnd, number, func(n uint16, want string) int {
		return backwards(s.of(n).licence, want)
	})
	for _, n := range s.byLicenceEnd[at:min(len(s.byLicenceEnd), at+most)] {
		if !bytes.HasSuffix(s.of(n).licence, []byte(number)) {
			break
		}
		room = append(room, n)
	}
	slices.Sort(room)
	return slices.Compact(room)
}

// backwards compares two texts from their ends.
func backwards[A, B string | []byte](a A, b B) int {
	for i := 1; i <= len(a) && i <= len(b); i++ {
		if c := cmp.Compare(a[len(a)-i], b[len(b)-i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// bytes is about how much memory s takes.
func (s *segment) bytes() int {
	n := 8*len(s.ids) + 2*len(s.byID) + len(s.texts) + 4*len(s.textAt) + 8*len(s.places) + 16*len(s.boxes) + 8*len(s.cells) + 2*len(s.cellAt)
	n += 8*len(s.over) + 2*len(s.division) + 2*len(s.byLicence) + 2*len(s.byLicenceEnd)
	for _, p := range []*postings{&s.names, &s.address, &s.operators, &s.sounds, &s.initials, &s.phones} {
		n += p.bytes()
	}
	return n
}
