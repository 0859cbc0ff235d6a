package httpapi

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"jiujin/ticket"
)

// attachmentView is what a vehicle's terminal took, without the content.
type attachmentView struct {
	ID         int64      `json:"id"`
	UnitID     int64      `json:"unit_id"`
	DeviceID   int64      `json:"device_id"`
	Type       string     `json:"type" enum:"image,audio,video,other"`
	Format     string     `json:"format" doc:"jpeg, tiff, mp3, wav, wmv, or the terminal's code"`
	Channel    int        `json:"channel" doc:"Camera or microphone"`
	Cause      int        `json:"cause" doc:"0 it was asked to, 1 its timer, 2 robbery, 3 collision; others as in JT/T 808"`
	TakenAt    *time.Time `json:"taken_at" doc:"By the terminal's clock; null when it did not know"`
	Lon        *float64   `json:"lon" doc:"Where the terminal said it was, in the datum of the device; null when it did not know"`
	Lat        *float64   `json:"lat"`
	ReceivedAt time.Time  `json:"received_at"`
	SHA256     string     `json:"sha256" doc:"Of the content, in hexadecimal"`
	Bytes      int        `json:"bytes"`
}

type attachmentsOutput struct {
	Body struct {
		Attachments []attachmentView `json:"attachments" nullable:"false" doc:"Oldest first"`
	}
}

func (s *Server) attachmentRoutes() {
	handle(s, "GET", "/api/v1/tickets/{id}/attachments", huma.Operation{
		Summary: "Pictures and recordings of the vehicle that belong to a ticket", Tags: []string{"tickets"},
	}, s.listAttachments)
	s.echo.GET("/api/v1/attachments/:id", s.attachment)
}

func (s *Server) listAttachments(ctx context.Context, in *ticketInput) (*attachmentsOutput, error) {
	if _, err := ticket.Find(ctx, s.deps.DB.Pool, actor(who(ctx)), in.ID); err != nil {
		return nil, err
	}
	list, err := ticket.Attachments(ctx, s.deps.DB.Pool, in.ID)
	if err != nil {
		return nil, err
	}
	out := &attachmentsOutput{}
	out.Body.Attachments = make([]attachmentView, len(list))
	for i := range list {
		out.Body.Attachments[i] = viewAttachment(&list[i])
	}
	return out, nil
}

func viewAttachment(a *ticket.Attachment) attachmentView {
	v := attachmentView{
		ID: a.ID, UnitID: a.UnitID, DeviceID: a.DeviceID, Type: a.Type, Format: a.Format, Channel: a.Channel, Cause: a.Cause,
		ReceivedAt: a.ReceivedAt, SHA256: hex.EncodeToString(a.SHA256[:]), Bytes: a.Bytes,
	}
	if !a.TakenAt.IsZero() {
		v.TakenAt = &a.TakenAt
	}
	if a.Point != nil {
		v.Lon, v.Lat = &a.Point[0], &a.Point[1]
	}
	return v
}

// contentTypes are those that a browser may show; everything else is a file to keep.
var contentTypes = map[string]string{"jpeg": "image/jpeg", "mp3": "audio/mpeg", "wav": "audio/wav"}

// attachment sends the content as it came. It never changes, so a client may keep it; a proxy may not.
func (s *Server) attachment(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return s.echoRefuse(c, errNotFound)
	}
	ctx := c.Request().Context()
	a, err := ticket.AttachmentByID(ctx, s.deps.DB.Pool, actor(who(ctx)), id)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	head := c.Response().Header()
	kind, shown := contentTypes[a.Format]
	disposition := "inline"
	if !shown {
		kind, disposition = "application/octet-stream", "attachment"
	}
	etag := `"` + hex.EncodeToString(a.SHA256[:16]) + `"`
	head.Set("ETag", etag)
	head.Set("Cache-Control", "private, max-age=3600")
	head.Set("Content-Disposition", fmt.Sprintf(`%s; filename="attachment-%d"`, disposition, a.ID))
	if c.Request().Header.Get("If-None-Match") == etag {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, kind, a.Content)
}

func (s *Server) describeAttachment() *huma.Operation {
	op := &huma.Operation{
		OperationID: "get-attachment", Method: http.MethodGet, Path: "/api/v1/attachments/{id}", Tags: []string{"tickets"},
		Summary:     "The content of an attachment, as the terminal sent it",
		Description: "JPEG, MP3 and WAV have their own types; everything else is application/octet-stream.",
		Parameters: []*huma.Param{
			param("path", "id", "Of the attachment", true, &huma.Schema{Type: "integer"}),
			param("header", "If-None-Match", "ETag of what the client has", false, &huma.Schema{Type: "string"}),
		},
		Responses: s.ok("The content", "application/octet-stream", &huma.Schema{Type: "string", Format: "binary"}, nil),
	}
	op.Responses["304"] = &huma.Response{Description: "What the client has is current"}
	return op
}
