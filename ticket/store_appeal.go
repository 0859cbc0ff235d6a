package ticket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

const (
	selectAppeals = `
select id, channel, reporter_mode, narrative, received_at from appeal where ticket_id = $1 order by id`

	selectReporters = `
select a.id, r.name, r.phone, r.note
from appeal a join vault.reporter r on r.appeal_id = a.id where a.ticket_id = $1 order by a.id`

	insertReveal = `insert into vault.reveal (appeal_id, person_id, reason, at) values ($1, $2, $3, $4)`

	// What the public may know. The place is the township or county by name, never the shop or a point.
	selectProgress = `
select t.number, t.code_hash, t.status, t.subtype, t.registered_at, t.accepted_at, t.on_scene_at, t.closed_at, t.due_at, o.name
from ticket t join org o on o.id = t.org_id where t.number = $1`
)

// Appeal is what one person asked, in that person's words.
type Appeal struct {
	ID           int64     `json:"id"`
	Channel      string    `json:"channel"`
	ReporterMode string    `json:"reporter_mode"`
	Narrative    string    `json:"narrative"`
	ReceivedAt   time.Time `json:"received_at"`
}

// Appeals reads the appeals of a ticket, oldest first. The caller has checked that the ticket may be seen.
func Appeals(ctx context.Context, q pg.Queryer, ticketID int64) ([]Appeal, error) {
	rows, _ := q.Query(ctx, selectAppeals, ticketID)
	appeals, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Appeal])
	if err != nil {
		return nil, fmt.Errorf("read appeals of ticket %d: %w", ticketID, err)
	}
	return appeals, nil
}

// RevealedReporter is a row of the vault.
type RevealedReporter struct {
	AppealID          int64
	Name, Phone, Note string
}

// Reveal reads who reported a ticket. Each look is recorded with its reason, in the vault and in the event log,
// where it names the looker and the ticket but nothing of the reporter. Errors: ErrNotFound, Invalid.
func Reveal(ctx context.Context, tx *pg.Tx, actor Actor, ticketID int64, reason string) ([]RevealedReporter, error) {
	if !filled(reason) {
		return nil, Invalid{{"reason", "required"}}
	}
	actor.ViewPath = "" // to read a ticket is not to read who reported it
	if _, err := Find(ctx, tx, actor, ticketID); err != nil {
		return nil, err
	}
	rows, _ := tx.Query(ctx, selectReporters, ticketID)
	reporters, err := pgx.CollectRows(rows, pgx.RowToStructByPos[RevealedReporter])
	if err != nil {
		return nil, fmt.Errorf("open vault for ticket %d: %w", ticketID, err)
	}
	for _, r := range reporters {
		if _, err := tx.Exec(ctx, insertReveal, r.AppealID, actor.PersonID, reason, tx.Now()); err != nil {
			return nil, fmt.Errorf("record reveal: %w", err)
		}
	}
	return reporters, Record(tx, actor, "vault.revealed", ticketID, 0, Data{"reason": reason, "appeals": len(reporters)})
}

// Progress is what a reporter may learn with number and code. Zero times mean "not yet".
type Progress struct {
	Number                                      string
	Status                                      Status
	Subtype, Org                                string
	RegisteredAt, AcceptedAt, OnSceneAt, DoneAt time.Time
	DueAt                                       time.Time
}

// FollowUp checks number and code and returns the progress. A wrong number and a wrong code are the same ErrNotFound.
func FollowUp(ctx context.Context, q pg.Queryer, number, code string) (Progress, error) {
	if !ValidNumber(number) {
		return Progress{}, ErrNotFound
	}
	var p Progress
	var hash []byte
	var accepted, onScene, done *time.Time
	err := q.QueryRow(ctx, selectProgress, number).Scan(&p.Number, &hash, &p.Status, &p.Subtype, &p.RegisteredAt,
		&accepted, &onScene, &done, &p.DueAt, &p.Org)
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && !codeMatches(number, code, hash)) {
		return Progress{}, ErrNotFound
	}
	if err != nil {
		return Progress{}, fmt.Errorf("read progress: %w", err)
	}
	for _, at := range []struct {
		from *time.Time
		to   *time.Time
	}{{accepted, &p.AcceptedAt}, {onScene, &p.OnSceneAt}, {done, &p.DoneAt}} {
		if at.from != nil {
			*at.to = *at.from
		}
	}
	return p, nil
}
