package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"

	"jiujin/tracking"
	"jiujin/tracking/osmand"
	"jiujin/tracking/owntracks"
	"jiujin/tracking/traccar"
)

// The addresses that foreign apps send positions to, in the apps' own protocols. An app keeps its queue until it has a 2xx
// and tries the oldest record again for ever, so each of these routes answers 200 to whoever has the right key, whatever
// was sent: what cannot be used is kept with the reason like any refused fix, and is no reason for the app to stand still.
// 401 is for a wrong key only; 503, when the positions cannot be made durable now, makes the app keep them.
func (s *Server) inboundRoutes() {
	for _, path := range []string{"/in/osmand", "/in/osmand/:token"} {
		s.echo.GET(path, s.takeOsmAnd)
		s.echo.POST(path, s.takeOsmAnd)
	}
	s.echo.POST("/in/owntracks", s.takeOwnTracks)
	s.echo.POST("/in/owntracks/:token", s.takeOwnTracks)
	s.echo.POST("/in/traccar", s.takeTraccar)
}

// outsideOfPages tells whether an address belongs to programs: there, no page stands for an unknown one.
func outsideOfPages(address string) bool {
	return strings.HasPrefix(address, "/api/") || strings.HasPrefix(address, "/in/")
}

// takeOsmAnd takes what OsmAnd, Traccar Client and GPSLogger send. The key of the device stands in the address, or is the
// id that the app was given.
func (s *Server) takeOsmAnd(c echo.Context) error {
	body, err := io.ReadAll(incoming{c.Request().Body})
	if err != nil {
		return s.echoRefuse(c, err)
	}
	m, err := readOsmAnd(c.QueryParams(), body, s)
	device, lookup := s.sender(c, bearer(c), c.Param("token"), m.Device)
	if lookup != nil {
		return s.echoRefuse(c, lookup)
	}
	s.note(c, device, osmand.Source, c.QueryString(), body, bearer(c), c.Param("token"), m.Device)
	raws := m.Fixes
	if err != nil {
		raws = []tracking.RawFix{unreadable(osmand.Source, err, body)}
	}
	if _, err := s.deps.Ingest.Submit(c.Request().Context(), *device, raws); err != nil {
		return s.echoRefuse(c, err)
	}
	return c.NoContent(http.StatusOK)
}

// readOsmAnd tells the two forms apart. The parameters of a form may be spread over the address and the body.
func readOsmAnd(q url.Values, body []byte, s *Server) (osmand.Message, error) {
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && trimmed[0] == '{' {
		m, err := osmand.JSON(trimmed, s.now())
		if m.Device == "" {
			m.Device = q.Get("id")
		}
		return m, err
	}
	form, _ := url.ParseQuery(string(body)) // what cannot be read of it is missing
	for name, values := range form {
		q[name] = append(q[name], values...)
	}
	return osmand.Query(q, s.now()), nil
}

// takeOwnTracks takes what the OwnTracks apps send by HTTP. The password is the key of the device; or that of a gateway,
// and then user and device, from the address or the headers, name the device.
func (s *Server) takeOwnTracks(c echo.Context) error {
	ctx := c.Request().Context()
	body, err := io.ReadAll(incoming{c.Request().Body})
	if err != nil {
		return s.echoRefuse(c, err)
	}
	_, password, _ := c.Request().BasicAuth()
	keys := []string{bearer(c), c.Param("token"), password}
	device, err := s.sender(c, keys...)
	if errors.Is(err, tracking.ErrUnknownDevice) {
		if _, gateway := s.deps.Devices.GatewayByKey(ctx, first(keys)); gateway == nil {
			device, err = s.named(ctx, owntracks.Source, ownTracksName(c))
		}
	}
	if err != nil {
		return s.echoRefuse(c, err)
	}
	if len(body) > 0 {
		s.note(c, device, owntracks.Source, "", body, keys...)
	}
	raws, err := readOwnTracks(body, device)
	if err != nil {
		raws = []tracking.RawFix{unreadable(owntracks.Source, err, body)}
	}
	if _, err := s.deps.Ingest.Submit(ctx, *device, raws); err != nil {
		return s.echoRefuse(c, err)
	}
	return c.JSON(http.StatusOK, []any{}) // no commands
}

func readOwnTracks(body []byte, device *tracking.Device) ([]tracking.RawFix, error) {
	if len(bytes.TrimSpace(body)) == 0 { // the apps send nothing, at times
		return nil, nil
	}
	passphrase := ""
	if device.Login != nil {
		passphrase = device.Login.Passphrase
	}
	m, err := owntracks.Decode(body, passphrase)
	return m.Fixes, err
}

