package terminal

import (
	"context"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/internal/pg"
	"jiujin/ticket"
	"jiujin/tracking"
	"jiujin/tracking/jt808"
)

// buttons are those that a driver gets. Pressing one says something; it changes no state: the crew's phone, or the
// desk, does that.
var buttons = []struct {
	id    byte
	text  string
	event string
}{
	{1, "到达现场", "terminal.arrived"},
	{2, "处理完毕", "terminal.done"},
	{3, "请求支援", "terminal.help"},
}

// sendButtons offers the buttons. Terminals of 2019 may not have any; that is no fault.
func (b *Bridge) sendButtons(ctx context.Context, v *vehicle) {
	list := make([]jt808.Option, len(buttons))
	for i, button := range buttons {
		list[i] = jt808.Option{ID: button.id, Text: button.text}
	}
	if err := b.Terminals.Events(ctx, v.deviceID, list); err != nil && ctx.Err() == nil {
		b.Log.Info("a vehicle's screen takes no buttons", "unit", v.unitID, "device", v.deviceID, "err", err)
	}
}

// button records that the driver pressed one.
func (b *Bridge) button(ctx context.Context, dev *tracking.Device, id byte) error {
	for _, button := range buttons {
		if button.id == id {
			return b.record(ctx, dev, button.event, ticket.Data{"device_id": dev.ID})
		}
	}
	b.Log.Info("a driver pressed a button that has no meaning here", "device", dev.ID, "button", id)
	return nil
}

// alarm records an SOS at the moment it begins. Other alarms are in the status of the device.
func (b *Bridge) alarm(ctx context.Context, dev *tracking.Device, raised jt808.Alarm) error {
	if raised&jt808.AlarmSOS == 0 {
		return nil
	}
	b.Log.Warn("SOS from a vehicle", "unit", dev.UnitID, "device", dev.ID)
	data := ticket.Data{"device_id": dev.ID}
	if fix, ok := b.Service.Positions.Latest(dev.UnitID); ok {
		data["lon"], data["lat"], data["fixed_at"] = fix.Point.Lon(), fix.Point.Lat(), fix.FixedAt
	}
	return b.record(ctx, dev, "terminal.sos", data)
}

// hearWithin is how long the database may take for what a terminal tells; its connection waits for it. What takes
// longer is not acknowledged and comes again.
const hearWithin = 5 * time.Second

// record adds a fact that a terminal tells to the log, with the ticket of the unit's sortie when it has one.
func (b *Bridge) record(ctx context.Context, dev *tracking.Device, event string, data ticket.Data) error {
	ctx, cancel := context.WithTimeout(ctx, hearWithin)
	defer cancel()
	return b.Service.DB.InTx(ctx, func(tx *pg.Tx) error {
		actor, err := dispatch.TerminalActor(ctx, tx, dev.ID, dev.UnitID)
		if err != nil {
			return err
		}
		task, err := dispatch.SortieOf(ctx, tx, dev.UnitID)
		if err != nil {
			return err
		}
		return ticket.Record(tx, actor, event, task, dev.UnitID, data)
	})
}

// driver keeps a driver's card apart, where nothing shows it.
func (b *Bridge) driver(ctx context.Context, dev *tracking.Device, card jt808.Driver) error {
	ctx, cancel := context.WithTimeout(ctx, hearWithin)
	defer cancel()
	return saveDriverCard(ctx, b.Service.DB, dev, card)
}

// media keeps what a terminal took, with the ticket of the unit's sortie when it has one.
func (b *Bridge) media(ctx context.Context, dev *tracking.Device, m jt808.Media) error {
	ctx, cancel := context.WithTimeout(ctx, hearWithin)
	defer cancel()
	a := &ticket.Attachment{
		UnitID: dev.UnitID, DeviceID: dev.ID, MediaID: int64(m.MediaID), Type: mediaType(m.Type), Format: mediaFormat(m.Format),
		Channel: int(m.Channel), Cause: int(m.Event), Content: m.Data,
	}
	a.TakenAt, _ = m.Location.Clock.Time()
	if m.Location.Fixed() {
		a.Point = &orb.Point{m.Location.Lon(), m.Location.Lat()}
	}
	return b.Service.DB.InTx(ctx, func(tx *pg.Tx) error {
		actor, err := dispatch.TerminalActor(ctx, tx, dev.ID, dev.UnitID)
		if err != nil {
			return err
		}
		if a.TicketID, err = dispatch.SortieOf(ctx, tx, dev.UnitID); err != nil {
			return err
		}
		added, err := ticket.Attach(ctx, tx, actor, a)
		if err == nil && !added {
			b.Log.Debug("a terminal sent the same media again", "device", dev.ID, "media", m.MediaID)
		}
		return err
	})
}

func mediaType(code byte) string {
	if names := [...]string{"image", "audio", "video"}; int(code) < len(names) {
		return names[code]
	}
	return "other"
}

func mediaFormat(code byte) string {
	if names := [...]string{"jpeg", "tiff", "mp3", "wav", "wmv"}; int(code) < len(names) {
		return names[code]
	}
	return fmt.Sprintf("code %d", code)
}
