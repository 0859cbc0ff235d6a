package retailer

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/datum"
	"jiujin/geo/zh"
)

// Listed is one row of a list of shops that is read as it is, not imported: a licence list of any country, or a
// platform's list. Nothing in it is checked but the point.
type Listed struct {
	Key       string // the licence number; any other number or id when there is none; "" without both
	Name      string
	Operator  string
	Address   string
	District  string // its name, as the list has it beside the address
	PhoneTail string
	Aliases   []string
	Division  string     // code
	Point     *orb.Point // WGS-84; nil when the list has none or it is no place
	Over      bool       // the state is one from which no licence comes back
}

// listHeads are the headings of each column that ReadList knows, folded, the better ones first.
var listHeads = map[string][]string{
	"key": {
		"licenceno", "licenseno", "许可证号", "许可证号码", "许可证编号", "烟草专卖零售许可证号", "零售许可证号", "专卖证号", "烟证号", "证号", "licencenumber", "licensenumber",
		"licence", "license", "accountmasked", "account", "osmid", "编号", "序号", "代码", "id", "code", "key", "no",
	},
	"name": {
		"name", "店名", "店铺名称", "商店名称", "门店名称", "字号", "字号名称", "企业字号名称", "企业名称", "单位名称", "客户名称", "商户名称", "零售户名称", "名称",
		"holdername", "tradename", "shopname", "businessname", "businessdbaname", "dba", "title",
	},
	"operator": {"operator", "operatorname", "负责人", "经营者", "负责人姓名", "经营者姓名", "法定代表人", "法人", "持证人", "业主", "联系人", "holder"},
	"address": {
		"address", "经营地址", "经营场所", "经营场所地址", "店铺地址", "详细地址", "地址", "住所", "street", "streetaddress", "premisestreet", "premiseaddress", "addr",
	},
	"number":   {"housenumber", "门牌号", "门牌"},
	"city":     {"city", "premisecity", "城市", "town"},
	"phone":    {"phone", "电话", "联系电话", "手机", "手机号", "手机号码", "电话号码", "订货电话", "phonetail", "telephone", "mobile"},
	"aliases":  {"aliases", "alias", "别名", "俗称", "曾用名"},
	"district": {"district", "districtlabel", "区县", "区", "行政区", "县区", "county"},
	"division": {"divisioncode", "行政区划代码", "区划代码", "行政区划", "行政区划码", "division", "areacode", "adcode"},
	"status":   {"status", "状态", "许可证状态", "证件状态", "经营状态", "客户状态", "state"},
	"lon":      {"lon", "经度", "lng", "longitude", "x", "lonwgs84"},
	"lat":      {"lat", "纬度", "latitude", "y", "latwgs84"},
	"longcj02": {"longcj02", "lnggcj02"},
	"latgcj02": {"latgcj02"},
	"lonbd09":  {"lonbd09", "lngbd09"},
	"latbd09":  {"latbd09"},
}

// ReadList reads a CSV whose first line holds headings, in UTF-8 or GB 18030; of its columns only a name is needed, and
// unknown ones are passed over. d is the datum of coordinates whose heading names none. The error wraps ErrList, or is
// that of r.
func ReadList(r io.Reader, d datum.Datum) ([]Listed, error) {
	all, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read list: %w", err)
	}
	text, err := newDecoder(Auto, all)
	if err != nil {
		return nil, err
	}
	all = bytes.TrimPrefix(all, []byte("\xef\xbb\xbf"))
	in := csv.NewReader(bytes.NewReader(all))
	in.Comma, in.FieldsPerRecord, in.LazyQuotes, in.ReuseRecord = rune(separatorOf(all)), -1, true, true
	first, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: no first line: %w", ErrList, err)
	}
	l := listReader{text: text, at: map[string]int{}, datum: d}
	l.headings(first)
	if _, ok := l.at["name"]; !ok {
		return nil, fmt.Errorf("%w: no column for the name; the columns are %s", ErrList, strings.Join(first, ", "))
	}
	var out []Listed
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrList, err)
		}
		if s, ok := l.row(row); ok {
			out = append(out, s)
		}
	}
}

type listReader struct {
	text  *decoder
	at    map[string]int
	datum datum.Datum
}

func (l *listReader) headings(first []string) {
	byHead := map[string]int{}
	for i := len(first) - 1; i >= 0; i-- {
		byHead[zh.Fold(l.decode(first[i]))] = i
	}
	for column, heads := range listHeads {
		for _, h := range heads {
			if i, ok := byHead[h]; ok {
				l.at[column] = i
				break
			}
		}
	}
}

// decode is a field as text; a damaged one is kept as far as it can be read.
func (l *listReader) decode(field string) string {
	s, err := l.text.text([]byte(field))
	if err != nil {
		return strings.TrimSpace(strings.ToValidUTF8(field, ""))
	}
	return s
}

func (l *listReader) field(row []string, column string) string {
	if i, ok := l.at[column]; ok && i < len(row) {
		return l.decode(row[i])
	}
	return ""
}

// row reads one row; false for one without name and address.
func (l *listReader) row(row []string) (Listed, bool) {
	s := Listed{
		Key: l.field(row, "key"), Name: l.field(row, "name"), Operator: l.field(row, "operator"), Address: l.field(row, "address"),
		District: l.field(row, "district"), Division: l.field(row, "division"),
	}
	for _, more := range []string{"number", "city"} {
		if v := l.field(row, more); v != "" && !strings.Contains(s.Address, v) {
			s.Address = strings.TrimSpace(s.Address + " " + v)
		}
	}
	if phone := digitsOf(l.field(row, "phone")); len(phone) >= 4 {
		s.PhoneTail = phone[len(phone)-4:]
	}
	s.Aliases = strings.FieldsFunc(l.field(row, "aliases"), func(r rune) bool { return strings.ContainsRune(";；|、", r) })
	if status, err := ParseStatus(l.field(row, "status")); err == nil {
		s.Over = status.over()
	}
	s.Point = l.point(row)
	return s, s.Name != "" || s.Address != ""
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func (l *listReader) point(row []string) *orb.Point {
	for _, c := range []struct {
		lon, lat string
		datum    datum.Datum
	}{{"lon", "lat", l.datum}, {"longcj02", "latgcj02", datum.GCJ02}, {"lonbd09", "latbd09", datum.BD09}} {
		lon, err1 := strconv.ParseFloat(l.field(row, c.lon), 64)
		lat, err2 := strconv.ParseFloat(l.field(row, c.lat), 64)
		if err1 != nil || err2 != nil || geo.ValidPoint(orb.Point{lon, lat}) != nil {
			continue
		}
		if p, err := datum.ToWGS84(c.datum, orb.Point{lon, lat}); err == nil {
			return &p
		}
	}
	return nil
}

// over says whether a licence in this state is over for good.
func (s Status) over() bool {
	return s != Pending && s != Valid && s != Suspended && s != Renewing
}
