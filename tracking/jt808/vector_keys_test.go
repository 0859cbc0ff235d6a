package jt808_test

import (
	"encoding/hex"
	"fmt"
	"maps"
	"time"

	"jiujin/tracking/jt808"
)

func headerKeys(to map[string]any, f jt808.Frame) {
	to["body_len"], to["encrypt"], to["phone"], to["serial"] = len(f.Body), f.Encryption, f.RawPhone(), f.Serial
	to["body_len_actual"] = len(f.Body)
	to["subpackage"], to["pkg_total"], to["pkg_no"] = f.Parts > 0, f.Parts, f.Part
	if f.Form == jt808.Form2019 {
		to["proto_ver"] = f.VersionByte
	}
}

// bodyKeys says the message in the words of the vectors.
func bodyKeys(to map[string]any, m jt808.Message, f jt808.Frame) {
	if serial, id, ok := jt808.Answers(m); ok {
		to["reply_serial"], to["reply_id"] = serial, id
	}
	switch m := m.(type) {
	case jt808.TerminalReply:
		to["result"] = m.Result
	case jt808.PlatformReply:
		to["result"] = m.Result
	case jt808.Heartbeat:
		to["extra_body_hex"] = hex.EncodeToString(f.Body)
	case jt808.Register:
		to["province"], to["city"], to["maker"], to["model"] = m.Province, m.City, m.Maker, m.Model
		to["terminal_id"], to["plate_color"], to["plate"] = m.TerminalID, m.Colour, m.Plate
		to["layout"] = fmt.Sprint(m.Edition)
	case jt808.RegisterReply:
		to["result"], to["auth_code"] = m.Result, string(m.Code)
	case jt808.Auth:
		to["auth_code"], to["imei"], to["software"] = string(m.Code), m.IMEI, m.Software
	case jt808.Attributes:
		to["terminal_type"], to["maker"], to["maker_len"], to["model"] = m.Type, m.Maker, m.MakerBytes, m.Model
		to["terminal_id"], to["iccid"], to["hw"], to["fw"] = m.TerminalID, m.ICCID, m.Hardware, m.Firmware
		to["gnss"], to["comm"] = m.GNSS, m.Radio
	case jt808.Params:
		paramKeys(to, m.ParamList)
	case jt808.SetParams:
		paramKeys(to, m.ParamList)
	case jt808.Location:
		maps.Copy(to, locationKeys(m))
	case jt808.LocationReply:
		maps.Copy(to, locationKeys(m.Location))
	case jt808.ControlReply:
		maps.Copy(to, locationKeys(m.Location))
	case jt808.Batch:
		list := []map[string]any{}
		for _, l := range m.Locations {
			list = append(list, locationKeys(l))
		}
		to["count"], to["batch_type"], to["positions"] = m.Count, map[bool]int{true: 1}[m.Replay], list
	case jt808.Driver:
		to["card_status"], to["read_result"], to["driver"] = map[bool]int{true: 1, false: 2}[m.In], m.Read, m.Name
		to["licence"], to["issuer"], to["valid_until"] = m.Licence, m.Issuer, m.Until
		at, _ := m.Clock.Time()
		to["time_bcd"], to["time_utc"] = m.Clock, at
	default:
		downKeys(to, m, f)
	}
}

func downKeys(to map[string]any, m jt808.Message, f jt808.Frame) {
	switch m := m.(type) {
	case jt808.Choice:
		to["option"] = m.Option
	case jt808.SetPolygon:
		corners := [][2]uint32{}
		for _, c := range m.Area.Corners {
			corners = append(corners, [2]uint32{c.LatE6, c.LonE6})
		}
		to["id"], to["attr"], to["corners"] = m.Area.ID, m.Area.Attr, corners
	case jt808.Media:
		to["media_id"], to["media_type"], to["format"] = m.MediaID, m.Type, m.Format
		to["event"], to["channel"], to["data_len"] = m.Event, m.Channel, len(m.Data)
		to["position"] = locationKeys(m.Location)
	case jt808.Transparent:
		to["pass_type"], to["data_hex"] = fmt.Sprintf("0x%02x", m.Type), m.Data
	case jt808.TimeReply:
		to["server_time_bcd"] = m.Clock
	case jt808.Control:
		to["command"], to["arg_hex"] = m.Command, hex.EncodeToString(f.Body[1:])
	case jt808.Text:
		to["flag"], to["text"], to["text_type"] = m.Flags, m.Text, m.Type
	case jt808.Question:
		list := []map[string]any{}
		for _, o := range m.Options {
			list = append(list, map[string]any{"id": o.ID, "text": o.Text})
		}
		to["flag"], to["question"], to["answers"] = m.Flags, m.Text, list
	case jt808.CallBack:
		to["flag"], to["phone_number"] = m.Listen, m.Phone
	case jt808.VehicleControl:
		if f.Form == jt808.Form2019 {
			to["count"], to["control_hex"] = int(m.Data[0])<<8+int(m.Data[1]), hex.EncodeToString(m.Data[2:])
		} else {
			to["flag"] = m.Data[0]
		}
	case jt808.Resend:
		to["first_serial"], to["count"], to["ids"] = m.Serial, len(m.Parts), m.Parts
	case jt808.MediaReply:
		to["media_id"], to["count"], to["ids"] = m.MediaID, len(m.Missing), m.Missing
	case jt808.Track:
		to["interval_s"], to["valid_s"] = m.IntervalS, m.ForS
	case jt808.Photo:
		to["channel"], to["command"], to["interval_s"] = m.Channel, m.Command, m.IntervalS
		to["save"], to["resolution"], to["quality"] = map[bool]int{true: 1}[m.Store], m.Resolution, m.Quality
		to["brightness"], to["contrast"], to["saturation"], to["chroma"] = m.Brightness, m.Contrast, m.Saturation, m.Chroma
	case jt808.SetAreas:
		list := []map[string]any{}
		for _, a := range m.Areas {
			list = append(list, areaKeys(m.Kind, a))
		}
		to["set_attr"], to["count"], to["areas"] = m.Action, len(list), list
	default:
		to["body_hex"] = hex.EncodeToString(f.Body)
	}
}

