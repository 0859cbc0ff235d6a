package retailer

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/internal/pg"
)

// State is how far a delivery is.
type State string

// The states of a delivery. From Done on it is over.
const (
	Reading  State = "reading"
	Applying State = "applying"
	Held     State = "held" // it lacks very many licences; a person confirms or rejects it
	Done     State = "done"
	Tried    State = "tried" // a dry run
	Rejected State = "rejected"
	Failed   State = "failed" // it could not be read to its end, see Delivery.Fault; what was applied stays
)

// over says that a delivery in this state needs no more work, and nobody's word.
func (s State) over() bool { return s != Reading && s != Applying && s != Held }

const applyWorkers = 2

// partBlocks is how many blocks of the staged table are applied at once; 1,000 are about 35,000 rows.
func (d *delivering) partBlocks() int { return cmp.Or(d.opts.blocks, 1000) }

// delivering is one run of an import.
type delivering struct {
	db    *pg.DB
	opts  ImportOptions
	asOf  time.Time     // the day of the delivery in China, 00:00 UTC
	file  io.ReadSeeker // nil when only the staged rows are there
	list  list
	rows  rowReader
	given []string

	inServer bool // an Importer works on it

	sha256 string
	bytes  int64

	id       int64
	state    State
	resumed  bool
	lastLine int
	rowCount int
	staged   int
	parts    int
}

// alone runs the delivery while no other import runs.
func (d *delivering) alone(ctx context.Context) (Report, error) {
	unlock, err := lock(ctx, d.db)
	if err != nil {
		return Report{}, err
	}
	defer unlock()
	return d.run(ctx)
}

// run takes the delivery from where it is to its end, or until it is held.
func (d *delivering) run(ctx context.Context) (Report, error) {
	if err := d.begin(ctx); err != nil {
		return Report{}, err
	}
	if d.state == Reading {
		if d.file == nil {
			return Report{}, ErrLost
		}
		if err := d.stage(ctx); err != nil {
			return Report{}, err
		}
		if err := d.single(ctx); err != nil {
			return Report{}, err
		}
	}
	report := Report{Delivery: d.id, Resumed: d.resumed}
	var err error
	if report.Had, report.Closed, report.Expired, err = d.missing(ctx, d.db.Pool); err != nil {
		return report, err
	}
	if tooMany(report.Had, report.Closed) {
		report.Held = append(report.Held, "closing")
	}
	if report.Mixed, err = d.mixedDatum(ctx); err != nil {
		return report, err
	}
	if report.Mixed.Suspect {
		report.Held = append(report.Held, "mixed_datum")
	}
	switch {
	case d.opts.DryRun:
		err = d.try(ctx, &report)
	case d.state != Applying && !d.opts.Confirm && len(report.Held) > 0:
		err = d.hold(ctx, &report)
	default:
		err = d.apply(ctx, &report)
	}
	if err != nil {
		return report, err
	}
	return report, describe(ctx, d.db.Pool, &report)
}

// tooMany says whether a delivery that lacks so many of the licences that the one before had is more likely cut off
// than right.
func tooMany(had, missing int) bool {
	return missing > max(50, had/20) || had >= 20 && missing > had/2
}

// single leaves one row of each licence, by an index that can hold only one.
func (d *delivering) single(ctx context.Context) error {
	index := func() error {
		return d.db.InTx(ctx, func(tx *pg.Tx) error { return d.indexStaged(ctx, tx) })
	}
	err := index()
	if isDouble(err) {
		if err = d.refuseDoubles(ctx); err == nil {
			err = index()
		}
	}
	if err == nil && d.opts.foreign() {
		err = d.refuseOthers(ctx)
	}
	if err == nil {
		err = d.fillRaw(ctx)
	}
	if err != nil {
		return fmt.Errorf("find doubles in delivery %d: %w", d.id, err)
	}
	d.parts, err = d.countParts(ctx)
	return err
}

// try counts what would become of the delivery, and ends it.
func (d *delivering) try(ctx context.Context, report *Report) error {
	if err := d.count(ctx, report); err != nil {
		return err
	}
	return d.db.InTx(ctx, func(tx *pg.Tx) error {
		if err := dropStaged(ctx, tx, d.id); err != nil {
			return err
		}
		return d.end(ctx, tx, Tried, report)
	})
}

// hold counts what would become of the delivery and leaves it held; when it was confirmed meanwhile it is applied.
func (d *delivering) hold(ctx context.Context, report *Report) error {
	if err := d.count(ctx, report); err != nil {
		return err
	}
	var confirmed bool
	err := d.db.InTx(ctx, func(tx *pg.Tx) (err error) {
		confirmed, err = d.setHeld(ctx, tx, report)
		return err
	})
	if err != nil || !confirmed {
		return err
	}
	return d.apply(ctx, report)
}

// count adds up what would become of the parts.
func (d *delivering) count(ctx context.Context, report *Report) error {
	report.Changes = map[string]int{}
	for part := range d.parts {
		err := d.db.InTx(ctx, func(tx *pg.Tx) error {
			o, err := d.tryPart(ctx, tx, part)
			report.add(o)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) add(o outcome) {
	r.Inserted += o.inserted
	r.Returned += o.returned
	r.Updated += o.updated
	r.Unchanged += o.unchanged
	r.Reopened += o.odd
	for field, n := range o.changes {
		r.Changes[field] += n
	}
}

// apply stores the parts that are not stored yet, then closes what the list lacks.
func (d *delivering) apply(ctx context.Context, report *Report) error {
	left, err := d.leftParts(ctx)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		if err := d.applyAll(ctx, left); err != nil {
			return err
		}
	}
	return d.db.InTx(ctx, func(tx *pg.Tx) (err error) {
		if report.Closed, report.Expired, err = d.closeMissing(ctx, tx); err != nil {
			return err
		}
		if err = d.sum(ctx, tx, report); err != nil {
			return err
		}
		if err = dropStaged(ctx, tx, d.id); err != nil {
			return err
		}
		return d.end(ctx, tx, Done, report)
	})
}

// applyAll stores parts, some at once: no licence is in two of them.
func (d *delivering) applyAll(ctx context.Context, parts []int) error {
	if err := d.note(ctx, Applying); err != nil {
		return err
	}
	work, within := errgroup.WithContext(ctx)
	work.SetLimit(applyWorkers)
	for _, part := range parts {
		work.Go(func() error {
			return d.db.InTx(within, func(tx *pg.Tx) error { return d.applyPart(within, tx, part) })
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	return settle(ctx, d.db.Pool, Counts{Inserted: d.staged})
}
