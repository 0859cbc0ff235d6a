package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

func (s *scene) attach(t *testing.T, a ticket.Attachment) (ticket.Attachment, bool) {
	t.Helper()
	var added bool
	err := s.db.InTx(context.Background(), func(tx *pg.Tx) (err error) {
		added, err = ticket.Attach(t.Context(), tx, ticket.Actor{ID: "terminal:1"}, &a)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return a, added
}

func TestAttachments(t *testing.T) {
	s := newScene(t)
	tk := s.accepted(t)
	var device int64
	if err := s.db.Pool.QueryRow(t.Context(), `select id from device where unit_id = $1`, s.units[0]).Scan(&device); err != nil {
		t.Fatal(err)
	}
	taken := time.Date(2026, 11, 22, 1, 30, 15, 0, time.UTC)
	jpeg := []byte{0xff, 0xd8, 0xff, 0xe0, 1, 2, 3}
	one := ticket.Attachment{
		TicketID: tk.ID, UnitID: s.units[0], DeviceID: device, MediaID: 7, Type: "image", Format: "jpeg", Channel: 2,
		TakenAt: taken, Point: &orb.Point{lon, lat}, Content: jpeg,
	}
	kept, added := s.attach(t, one)
	if !added {
		t.Error("the first was not kept")
	}
	if _, again := s.attach(t, one); again {
		t.Error("the same content was kept twice")
	}
	one.TicketID, one.Format, one.Type, one.Content = 0, "wmv", "video", []byte("film")
	one.Point, one.TakenAt = nil, time.Time{}
	loose, _ := s.attach(t, one)

	path := fmt.Sprintf("/tickets/%d/attachments", tk.ID)
	var body struct{ Attachments []attachmentView }
	s.get(t, "supervisor", path).into(t, 200, &body)
	if len(body.Attachments) != 1 {
		t.Fatalf("%+v", body)
	}
	v := body.Attachments[0]
	if v.ID != kept.ID || v.Bytes != len(jpeg) || v.SHA256 != fmt.Sprintf("%x", kept.SHA256) || v.Channel != 2 ||
		!v.TakenAt.Equal(taken) || *v.Lon != lon || *v.Lat != lat {
		t.Errorf("%+v", v)
	}
	a := s.get(t, "dispatcher", fmt.Sprintf("/attachments/%d", kept.ID))
	if a.status != 200 || !bytes.Equal(a.body, jpeg) || a.header.Get("Content-Type") != "image/jpeg" ||
		a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %x %v", a.status, a.body, a.header)
	}
	a = s.get(t, "dispatcher", fmt.Sprintf("/attachments/%d", loose.ID))
	if a.status != 200 || string(a.body) != "film" || a.header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("%d %x %v", a.status, a.body, a.header)
	}
	for _, stranger := range []string{path, fmt.Sprintf("/attachments/%d", kept.ID), fmt.Sprintf("/attachments/%d", loose.ID), "/attachments/9999", "/attachments/x"} {
		if a := s.get(t, "stranger", stranger); a.status != 404 {
			t.Errorf("the next county reads %s: %d", stranger, a.status)
		}
	}
	events := s.detail(t, "dispatcher", tk.ID).Events
	if last := events[len(events)-1]; last.Type != "ticket.attached" || last.Actor != "terminal:1" {
		t.Errorf("%+v", last)
	}
}