// ownTracksName is user/device of a request.
func ownTracksName(c echo.Context) string {
	user, device := c.QueryParam("u"), c.QueryParam("d")
	if user == "" && device == "" {
		user, device = c.Request().Header.Get("X-Limit-U"), c.Request().Header.Get("X-Limit-D")
	}
	return user + "/" + device
}

// takeTraccar takes what a Traccar server forwards, under the key of a gateway. A device that nobody registered is told
// of among the refused fixes.
func (s *Server) takeTraccar(c echo.Context) error {
	ctx := c.Request().Context()
	if _, err := s.deps.Devices.GatewayByKey(ctx, bearer(c)); err != nil {
		return s.echoRefuse(c, s.wrongKey(c, err))
	}
	body, err := io.ReadAll(incoming{c.Request().Body})
	if err != nil {
		return s.echoRefuse(c, err)
	}
	m, unread := traccar.Decode(body)
	device, err := &tracking.Device{}, error(nil)
	if unread != nil {
		m.Fix = unreadable(traccar.Source, unread, body)
	} else if device, err = s.named(ctx, traccar.Source, m.Device); err != nil {
		return s.echoRefuse(c, err)
	}
	s.note(c, device, traccar.Source, "", body, bearer(c))
	if device.ID == 0 { // the record as it came names the device that is missing
		m.Fix.Unread, m.Fix.Text = &tracking.Refusal{Reason: tracking.UnknownDevice}, clip(body)
	}
	if _, err := s.deps.Ingest.Submit(ctx, *device, []tracking.RawFix{m.Fix}); err != nil {
		return s.echoRefuse(c, err)
	}
	return c.NoContent(http.StatusOK)
}

// note keeps a message for the page of the device: the parameters of the address, or the body, without the keys that were
// sent. The apps' own settings, which hold passwords, are not kept.
func (s *Server) note(c echo.Context, device *tracking.Device, protocol, query string, body []byte, keys ...string) {
	if settings.Match(body) {
		return
	}
	s.deps.Devices.Note(device, s.now(), protocol, func() string {
		message := query
		if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 {
			if message != "" && trimmed[0] != '{' {
				message += "&"
			} else {
				message = ""
			}
			message += string(trimmed)
		}
		for _, key := range keys {
			if key != "" {
				message = strings.ReplaceAll(message, key, "…")
			}
		}
		return message
	})
}

// settings tells the messages of OwnTracks with which an app shows or is given its settings.
var settings = regexp.MustCompile(`"_type"\s*:\s*"(dump|configuration|cmd)"`)

// sender is the device with the first key that was sent.
func (s *Server) sender(c echo.Context, keys ...string) (*tracking.Device, error) {
	key := first(keys)
	if key == "" {
		return nil, errNoKey
	}
	device, err := s.deps.Devices.ByKey(c.Request().Context(), key)
	return device, s.wrongKey(c, err)
}

// wrongKey counts a wrong key against the address that it came from: who sends many has to wait, which spares the
// database. A key is far too long to be guessed, and a right one is let through always, so that one misled phone does not
// lock out those that share its address.
func (s *Server) wrongKey(c echo.Context, err error) error {
	if !errors.Is(err, tracking.ErrUnknownDevice) {
		return err
	}
	if wait := s.keys.Take(network(aboutRequest(c.Request().Context()).ip), s.now()); wait > 0 {
		return throttled{wait}
	}
	return err
}

// named is the device that a gateway calls by a name; the zero Device, whose fixes Accept refuses, when there is none.
func (s *Server) named(ctx context.Context, protocol, name string) (*tracking.Device, error) {
	device, err := s.deps.Devices.ByName(ctx, protocol, name)
	if errors.Is(err, tracking.ErrUnknownDevice) {
		return &tracking.Device{}, nil
	}
	return device, err
}

func bearer(c echo.Context) string {
	scheme, key, _ := strings.Cut(c.Request().Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

func first(keys []string) string {
	for _, key := range keys {
		if key != "" {
			return key
		}
	}
	return ""
}

// keptMax is how much is kept of a message that cannot be read.
const keptMax = 4 << 10

func clip(body []byte) string { return string(body[:min(len(body), keptMax)]) }

// unreadable is a message that is kept among the refused fixes.
func unreadable(source string, err error, body []byte) tracking.RawFix {
	return tracking.RawFix{
		Source: source, Text: clip(body), Unread: &tracking.Refusal{Reason: tracking.Invalid, Detail: err.Error()},
	}
}
