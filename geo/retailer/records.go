package retailer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const (
	maxLine     = 64 << 10 // bytes of one line
	maxSpan     = 16       // lines of one record
	utf8BOM     = "\xef\xbb\xbf"
	sniffLength = 256 << 10
)

// What is wrong with a record as a whole.
var (
	errLongLine = errors.New("the line is longer than 64 KiB")
	errQuote    = errors.New("a quotation mark is not closed, or text follows a closing one")
)

// record is one record of a list, still in the encoding of the file.
type record struct {
	line   int // on which it starts, 1 for the first of the file
	fields [][]byte
	err    error // errLongLine or errQuote; fields is then nil
}

// records reads a list of separated values. Lines end in LF or CRLF; a field
// may stand in quotation marks and then hold separators, line breaks and
// doubled quotation marks. A broken record spoils its first line only: reading
// goes on with the next line.
//
// It works on bytes before they are decoded. That is sound in UTF-8, and in
// GB18030 because no byte of a longer sequence is a separator, a quotation mark
// or a line end.
type records struct {
	src       *bufio.Reader
	separator byte
	read      int    // lines taken from src
	bytes     int64  // taken from src
	held      []line // read ahead and given back, in order
}

type line struct {
	text    []byte
	tooLong bool
}

// next is the next record that is not blank. The error is io.EOF at the end,
// or that of the underlying reader. The fields are the caller's.
func (r *records) next() (record, error) {
	for {
		first, at, err := r.line()
		if err != nil {
			return record{}, err
		}
		if first.tooLong {
			return record{line: at, err: errLongLine}, nil
		}
		rec, err := r.finish(first, at)
		if err != nil {
			return record{}, err
		}
		if rec.err != nil || !blank(rec.fields) {
			return rec, nil
		}
	}
}

// finish splits the record that begins with first, taking further lines as
// long as a quotation mark is open. Those it took in vain it gives back.
func (r *records) finish(first line, at int) (record, error) {
	text := first.text
	var taken []line
	for {
		fields, state := split(text, r.separator)
		if state == whole {
			return record{line: at, fields: fields}, nil
		}
		if state == open && len(taken) < maxSpan-1 && len(text) < maxLine {
			more, _, err := r.line()
			if err != nil && err != io.EOF {
				return record{}, err
			}
			if err == nil {
				taken = append(taken, more)
			}
			if err == nil && !more.tooLong {
				text = append(append(bytes.Clone(text), '\n'), more.text...)
				continue
			}
		}
		r.held = append(taken, r.held...)
		return record{line: at, err: errQuote}, nil
	}
}

// line is the next line without its end, and its number.
func (r *records) line() (line, int, error) {
	if len(r.held) > 0 {
		l, at := r.held[0], r.read-len(r.held)+1
		r.held = r.held[1:]
		return l, at, nil
	}
	var l line
	for {
		part, err := r.src.ReadSlice('\n')
		r.bytes += int64(len(part))
		if l.tooLong = l.tooLong || len(l.text)+len(part) > maxLine; l.tooLong {
			l.text = nil
		} else {
			l.text = append(l.text, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && (len(l.text) > 0 || l.tooLong), err == nil:
			l.text = bytes.TrimSuffix(bytes.TrimSuffix(l.text, []byte("\n")), []byte("\r"))
			r.read++
			return l, r.read, nil
		}
		return line{}, 0, err
	}
}

type state int

const (
	whole  state = iota
	open         // the text ends within quotation marks
	broken       // text follows a closing quotation mark
)

// split cuts text at the separators. A quotation mark that does not begin a
// field is an ordinary character.
func split(text []byte, separator byte) ([][]byte, state) {
	var fields [][]byte
	for {
		if !bytes.HasPrefix(text, []byte{'"'}) {
			field, rest, more := bytes.Cut(text, []byte{separator})
			fields = append(fields, field)
			if !more {
				return fields, whole
			}
			text = rest
			continue
		}
		field, rest, ok := quoted(text[1:])
		if !ok {
			return nil, open
		}
		fields = append(fields, field)
		if len(rest) == 0 {
			return fields, whole
		}
		if rest[0] != separator {
			return nil, broken
		}
		text = rest[1:]
	}
}

// quoted reads up to the closing quotation mark; ok is false without one.
func quoted(text []byte) (field, rest []byte, ok bool) {
	for {
		end := bytes.IndexByte(text, '"')
		if end < 0 {
			return nil, nil, false
		}
		field = append(field, text[:end]...)
		text = text[end+1:]
		if !bytes.HasPrefix(text, []byte{'"'}) {
			return field, text, true
		}
		field = append(field, '"')
		text = text[1:]
	}
}

// separatorOf is the separator that a list's first line uses most outside
// quotation marks.
func separatorOf(head []byte) byte {
	first, _, _ := bytes.Cut(head, []byte{'\n'})
	counts := map[byte]int{}
	inside := false
	for _, b := range first {
		switch {
		case b == '"':
			inside = !inside
		case !inside:
			counts[b]++
		}
	}
	best := byte(',')
	for _, b := range []byte{';', '\t'} {
		if counts[b] > counts[best] {
			best = b
		}
	}
	return best
}

func blank(fields [][]byte) bool {
	for _, f := range fields {
		if len(bytes.TrimSpace(f)) > 0 {
			return false
		}
	}
	return true
}
