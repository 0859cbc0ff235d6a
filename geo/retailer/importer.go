package retailer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg"
)

// Importer takes in lists in the background, one after the other. It keeps what it was given as files until the lists
// are over, so that it goes on where it was after the program was killed. Make it with NewImporter and keep Run
// running. It is safe for concurrent use.
type Importer struct {
	db     *pg.DB
	dir    string
	most   int64
	region orb.Bound
	log    *slog.Logger
	wake   chan struct{}

	mu      sync.Mutex
	settled chan struct{} // closed when something has come to an end, and made anew
}

// errOver says that a delivery needs no more work.
var errOver = errors.New("the delivery is over")

// NewImporter keeps lists of at most most bytes, unpacked, in the folder dir. region bounds the points of a profile
// without a region of its own; the zero Bound means the whole Earth.
func NewImporter(db *pg.DB, dir string, most int64, region orb.Bound, log *slog.Logger) *Importer {
	return &Importer{
		db: db, dir: dir, most: most, region: region, log: log, wake: make(chan struct{}, 1), settled: make(chan struct{}),
	}
}

// Most is how many bytes a list may have.
func (im *Importer) Most() int64 { return im.most }

// Wake says that there may be work. It does not block.
func (im *Importer) Wake() {
	select {
	case im.wake <- struct{}{}:
	default:
	}
}

// Received is a list that has arrived whole and whose headings can be read.
type Received struct {
	d     *delivering
	path  string // where the file is
	taken bool   // a delivery has it
}

// Discard removes the file unless a delivery has taken it over.
func (r *Received) Discard() error {
	if r.taken {
		return nil
	}
	return os.Remove(r.path)
}

// Receive stores a list as it arrives, and reads its headings. The caller discards what it gives. The error wraps
// ErrList when the list as a whole cannot be read, or is that of r.
func (im *Importer) Receive(r io.Reader, opts ImportOptions) (*Received, error) {
	if err := opts.Check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(im.dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder for lists: %w", err)
	}
	file, err := os.CreateTemp(im.dir, "incoming-")
	if err != nil {
		return nil, fmt.Errorf("keep the list: %w", err)
	}
	out := &Received{path: file.Name()}
	opts.Region = im.region
	opts.Now = cmp.Or(opts.Now, im.db.Now()).UTC().Truncate(time.Microsecond)
	out.d = &delivering{db: im.db, opts: opts, asOf: chinaDay(opts.Now), file: file, inServer: true}
	if err := errors.Join(out.fill(file, r, im.most), file.Close()); err != nil {
		return nil, errors.Join(err, out.Discard())
	}
	return out, nil
}

// fill stores what r holds, sums it up and reads the headings.
func (r *Received) fill(file *os.File, from io.Reader, most int64) error {
	plain, _, err := unpacked(from)
	if err != nil {
		return err
	}
	sum := sha256.New()
	if r.d.bytes, err = copyList(io.MultiWriter(file, sum), plain, most); err != nil {
		return err
	}
	r.d.sha256 = hex.EncodeToString(sum.Sum(nil))
	if err := file.Sync(); err != nil {
		return fmt.Errorf("keep the list: %w", err)
	}
	return r.d.open()
}

// Begin makes a delivery of a list, or finds the one of the same list that is not over. Wake the Importer after tx. When
// tx is rolled back, Begin may be called again in another.
func (im *Importer) Begin(ctx context.Context, tx *pg.Tx, r *Received) (id int64, err error) {
	d := *r.d // r stays as it was received
	if err := d.enter(ctx, tx); err != nil {
		return 0, err
	}
	// When tx fails, sweep finds the file.
	if err := os.Rename(r.path, im.path(d.id)); err != nil {
		return 0, fmt.Errorf("keep the list: %w", err)
	}
	r.path, r.taken = im.path(d.id), true
	if err := syncDir(im.dir); err != nil {
		return 0, fmt.Errorf("keep the list: %w", err)
	}
	return d.id, nil
}

// syncDir waits until the names in a folder are on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (im *Importer) path(id int64) string {
	return filepath.Join(im.dir, strconv.FormatInt(id, 10)+".list")
}

