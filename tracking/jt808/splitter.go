package jt808

import (
	"bytes"
	"io"
)

const (
	flag     = 0x7e
	escape   = 0x7d
	maxChunk = 4096 // an unfinished frame; the longest legal one has 2090 bytes between its flags
	readSize = 2048 // what a connection holds while it is idle
	maxRead  = 4 * maxChunk
)

// Kind says what a Splitter found.
type Kind int8

// The kinds of chunks.
const (
	// ChunkFrame is what lay between two flags: a frame without them, still escaped, or garbage.
	ChunkFrame Kind = iota
	// ChunkText is a vendor's message in parentheses, with them.
	ChunkText
)

// Splitter cuts a stream of bytes into chunks. Every 0x7e is a boundary, so that a lost byte costs one frame and never
// the next. The zero Splitter is ready; it is for one goroutine.
type Splitter struct {
	buf  []byte
	from int   // of the first byte not yet cut
	seen int   // bytes of buf[from:] that hold no boundary
	in   bool  // a flag was seen: buf[from] follows one
	full bool  // the last read filled buf: the next one may be larger
	Junk int64 // bytes before the first flag, dropped
}

// Fill reads once from r. Next must have said that it needs more bytes. It returns what the read returned,
// io.ErrNoProgress when it gave nothing and no error. Chunks that Next gave before are invalid afterwards.
func (s *Splitter) Fill(r io.Reader) error {
	s.makeRoom()
	n, err := r.Read(s.buf[len(s.buf):cap(s.buf)])
	s.buf = s.buf[:len(s.buf)+n]
	s.full = len(s.buf) == cap(s.buf)
	if n == 0 && err == nil {
		return io.ErrNoProgress
	}
	if n > 0 {
		return nil // the error comes again with the next read
	}
	return err
}

// Write takes bytes in that were read elsewhere (a datagram). It never fails. Chunks that Next gave before are invalid
// afterwards.
func (s *Splitter) Write(p []byte) (int, error) {
	s.compact()
	s.buf = append(s.buf, p...)
	return len(p), nil
}

func (s *Splitter) compact() {
	n := copy(s.buf, s.buf[s.from:])
	s.buf, s.from = s.buf[:n], 0
}

func (s *Splitter) makeRoom() {
	s.compact()
	if cap(s.buf) > 0 && (!s.full || cap(s.buf) == maxRead) {
		return
	}
	grown := make([]byte, len(s.buf), min(max(2*cap(s.buf), readSize), maxRead))
	copy(grown, s.buf)
	s.buf = grown
}

// Next is the next chunk of what was read; it points into the Splitter's buffer and may be changed until the next Fill
// or Write. ok is false when more bytes are needed. ErrTooLong means that the stream is not JT/T 808; close it.
func (s *Splitter) Next() (chunk []byte, kind Kind, ok bool, err error) {
	for {
		rest := s.buf[s.from:]
		for !s.in && len(rest) > 0 && (rest[0] == '\r' || rest[0] == '\n') { // between text messages
			rest, s.from, s.seen = rest[1:], s.from+1, 0
		}
		if len(rest) > 0 && rest[0] == '(' {
			if n, whole := parenthesised(rest); whole {
				s.from, s.seen, s.in = s.from+n, 0, false
				return rest[:n:n], ChunkText, true, nil
			}
		}
		i := bytes.IndexByte(rest[s.seen:], flag)
		if i < 0 {
			if s.seen = len(rest); s.seen > maxChunk {
				return nil, ChunkFrame, false, ErrTooLong
			}
			return nil, ChunkFrame, false, nil
		}
		i += s.seen
		wasIn := s.in
		s.from, s.seen, s.in = s.from+i+1, 0, true
		switch {
		case !wasIn:
			s.Junk += int64(i)
		case i > maxChunk:
			return nil, ChunkFrame, false, ErrTooLong
		case i > 0:
			return rest[:i:i], ChunkFrame, true, nil
		}
	}
}

// parenthesised measures a text message at the start of b: printable bytes up to the closing parenthesis.
func parenthesised(b []byte) (int, bool) {
	for i, c := range b {
		if c == ')' {
			return i + 1, true
		}
		if i > maxChunk || c < ' ' && c != '\r' && c != '\n' || c == flag {
			return 0, false
		}
	}
	return 0, false
}

// Pending is the number of bytes that belong to no chunk yet, without the flag before them.
func (s *Splitter) Pending() int { return len(s.buf) - s.from }
