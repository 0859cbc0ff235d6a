package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"jiujin/dispatch"
	"jiujin/tracking"
	"jiujin/tracking/jsonfix"
)

// deviceOf is the device that sends; without a key it is the phone of the person who is signed in.
func (s *Server) deviceOf(ctx context.Context) (d *tracking.Device, phone bool, err error) {
	if d := aboutRequest(ctx).device; d != nil {
		return d, false, nil
	}
	p := who(ctx)
	if p.UnitID == 0 {
		return d, true, errForbidden
	}
	if err := s.deps.Dispatch.AdmitPhone(ctx, s.deps.DB.Pool, p.UnitID, s.now()); err != nil {
		return d, true, err
	}
	d, err = s.deps.Devices.Phone(ctx, p.PersonID, p.UnitID)
	return d, true, err
}

// lookUpKey lets a device or a gateway in by its key, and notes which it is.
func (s *Server) lookUpKey(ctx context.Context, about *about, rule rule, key string) (err error) {
	if rule.gateway && tracking.IsGatewayKey(key) {
		about.gateway, err = s.deps.Devices.GatewayByKey(ctx, key)
		return err
	}
	if !rule.device {
		return tracking.ErrUnknownDevice
	}
	about.device, err = s.deps.Devices.ByKey(ctx, key)
	return err
}

type fixResult struct {
	Index  int             `json:"index" doc:"Place in the body, from 0"`
	Status tracking.Status `json:"status" enum:"stored,doubted,duplicate,refused"`
	Reason tracking.Reason `json:"reason,omitempty" doc:"Stable word; why it was refused or is doubted"`
	Field  string          `json:"field,omitempty" doc:"Which field is wrong"`
	Detail string          `json:"detail,omitempty" doc:"What is wrong with it, in English"`
}

type fixesAnswer struct {
	Received  int         `json:"received"`
	Stored    int         `json:"stored"`
	Doubted   int         `json:"doubted" doc:"In the history, but they move nobody"`
	Duplicate int         `json:"duplicate"`
	Refused   int         `json:"refused"`
	Results   []fixResult `json:"results" nullable:"false" doc:"Of those not stored; of all with ?results=all"`
}

func (s *Server) fixRoutes() { s.echo.POST("/api/v1/fixes", s.takeFixes) }

// intake is memory that one request after another uses.
type intake struct {
	body     bytes.Buffer
	batch    jsonfix.Batch
	outcomes []tracking.Outcome
	answer   []byte
}

// keptBody is the size of body above which its memory is not used again.
const keptBody = 256 << 10

// takeFixes takes positions: one object, an array, or NDJSON, of one device or, under the key of a gateway, of those
// that each record names. It answers when they are durable, with what became of each that was not stored. A client that
// has no answer sends the same again.
func (s *Server) takeFixes(c echo.Context) error {
	in := s.intakes.Get().(*intake)
	err := s.takeInto(in, c.Request())
	if err == nil {
		in.answer = appendFixesAnswer(in.answer[:0], in.outcomes, c.QueryParam("results") == "all")
		err = c.JSONBlob(http.StatusOK, in.answer)
	} else {
		err = s.echoRefuse(c, err)
	}
	if in.body.Cap() <= keptBody {
		s.intakes.Put(in)
	}
	return err
}

// takeInto reads the records of a request and makes them durable.
func (s *Server) takeInto(in *intake, r *http.Request) error {
	ctx := r.Context()
	gateway := aboutRequest(ctx).gateway != nil
	var device *tracking.Device
	var phone bool
	if !gateway {
		var err error
		if device, phone, err = s.deviceOf(ctx); err != nil {
			return err
		}
	}
	in.body.Reset()
	if _, err := in.body.ReadFrom(incoming{r.Body}); err != nil {
		return err
	}
	if err := in.batch.Decode(in.body.Bytes()); err != nil {
		return err
	}
	reports := in.batch.Reports
	if gateway {
		if err := s.deps.Devices.Assign(ctx, "http", in.batch.Devices, reports); err != nil {
			return err
		}
	} else {
		for i := range reports {
			reports[i].Device = device
			if phone {
				reports[i].Raw.Source = dispatch.PhoneSource
			}
		}
	}
	in.outcomes = slices.Grow(in.outcomes[:0], len(reports))[:len(reports)]
	clear(in.outcomes)
	receipt, err := s.deps.Ingest.Enter(ctx, reports, in.outcomes)
	if err != nil {
		return err
	}
	if device != nil {
		s.deps.Devices.Note(device, s.now(), "http", func() string { return clip(in.body.Bytes()) })
	}
	return receipt.Wait(ctx)
}

// appendFixesAnswer appends a fixesAnswer in JSON.
func appendFixesAnswer(b []byte, outcomes []tracking.Outcome, all bool) []byte {
	a := fixesAnswer{Received: len(outcomes)}
	for i := range outcomes {
		switch outcomes[i].Status {
		case tracking.Stored:
			a.Stored++
		case tracking.Doubted:
			a.Doubted++
		case tracking.Duplicate:
			a.Duplicate++
		case tracking.Refused:
			a.Refused++
		}
	}
	number := func(name string, n int) {
		b = append(b, name...)
		b = strconv.AppendInt(b, int64(n), 10)
	}
	number(`{"received":`, a.Received)
	number(`,"stored":`, a.Stored)
	number(`,"doubted":`, a.Doubted)
	number(`,"duplicate":`, a.Duplicate)
	number(`,"refused":`, a.Refused)
	b = append(b, `,"results":[`...)
	first := true
	for i := range outcomes {
		o := &outcomes[i]
		if !all && o.Status == tracking.Stored {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		text, err := json.Marshal(fixResult{Index: i, Status: o.Status, Reason: o.Reason, Field: o.Field, Detail: o.Detail})
		if err != nil { // it is made of numbers and texts
			panic(err)
		}
		b = append(b, text...)
	}
	return append(b, "]}\n"...)
}

// incoming is the body of a request to a handler on echo; it names what can go wrong on the way.
type incoming struct{ io.Reader }

func (in incoming) Read(b []byte) (int, error) {
	n, err := in.Reader.Read(b)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errTooSlow
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errCutShort
	}
	return n, err
}
