package tracking

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// segmentName is the file of the segment that begins at a position.
func (l *Log) segmentName(at Position) string {
	return filepath.Join(l.dir, fmt.Sprintf("%020d.log", at))
}

// openSegments looks through the folder, checks the last segment record by
// record, cuts a torn tail off and goes on behind it.
func (l *Log) openSegments() error {
	names, err := filepath.Glob(filepath.Join(l.dir, "*.log"))
	if err != nil {
		return err
	}
	for _, name := range names {
		at, err := strconv.ParseInt(strings.TrimSuffix(filepath.Base(name), ".log"), 10, 64)
		if err != nil || at < 0 {
			return fmt.Errorf("spool: %s is no segment; move it away", name)
		}
		l.segments = append(l.segments, Position(at))
	}
	slices.Sort(l.segments)
	if len(l.segments) == 0 {
		return l.newSegment(0)
	}
	if err := l.checkSizes(); err != nil {
		return err
	}
	base := l.segments[len(l.segments)-1]
	name := l.segmentName(base)
	b, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	good, err := tail(b, base)
	if err != nil {
		return fmt.Errorf("spool: %s: %w", name, err)
	}
	if l.file, err = os.OpenFile(name, os.O_RDWR, 0); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	l.end = base + Position(good)
	l.synced = l.end
	// Without the rest, no record of the torn tail can come to life again behind new ones.
	if err := errors.Join(l.file.Truncate(good), l.reserve(good), l.file.Sync()); err != nil {
		return errors.Join(fmt.Errorf("spool: %s: %w", name, err), l.file.Close())
	}
	_, err = l.file.Seek(good, io.SeekStart)
	return err
}

// checkSizes sees to it that each segment ends where the next begins.
func (l *Log) checkSizes() error {
	for i, at := range l.segments[:len(l.segments)-1] {
		next := l.segments[i+1]
		info, err := os.Stat(l.segmentName(at))
		if err != nil {
			return fmt.Errorf("spool: %w", err)
		}
		if info.Size() != int64(next-at) {
			return fmt.Errorf("%w: %s has %d bytes, the next segment says %d; %s",
				ErrSpoolDamaged, l.segmentName(at), info.Size(), next-at, moveAside)
		}
	}
	return nil
}

// What a person can do about a segment that is not the last, and about the last.
const (
	moveAside     = "restore the file, or stop the service and move it aside together with all segments before it; what they hold that is not in the database is then lost"
	moveLastAside = "restore the file, or move it aside; what it holds that is not in the database is then lost"
)

// tail is the length of the good records at the beginning of a segment. What
// follows was never synced, or it is an error.
func tail(b []byte, base Position) (good int64, err error) {
	for {
		_, size, ok := recordAt(b[good:], base+Position(good))
		if !ok {
			break
		}
		good += size
	}
	// A record that came after a sync of the bad one proves damage. It says its own position, which finds it.
	for at := good + 1; at+headerBytes <= int64(len(b)); at++ {
		if binary.LittleEndian.Uint64(b[at+8:]) != uint64(base)+uint64(at) {
			continue
		}
		_, _, ok := recordAt(b[at:], base+Position(at))
		if unsynced := int64(binary.LittleEndian.Uint32(b[at+16:])); ok && at-unsynced > good {
			return 0, fmt.Errorf("%w at byte %d, before records that are whole; %s", ErrSpoolDamaged, good, moveLastAside)
		}
	}
	return good, nil
}

// recordAt is the payload of the record at the beginning of b, which is at a
// position, and the size of the record, as far as that can be read. It is not ok
// when it is not whole.
func recordAt(b []byte, at Position) (payload []byte, size int64, ok bool) {
	if len(b) < headerBytes {
		return nil, headerBytes, false
	}
	length := int64(binary.LittleEndian.Uint32(b))
	size = headerBytes + length
	if length == 0 || length > recordBytes || size > int64(len(b)) || binary.LittleEndian.Uint64(b[8:]) != uint64(at) {
		return nil, size, false
	}
	payload = b[headerBytes:size]
	sum := crc32.Update(crc32.Checksum(payload, castagnoli), castagnoli, b[8:headerBytes])
	return payload, size, sum == binary.LittleEndian.Uint32(b[4:])
}

