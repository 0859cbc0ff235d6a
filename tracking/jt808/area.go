package jt808

// The attributes of an area that decide what its description holds. Routes know the first only.
const (
	AreaTimed   uint16 = 1 << 0 // it holds from From to Until
	AreaLimited uint16 = 1 << 1 // it has a speed limit
)

// Vertex is a point in millionths of a degree, without signs; attribute bits 6 and 7 of the area say south and west.
type Vertex struct {
	LatE6 uint32 `json:"lat_e6"`
	LonE6 uint32 `json:"lon_e6"`
}

// Area is a region that the terminal watches by itself.
type Area struct {
	ID       uint32   `json:"id"`
	Attr     uint16   `json:"attr"`
	Corners  []Vertex `json:"corners"`  // circle: the centre; rectangle: top left, bottom right; polygon: all
	RadiusM  uint32   `json:"radius_m"` // circle
	From     Clock    `json:"from"`
	Until    Clock    `json:"until"`     // with AreaTimed; a zero date means every day
	TopKmh   uint16   `json:"top_kmh"`   // with AreaLimited
	OverS    uint8    `json:"over_s"`    // with AreaLimited: how long it may be exceeded
	NightKmh uint16   `json:"night_kmh"` // with AreaLimited, 2019
	Name     string   `json:"name"`      // 2019
}

// SetAreas gives the terminal circles (0x8600) or rectangles (0x8602).
type SetAreas struct {
	Kind   ID     `json:"kind"`
	Action uint8  `json:"action"` // 0 replace all, 1 add, 2 change
	Areas  []Area `json:"areas"`
}

// SetPolygon gives the terminal one polygon.
type SetPolygon struct {
	Area Area `json:"area"`
}

// Turn is a point of a route, with the stretch of road that begins there.
type Turn struct {
	ID      uint32 `json:"id"`
	Section uint32 `json:"section"`
	Vertex
	WidthM   uint8  `json:"width_m"`
	Attr     uint8  `json:"attr"` // bit 0 times, 1 speed limit, 2 south, 3 west
	LongS    uint16 `json:"long_s"`
	ShortS   uint16 `json:"short_s"`
	TopKmh   uint16 `json:"top_kmh"`
	OverS    uint8  `json:"over_s"`
	NightKmh uint16 `json:"night_kmh"` // 2019
}

// SetRoute gives the terminal one route.
type SetRoute struct {
	RouteID uint32 `json:"route_id"`
	Attr    uint16 `json:"attr"`
	From    Clock  `json:"from"`
	Until   Clock  `json:"until"` // with AreaTimed
	Turns   []Turn `json:"turns"`
	Name    string `json:"name"` // 2019
}

// DropAreas deletes areas of a kind (0x8601, 0x8603, 0x8605, 0x8607).
type DropAreas struct {
	Kind ID       `json:"kind"`
	IDs  []uint32 `json:"ids"` // none means all
}

// areaForm is how a body may deviate from its edition.
type areaForm struct {
	named bool // the fields of 2019 are there
	count bool // a second count follows the first, as in 2011
}

func parseArea(id ID, edition Edition, r *reader) Message {
	switch id {
	case IDSetCircles, IDSetRectangles:
		return fitting(id, edition, r, func(form areaForm, r *reader) Message { return readAreas(id, form, r) })
	case IDSetPolygon:
		return fitting(id, edition, r, readPolygon)
	case IDSetRoute:
		return fitting(id, edition, r, readRoute)
	case IDDropCircles, IDDropRectangles, IDDropPolygons, IDDropRoutes:
		return DropAreas{id, r.u32s(int(r.u8()))}
	}
	return Raw{id, r.rest()}
}

// fitting reads with the form of the edition, or with the first other one that takes the body to its end. What none
// fits stays raw: vendors have forms of their own.
func fitting(id ID, edition Edition, r *reader, read func(areaForm, *reader) Message) Message {
	is2019 := edition == Edition2019
	first := *r
	for _, form := range []areaForm{{is2019, false}, {!is2019, false}, {false, true}} {
		try := first
		if m := read(form, &try); !try.short && len(try.b) == 0 {
			*r = try
			return m
		}
	}
	if len(r.b) < 2 {
		r.short = true
	}
	return Raw{id, r.rest()}
}

func readAreas(id ID, form areaForm, r *reader) Message {
	m := SetAreas{Kind: id, Action: r.u8()}
	n := int(r.u8())
	if form.count {
		r.u8()
	}
	for len(m.Areas) < n && !r.short {
		a := Area{ID: r.u32(), Attr: r.u16(), Corners: []Vertex{r.vertex()}}
		if id == IDSetCircles {
			a.RadiusM = r.u32()
		} else {
			a.Corners = append(a.Corners, r.vertex())
		}
		r.areaTimes(&a)
		r.areaLimit(&a)
		r.areaName(&a, form)
		m.Areas = append(m.Areas, a)
	}
	return m
}