func areaKeys(kind jt808.ID, a jt808.Area) map[string]any {
	to := map[string]any{
		"id": a.ID, "attr": a.Attr, "start_bcd": a.From, "end_bcd": a.Until, "max_speed_kmh": a.TopKmh,
		"overspeed_s": a.OverS, "night_max_speed_kmh": a.NightKmh, "name": a.Name, "radius_m": a.RadiusM,
	}
	if kind == jt808.IDSetCircles {
		to["lat_raw"], to["lon_raw"] = a.Corners[0].LatE6, a.Corners[0].LonE6
	} else {
		to["tl_lat_raw"], to["tl_lon_raw"] = a.Corners[0].LatE6, a.Corners[0].LonE6
		to["br_lat_raw"], to["br_lon_raw"] = a.Corners[1].LatE6, a.Corners[1].LonE6
	}
	return to
}

func paramKeys(to map[string]any, p jt808.ParamList) {
	list := []map[string]any{}
	for _, param := range p.List {
		n := 0
		for _, b := range param.Value {
			n = n<<8 | int(b)
		}
		list = append(list, map[string]any{
			"id": fmt.Sprintf("0x%04x", param.ID), "len": len(param.Value), "hex": param.Value,
			"uint": n, "str": jt808.TextOfGBK(param.Value),
		})
	}
	to["count"], to["params"], to["trailing"] = p.Count, list, p.Trailing
}

func locationKeys(l jt808.Location) map[string]any {
	to := map[string]any{
		"alarm": fmt.Sprintf("0x%08x", l.Alarm), "status": fmt.Sprintf("0x%08x", l.Status),
		"lat_raw": l.LatE6, "lon_raw": l.LonE6, "lat": l.Lat(), "lon": l.Lon(), "alt_m": l.AltM,
		"speed_kmh": float64(l.Speed) / 10, "course": l.Course, "time_bcd": l.Clock, "fix": l.Fixed(),
		"acc_on": l.Status&jt808.StatusACC != 0, "coords_encrypted": l.Encrypted(),
		"coords_in_range": l.LatE6 <= 90e6 && l.LonE6 <= 180e6,
		"extras_trailing": l.Trailing(),
	}
	if at, ok := l.Clock.Time(); ok {
		to["time_utc"] = at.Format(time.RFC3339)
	} else {
		to["time_utc"] = nil
	}
	extras, other := map[string]any{}, map[string][]string{}
	for item := range l.Items() {
		if !itemKeys(extras, item) {
			id := fmt.Sprintf("0x%02x", item.ID)
			other[id] = append(other[id], hex.EncodeToString(item.Value))
		}
	}
	all := map[string]any{}
	for id, list := range other {
		all[id] = list
	}
	extras["other"] = all
	to["extras"] = extras
	return to
}

func itemKeys(extras map[string]any, item jt808.Item) bool {
	n, _ := item.Uint()
	name, value := item.Named()
	place, _ := value.(jt808.Place)
	switch name {
	case "odometer_km":
		extras["mileage_0.1km"] = n
	case "fuel_l":
		extras["fuel_0.1L"] = n
	case "recorder_kmh":
		extras["recorder_speed_0.1kmh"] = n
	case "alarm_to_confirm":
		extras["manual_alarm_id"] = n
	case "overspeed_at":
		extras["overspeed"] = map[string]any{"area_type": place.Kind, "area_id": place.ID}
	case "area":
		extras["area"] = map[string]any{"area_type": place.Kind, "area_id": place.ID, "dir": place.Out}
	case "section":
		extras["segment"] = map[string]any{"segment_id": place.ID, "seconds": place.Seconds, "result": place.Long}
	case "vehicle_signals":
		extras["ext_signal"] = n
	case "io":
		extras["io"] = n
	case "analogue":
		extras["analog"] = n
	case "signal_csq":
		extras["rssi"] = n
	case "satellites":
		extras["sats"] = n
	default:
		return false
	}
	return true
}
