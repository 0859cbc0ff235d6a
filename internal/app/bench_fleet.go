package app

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// benchFleet sends the positions of many devices as a gateway does. Each
// connection has its share of the devices and goes round them; a round later
// they are a second older and 10 m farther.
type benchFleet struct {
	server  *benchServer
	sent    atomic.Int64 // fixes that were acknowledged
	senders []*benchSender
	records int           // of a whole request
	backLog time.Duration // by how much the fixes of the first round are older
}

// benchSender is one connection's share: whole requests, made ahead.
type benchSender struct {
	requests []benchRequest
	next     int
	round    int
}

// benchRequest is a request as it goes over the wire; its records lie one
// after another from first on and are all of the same length.
type benchRequest struct {
	wire    []byte
	first   int
	records int
	lon     []int // of each record in round 0, in millionths of a degree
}

// The form of a record. Time and longitude are rewritten in place.
const (
	benchRecord  = `{"device":"b%08d","fixed_at":%013d,"lon":%03d.%06d,"lat":30.%06d,"speed_kmh":36,"heading_deg":90}` + "\n"
	benchTimeAt  = len(`{"device":"b00000000","fixed_at":`)
	benchLonAt   = benchTimeAt + 13 + len(`,"lon":`)
	benchStep    = 104 // millionths of a degree of longitude in a second: 36 km/h
	benchBackLog = 12 * time.Hour
)

func newBenchFleet(s *benchServer, b IngestBench) *benchFleet {
	f := &benchFleet{server: s, records: b.Batch, backLog: benchBackLog}
	for c := range b.Connections {
		sender := &benchSender{}
		from, to := b.Devices*c/b.Connections, b.Devices*(c+1)/b.Connections
		for at := from; at < to; at += b.Batch {
			sender.requests = append(sender.requests, s.request(at, min(at+b.Batch, to)))
		}
		f.senders = append(f.senders, sender)
	}
	return f
}

func (s *benchServer) request(from, to int) benchRequest {
	var body bytes.Buffer
	r := benchRequest{records: to - from}
	for i := from; i < to; i++ {
		lon := 110_000_000 + i*7919%5_000_000
		r.lon = append(r.lon, lon)
		fmt.Fprintf(&body, benchRecord, i, 0, lon/1e6, lon%1e6, i*104_729%1_000_000)
	}
	head := fmt.Sprintf("POST /api/v1/fixes HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\n"+
		"Content-Length: %d\r\n\r\n", s.addr, s.key, body.Len())
	r.first = len(head)
	r.wire = append([]byte(head), body.Bytes()...)
	return r
}

// stamp makes the records those of a round.
func (r *benchRequest) stamp(begin time.Time, round int) {
	size := (len(r.wire) - r.first) / r.records
	var when [13]byte
	digits(when[:], int(begin.Add(time.Duration(round)*time.Second).UnixMilli()))
	for i, lon := range r.lon {
		record := r.wire[r.first+i*size:]
		copy(record[benchTimeAt:], when[:])
		lon += round * benchStep
		digits(record[benchLonAt:benchLonAt+3], lon/1e6)
		digits(record[benchLonAt+4:benchLonAt+10], lon%1e6)
	}
}

// digits writes v over b, with zeros in front.
func digits(b []byte, v int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + v%10)
		v /= 10
	}
}

// load sends for some time, as fast as answers come or at a rate of fixes a second.
func (f *benchFleet) load(ctx context.Context, span time.Duration, rate float64) (AckLoad, error) {
	begin := time.Now()
	epoch := begin.Add(-f.backLog).Truncate(time.Second)
	until := begin.Add(span)
	var mu sync.Mutex
	var waits []time.Duration
	var fixes int64
	var g errgroup.Group
	for i, sender := range f.senders {
		var pace benchPace
		if rate > 0 { // the connections take turns
			pace.fixesPerS = rate / float64(len(f.senders))
			pace.first = begin.Add(pace.every(f.records * i / len(f.senders)))
		}
		g.Go(func() error {
			mine, n, err := sender.run(ctx, f.server.addr, epoch, until, pace)
			mu.Lock()
			defer mu.Unlock()
			waits, fixes = append(waits, mine...), fixes+n
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return AckLoad{}, err
	}
	took := time.Since(begin)
	f.sent.Add(fixes)
	slices.Sort(waits)
	at := func(part float64) float64 {
		return float64(waits[int(part*float64(len(waits)-1))].Microseconds()) / 1000
	}
	return AckLoad{float64(fixes) / took.Seconds(), at(0.5), at(0.99)}, nil
}

// benchPace is the schedule of a connection; the zero one has no limit.
type benchPace struct {
	first     time.Time // when the first request is due
	fixesPerS float64
}

// every is the time that so many fixes have.
func (p benchPace) every(fixes int) time.Duration {
	return time.Duration(float64(fixes) / p.fixesPerS * float64(time.Second))
}

// run sends over one connection until a moment. What is due is sent, however
// late the answers before came, and waits from when it was due.
func (s *benchSender) run(ctx context.Context, addr string, epoch, until time.Time, pace benchPace) (waits []time.Duration, fixes int64, err error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, 0, err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for due := pace.first; ctx.Err() == nil && due.Before(until); {
		r := &s.requests[s.next]
		r.stamp(epoch, s.round)
		if pace.fixesPerS > 0 {
			time.Sleep(time.Until(due))
		} else {
			due = time.Now()
		}
		if _, err := conn.Write(r.wire); err != nil {
			return waits, fixes, err
		}
		if err := stored(answers, r.records); err != nil {
			return waits, fixes, err
		}
		waits = append(waits, time.Since(due))
		fixes += int64(r.records)
		if pace.fixesPerS > 0 {
			due = due.Add(pace.every(r.records))
		}
		if s.next++; s.next == len(s.requests) {
			s.next, s.round = 0, s.round+1
		}
	}
	return waits, fixes, ctx.Err()
}

// stored reads an answer; an error says that not all records of the request were stored.
func stored(in *bufio.Reader, records int) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	ok := bytes.HasPrefix(line, []byte("HTTP/1.1 200"))
	size := 0
	for len(line) > 2 {
		if line, err = in.ReadSlice('\n'); err != nil {
			return err
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if size, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(in, body); err != nil {
		return err
	}
	if !ok || !bytes.Contains(body, fmt.Appendf(nil, `"stored":%d,`, records)) {
		return fmt.Errorf("%d records: %s", records, http.StatusText(http.StatusOK)+string(body[:min(len(body), 400)]))
	}
	return nil
}
