package jsonfix

import "bytes"

// shape is what a record looks like around its values. The records of a body
// mostly come from one program and look alike; one that looks like the one
// before needs no look at its keys.
type shape struct {
	fields int // how many there are; zero when the shape is not known
	of     [fieldCount + 1]field
	before [fieldCount + 1][]byte // each value: a bracket or a comma, the key, the colon, blanks between
	end    []byte                 // behind the last value: the bracket, blanks before
}

// again appends a record that looks like the one before; if it does not, it
// gives up and b is as before.
func (q *quick) again(b *Batch) bool {
	s := &b.shape
	if s.fields == 0 || !q.starts(s.before[0]) {
		return false
	}
	from := q.at
	raw, device := b.extend()
	for i := range s.fields {
		if !q.starts(s.before[i]) {
			break
		}
		q.at += len(s.before[i])
		if !q.value(s.of[i], raw, device) {
			break
		}
		if i+1 == s.fields && q.starts(s.end) {
			q.at += len(s.end)
			return true
		}
	}
	b.cut()
	q.at = from
	return false
}

// starts says whether what follows begins so.
func (q *quick) starts(with []byte) bool { return bytes.HasPrefix(q.in[q.at:], with) }

// againLine reads the first line of rest if it is one record that looks like
// the one before, and is the length of the line with its end; zero gives up.
func (b *Batch) againLine(rest []byte) int {
	q := quick{in: rest}
	if !q.again(b) {
		return 0
	}
	q.is('\r')
	if q.at == len(rest) || q.is('\n') {
		return q.at
	}
	b.cut()
	return 0
}
