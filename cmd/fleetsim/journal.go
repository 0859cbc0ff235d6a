package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// effect is one line of a journal: something that the service acknowledged. Exactly one of the three forms is filled.
type effect struct {
	// Fixes of a unit, Unix milliseconds.
	UnitID  int64   `json:"unit_id,omitempty"`
	FixedAt []int64 `json:"fixed_at,omitempty"`
	// A command: the ticket then has exactly one such event that made it this version. Version 0 = whatever version.
	Key      string `json:"key,omitempty"` // idempotency key
	TicketID int64  `json:"ticket_id,omitempty"`
	Event    string `json:"event,omitempty"`
	Version  int    `json:"version,omitempty"`
	// Of ticket.registered: the public number, and a digest of the narrative to find a second ticket by.
	Number string `json:"number,omitempty"`
	Digest string `json:"digest,omitempty"`
}

// digest stands for a narrative in the journal.
func digest(narrative string) string {
	sum := sha256.Sum256([]byte(narrative))
	return hex.EncodeToString(sum[:12])
}

// syncEvery is how soon a line of the journal is on the disk. The line is with the operating system at once: it
// survives the end of the simulator, and a loss of power after this time.
const syncEvery = 200 * time.Millisecond

// ledger is everything that was acknowledged, in memory (8 bytes a fix) and, with a journal, in a file. It is safe
// for concurrent use.
type ledger struct {
	mu       sync.Mutex // guards the rest
	fixTimes map[int64][]int64
	commands []effect
	file     *os.File // nil = no journal
	dirty    bool
}

// newLedger opens the journal for appending when path is not empty.
func newLedger(path string) (*ledger, error) {
	l := &ledger{fixTimes: map[int64][]int64{}}
	if path == "" {
		return l, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	l.file = f
	return l, nil
}

// fixes notes acknowledged fixes of a unit.
func (l *ledger) fixes(unitID int64, fixedAt []int64) error {
	if len(fixedAt) == 0 {
		return nil
	}
	return l.note(effect{UnitID: unitID, FixedAt: fixedAt})
}

// command notes an acknowledged command.
func (l *ledger) command(e effect) error { return l.note(e) }

func (l *ledger) note(e effect) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(e)
	if l.file == nil {
		return nil
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	l.dirty = true
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

func (l *ledger) add(e effect) {
	if e.UnitID != 0 {
		l.fixTimes[e.UnitID] = append(l.fixTimes[e.UnitID], e.FixedAt...)
		return
	}
	l.commands = append(l.commands, e)
}

// counts are the acknowledged fixes and commands.
func (l *ledger) counts() (fixes, commands int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.fixTimes {
		fixes += len(at)
	}
	return fixes, len(l.commands)
}

// keep brings the journal to the disk until ctx ends.
func (l *ledger) keep(ctx context.Context) error {
	for pause(ctx, syncEvery) == nil {
		if err := l.sync(); err != nil {
			return err
		}
	}
	return l.sync()
}

func (l *ledger) sync() error {
	l.mu.Lock()
	f := l.file
	if !l.dirty {
		f = nil
	}
	l.dirty = false
	l.mu.Unlock()
	if f == nil {
		return nil
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// close brings the rest to the disk and closes the file.
func (l *ledger) close() error {
	err := l.sync()
	if l.file != nil {
		err = errors.Join(err, l.file.Close())
	}
	return err
}

// readJournal reads what a run wrote. A last line without an end was being written when the simulator was killed and
// is left out; any other broken line is an error that names it.
func readJournal(r io.Reader) (*ledger, error) {
	l := &ledger{fixTimes: map[int64][]int64{}}
	in := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return nil, err
		}
		var e effect
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("journal, line %d: %w", n, err)
		}
		if (e.UnitID != 0) == (e.TicketID != 0) {
			return nil, fmt.Errorf("journal, line %d: needs either unit_id or ticket_id", n)
		}
		l.add(e)
	}
}
