package tracking

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"jiujin/internal/pg"
)

// image is a copy of the spool's folder as the end of the process would leave it now.
func (d *desk) image(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(d.dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// revive starts from an image, with the same database.
func (d *desk) revive(t *testing.T, dir string) {
	t.Helper()
	d.stop()
	<-d.done
	d.dir = dir
	d.open(t, 1<<30)
	d.run(t)
}

// A process that ends without a word keeps what it acknowledged: the positions
// are there at once, the history a little later, each fix once.
func TestAcknowledgedFixesSurviveAKill(t *testing.T) {
	d := newDesk(t).run(t)
	raws := drive(60)
	want(t, d.submit(t, d.devices[0], raws[:20]...), slices.Repeat([]Status{Stored}, 20)...)
	d.flush(t)
	if err := d.in.snapshots.take(); err != nil {
		t.Fatal(err)
	}
	blocker, err := d.db.Pool.Begin(t.Context()) // the drain stands still from here
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blocker.Exec(t.Context(), `LOCK TABLE fix IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	d.submit(t, d.devices[0], raws[20:40]...)
	d.submit(t, d.devices[1], raws[40:]...)
	d.submit(t, d.devices[1], RawFix{Lon: 1})
	live, dir := content(d.store), d.image(t)
	if err := blocker.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.revive(t, dir)
	if got := content(d.store); !maps.Equal(got, live) {
		t.Errorf("positions %+v, before the kill %+v", got, live)
	}
	if n := d.history(t); n != 60 {
		t.Errorf("%d fixes in the history, want 60", n)
	}
	// The old process lived on in this test and drained the same records; its log is the same log.
	if n := value[int](t, d.db, `SELECT count(*) FROM refused_fix`); n != 1 {
		t.Errorf("%d refused fixes are kept, want 1", n)
	}
	d.checkTable(t)
	if err := os.WriteFile(filepath.Join(d.dir, "positions.snap"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.revive(t, d.image(t))
	if got := content(d.store); !maps.Equal(got, live) {
		t.Errorf("positions without a snapshot %+v, before the kill %+v", got, live)
	}
}

// proxy stands between the drain and the database.
type proxy struct {
	listener net.Listener
	to       func() (net.Conn, error)
	down     atomic.Bool // takes nobody in
	mute     atomic.Bool // does the next COMMIT and swallows the answer
	muted    chan struct{}
	open     sync.Map // of net.Conn
}

func newProxy(t *testing.T, target string) (p *proxy, through string) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	host, port := u.Query().Get("host"), u.Query().Get("port")
	if host == "" {
		host, port = u.Hostname(), u.Port()
	}
	if port == "" {
		port = "5432"
	}
	p = &proxy{muted: make(chan struct{}, 1), to: func() (net.Conn, error) {
		if strings.HasPrefix(host, "/") {
			return net.Dial("unix", filepath.Join(host, ".s.PGSQL."+port))
		}
		return net.Dial("tcp", net.JoinHostPort(host, port))
	}}
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	go p.serve()
	t.Cleanup(func() { p.listener.Close() })
	q := u.Query()
	q.Del("host")
	q.Del("port")
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = p.listener.Addr().String(), q.Encode()
	return p, u.String()
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.down.Load() {
			client.Close()
			continue
		}
		server, err := p.to()
		if err != nil {
			client.Close()
			continue
		}
		p.open.Store(client, nil)
		var silent atomic.Bool
		go func() { // what the client says
			defer server.Close()
			b := make([]byte, 64<<10)
			for {
				n, err := client.Read(b)
				if err != nil {
					return
				}
				if strings.Contains(string(b[:n]), "commit\x00") && p.mute.CompareAndSwap(true, false) {
					silent.Store(true)
				}
				if _, err := server.Write(b[:n]); err != nil {
					return
				}
			}
		}()
		go func() { // what the server answers
			defer client.Close()
			b := make([]byte, 64<<10)
			for {
				n, err := server.Read(b)
				if silent.Load() {
					p.muted <- struct{}{}
					return
				}
				if err != nil {
					return
				}
				if _, err := client.Write(b[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// cut ends every connection and takes no new one until it is undone.
func (p *proxy) cut(down bool) {
	p.down.Store(down)
	if down {
		p.open.Range(func(conn, _ any) bool { conn.(io.Closer).Close(); return true })
	}
}

// remote is a desk whose Ingestor reaches the database through a proxy.
func remote(t *testing.T) (*desk, *proxy) {
	t.Helper()
	d := newDesk(t)
	p, through := newProxy(t, d.db.Pool.Config().ConnString())
	db, err := pg.Open(context.Background(), through, pg.Options{Logger: quiet, AcquireTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	db.Now = d.db.Now
	direct := d.db
	d.db = db
	d.in.log.lock.Close() // as if its process had ended
	d.open(t, 1<<30)
	d.db = direct
	return d.run(t), p
}

// With the database away devices are served and acknowledged and units move;
// afterwards all is there.
func TestDatabaseAway(t *testing.T) {
	d, p := remote(t)
	raws := drive(40)
	d.submit(t, d.devices[0], raws[:10]...)
	d.flush(t)
	p.cut(true)
	for i := range 20 {
		want(t, d.submit(t, d.devices[0], raws[10+i]), Stored)
	}
	if latest, _ := d.store.Latest(d.devices[0].UnitID); !latest.FixedAt.Equal(raws[29].FixedAt) {
		t.Errorf("the unit stands at %+v", latest)
	}
	p.cut(false)
	d.submit(t, d.devices[0], raws[30:]...)
	if n := d.history(t); n != 40 {
		t.Errorf("%d fixes in the history, want 40", n)
	}
}

// The answer to a COMMIT is lost, and the COMMIT was done: nothing is written
// twice, also of what has no key.
func TestCommitWithoutAnAnswer(t *testing.T) {
	d, p := remote(t)
	d.submit(t, d.devices[0], drive(1)...)
	d.flush(t)
	for i := range 3 {
		p.mute.Store(true)
		d.submit(t, d.devices[0], RawFix{Lon: float64(i)})
		<-p.muted
		d.flush(t)
		if n := value[int](t, d.db, `SELECT count(*) FROM refused_fix`); n != i+1 {
			t.Fatalf("%d refused fixes are kept, want %d", n, i+1)
		}
	}
}

// What the database can never take is kept aside and holds nobody up.
func TestPoisonIsKeptAside(t *testing.T) {
	d := newDesk(t).run(t)
	poison := fixAt(d.devices[0].UnitID, orb.Point{114.3, 30.6}, time.UnixMicro(-1e18)) // before PostgreSQL's calendar
	record := beginRecord(nil, noon)
	for i := range 3 {
		good := fixAt(d.devices[0].UnitID, orb.Point{114.3, 30.6}, noon.Add(time.Duration(i)*time.Second))
		record = appendFix(appendFix(record, &good, noon.UnixMicro()), &poison, noon.UnixMicro())
	}
	for _, b := range [][]byte{record, []byte("\x07not a record of this version")} {
		if _, err := d.in.log.append(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	d.submit(t, d.devices[1], drive(2)...)
	if n := d.history(t); n != 5 {
		t.Errorf("%d fixes in the history, want the 5 good ones", n)
	}
	kept, err := os.ReadFile(filepath.Join(d.dir, "aside"))
	if err != nil || strings.Count(string(kept), "\n") != 4 {
		t.Errorf("kept aside: %s, %v", kept, err)
	}
}

// The spool's folder is an older copy: nothing that is taken in later is lost.
func TestOlderSpoolGetsAnotherName(t *testing.T) {
	d := newDesk(t).run(t)
	d.submit(t, d.devices[0], drive(2)...)
	old := d.image(t)
	d.submit(t, d.devices[0], drive(5)...)
	d.flush(t)
	d.revive(t, old)
	d.submit(t, d.devices[1], drive(1)...)
	if n := d.history(t); n != 8 {
		t.Errorf("%d fixes in the history, want 8", n)
	}
}

func TestFullSpoolIsAClearRefusal(t *testing.T) {
	d := newDesk(t)
	d.in.log.max = 100
	d.run(t)
	for {
		_, err := d.in.Submit(t.Context(), d.devices[0], drive(10))
		if err == nil {
			continue
		}
		if !pg.IsUnavailable(err) || !strings.Contains(err.Error(), "full") || d.in.Ready() == nil {
			t.Errorf("error %v", err)
		}
		return
	}
}

// muddle is what a device sends of a drive: every fix at least once, in any
// order, some again, some from far away.
func muddle(random *rand.Rand, unit int, n int) []RawFix {
	raws := drive(n)
	for i := range raws {
		raws[i].Lat += float64(unit)
		if random.IntN(12) == 0 { // a jump
			raws[i].Lon += 1 + random.Float64()
		}
	}
	for range n / 3 { // sent again
		raws = append(raws, raws[random.IntN(n)])
	}
	reach := random.IntN(n) // how late one may come
	for i := range raws {
		j := min(i+random.IntN(reach+1), len(raws)-1)
		raws[i], raws[j] = raws[j], raws[i]
	}
	return raws
}

var streams = flag.Int("streams", 6, "draws of TestStreams")

// Shuffled, repeated, late and jumping streams, also over a kill: the live
// point never goes back, and the history has every fix once.
func TestStreams(t *testing.T) {
	d := newDesk(t).run(t)
	for seed := range uint64(*streams) {
		random := rand.New(rand.NewPCG(seed, 1))
		if _, err := d.db.Pool.Exec(t.Context(), `TRUNCATE fix`); err != nil {
			t.Fatal(err)
		}
		d.shown = nil
		d.revive(t, t.TempDir())
		n := 2 + random.IntN(60)
		var all sync.WaitGroup
		sent := make([]map[string]bool, len(d.devices))
		for u, dev := range d.devices {
			raws := muddle(random, u, n)
			sent[u] = make(map[string]bool)
			for _, raw := range raws {
				sent[u][fmt.Sprint(raw.FixedAt.UnixMicro(), raw.Lon)] = true
			}
			all.Go(func() {
				for len(raws) > 0 {
					size := 1 + len(raws)/4
					if _, err := d.in.Submit(t.Context(), dev, raws[:size]); err != nil {
						t.Error(err)
						return
					}
					raws = raws[size:]
				}
			})
		}
		all.Wait()
		live := content(d.store)
		if seed%3 == 2 {
			d.revive(t, d.image(t))
			if got := content(d.store); !maps.Equal(got, live) {
				t.Fatalf("seed %d: after a kill %+v, before %+v", seed, got, live)
			}
		}
		d.checkStreams(t, sent)
	}
}

func (d *desk) checkStreams(t *testing.T, sent []map[string]bool) {
	d.mu.Lock()
	newest := make(map[int64]time.Time)
	for _, f := range d.shown {
		if f.FixedAt.Before(newest[f.UnitID]) {
			t.Fatalf("unit %d went back from %v to %v", f.UnitID, newest[f.UnitID], f.FixedAt)
		}
		newest[f.UnitID] = f.FixedAt
	}
	d.mu.Unlock()
	for unit, at := range newest {
		if latest, _ := d.store.Latest(unit); !latest.FixedAt.Equal(at) || latest.Doubt != "" {
			t.Fatalf("unit %d was shown at %v, the store has %+v", unit, at, latest)
		}
	}
	d.flush(t)
	for u, dev := range d.devices {
		rows, distinct := value[int](t, d.db, `SELECT count(*) FROM fix WHERE unit_id = $1`, dev.UnitID),
			value[int](t, d.db, `SELECT count(DISTINCT (fixed_at, lon, lat)) FROM fix WHERE unit_id = $1`, dev.UnitID)
		if rows != len(sent[u]) || distinct != rows {
			t.Fatalf("unit %d has %d fixes, %d of them different; %d were sent", dev.UnitID, rows, distinct, len(sent[u]))
		}
	}
}
