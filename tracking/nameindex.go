package tracking

import "hash/maphash"

// nameIndex finds devices by what they call themselves. Of a million names most
// are not in the processor's caches; findAll therefore takes one step for all
// of a batch before the next. Its owner's lock guards it.
type nameIndex struct {
	seed  maphash.Seed
	parts [64]nameTable // by the upper bits of the hash: none takes long to grow
}

// nameTable has at least a quarter of its slots free; a name is in the first
// free one from that of its hash on.
type nameTable struct {
	slots []nameSlot // a power of two, or none
	used  int
}

type nameSlot struct {
	hash uint64 // of the name
	of   *entered
}

func newNameIndex() *nameIndex { return &nameIndex{seed: maphash.MakeSeed()} }

func (x *nameIndex) hash(name Name) uint64 {
	return maphash.String(x.seed, name.Ident) + maphash.String(x.seed, name.Protocol)
}

func (x *nameIndex) part(hash uint64) *nameTable { return &x.parts[hash>>58] }

// find is the device with a name, nil when there is none.
func (x *nameIndex) find(name Name) *entered {
	hash := x.hash(name)
	t := x.part(hash)
	if at, ok := t.place(hash, name.Protocol, []byte(name.Ident)); ok {
		return t.slots[at].of
	}
	return nil
}

// findAll is find for each ident of a protocol. found has the length of idents
// and may hold anything before.
func (x *nameIndex) findAll(protocol string, idents [][]byte, found []*entered) {
	var hashes [chunk]uint64
	spoken := maphash.String(x.seed, protocol)
	for len(idents) > 0 {
		n := min(len(idents), chunk)
		for i, ident := range idents[:n] {
			hashes[i] = maphash.Bytes(x.seed, ident) + spoken
		}
		for i, hash := range hashes[:n] { // a guess: it fetches the slot
			found[i] = x.part(hash).first(hash)
		}
		for i := range n { // the device
			if e := found[i]; e != nil && len(e.names) == 0 {
				found[i] = nil
			}
		}
		for i := range n { // its first name
			if e := found[i]; e != nil && len(e.names[0].Ident) == 0 {
				found[i] = nil
			}
		}
		for i, hash := range hashes[:n] {
			t := x.part(hash)
			if at, ok := t.place(hash, protocol, idents[i]); ok {
				found[i] = t.slots[at].of
			} else {
				found[i] = nil
			}
		}
		idents, found = idents[n:], found[n:]
	}
}

// first is what stands where a hash belongs.
func (t *nameTable) first(hash uint64) *entered {
	if len(t.slots) == 0 {
		return nil
	}
	return t.slots[int(hash)&(len(t.slots)-1)].of
}

// place is where a name is, or the free slot where it would be.
func (t *nameTable) place(hash uint64, protocol string, ident []byte) (at int, found bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	mask := len(t.slots) - 1
	for at = int(hash) & mask; t.slots[at].of != nil; at = (at + 1) & mask {
		if s := &t.slots[at]; s.hash == hash && s.of.called(protocol, ident) {
			return at, true
		}
	}
	return at, false
}

// called says whether a device has a name.
func (e *entered) called(protocol string, ident []byte) bool {
	for i := range e.names {
		if n := &e.names[i]; n.Ident == string(ident) && n.Protocol == protocol {
			return true
		}
	}
	return false
}

// put gives a name, one of e's, to e.
func (x *nameIndex) put(name Name, e *entered) {
	hash := x.hash(name)
	t := x.part(hash)
	if 4*(t.used+1) > 3*len(t.slots) {
		t.grow()
	}
	at, found := t.place(hash, name.Protocol, []byte(name.Ident))
	if !found {
		t.used++
	}
	t.slots[at] = nameSlot{hash, e}
}

func (t *nameTable) grow() {
	old := t.slots
	t.slots = make([]nameSlot, max(8, 2*len(old)))
	for _, s := range old {
		if s.of != nil {
			t.slots[t.free(s.hash)] = s
		}
	}
}

// free is the first free slot for a hash.
func (t *nameTable) free(hash uint64) int {
	mask := len(t.slots) - 1
	at := int(hash) & mask
	for t.slots[at].of != nil {
		at = (at + 1) & mask
	}
	return at
}

// drop takes a name from e, if e has it.
func (x *nameIndex) drop(name Name, e *entered) {
	hash := x.hash(name)
	t := x.part(hash)
	at, found := t.place(hash, name.Protocol, []byte(name.Ident))
	if !found || t.slots[at].of != e {
		return
	}
	t.slots[at] = nameSlot{}
	t.used--
	mask := len(t.slots) - 1
	for at = (at + 1) & mask; t.slots[at].of != nil; at = (at + 1) & mask { // those behind may have stood here
		s := t.slots[at]
		t.slots[at] = nameSlot{}
		t.slots[t.free(s.hash)] = s
	}
}