// Wait waits until a delivery is over or held, or ctx ends; either way it gives the delivery as it is then.
func (im *Importer) Wait(ctx context.Context, id int64) (Delivery, error) {
	for {
		im.mu.Lock()
		settled := im.settled
		im.mu.Unlock()
		d, err := DeliveryByID(context.WithoutCancel(ctx), im.db.Pool, id)
		if err != nil || d.State != Reading && d.State != Applying {
			return d, err
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return d, nil
		}
	}
}

// Run works on deliveries until ctx ends; one that is cut off by that goes on when Run runs again.
func (im *Importer) Run(ctx context.Context) error {
	ticks := time.NewTicker(time.Minute)
	defer ticks.Stop()
	for {
		if err := errors.Join(im.work(ctx), im.sweep(ctx)); err != nil && ctx.Err() == nil {
			im.log.WarnContext(ctx, "an import broke off, next try in a minute", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-im.wake:
		case <-ticks.C:
		}
	}
}

// work runs what waits, the oldest first. One that breaks off keeps no other from running.
func (im *Importer) work(ctx context.Context) (err error) {
	for id := int64(0); ctx.Err() == nil; {
		next, failure := nextInServer(ctx, im.db.Pool, id)
		if failure != nil || next == 0 {
			return errors.Join(err, failure)
		}
		id = next
		err = errors.Join(err, im.one(ctx, id))
		im.mu.Lock()
		close(im.settled)
		im.settled = make(chan struct{})
		im.mu.Unlock()
	}
	return err
}

// one takes a delivery to its end, or until it is held.
func (im *Importer) one(ctx context.Context, id int64) error {
	d, err := storedDelivery(ctx, im.db, id)
	if err != nil {
		return err
	}
	d.opts.Region = im.region
	file, err := os.Open(im.path(id))
	if err == nil {
		defer file.Close()
		d.file = file
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delivery %d: %w", id, err)
	}
	report, err := d.alone(ctx)
	fault := faultOf(err)
	switch {
	case errors.Is(err, errOver):
	case fault != nil:
		im.log.WarnContext(ctx, "a list cannot be imported", "delivery", id, "err", err)
		if err := im.db.InTx(ctx, func(tx *pg.Tx) error { return setFailed(ctx, tx, id, fault) }); err != nil {
			return err
		}
	case err != nil:
		return fmt.Errorf("delivery %d: %w", id, err)
	default:
		im.log.InfoContext(ctx, "list imported", "delivery", id, "state", report.State, "rows", report.Rows, "inserted", report.Inserted,
			"updated", report.Updated, "closed", report.Closed, "refused", report.Refused)
	}
	// What is stored counts: another run of the list may have left it held.
	if stored, err := DeliveryByID(ctx, im.db.Pool, id); err != nil || !stored.State.over() {
		return err
	}
	if err := os.Remove(im.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delivery %d: %w", id, err)
	}
	return nil
}

// faultOf is why a list can never be imported; nil for success and for what may be over in a minute.
func faultOf(err error) *ListError {
	if list, ok := errors.AsType[*ListError](err); ok {
		return list
	}
	if errors.Is(err, ErrLost) {
		return &ListError{Code: "rows_gone", Message: "the rows are gone with a crash of the database; import the list again"}
	}
	if pg.IsData(err) {
		return &ListError{Code: "internal", Message: "the database refused it: " + err.Error()}
	}
	return nil
}

// orphaned is how old a file is that no delivery has: one that was received a moment ago may get one.
const orphaned = time.Hour

// sweep removes files that no delivery needs: of those that were rejected, and what a kill left half received.
func (im *Importer) sweep(ctx context.Context) error {
	files, err := os.ReadDir(im.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	open, failure := openDeliveries(ctx, im.db.Pool)
	if err = errors.Join(err, failure); err != nil {
		return err
	}
	for _, f := range files {
		name, list := strings.CutSuffix(f.Name(), ".list")
		id, _ := strconv.ParseInt(name, 10, 64)
		info, infoErr := f.Info()
		if infoErr != nil || list && open[id] || time.Since(info.ModTime()) < orphaned {
			continue
		}
		err = errors.Join(err, os.Remove(filepath.Join(im.dir, f.Name())))
	}
	return err
}
