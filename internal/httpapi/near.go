package httpapi

import (
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/tracking"
)

// nearAnswer is what it takes to answer one gateway, used again for the next.
type nearAnswer struct {
	list []tracking.Near
	body []byte
}

var nearAnswers = sync.Pool{New: func() any { return new(nearAnswer) }}

// vehiclesNear answers a gateway that asks for the units nearest to a point,
// from memory alone. Positions of phones are people's, and not told.
func (s *Server) vehiclesNear(c echo.Context) error {
	p, k, wanted, err := readNear(c.Request().URL.RawQuery)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	wanted.Vehicles = true
	a := nearAnswers.Get().(*nearAnswer)
	defer nearAnswers.Put(a)
	a.list = s.deps.Dispatch.Positions.AppendNearest(a.list[:0], p, k, wanted)
	a.body = append(a.body[:0], `{"units":[`...)
	for i := range a.list {
		if i > 0 {
			a.body = append(a.body, ',')
		}
		a.body = appendNear(a.body, &a.list[i])
	}
	a.body = append(a.body, "]}\n"...)
	header := c.Response().Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	c.Response().WriteHeader(http.StatusOK)
	_, err = c.Response().Write(a.body)
	return err
}

// readNear reads the parameters of nearInput.
func readNear(query string) (p orb.Point, k int, w tracking.Wanted, err error) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return p, 0, w, invalid{"query", text{"查询参数无法读取。", "The query cannot be read."}}
	}
	for i, name := range [...]string{"lon", "lat"} {
		if p[i], err = strconv.ParseFloat(q.Get(name), 64); err != nil {
			return p, 0, w, invalid{"query." + name, text{"应为以度为单位的数字。", "It must be a number of degrees."}}
		}
	}
	if err := geo.ValidPoint(p); err != nil {
		return p, 0, w, invalid{"query.lon", text{"这不是一个有效的位置。", "This is not a place on earth."}}
	}
	k = 5
	if v := q.Get("k"); v != "" {
		if k, err = strconv.Atoi(v); err != nil || k < 1 || k > 100 {
			return p, 0, w, invalid{"query.k", text{"应为 1 到 100 的整数。", "It must be a whole number from 1 to 100."}}
		}
	}
	if v := q.Get("free"); v != "" {
		if w.Free, err = strconv.ParseBool(v); err != nil {
			return p, 0, w, invalid{"query.free", text{"应为 true 或 false。", "It must be true or false."}}
		}
	}
	if v := q.Get("since"); v != "" {
		if w.Since, err = time.Parse(time.RFC3339, v); err != nil {
			return p, 0, w, invalid{"query.since", text{"应为 RFC 3339 格式的时间。", "It must be a time as in RFC 3339."}}
		}
	}
	return p, k, w, nil
}

// appendNear writes a unit as JSON.
func appendNear(b []byte, n *tracking.Near) []byte {
	f := &n.Fix
	b = strconv.AppendInt(append(b, `{"unit_id":`...), f.UnitID, 10)
	b = strconv.AppendFloat(append(b, `,"distance_m":`...), float64(n.Distance), 'f', 2, 64)
	b = strconv.AppendFloat(append(b, `,"lon":`...), f.Point[0], 'f', -1, 64)
	b = strconv.AppendFloat(append(b, `,"lat":`...), f.Point[1], 'f', -1, 64)
	b = f.FixedAt.AppendFormat(append(b, `,"fixed_at":"`...), time.RFC3339Nano)
	b = append(b, '"')
	if f.SpeedKmh.Known {
		b = strconv.AppendFloat(append(b, `,"speed_kmh":`...), f.SpeedKmh.Value, 'f', -1, 32)
	}
	if f.HeadingDeg.Known {
		b = strconv.AppendFloat(append(b, `,"heading_deg":`...), f.HeadingDeg.Value, 'f', -1, 32)
	}
	if f.Engaged != tracking.Unsaid {
		b = strconv.AppendBool(append(b, `,"engaged":`...), f.Engaged == tracking.On)
	}
	return append(b, '}')
}
