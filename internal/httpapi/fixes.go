package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/labstack/echo/v4"

	"jiujin/dispatch"
	"jiujin/tracking"
	"jiujin/tracking/jsonfix"
)

type deviceContext struct{}

// withDevice carries the device that a key belongs to through a request's context.
func withDevice(ctx context.Context, d *tracking.Device) context.Context {
	return context.WithValue(ctx, deviceContext{}, d)
}

// deviceOf is the device that sends; without a key it is the phone of the person who is signed in.
func (s *Server) deviceOf(ctx context.Context) (d *tracking.Device, phone bool, err error) {
	if d, ok := ctx.Value(deviceContext{}).(*tracking.Device); ok {
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

// lookUpDevice lets a device in by its key.
func (s *Server) lookUpDevice(ctx context.Context, key string) (context.Context, error) {
	d, err := s.deps.Devices.ByKey(ctx, key)
	if err != nil {
		return nil, err
	}
	return withDevice(ctx, d), nil
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

// takeFixes takes positions of one device: one object, an array, or NDJSON. It answers when they are durable, with
// what became of each that was not stored. A client that has no answer sends the same again.
func (s *Server) takeFixes(c echo.Context) error {
	ctx := c.Request().Context()
	device, phone, err := s.deviceOf(ctx)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	body, err := io.ReadAll(incoming{c.Request().Body})
	if err != nil {
		return s.echoRefuse(c, err)
	}
	raws, err := jsonfix.Decode(body)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	if phone {
		for i := range raws {
			raws[i].Source = dispatch.PhoneSource
		}
	}
	outcomes, err := s.deps.Ingest.Submit(ctx, *device, raws)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	return c.JSON(http.StatusOK, fixesOf(outcomes, c.QueryParam("results") == "all"))
}

func fixesOf(outcomes []tracking.Outcome, all bool) fixesAnswer {
	a := fixesAnswer{Received: len(outcomes), Results: []fixResult{}}
	for i, o := range outcomes {
		switch o.Status {
		case tracking.Stored:
			a.Stored++
		case tracking.Doubted:
			a.Doubted++
		case tracking.Duplicate:
			a.Duplicate++
		case tracking.Refused:
			a.Refused++
		}
		if all || o.Status != tracking.Stored {
			a.Results = append(a.Results, fixResult{Index: i, Status: o.Status, Reason: o.Reason, Field: o.Field, Detail: o.Detail})
		}
	}
	return a
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
