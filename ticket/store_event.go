package ticket

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

const (
	lockHead = `select seq, at, hash from event_head for update`

	insertEvent = `
insert into event (seq, at, type, actor, ticket_id, unit_id, body, prev_hash, hash)
values ($1, $2, $3, $4, nullif($5::bigint, 0), nullif($6::bigint, 0), $7, $8, $9)`

	moveHead = `update event_head set seq = $1, at = $2, hash = $3`

	notifyEvent = `select pg_notify('` + EventChannel + `', '')`

	selectEvents = `
select seq, at, type, actor, coalesce(ticket_id, 0), coalesce(unit_id, 0), body, prev_hash, hash
from event where seq > $1 order by seq limit $2`

	selectTicketEvents = `
select seq, at, type, actor, coalesce(ticket_id, 0), coalesce(unit_id, 0), body, prev_hash, hash
from event where ticket_id = $1 order by seq`

	selectHeadSeq = `select seq from event_head`

	selectChainEnds = `select sha256('jiujin event log'), seq, hash from event_head`
)

func appendEvent(ctx context.Context, tx *pg.Tx, ev *Event) error {
	var head Event
	var headAt *time.Time
	if err := tx.QueryRow(ctx, lockHead).Scan(&head.Seq, &headAt, &head.hash); err != nil {
		return fmt.Errorf("lock event log: %w", err)
	}
	if headAt != nil && ev.At.Before(*headAt) {
		ev.At = *headAt
	}
	ev.Seq, ev.prevHash = head.Seq+1, head.hash
	ev.hash = ev.chainHash(head.hash)

	var b pgx.Batch
	b.Queue(insertEvent, ev.Seq, ev.At, ev.Type, ev.Actor, ev.TicketID, ev.UnitID, string(ev.Data), ev.prevHash, ev.hash)
	b.Queue(moveHead, ev.Seq, ev.At, ev.hash)
	b.Queue(notifyEvent)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("append event %s: %w", ev.Type, err)
	}
	return nil
}

// EventsAfter reads up to limit events with numbers above seq, in order.
func EventsAfter(ctx context.Context, q pg.Queryer, seq int64, limit int) ([]Event, error) {
	rows, _ := q.Query(ctx, selectEvents, seq, limit)
	events, err := pgx.CollectRows(rows, scanEvent)
	if err != nil {
		return nil, fmt.Errorf("read events after %d: %w", seq, err)
	}
	return events, nil
}

// Timeline reads everything that happened to a ticket, oldest first.
func Timeline(ctx context.Context, q pg.Queryer, ticketID int64) ([]Event, error) {
	rows, _ := q.Query(ctx, selectTicketEvents, ticketID)
	events, err := pgx.CollectRows(rows, scanEvent)
	if err != nil {
		return nil, fmt.Errorf("read timeline of ticket %d: %w", ticketID, err)
	}
	return events, nil
}

// HeadSeq is the number of the newest event, 0 when there is none.
func HeadSeq(ctx context.Context, q pg.Queryer) (int64, error) {
	var seq int64
	if err := q.QueryRow(ctx, selectHeadSeq).Scan(&seq); err != nil {
		return 0, fmt.Errorf("read event log head: %w", err)
	}
	return seq, nil
}

// VerifyChain reads the whole log and checks numbers, order of times and hashes, up to the head at least. It returns
// how many events are sound; the error is a *BrokenChainError with the number of the first one that is not, or that
// is missing.
func VerifyChain(ctx context.Context, db *pg.DB) (int64, error) {
	var last, head Event
	err := db.Pool.QueryRow(ctx, selectChainEnds).Scan(&last.hash, &head.Seq, &head.hash)
	if err != nil {
		return 0, fmt.Errorf("verify event log: %w", err)
	}
	for {
		events, err := EventsAfter(ctx, db.Pool, last.Seq, 5000)
		if err != nil {
			return last.Seq, err
		}
		if len(events) == 0 {
			break
		}
		for i := range events {
			ev := &events[i]
			if !ev.follows(&last) || (ev.Seq == head.Seq && !bytes.Equal(ev.hash, head.hash)) {
				return last.Seq, &BrokenChainError{Seq: last.Seq + 1}
			}
			last = *ev
		}
	}
	if last.Seq < head.Seq {
		return last.Seq, &BrokenChainError{Seq: last.Seq + 1}
	}
	return last.Seq, nil
}

func scanEvent(row pgx.CollectableRow) (Event, error) {
	var e Event
	var body string
	err := row.Scan(&e.Seq, &e.At, &e.Type, &e.Actor, &e.TicketID, &e.UnitID, &body, &e.prevHash, &e.hash)
	e.At = e.At.UTC()
	e.Data = []byte(body)
	return e, err
}
