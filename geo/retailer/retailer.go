// Package retailer keeps the register of licensed tobacco retailers: it
// imports lists, and finds the retailer that a caller describes.
//
// Points are WGS-84, longitude first. A list in another datum is converted
// once, on import; the datum it came in is kept beside the point.
package retailer

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo/datum"
	"jiujin/geo/zh"
)

// ErrNotFound says that no retailer has the licence number or id.
var ErrNotFound = errors.New("no such retailer")

// Retailer is one holder of a licence and its shop.
type Retailer struct {
	ID        int64 // 0 for one that is not stored yet
	LicenceNo LicenceNo
	Name      string
	Operator  string // the person in charge; "" when not known
	Address   string
	PhoneTail string // the last four digits; "" when not known
	Form      Form   // "" when not known
	Status    Status
	// ValidFrom and ValidTo are the first and last day, at 00:00 UTC; the zero
	// time when not known.
	ValidFrom, ValidTo time.Time
	DivisionCode       string // of today's jurisdiction; "" when not known
	// Point is nil when the place is not known.
	Point       *orb.Point
	SourceDatum datum.Datum // of the list that Point came from
	UpdatedAt   time.Time
}

// LicenceNo is the number of a licence: twelve digits. The first six are the
// area of issue, which says nothing of today's jurisdiction; the seventh is
// the kind of holder. A list from elsewhere has numbers of up to 80 characters
// of its own form, see Profile.Foreign.
type LicenceNo string

// ErrLicenceNo says that a text is not a licence number.
var ErrLicenceNo = errors.New("a licence number has 12 digits")

// ParseLicenceNo reads a licence number. Blanks, full-width digits and the
// ="…" or '… with which spreadsheets protect long numbers are accepted. The
// error wraps ErrLicenceNo.
func ParseLicenceNo(s string) (LicenceNo, error) {
	no := strings.Map(func(r rune) rune {
		switch r = zh.HalfWidth(r); r {
		case ' ', '\t', '\'', '"', '=', '\u00a0', '\u200b':
			return -1
		}
		return r
	}, s)
	if len(no) == 12 && digits(no) {
		return LicenceNo(no), nil
	}
	if strings.ContainsAny(no, "eE.") && digits(strings.NewReplacer("e", "", "E", "", ".", "", "+", "").Replace(no)) {
		return "", fmt.Errorf("%w: a spreadsheet has shortened this one; format the column as text and export again", ErrLicenceNo)
	}
	return "", ErrLicenceNo
}

// Area is the six digits of the area that issued the licence; "" of a number of
// another form.
func (n LicenceNo) Area() string {
	if !n.chinese() {
		return ""
	}
	return string(n[:6])
}

func (n LicenceNo) chinese() bool { return len(n) == 12 && digits(string(n)) }

// Holder is the kind of holder that the seventh digit of n names.
func (n LicenceNo) Holder() Holder {
	if n.chinese() {
		switch n[6] {
		case '1':
			return Individual
		case '2':
			return Organisation
		}
	}
	return UnknownHolder
}

// Holder is the kind of a licence's holder.
type Holder string

// The kinds of holder. A licence of an unknown kind is kept; an import flags it.
const (
	Individual    Holder = "individual"   // 个体工商户
	Organisation  Holder = "organisation" // 企业、组织或其他
	UnknownHolder Holder = ""
)

// Status is the state of a licence.
type Status string

// The states of a licence. From Expired on it is over for good.
const (
	Pending   Status = "pending"
	Valid     Status = "valid"
	Suspended Status = "suspended" // for a year at most
	Renewing  Status = "renewing"
	Expired   Status = "expired"
	Closed    Status = "closed"
	Cancelled Status = "cancelled"
	Withdrawn Status = "withdrawn"
	Recalled  Status = "recalled"
	Revoked   Status = "revoked"
)

// Term is one word of a fixed list with its names on the screen.
type Term struct{ Code, Zh, En string }

// Statuses is every state of a licence.
func Statuses() []Term {
	return []Term{
		{string(Pending), "待发证", "Pending"},
		{string(Valid), "有效", "Valid"},
		{string(Suspended), "停业", "Suspended"},
		{string(Renewing), "延续中", "Renewing"},
		{string(Expired), "到期", "Expired"},
		{string(Closed), "歇业", "Closed"},
		{string(Cancelled), "注销", "Cancelled"},
		{string(Withdrawn), "撤销", "Withdrawn"},
		{string(Recalled), "收回", "Recalled"},
		{string(Revoked), "吊销", "Revoked"},
	}
}

// otherStatuses are the further words that lists use.
var otherStatuses = map[string]Status{
	"正常": Valid, "在营": Valid, "营业": Valid, "正常营业": Valid, "恢复营业": Valid, "存续": Valid, "生效": Valid, "active": Valid,
	"暂停": Suspended, "停业中": Suspended, "暂停营业": Suspended,
	"延续": Renewing, "待延续": Renewing, "办理延续": Renewing, "过期": Expired, "已到期": Expired, "届满": Expired, "失效": Expired,
	"已歇业": Closed, "结业": Closed, "已注销": Cancelled, "canceled": Cancelled,
	"撤回": Withdrawn, "已撤销": Withdrawn, "已撤回": Withdrawn, "已收回": Recalled, "已吊销": Revoked,
	"申请中": Pending, "待审批": Pending,
}

