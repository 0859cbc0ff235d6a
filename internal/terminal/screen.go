package terminal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"jiujin/dispatch"
	"jiujin/internal/pg"
	"jiujin/ticket"
	"jiujin/tracking/jt808"
)

// The answers to an offer on the screen.
const (
	answerYes = 1
	answerNo  = 2
)

var urgencies = map[ticket.Urgency]string{1: "特急", 2: "紧急", 3: "一般", 4: "低"}

// caseText is what the screen shows and the speaker says about an offer: number, urgency, subtype, shop or address,
// distance. It is short: a screen has two to four lines.
func caseText(t dispatch.Task) string {
	sub, _ := ticket.SubtypeByCode(t.Subtype)
	where := t.PlaceText
	if t.ShopName != "" {
		where = strings.TrimSpace(t.ShopName + " " + t.Address)
	}
	return fmt.Sprintf("派单%s【%s】%s,%s,约%.1f公里", shortNumber(t.Number), urgencies[t.Urgency], sub.ZH, cut(where, 60), t.DistanceM/1000)
}

// shortNumber is the serial of a ticket number, as people say it over the radio.
func shortNumber(number string) string {
	parts := strings.Split(number, "-")
	if len(parts) != 5 {
		return number
	}
	return parts[3]
}

// cut is s, or its first n characters.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// tellOffer shows an offer and asks. The question stays open until ask ends.
func (b *Bridge) tellOffer(ctx, ask context.Context, v *vehicle, t dispatch.Task) {
	if !b.send(ctx, v, caseText(t), t.Urgency <= 2) {
		v.mu.Lock()
		v.failed = t.OfferID
		v.mu.Unlock()
		return
	}
	b.jobs.Go(func() error {
		question := jt808.Question{
			Flags: jt808.TextSpeech, Text: fmt.Sprintf("案件%s:是否接单?", shortNumber(t.Number)),
			Options: []jt808.Option{{ID: answerYes, Text: "接单"}, {ID: answerNo, Text: "拒绝"}},
		}
		if t.Urgency <= 2 {
			question.Flags |= jt808.TextUrgent
		}
		answer, err := b.Terminals.Ask(ask, v.deviceID, question)
		switch {
		case err == nil:
			b.answered(ctx, v, t, answer)
		case ask.Err() == nil: // the text was shown; the crew answers on the phone
			b.Log.Warn("a vehicle's screen could not ask for an answer", "unit", v.unitID, "device", v.deviceID, "err", err)
		}
		return nil
	})
}

// answered carries the driver's answer to dispatch. The constraints there decide who was first.
func (b *Bridge) answered(ctx context.Context, v *vehicle, t dispatch.Task, answer byte) {
	err := b.Answer(ctx, v.deviceID, v.unitID, t.OfferID, answer)
	switch {
	case err == nil:
		b.Log.Info("answered at the vehicle's screen", "unit", v.unitID, "device", v.deviceID, "offer", t.OfferID, "answer", answer)
	case errors.Is(err, dispatch.ErrOfferClosed):
		b.do(ctx, v, func(ctx context.Context) {
			b.send(ctx, v, fmt.Sprintf("派单%s已结束,本次应答无效", shortNumber(t.Number)), false)
		})
	default:
		b.Log.Warn("an answer from a vehicle's screen could not be carried out", "unit", v.unitID, "device", v.deviceID,
			"offer", t.OfferID, "err", err)
		b.do(ctx, v, func(ctx context.Context) {
			b.send(ctx, v, fmt.Sprintf("派单%s应答未成功,请用手机或电台应答", shortNumber(t.Number)), false)
		})
	}
}

// Answer accepts (1) or declines (2) an offer in the name of a vehicle's terminal. Another answer is none and
// declines nothing. Errors: those of dispatch.Accept and Decline, dispatch.ErrUnitNotFound.
func (b *Bridge) Answer(ctx context.Context, deviceID, unitID, offerID int64, answer byte) error {
	return b.Service.DB.InTx(ctx, func(tx *pg.Tx) error {
		actor, err := dispatch.TerminalActor(ctx, tx, deviceID, unitID)
		if err != nil {
			return err
		}
		switch answer {
		case answerYes:
			_, err = b.Service.Accept(ctx, tx, actor, offerID)
		case answerNo:
			_, err = b.Service.Decline(ctx, tx, actor, offerID, "other", "车载终端应答")
		default:
			return fmt.Errorf("answer %d was not among the choices", answer)
		}
		return err
	})
}

// tellEnd says what became of an offer that was on the screen.
func (b *Bridge) tellEnd(ctx context.Context, v *vehicle, offerID int64, number string, now dispatch.Task) {
	state, err := dispatch.OfferState(ctx, b.Service.DB.Pool, offerID)
	if err != nil {
		b.Log.Warn("the end of an offer is not known", "offer", offerID, "err", err)
		return
	}
	text := map[string]string{
		"accepted": "已接单,请前往现场", "declined": "已拒绝", "expired": "超时未应答,派单已收回", "withdrawn": "派单已撤回",
	}[state]
	if state == "accepted" && now.Number == number {
		where := now.PlaceText
		if now.ShopName != "" {
			where = strings.TrimSpace(now.ShopName + " " + now.Address)
		}
		text = "已接单,请前往:" + cut(where, 60)
	}
	b.send(ctx, v, "案件"+shortNumber(number)+text, false)
}

// send shows a text; false means that it did not arrive.
func (b *Bridge) send(ctx context.Context, v *vehicle, text string, urgent bool) bool {
	replaced, err := b.Terminals.SendText(ctx, v.deviceID, text, urgent)
	if err != nil {
		if ctx.Err() == nil {
			b.Log.Warn("a text did not reach a vehicle's screen", "unit", v.unitID, "device", v.deviceID, "err", err)
		}
		return false
	}
	if replaced > 0 {
		b.Log.Warn("a vehicle's screen cannot show some characters; they were replaced", "unit", v.unitID,
			"device", v.deviceID, "characters", replaced)
	}
	return true
}

// track has a terminal report at an interval; 0 ends it.
func (b *Bridge) track(ctx context.Context, v *vehicle, every, during time.Duration) {
	if err := b.Terminals.Track(ctx, v.deviceID, every, during); err != nil && ctx.Err() == nil {
		b.Log.Warn("a terminal does not follow the wish to report more often, or to stop it", "unit", v.unitID,
			"device", v.deviceID, "every", every, "err", err)
	}
}
