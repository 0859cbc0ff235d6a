package ticket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/internal/pg"
)

const (
	insertAttachmentSQL = `
insert into attachment (ticket_id, unit_id, device_id, media_id, type, format, channel, cause, taken_at, lon, lat,
    received_at, sha256, content)
values (nullif(@ticket::bigint, 0), @unit, @device, @media, @type, @format, @channel, @cause, @taken, @lon, @lat,
    @received, @sha256, @content)
on conflict on constraint attachment_once do nothing
returning id`

	attachmentColumns = `
select a.id, coalesce(a.ticket_id, 0), a.unit_id, a.device_id, a.media_id, a.type, a.format, a.channel, a.cause, a.taken_at,
    a.lon, a.lat, a.received_at, a.sha256, length(a.content)`

	selectAttachments = attachmentColumns + ` from attachment a where a.ticket_id = $1 order by a.id`

	// One of a ticket that may be read, or of a unit in the branch that had no ticket.
	selectAttachment = attachmentColumns + `, a.content
from attachment a
join unit u on u.id = a.unit_id
join org uo on uo.id = u.org_id
left join ticket t on t.id = a.ticket_id
left join org o on o.id = t.org_id
where a.id = $1 and coalesce(o.path, uo.path) ^@ $2`
)

func insertAttachment(ctx context.Context, tx *pg.Tx, a *Attachment) (bool, error) {
	var taken *time.Time
	if !a.TakenAt.IsZero() {
		taken = &a.TakenAt
	}
	var lon, lat *float64
	if a.Point != nil {
		lon, lat = &a.Point[0], &a.Point[1]
	}
	err := tx.QueryRow(ctx, insertAttachmentSQL, pgx.NamedArgs{
		"ticket": a.TicketID, "unit": a.UnitID, "device": a.DeviceID, "media": a.MediaID, "type": a.Type, "format": a.Format,
		"channel": a.Channel, "cause": a.Cause, "taken": taken, "lon": lon, "lat": lat, "received": a.ReceivedAt,
		"sha256": a.SHA256[:], "content": a.Content,
	}).Scan(&a.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("keep media %d of device %d: %w", a.MediaID, a.DeviceID, err)
	}
	return true, nil
}

// Attachments lists what belongs to a ticket, oldest first, without the contents. The caller has checked that the
// ticket may be seen.
func Attachments(ctx context.Context, q pg.Queryer, ticketID int64) ([]Attachment, error) {
	rows, _ := q.Query(ctx, selectAttachments, ticketID)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Attachment, error) { return scanAttachment(row) })
	if err != nil {
		return nil, fmt.Errorf("read attachments of ticket %d: %w", ticketID, err)
	}
	return list, nil
}

// AttachmentByID reads one with its content. Errors: ErrAttachmentNotFound.
func AttachmentByID(ctx context.Context, q pg.Queryer, actor Actor, id int64) (Attachment, error) {
	var content []byte
	a, err := scanAttachment(q.QueryRow(ctx, selectAttachment, id, actor.Viewer().OrgPath), &content)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, ErrAttachmentNotFound
	}
	if err != nil {
		return a, fmt.Errorf("read attachment %d: %w", id, err)
	}
	a.Content = content
	return a, nil
}

func scanAttachment(row pgx.Row, more ...any) (a Attachment, err error) {
	var taken *time.Time
	var lon, lat *float64
	var sum []byte
	to := append([]any{
		&a.ID, &a.TicketID, &a.UnitID, &a.DeviceID, &a.MediaID, &a.Type, &a.Format, &a.Channel, &a.Cause, &taken,
		&lon, &lat, &a.ReceivedAt, &sum, &a.Bytes,
	}, more...)
	if err := row.Scan(to...); err != nil {
		return a, err
	}
	copy(a.SHA256[:], sum)
	if taken != nil {
		a.TakenAt = *taken
	}
	if lon != nil && lat != nil {
		a.Point = &orb.Point{*lon, *lat}
	}
	return a, nil
}