// ErrStatus says that a word names no state of a licence.
var ErrStatus = errors.New("unknown status; use valid (有效), suspended (停业), renewing (延续中), expired (到期), closed (歇业), " +
	"cancelled (注销), withdrawn (撤销), recalled (收回), revoked (吊销) or pending (待发证)")

// ParseStatus reads the name of a state, in Chinese or as its code. The error
// wraps ErrStatus; the empty text is an error too.
func ParseStatus(s string) (Status, error) {
	s = zh.Fold(s)
	if code, ok := termCode(Statuses(), s); ok {
		return Status(code), nil
	}
	if status, ok := otherStatuses[s]; ok {
		return status, nil
	}
	return "", ErrStatus
}

// Form is the business form of a shop, one of the seven of the retail
// classification standard.
type Form string

// Forms is every business form.
func Forms() []Term {
	return []Term{
		{"grocery", "食杂店", "Grocery"},
		{"convenience", "便利店", "Convenience store"},
		{"supermarket", "超市", "Supermarket"},
		{"mall", "商场", "Department store"},
		{"tobacco_liquor", "烟酒商店", "Tobacco and liquor shop"},
		{"entertainment", "娱乐服务类", "Entertainment and services"},
		{"other", "其他", "Other"},
	}
}

var otherForms = map[string]Form{
	"食杂": "grocery", "小卖部": "grocery", "便利": "convenience", "烟酒店": "tobacco_liquor", "烟酒": "tobacco_liquor",
	"烟酒专卖店": "tobacco_liquor", "娱乐服务": "entertainment", "娱乐": "entertainment", "娱乐服务类店": "entertainment",
	"其它": "other", "其他类": "other", "百货商场": "mall", "大型商场": "mall",
}

// ErrForm says that a word names no business form.
var ErrForm = errors.New("unknown business form; use grocery (食杂店), convenience (便利店), supermarket (超市), mall (商场), " +
	"tobacco_liquor (烟酒商店), entertainment (娱乐服务类) or other (其他)")

// ParseForm reads the name of a business form, in Chinese or as its code. The
// error wraps ErrForm; the empty text is an error too.
func ParseForm(s string) (Form, error) {
	s = zh.Fold(s)
	if code, ok := termCode(Forms(), s); ok {
		return Form(code), nil
	}
	if form, ok := otherForms[s]; ok {
		return form, nil
	}
	return "", ErrForm
}

// termCode finds the code of a folded name. Folding drops the underscore of a
// code, so codes are compared folded.
func termCode(terms []Term, folded string) (string, bool) {
	for _, t := range terms {
		if folded == zh.Fold(t.Code) || folded == t.Zh || folded == zh.Fold(t.En) {
			return t.Code, true
		}
	}
	return "", false
}

// GeoQuality says how far the point of a shop can be trusted.
type GeoQuality string

// The kinds of points. A shop without a point has none.
const (
	GeoGiven    GeoQuality = "given"    // by its list, which does not say how it came by it
	GeoGeocoded GeoQuality = "geocoded" // made from the address, as its list says
	GeoCentre   GeoQuality = "centre"   // of a village, a township or a county, as its list says
	GeoScene    GeoQuality = "scene"    // found by an officer in front of the shop
	GeoDoubtful GeoQuality = "doubtful" // its list says so, or it is given to a hundredth of a degree or less
)

// GeoQualities is every kind of point.
func GeoQualities() []Term {
	return []Term{
		{string(GeoGiven), "名单坐标", "Given by its list"},
		{string(GeoGeocoded), "地址解析", "Geocoded"},
		{string(GeoCentre), "区划中心", "Centre of a division"},
		{string(GeoScene), "现场核实", "Verified on scene"},
		{string(GeoDoubtful), "存疑", "Doubtful"},
	}
}

var otherQualities = map[string]GeoQuality{
	"gps": GeoGiven, "实测": GeoGiven, "采集": GeoGiven, "现场采集": GeoGiven, "rooftop": GeoGiven, "门牌": GeoGiven,
	"地理编码": GeoGeocoded, "解析": GeoGeocoded, "street": GeoGeocoded, "道路": GeoGeocoded,
	"村中心": GeoCentre, "乡镇中心": GeoCentre, "街道中心": GeoCentre, "区县中心": GeoCentre, "village": GeoCentre, "township": GeoCentre,
	"现场纠正": GeoScene, "不准": GeoDoubtful, "可疑": GeoDoubtful, "低": GeoDoubtful,
}

// ErrGeoQuality says that a word names no kind of point.
var ErrGeoQuality = errors.New("unknown kind of point; use given (名单坐标), geocoded (地址解析), centre (区划中心), " +
	"scene (现场核实) or doubtful (存疑)")

// ParseGeoQuality reads the name of a kind of point, in Chinese or as its code. The error wraps ErrGeoQuality; the empty
// text is an error too.
func ParseGeoQuality(s string) (GeoQuality, error) {
	s = zh.Fold(s)
	if code, ok := termCode(GeoQualities(), s); ok {
		return GeoQuality(code), nil
	}
	if q, ok := otherQualities[s]; ok {
		return q, nil
	}
	return "", ErrGeoQuality
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
