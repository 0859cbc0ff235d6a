package tracking

import (
	"context"
	"time"
)

// scratch is memory that one Enter after another uses.
type scratch struct {
	now    time.Time
	record []byte
	group  *group // of the last record written
	moved  []Fix  // by this Enter, for onFix

	// Of the records in hand, at most chunk and of different units:
	fixes []Fix        // those that were accepted
	of    [chunk]uint8 // by place in fixes: the place in reports
	last  [chunk]Fix   // likewise: the newest fix of the unit before
	known [chunk]bool  // likewise: whether there is one
	went  [chunk]bool  // likewise: whether the unit moved

	units   [unitBits / 64]uint64 // a bit for each unit in hand, by the end of its id
	touched int64                 // see approach
}

// unitBits is how many units distinct tells apart.
const unitBits = 1 << 16

func (s *scratch) begin(now time.Time) {
	s.now, s.group, s.moved = now, nil, s.moved[:0]
	s.record = beginRecord(s.record[:0], now)
}

// distinct is how many of the first reports may be judged together: they are
// surely of different units, so that none has to wait for what another did.
func (s *scratch) distinct(reports []Report) int {
	n := 0
	for ; n < min(len(reports), chunk); n++ {
		word, bit := s.bit(&reports[n])
		if *word&bit != 0 {
			break
		}
		*word |= bit
	}
	for i := range n {
		word, bit := s.bit(&reports[i])
		*word &^= bit
	}
	return n
}

func (s *scratch) bit(r *Report) (*uint64, uint64) {
	at := uint64(r.Device.UnitID) % unitBits
	return &s.units[at/64], 1 << (at % 64)
}

// approach reads something of each device that judge will need, so that the
// processor fetches many at a time; compare fleet.approach.
func (s *scratch) approach(reports []Report) {
	sum := int64(0)
	for i := range reports {
		if h := reports[i].Device.health; h != nil && h.of != nil {
			sum++
		}
	}
	s.touched += sum
}

// judge accepts or refuses records of different units, moves the units in the
// Store, writes the records down and fills in their outcomes.
func (in *Ingestor) judge(ctx context.Context, s *scratch, reports []Report, outcomes []Outcome) error {
	s.approach(reports)
	s.fixes = s.fixes[:0]
	for i := range reports {
		r := &reports[i]
		at := len(s.fixes)
		s.fixes = append(s.fixes, Fix{})
		refusal := accept(&s.fixes[at], &r.Raw, r.Device, s.now, &in.rules)
		s.fixes[at].round()
		if s.of[at] = uint8(i); refusal == nil {
			continue
		}
		s.fixes = s.fixes[:at]
		if err := in.refuse(ctx, s, &s.fixes[:at+1][at], r, refusal, &outcomes[i]); err != nil {
			return err
		}
	}
	s.touched += in.store.latest(s.fixes, &s.last, &s.known)
	for at := range s.fixes {
		i := s.of[at]
		outcomes[i] = in.doubt(&s.fixes[at], &reports[i], s.before(at))
	}
	in.move(s)
	for at := range s.fixes {
		i := s.of[at]
		if err := in.note(ctx, s, at, &reports[i], &outcomes[i]); err != nil {
			return err
		}
	}
	for i := range reports {
		count(&reports[i], &outcomes[i], s.now)
	}
	return nil
}

// move tells the Store of the accepted fixes.
func (in *Ingestor) move(s *scratch) {
	if len(s.fixes) != 1 {
		in.store.UpdateAll(s.fixes, s.went[:len(s.fixes)])
		return
	}
	f := &s.fixes[0] // of a terminal: UpdateAll would cost more for one
	var err error
	if f.Cell, err = in.store.Locate(f.UnitID, f.Point); err == nil {
		s.went[0] = in.store.Update(*f)
	}
}

// before is the newest fix of the unit before the one at a place; nil when there is none.
func (s *scratch) before(at int) *Fix {
	if !s.known[at] {
		return nil
	}
	return &s.last[at]
}

// doubt is what becomes of an accepted fix.
func (in *Ingestor) doubt(fix *Fix, r *Report, before *Fix) Outcome {
	if v := r.Raw.Vitals; v != nil && v.Moved {
		in.quality.Release(r.Device)
	}
	if doubt := in.quality.Judge(fix, r.Device, before); doubt != nil {
		return Outcome{Doubted, doubt.Reason, doubt.Field, doubt.Detail}
	}
	if before != nil && repeats(fix, before) {
		return Outcome{Status: Duplicate}
	}
	return Outcome{Status: Stored}
}

// note writes an accepted fix down and says whom it moved.
func (in *Ingestor) note(ctx context.Context, s *scratch, at int, r *Report, o *Outcome) error {
	fix, went := &s.fixes[at], s.went[at]
	if fix.Cell == 0 { // the Store had no use for it
		var err error
		if fix.Cell, err = in.store.Locate(fix.UnitID, fix.Point); err != nil {
			return in.refuse(ctx, s, fix, r, &Refusal{Reason: Invalid, Field: "lon", Detail: err.Error()}, o)
		}
	}
	s.record = appendFix(s.record, fix, s.now.UnixMicro())
	if fix.Doubt == Drift {
		stays := Stay(*fix, s.before(at))
		went, fix = in.store.Update(stays), &stays
	}
	if went && in.onFix != nil {
		s.moved = append(s.moved, *fix)
	}
	return in.write(ctx, s, recordBytes/2)
}

// refuse writes a refused record down.
func (in *Ingestor) refuse(ctx context.Context, s *scratch, fix *Fix, r *Report, why *Refusal, o *Outcome) error {
	*o = Outcome{Refused, why.Reason, why.Field, why.Detail}
	s.record = appendRefused(s.record, fix, &r.Raw, why)
	return in.write(ctx, s, recordBytes/2)
}

// write appends the record to the log when it has more than some bytes, and begins another.
func (in *Ingestor) write(ctx context.Context, s *scratch, above int) (err error) {
	if len(s.record) <= max(above, recordStart) {
		return nil
	}
	if s.group, err = in.log.append(ctx, s.record); err != nil {
		return err
	}
	s.record = beginRecord(s.record[:0], s.now)
	return nil
}

// round leaves of the readings what the log and the history keep: 32 bits.
func (f *Fix) round() {
	for _, r := range [...]*Reading{&f.AltM, &f.AccuracyM, &f.SpeedKmh, &f.HeadingDeg} {
		r.Value = float64(float32(r.Value))
	}
}

// repeats says that a device reported the same twice.
func repeats(a, b *Fix) bool {
	return a.FixedAt.Equal(b.FixedAt) && a.DeviceID == b.DeviceID && a.Point == b.Point &&
		a.AltM == b.AltM && a.AccuracyM == b.AccuracyM && a.SpeedKmh == b.SpeedKmh && a.HeadingDeg == b.HeadingDeg &&
		a.Ignition == b.Ignition && a.Engaged == b.Engaged
}