// newSegment makes the segment that begins at a position, and makes it the one
// to write.
func (l *Log) newSegment(at Position) error {
	f, err := os.OpenFile(l.segmentName(at), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	l.file = f
	if err := errors.Join(l.reserve(0), f.Sync(), syncDir(l.dir)); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments = append(l.segments, at)
	return nil
}

// reserve takes room on the disk up to the size of a segment: a sync is then
// quicker, and a full disk shows early. A file system that cannot do it is fine.
func (l *Log) reserve(used int64) error {
	if used >= l.segment {
		return nil
	}
	err := syscall.Fallocate(int(l.file.Fd()), 0, used, l.segment-used)
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		return nil
	}
	return err
}

// write makes b, whole records that begin at l.synced, durable.
func (l *Log) write(b []byte) error {
	l.mu.Lock()
	base, at := l.segments[len(l.segments)-1], l.synced
	l.mu.Unlock()
	if int64(at-base) >= l.segment {
		if err := errors.Join(l.file.Truncate(int64(at-base)), l.file.Sync(), l.file.Close()); err != nil {
			return err
		}
		if err := l.newSegment(at); err != nil {
			return err
		}
	}
	if _, err := l.file.Write(b); err != nil {
		return err
	}
	return syscall.Fdatasync(int(l.file.Fd()))
}

// Read calls visit with the payload of each durable record from a position on,
// in order, until limit bytes or the end have been reached, and returns the
// position behind the last one that was visited. The payload is good until
// visit returns; its error ends the walk and is returned.
func (l *Log) Read(from Position, limit int64, visit func(payload []byte) error) (Position, error) {
	l.mu.Lock()
	segments, synced := slices.Clone(l.segments), l.synced
	l.mu.Unlock()
	if from < segments[0] || from > synced {
		return from, fmt.Errorf("spool: position %d is not between %d and %d", from, segments[0], synced)
	}
	until := min(synced, from+Position(limit))
	for from < until {
		i, found := slices.BinarySearch(segments, from)
		if !found {
			i--
		}
		stop := synced
		if i+1 < len(segments) {
			stop = segments[i+1]
		}
		next, err := l.readSegment(segments[i], from, min(stop, until+recordBytes+headerBytes), until, visit)
		if err != nil {
			return next, err
		}
		from = next
	}
	return from, nil
}

// readSegment visits the records of a segment between from and until; bytes up
// to stop may be read for the last of them.
func (l *Log) readSegment(base, from, stop, until Position, visit func([]byte) error) (Position, error) {
	name := l.segmentName(base)
	f, err := os.Open(name)
	if err != nil {
		return from, fmt.Errorf("spool: %w", err)
	}
	defer f.Close()
	b := make([]byte, min(int64(stop-from), int64(until-from)+64<<10))
	if _, err := f.ReadAt(b, int64(from-base)); err != nil {
		return from, fmt.Errorf("spool: %w", err)
	}
	for from < min(until, stop) {
		payload, size, ok := recordAt(b, from)
		for !ok && size > int64(len(b)) && len(b) < int(stop-from) { // longer than what was read
			b = make([]byte, min(size, int64(stop-from)))
			if _, err := f.ReadAt(b, int64(from-base)); err != nil {
				return from, fmt.Errorf("spool: %w", err)
			}
			payload, size, ok = recordAt(b, from)
		}
		if !ok {
			return from, fmt.Errorf("%w: %s at byte %d; %s", ErrSpoolDamaged, name, from-base, moveAside)
		}
		if err := visit(payload); err != nil {
			return from, err
		}
		from += Position(size)
		b = b[size:]
	}
	return from, nil
}

// Drop removes the segments that lie wholly before a position.
func (l *Log) Drop(before Position) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.segments) > 1 && l.segments[1] <= before {
		if err := os.Remove(l.segmentName(l.segments[0])); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("spool: %w", err)
		}
		l.segments = l.segments[1:]
	}
	return nil
}

// writeFile writes a file as a whole or not at all.
func writeFile(name string, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.new")
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(name))
}

func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
