package ticket

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg"
)

// ErrAttachmentNotFound: there is no such attachment, or its ticket lies outside the actor's branch.
var ErrAttachmentNotFound = errors.New("attachment not found")

// Attachment is a picture, sound or film that a unit's terminal took. It is kept as it came: it may be evidence.
type Attachment struct {
	ID       int64
	TicketID int64 // 0 = the unit had no sortie
	UnitID   int64
	DeviceID int64
	MediaID  int64  // the terminal's own number
	Type     string // "image", "audio", "video", "other"
	Format   string // "jpeg", "tiff", "mp3", "wav", "wmv", or the terminal's code
	Channel  int    // camera or microphone
	Cause    int    // code of the terminal: 0 = it was asked to, 1 = its timer, 2 = robbery, 3 = collision, …
	TakenAt  time.Time
	// Point is where the terminal said it was, in the datum of the device; nil when it did not know.
	Point      *orb.Point
	ReceivedAt time.Time
	SHA256     [sha256.Size]byte
	Bytes      int
	Content    []byte // nil in lists
}

// Attach keeps a.Content as part of tx and records ticket.attached when a.TicketID is not 0. It fills in ID, SHA256,
// Bytes and, from tx, ReceivedAt. The same content from the same device is kept once: then it returns false and
// records nothing.
func Attach(ctx context.Context, tx *pg.Tx, actor Actor, a *Attachment) (bool, error) {
	if len(a.Content) == 0 {
		return false, Invalid{{Field: "content", Code: "required"}}
	}
	a.SHA256, a.Bytes, a.ReceivedAt = sha256.Sum256(a.Content), len(a.Content), tx.Now()
	added, err := insertAttachment(ctx, tx, a)
	if err != nil || !added || a.TicketID == 0 {
		return added, err
	}
	return true, Record(tx, actor, "ticket.attached", a.TicketID, a.UnitID, Data{
		"attachment_id": a.ID, "type": a.Type, "format": a.Format, "channel": a.Channel, "bytes": a.Bytes,
		"sha256": fmt.Sprintf("%x", a.SHA256),
	})
}
