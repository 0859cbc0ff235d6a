package index

import "github.com/paulmach/orb"

// Part is what Alike compares.
type Part int

// The parts of a document that Alike compares.
const (
	Names   Part = iota // the names, by pairs of characters
	Address             // the address, by pairs of characters
	Sounds              // the names, by pairs of sounds: for homophones and dialect
)

// Alike is one document that shares rare pairs with a text.
type Alike struct {
	ID int64
	// Share is how much of the text's weight the document has, 0 to 1; a pair
	// weighs more the fewer documents have it.
	Share float64
}

// Context is what else is known: all of it lifts and nothing excludes.
type Context struct {
	Near *orb.Point // within 3 km or so
	Area string     // the begin of division codes
}

// Alike is the k documents that share most of a text's rare pairs, the best
// first; among equals those in the context. The text need not be contained: it
// may be longer than the name, or in another order. Pairs that very many
// documents have count, but do not make a candidate alone. The slice is the
// caller's.
func (x *Index) Alike(part Part, text string, c Context, k int) []Alike {
	return x.alike(part, text, c, k)
}

// Texts is a document's folded names, the first one first, and its folded
// address; false when there is no such document.
func (x *Index) Texts(id int64) (names []string, address string, ok bool) {
	return x.textsOf(id)
}
