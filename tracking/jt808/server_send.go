package jt808

import (
	"context"
	"fmt"
	"math"
	"time"

	"jiujin/tracking"
)

// textMax is the longest text in bytes of GBK: 200 Chinese characters. Screens show two to four lines, and speech takes
// a minute for 250 characters.
const textMax = 400

// Online says whether the terminal of a device is connected and admitted.
func (s *Server) Online(deviceID int64) bool {
	s.mu.Lock()
	t := s.terminals[deviceID]
	s.mu.Unlock()
	return t != nil && t.session.Load() != nil
}

// SendText shows a text on the vehicle's screen and has it read aloud. Success means that it was received, not that
// anybody read it. Characters that the terminal cannot show became "?"; replaced is their number. A text of more than
// 400 bytes in GBK is refused. Errors, of all commands: ErrOffline, ErrNoAnswer, ErrUnsupported, ErrRefused, ErrBusy.
func (s *Server) SendText(ctx context.Context, deviceID int64, text string, urgent bool) (replaced int, err error) {
	b, replaced := AppendText(nil, text)
	if len(b) > textMax {
		return 0, fmt.Errorf("text of %d bytes for device %d: at most %d", len(b), deviceID, textMax)
	}
	_, err = s.command(ctx, deviceID, wish{}, func(e Edition) Message { return TextOf(e, urgent, text) })
	return replaced, err
}

// Ask shows a question with answers to choose from, and waits until the driver chooses one or ctx ends. It returns the
// id of the answer.
func (s *Server) Ask(ctx context.Context, deviceID int64, q Question) (uint8, error) {
	m, err := s.command(ctx, deviceID, wish{own: true, patient: true}, func(Edition) Message { return q })
	if err != nil {
		return 0, err
	}
	choice, ok := m.(Choice)
	if !ok {
		return 0, fmt.Errorf("question to device %d: %w: answered with %s", deviceID, ErrRefused, m.ID())
	}
	return choice.Option, nil
}

// Events gives the driver these buttons instead of those before.
func (s *Server) Events(ctx context.Context, deviceID int64, buttons []Option) error {
	_, err := s.command(ctx, deviceID, wish{}, func(Edition) Message { return SetEvents{Kind: 1, Events: buttons} })
	return err
}

// Track makes the terminal report at an interval for a while, to the second; an interval of zero ends that.
func (s *Server) Track(ctx context.Context, deviceID int64, every, during time.Duration) error {
	m := Track{IntervalS: uint16(min(every/time.Second, math.MaxUint16)), ForS: uint32(min(during/time.Second, math.MaxUint32))}
	_, err := s.command(ctx, deviceID, wish{}, func(Edition) Message { return m })
	return err
}

// Locate asks where the vehicle is. The answer is taken in like any other position, too.
func (s *Server) Locate(ctx context.Context, deviceID int64) (tracking.RawFix, error) {
	m, err := s.command(ctx, deviceID, wish{own: true}, func(Edition) Message { return AskLocation{} })
	if err != nil {
		return tracking.RawFix{}, err
	}
	reply, ok := m.(LocationReply)
	if !ok {
		return tracking.RawFix{}, fmt.Errorf("locate device %d: %w: answered with %s", deviceID, ErrRefused, m.ID())
	}
	return reply.Location.RawFix(false, new(tracking.Vitals)), nil
}

// Parameters reads settings of the terminal, all without ids.
func (s *Server) Parameters(ctx context.Context, deviceID int64, ids ...uint32) ([]Param, error) {
	m, err := s.command(ctx, deviceID, wish{own: true}, func(Edition) Message {
		if len(ids) == 0 {
			return AskParams{}
		}
		return AskSomeParams{IDs: ids}
	})
	if err != nil {
		return nil, err
	}
	reply, ok := m.(Params)
	if !ok {
		return nil, fmt.Errorf("parameters of device %d: %w: answered with %s", deviceID, ErrRefused, m.ID())
	}
	return reply.List, nil
}

// SetParameters changes settings of the terminal. Those that would move it to another server (0x0013 to 0x0019) are
// refused.
func (s *Server) SetParameters(ctx context.Context, deviceID int64, list ...Param) error {
	for _, p := range list {
		if p.ID >= 0x0013 && p.ID <= 0x0019 {
			return fmt.Errorf("parameter 0x%04x of device %d would move it to another server: %w", p.ID, deviceID, ErrRefused)
		}
	}
	_, err := s.command(ctx, deviceID, wish{}, func(Edition) Message { return SetParamsOf(list...) })
	return err
}

// TakePhoto has the terminal take pictures and returns their ids; they follow by OnMedia.
func (s *Server) TakePhoto(ctx context.Context, deviceID int64, p Photo) ([]uint32, error) {
	m, err := s.command(ctx, deviceID, wish{own: true}, func(Edition) Message { return p })
	if err != nil {
		return nil, err
	}
	reply, ok := m.(PhotoReply)
	if !ok || reply.Result != 0 {
		return nil, fmt.Errorf("photo of device %d: %w", deviceID, ErrRefused)
	}
	return reply.Media, nil
}