func readPolygon(form areaForm, r *reader) Message {
	a := Area{ID: r.u32(), Attr: r.u16()}
	r.areaTimes(&a)
	r.areaLimit(&a)
	n := int(r.u16())
	if form.count {
		r.u8()
	}
	for len(a.Corners) < n && !r.short {
		a.Corners = append(a.Corners, r.vertex())
	}
	r.areaName(&a, form)
	return SetPolygon{a}
}

func readRoute(form areaForm, r *reader) Message {
	m := SetRoute{RouteID: r.u32(), Attr: r.u16()}
	if m.Attr&AreaTimed != 0 {
		m.From, m.Until = r.clock(), r.clock()
	}
	n := int(r.u16())
	if form.count {
		r.u8()
	}
	for len(m.Turns) < n && !r.short {
		t := Turn{ID: r.u32(), Section: r.u32(), Vertex: r.vertex(), WidthM: r.u8(), Attr: r.u8()}
		if t.Attr&1 != 0 {
			t.LongS, t.ShortS = r.u16(), r.u16()
		}
		if t.Attr&2 != 0 {
			t.TopKmh, t.OverS = r.u16(), r.u8()
			if form.named {
				t.NightKmh = r.u16()
			}
		}
		m.Turns = append(m.Turns, t)
	}
	if form.named {
		m.Name = r.text16()
	}
	return m
}

func (r *reader) vertex() Vertex { return Vertex{r.u32(), r.u32()} }

func (r *reader) areaTimes(a *Area) {
	if a.Attr&AreaTimed != 0 {
		a.From, a.Until = r.clock(), r.clock()
	}
}

func (r *reader) areaLimit(a *Area) {
	if a.Attr&AreaLimited != 0 {
		a.TopKmh, a.OverS = r.u16(), r.u8()
	}
}

func (r *reader) areaName(a *Area, form areaForm) {
	if !form.named {
		return
	}
	if a.Attr&AreaLimited != 0 {
		a.NightKmh = r.u16()
	}
	a.Name = r.text16()
}

func (w *writer) vertices(list []Vertex) {
	for _, v := range list {
		w.u32(v.LatE6)
		w.u32(v.LonE6)
	}
}

func (w *writer) areaTimes(a Area) {
	if a.Attr&AreaTimed != 0 {
		w.bytes(a.From[:])
		w.bytes(a.Until[:])
	}
}

func (w *writer) areaLimit(a Area) {
	if a.Attr&AreaLimited != 0 {
		w.u16(a.TopKmh)
		w.u8(a.OverS)
	}
}

func (w *writer) areaName(a Area) {
	if w.edition != Edition2019 {
		return
	}
	if a.Attr&AreaLimited != 0 {
		w.u16(a.NightKmh)
	}
	w.text16("name", a.Name)
}

func (m SetAreas) appendTo(w *writer) {
	corners := 2
	if m.Kind == IDSetCircles {
		corners = 1
	}
	w.u8(m.Action)
	w.count("areas", len(m.Areas))
	for _, a := range m.Areas {
		if len(a.Corners) != corners {
			w.fail("corners of an area", len(a.Corners), corners)
		}
		w.u32(a.ID)
		w.u16(a.Attr)
		w.vertices(a.Corners)
		if m.Kind == IDSetCircles {
			w.u32(a.RadiusM)
		}
		w.areaTimes(a)
		w.areaLimit(a)
		w.areaName(a)
	}
}

func (m SetPolygon) appendTo(w *writer) {
	w.u32(m.Area.ID)
	w.u16(m.Area.Attr)
	w.areaTimes(m.Area)
	w.areaLimit(m.Area)
	w.count16("corners", len(m.Area.Corners))
	w.vertices(m.Area.Corners)
	w.areaName(m.Area)
}

func (m SetRoute) appendTo(w *writer) {
	w.u32(m.RouteID)
	w.u16(m.Attr)
	if m.Attr&AreaTimed != 0 {
		w.bytes(m.From[:])
		w.bytes(m.Until[:])
	}
	w.count16("points of a route", len(m.Turns))
	for _, t := range m.Turns {
		w.u32(t.ID)
		w.u32(t.Section)
		w.vertices([]Vertex{t.Vertex})
		w.bytes([]byte{t.WidthM, t.Attr})
		if t.Attr&1 != 0 {
			w.u16(t.LongS)
			w.u16(t.ShortS)
		}
		if t.Attr&2 != 0 {
			w.u16(t.TopKmh)
			w.u8(t.OverS)
			if w.edition == Edition2019 {
				w.u16(t.NightKmh)
			}
		}
	}
	if w.edition == Edition2019 {
		w.text16("name", m.Name)
	}
}

func (m DropAreas) appendTo(w *writer) {
	w.count("areas", len(m.IDs))
	for _, id := range m.IDs {
		w.u32(id)
	}
}

// ID is the kind of message.
func (m SetAreas) ID() ID { return m.Kind }

// ID is the kind of message.
func (SetPolygon) ID() ID { return IDSetPolygon }

// ID is the kind of message.
func (SetRoute) ID() ID { return IDSetRoute }

// ID is the kind of message.
func (m DropAreas) ID() ID { return m.Kind }
