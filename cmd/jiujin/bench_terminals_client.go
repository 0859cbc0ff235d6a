package main

import (
	"bytes"
	"context"
	enc "encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// The client has an encoder of its own, so that a mistake of the server's codec does not cancel out.

const (
	benchBuckets = 50_000 // of 100 µs
	benchBucket  = 100 * time.Microsecond
	benchRing    = 4096 // frames of one connection that may wait for their answers
)

// benchFleet is terminals that have logged in.
type benchFleet struct {
	units []*benchUnit
	lag   [benchBuckets]atomic.Int32
	acked atomic.Int64
}

// benchUnit is one terminal. It drives north at 36 km/h, one fix a second from a day ago.
type benchUnit struct {
	fleet  *benchFleet
	conn   net.Conn
	plain  []byte // the message without escapes and checksum
	serial uint16
	at     time.Time
	lat    uint32
	out    []byte
	in     []byte
	have   int
	sent   [benchRing]int64 // nanoseconds, by serial
}

// result is what a measurement saw.
type benchResult struct {
	frames int64
	took   time.Duration
	lag    []int64
}

func (r *benchResult) perSecond() float64 {
	return math.Round(float64(r.frames) / r.took.Seconds())
}

// quantile is in milliseconds, rounded up to the bucket.
func (r *benchResult) quantile(q float64) float64 {
	want, sum := int64(math.Ceil(q*float64(r.frames))), int64(0)
	for i, n := range r.lag {
		if sum += n; sum >= want {
			return float64(i+1) * float64(benchBucket) / float64(time.Millisecond)
		}
	}
	return math.Inf(1)
}

func dialBenchFleet(addr string, n int) (*benchFleet, error) {
	f := &benchFleet{units: make([]*benchUnit, n)}
	var g errgroup.Group
	g.SetLimit(64)
	for i := range f.units {
		g.Go(func() (err error) { f.units[i], err = f.dial(addr, i); return err })
	}
	return f, g.Wait()
}

// dial connects terminal i and logs in.
func (f *benchFleet) dial(addr string, i int) (*benchUnit, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	u := &benchUnit{fleet: f, conn: conn, at: time.Now().Add(-24 * time.Hour), lat: 28_000_000 + uint32(i%1000)*1000, in: make([]byte, 8192)}
	phone := bcd(fmt.Sprintf("%012s", benchPhone(i)))
	login := append(benchHeader(0x0102, len(benchCode), phone), benchCode...)
	u.plain = login
	u.out = u.appendFrame(nil)
	if _, err := conn.Write(u.out); err != nil {
		return nil, err
	}
	if err := u.answers(1, nil); err != nil {
		return nil, err
	}
	body := make([]byte, 28, 44)
	enc.BigEndian.PutUint32(body[4:], 0x000c0003)
	enc.BigEndian.PutUint32(body[12:], 113_264_435+uint32(i/1000)*1000)
	enc.BigEndian.PutUint16(body[18:], 360)
	body = append(body, 0x01, 4, 0, 1, 0xe2, 0x40, 0x03, 2, 0x01, 0x68, 0x30, 1, 0x1f, 0x31, 1, 0x0e)
	u.plain = append(benchHeader(0x0200, len(body), phone), body...)
	u.serial = 1
	return u, nil
}

func benchHeader(id uint16, length int, phone []byte) []byte {
	b := enc.BigEndian.AppendUint16(nil, id)
	b = enc.BigEndian.AppendUint16(b, uint16(length))
	return append(append(b, phone...), 0, 0)
}

func bcd(digits string) []byte {
	b := make([]byte, len(digits)/2)
	for i := range b {
		b[i] = (digits[2*i]-'0')<<4 | (digits[2*i+1] - '0')
	}
	return b
}

// appendFrame writes the message as it travels.
func (u *benchUnit) appendFrame(dst []byte) []byte {
	dst = append(dst, 0x7e)
	var sum byte
	for _, c := range u.plain {
		sum ^= c
		if c == 0x7e || c == 0x7d {
			dst = append(dst, 0x7d, c-0x7c)
			continue
		}
		dst = append(dst, c)
	}
	if sum == 0x7e || sum == 0x7d {
		dst = append(dst, 0x7d, sum-0x7c)
	} else {
		dst = append(dst, sum)
	}
	return append(dst, 0x7e)
}

// send sends the next n positions.
func (u *benchUnit) send(n int) error {
	u.out = u.out[:0]
	now := time.Now().UnixNano()
	for range n {
		u.at, u.lat = u.at.Add(time.Second), u.lat+90
		enc.BigEndian.PutUint16(u.plain[10:], u.serial)
		enc.BigEndian.PutUint32(u.plain[20:], u.lat)
		local := u.at.UTC().Add(8 * time.Hour)
		year, month, day := local.Date()
		hour, minute, second := local.Clock()
		for i, v := range [6]int{year % 100, int(month), day, hour, minute, second} {
			u.plain[34+i] = byte(v/10<<4 | v%10)
		}
		u.sent[u.serial%benchRing] = now
		u.serial++
		u.out = u.appendFrame(u.out)
	}
	_, err := u.conn.Write(u.out)
	return err
}

// answers reads n general replies, each of which must say yes, and tells each serial.
func (u *benchUnit) answers(n int, each func(serial uint16)) error {
	for n > 0 {
		got, err := u.conn.Read(u.in[u.have:])
		if err != nil {
			return err
		}
		u.have += got
		b := u.in[:u.have]
		for {
			end := -1
			if len(b) > 1 {
				end = bytes.IndexByte(b[1:], 0x7e)
			}
			if end < 0 {
				break
			}
			serial, err := readReply(b[1 : end+1])
			if err != nil {
				return err
			}
			if each != nil {
				each(serial)
			}
			n--
			b = b[end+2:]
		}
		u.have = copy(u.in, b)
	}
	return nil
}

// readReply takes the escapes out in place and checks the reply.
func readReply(b []byte) (uint16, error) {
	to := 0
	for i := 0; i < len(b); i++ {
		if b[i] == 0x7d && i+1 < len(b) {
			i++
			b[to] = 0x7c + b[i]
		} else {
			b[to] = b[i]
		}
		to++
	}
	if b = b[:to]; len(b) != 18 || b[0] != 0x80 || b[1] != 0x01 || b[16] != 0 {
		return 0, fmt.Errorf("unexpected answer %x", b)
	}
	return enc.BigEndian.Uint16(b[12:]), nil
}

// note counts an answer.
func (u *benchUnit) note(serial uint16) {
	lag := time.Duration(time.Now().UnixNano() - u.sent[serial%benchRing])
	u.fleet.lag[min(int(lag/benchBucket), benchBuckets-1)].Add(1)
	u.fleet.acked.Add(1)
}

// run has every terminal do its part and collects what was seen.
func (f *benchFleet) run(fn func(*benchUnit) error) (benchResult, error) {
	for i := range f.lag {
		f.lag[i].Store(0)
	}
	f.acked.Store(0)
	start := time.Now()
	var g errgroup.Group
	for _, u := range f.units {
		g.Go(func() error { return fn(u) })
	}
	err := g.Wait()
	r := benchResult{frames: f.acked.Load(), took: time.Since(start), lag: make([]int64, benchBuckets)}
	for i := range f.lag {
		r.lag[i] = int64(f.lag[i].Load())
	}
	return r, err
}

// flood has every terminal send a window, wait for its answers, and send the next.
func (f *benchFleet) flood(ctx context.Context, during time.Duration, window int) (benchResult, error) {
	end := time.Now().Add(during)
	return f.run(func(u *benchUnit) error {
		for time.Now().Before(end) && ctx.Err() == nil {
			if err := u.send(window); err != nil {
				return err
			}
			if err := u.answers(window, u.note); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}

// pace has the terminals together send at a rate, each its bursts at even times of its own, whether or not there was
// an answer.
func (f *benchFleet) pace(ctx context.Context, during time.Duration, rate float64, burst int) (benchResult, error) {
	every := time.Duration(float64(burst) * float64(len(f.units)) / rate * float64(time.Second))
	bursts := max(int(during/every), 1)
	var order atomic.Int64
	begin := time.Now()
	return f.run(func(u *benchUnit) error {
		first := begin.Add(every * time.Duration(order.Add(1)) / time.Duration(len(f.units)))
		var g errgroup.Group
		g.Go(func() error { return u.answers(bursts*burst, u.note) })
		g.Go(func() error {
			for i := range bursts {
				time.Sleep(time.Until(first.Add(every * time.Duration(i))))
				if err := u.send(burst); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
		return g.Wait()
	})
}

func (f *benchFleet) frameBytes() int { return len(f.units[0].appendFrame(nil)) }

func (f *benchFleet) close() {
	for _, u := range f.units {
		if u != nil {
			_ = u.conn.Close()
		}
	}
}

// holdIdle connects terminals that log in and then say nothing, says "ready", and waits for standard input to end.
func holdIdle(addr string, n int) error {
	fleet, err := dialBenchFleet(addr, n)
	if err != nil {
		return err
	}
	defer fleet.close()
	if _, err := fmt.Println("ready"); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
