package ticket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"jiujin/internal/pg"
)

// EventChannel is the NOTIFY channel that wakes followers of the log. The notification carries nothing;
// what happened is read from the table.
const EventChannel = "jiujin_event"

// Event is one fact. Types are dotted words such as "offer.made". Data must never hold anything that identifies
// a reporter.
type Event struct {
	Seq      int64     `json:"seq"`
	At       time.Time `json:"at"`
	Type     string    `json:"type"`
	Actor    string    `json:"actor"`
	TicketID int64     `json:"ticket_id,omitzero"` // 0 = concerns no ticket
	UnitID   int64     `json:"unit_id,omitzero"`   // 0 = concerns no unit
	// Data is a JSON object; nil is stored as {}.
	Data json.RawMessage `json:"data"`

	prevHash, hash []byte
}

// Data is a convenience for the details of an event.
type Data map[string]any

// Record adds a fact to the log as part of tx. It is numbered and chained right before the commit, because the
// chain's lock is then held for the length of one commit only; numbers are therefore in commit order and without
// gaps, and a reader that has seen n has seen everything up to n. The event's time is the transaction's, or that of
// the event before it when clocks disagree.
func Record(tx *pg.Tx, actor Actor, typ string, ticketID, unitID int64, data Data) error {
	body := []byte("{}")
	if data != nil {
		var err error
		if body, err = json.Marshal(data); err != nil {
			return fmt.Errorf("record %s: %w", typ, err)
		}
	}
	ev := &Event{At: tx.Now(), Type: typ, Actor: actor.ID, TicketID: ticketID, UnitID: unitID, Data: body}
	tx.BeforeCommit(ev, func(ctx context.Context) error { return appendEvent(ctx, tx, ev) })
	return nil
}

// chainHash is the hash of an event: sha256 over the hash before it and the event's own words.
func (e *Event) chainHash(prev []byte) []byte {
	text := fmt.Sprintf("%d|%d|%s|%s|%s|%s|%s", e.Seq, e.At.UnixMicro(), e.Type, e.Actor,
		idText(e.TicketID), idText(e.UnitID), e.Data)
	h := sha256.New()
	h.Write(prev)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// follows tells whether e is the sound successor of prev: next number, no earlier time, both hashes right.
func (e *Event) follows(prev *Event) bool {
	return e.Seq == prev.Seq+1 && !e.At.Before(prev.At) &&
		bytes.Equal(e.prevHash, prev.hash) && bytes.Equal(e.hash, e.chainHash(prev.hash))
}

func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// BrokenChainError tells where the log was tampered with.
type BrokenChainError struct{ Seq int64 }

func (e *BrokenChainError) Error() string {
	return fmt.Sprintf("the event log is broken at number %d: the row was changed or is missing", e.Seq)
}
