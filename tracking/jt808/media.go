package jt808

// MediaHead describes a picture or a recording.
type MediaHead struct {
	MediaID uint32 `json:"media_id"`
	Type    uint8  `json:"type"`   // 0 image, 1 audio, 2 video
	Format  uint8  `json:"format"` // 0 JPEG, 1 TIF, 2 MP3, 3 WAV, 4 WMV
	Event   uint8  `json:"event"`  // 0 asked by the platform, 1 timed, 2 robbery, 3 collision, …
	Channel uint8  `json:"channel"`
}

func (r *reader) mediaHead() MediaHead { return MediaHead{r.u32(), r.u8(), r.u8(), r.u8(), r.u8()} }

func (w *writer) mediaHead(h MediaHead) {
	w.u32(h.MediaID)
	w.bytes([]byte{h.Type, h.Format, h.Event, h.Channel})
}

// MediaEvent announces a picture or a recording.
type MediaEvent struct{ MediaHead }

// Media is a picture or a recording; the parts of it have to be put together first. In 2011 the parts are messages of
// their own, and Data is that of one.
type Media struct {
	MediaHead
	Location Location `json:"location"` // where it was made; zero in 2011
	// Parts and Part are the counters of 2011, which stand in the body; zero otherwise.
	Parts uint32 `json:"parts"`
	Part  uint32 `json:"part"`
	Data  Hex    `json:"data"`
}

func parseMedia(r *reader) Media {
	m := Media{MediaHead: r.mediaHead()}
	if count := (reader{b: r.b}); isMedia2011(count) {
		m.Parts, m.Part, m.Data = r.u32(), r.u32(), r.rest()
		return m
	}
	l, err := DecodeLocation(r.take(fixedLocation))
	if err != nil {
		r.short = true
	}
	m.Location, m.Data = l, r.rest()
	return m
}

// isMedia2011 says that two counters follow the head, where later editions have a location.
func isMedia2011(r reader) bool {
	l, err := DecodeLocation(r.b)
	if _, ok := l.Clock.Time(); err == nil && ok {
		return false
	}
	parts, part := r.u32(), r.u32()
	return !r.short && part >= 1 && part <= parts && parts <= maxParts
}

// MediaReply is our answer to a Media: all is there, or these parts are missing.
type MediaReply struct {
	MediaID uint32   `json:"media_id"`
	Missing []uint16 `json:"missing"` // from 1
}

func parseMediaReply(r *reader) MediaReply {
	m := MediaReply{MediaID: r.u32()}
	if len(r.b) > 0 {
		m.Missing = r.u16s(int(r.u8()))
	}
	return m
}

// Photo asks for pictures or a recording.
type Photo struct {
	Channel    uint8  `json:"channel"`    // from 1
	Command    uint16 `json:"command"`    // 0 stop, 0xffff video, else number of pictures
	IntervalS  uint16 `json:"interval_s"` // between pictures, or length of the video; 0 as short as possible
	Store      bool   `json:"store"`      // keep it instead of sending it
	Resolution uint8  `json:"resolution"` // 1 320×240, 2 640×480, 3 800×600, 4 1024×768, …
	Quality    uint8  `json:"quality"`    // 1 best to 10
	Brightness uint8  `json:"brightness"`
	Contrast   uint8  `json:"contrast"`
	Saturation uint8  `json:"saturation"`
	Chroma     uint8  `json:"chroma"`
}

func parsePhoto(r *reader) Photo {
	return Photo{
		Channel: r.u8(), Command: r.u16(), IntervalS: r.u16(), Store: r.u8() == 1, Resolution: r.u8(), Quality: r.u8(),
		Brightness: r.u8(), Contrast: r.u8(), Saturation: r.u8(), Chroma: r.u8(),
	}
}

// PhotoReply is the answer to Photo; the pictures follow as Media.
type PhotoReply struct {
	Serial uint16   `json:"serial"` // of the question
	Result uint8    `json:"result"` // 0 done, 1 failed, 2 no such channel
	Media  []uint32 `json:"media"`
}

func parsePhotoReply(r *reader) PhotoReply {
	m := PhotoReply{Serial: r.u16(), Result: r.u8()}
	if m.Result == 0 && len(r.b) > 0 {
		m.Media = r.u32s(int(r.u16()))
	}
	return m
}

func (m MediaEvent) appendTo(w *writer) { w.mediaHead(m.MediaHead) }

func (m Media) appendTo(w *writer) {
	w.mediaHead(m.MediaHead)
	if m.Parts > 0 {
		w.u32(m.Parts)
		w.u32(m.Part)
		w.bytes(m.Data)
		return
	}
	l := m.Location
	l.TLV = nil
	l.appendTo(w)
	w.bytes(m.Data)
}

func (m MediaReply) appendTo(w *writer) {
	w.u32(m.MediaID)
	if len(m.Missing) == 0 {
		return
	}
	w.count("parts", len(m.Missing))
	for _, p := range m.Missing {
		w.u16(p)
	}
}

func (m Photo) appendTo(w *writer) {
	store := uint8(0)
	if m.Store {
		store = 1
	}
	w.u8(m.Channel)
	w.u16(m.Command)
	w.u16(m.IntervalS)
	w.bytes([]byte{store, m.Resolution, m.Quality, m.Brightness, m.Contrast, m.Saturation, m.Chroma})
}

func (m PhotoReply) appendTo(w *writer) {
	w.u16(m.Serial)
	w.u8(m.Result)
	if m.Result != 0 {
		return
	}
	w.count16("media", len(m.Media))
	for _, id := range m.Media {
		w.u32(id)
	}
}

// ID is the kind of message.
func (MediaEvent) ID() ID { return IDMediaEvent }

// ID is the kind of message.
func (Media) ID() ID { return IDMedia }

// ID is the kind of message.
func (MediaReply) ID() ID { return IDMediaReply }

// ID is the kind of message.
func (Photo) ID() ID { return IDPhoto }

// ID is the kind of message.
func (PhotoReply) ID() ID { return IDPhotoReply }
