package retailer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"jiujin/geo/zh"
)

// ErrList says that a list as a whole cannot be read.
var ErrList = errors.New("the list cannot be read")

// ListError says why a list as a whole cannot be read. It wraps ErrList.
type ListError struct {
	// Code is the reason: empty, gzip, too_long, workbook, geojson, utf16, first_line, no_column, half_point, no_field or
	// no_heading; of a delivery that failed later also rows_gone (a crash of the database took them) and internal (the
	// database refused something).
	Code     string
	Field    string   // with no_column and half_point the one that is missing, with no_field the one that there is not
	Heading  string   // with no_heading: the one that the mapping asks for
	Headings []string // of the first line, with no_column, half_point and no_heading
	Message  string   // in English
}

// Error is the whole message, in English.
func (e *ListError) Error() string { return ErrList.Error() + ": " + e.Message }

// Unwrap is ErrList.
func (e *ListError) Unwrap() error { return ErrList }

// field is what a column can hold. Fields are kept in the order of their names
// nowhere but in Fields.
type field int

const (
	fLicence field = iota
	fName
	fOperator
	fAddress
	fPhone
	fForm
	fStatus
	fValidFrom
	fValidTo
	fDivision
	fLon
	fLat
	fPoint
	fUSCC
	fTier
	fMarketType
	fGridUnit
	fSquad
	fMarketOfficer
	fCustomerManager
	fDeliveryRoute
	fScope
	fSupplier
	fIssuer
	fIssuedOn
	fSchool
	fRisk
	fInspected
	fReplaces
	fGeoQuality
	fieldCount
)

// heads are the name of each field and the column headings by which it is
// known, folded, the better ones first.
var heads = [fieldCount]struct {
	name     string
	synonyms string
}{
	fLicence: {"licence_no", "许可证号 许可证号码 许可证编号 烟草专卖零售许可证号 烟草专卖零售许可证号码 烟草专卖零售许可证编号 零售许可证号 " +
		"专卖许可证号 专卖证号 烟证号 证号 客户许可证号 licenceno licenseno licence license licencenumber licensenumber"},
	fName: {"name", "店名 店铺名称 商店名称 门店名称 字号 字号名称 企业字号名称 企业名称 单位名称 客户名称 商户名称 零售户名称 " +
		"名称 name shopname tradename businessname holdername"},
	fOperator:        {"operator", "负责人 经营者 负责人姓名 经营者姓名 法定代表人 法人 持证人 业主 联系人 operator operatorname holder"},
	fAddress:         {"address", "经营地址 经营场所 经营场所地址 店铺地址 详细地址 地址 住所 address street"},
	fPhone:           {"phone", "电话 联系电话 手机 手机号 手机号码 电话号码 订货电话 phone phonetail telephone mobile"},
	fForm:            {"business_form", "业态 零售业态 经营业态 业态类型 businessform form"},
	fStatus:          {"status", "状态 许可证状态 证件状态 经营状态 客户状态 status"},
	fValidFrom:       {"valid_from", "有效期起 有效期自 有效期开始 有效期起始 起始日期 validfrom startdate"},
	fValidTo:         {"valid_to", "有效期止 有效期至 有效期截止 有效期到 有效期结束 截止日期 到期日期 有效期限 有效期 validto expiry expires expirationdate"},
	fDivision:        {"division_code", "行政区划代码 区划代码 行政区划 行政区划码 divisioncode division"},
	fLon:             {"lon", "经度 lon lng longitude x longcj02 lonbd09 lonwgs84 lnggcj02 longitudegcj02"},
	fLat:             {"lat", "纬度 lat latitude y latgcj02 latbd09 latwgs84 latitudegcj02"},
	fPoint:           {"point", "坐标 经纬度 位置坐标 point wkt lonlat"},
	fUSCC:            {"uscc", "统一社会信用代码 社会信用代码 信用代码 uscc"},
	fTier:            {"tier", "档位 客户档位 零售户档位 tier"},
	fMarketType:      {"market_type", "市场类型 城乡类型 城乡 城镇乡村 markettype"},
	fGridUnit:        {"grid_unit", "市场单元 网格 单元格 网格编号 gridunit grid"},
	fSquad:           {"squad", "管辖中队 中队 市管所 管辖单位 所属中队 squad"},
	fMarketOfficer:   {"market_officer", "市管员 专管员 市场管理员 marketofficer marketofficerid"},
	fCustomerManager: {"customer_manager", "客户经理 customermanager customermanagerid"},
	fDeliveryRoute:   {"delivery_route", "送货线路 配送线路 送货路线 配送路线 线路 deliveryroute route"},
	fScope:           {"scope", "许可范围 经营范围 scope"},
	fSupplier:        {"supplier", "供货单位 supplier"},
	fIssuer:          {"issuer", "发证机关 发证单位 发证机构 issuer"},
	fIssuedOn:        {"issued_on", "发证日期 发证时间 issuedon issuedate"},
	fSchool:          {"school_m", "距学校 距学校距离 距中小学校距离 schoolm disttoschoolm"},
	fRisk:            {"risk_score", "风险分 风险评分 riskscore"},
	fInspected:       {"last_inspected_on", "最近检查日期 上次检查日期 lastinspectedon lastinspectedat"},
	fGeoQuality:      {"geo_quality", "坐标质量 坐标来源 定位方式 定位质量 geoquality geocodequality"},
	fReplaces:        {"replaces", "原许可证号 原证号 变更前许可证号 replaces"},
}

func (f field) String() string { return heads[f].name }

// Fields is the fields that an import knows, in alphabetical order: the keys
// of Profile.Mapping and Report.Columns.
func Fields() []string {
	names := make([]string, 0, fieldCount)
	for f := range fieldCount {
		names = append(names, f.String())
	}
	slices.Sort(names)
	return names
}

func fieldNamed(name string) (field, bool) {
	for f := range fieldCount {
		if heads[f].name == name {
			return f, true
		}
	}
	return 0, false
}

// columns says where in a record each field is: nowhere in a list that does not
// have it, in several columns when the mapping joins them.
type columns struct {
	at   [fieldCount][]int
	key  []int // of the columns that make the sign of a licence
	kept []int // of the further columns that are kept
}

// findColumns reads the headings. The mapping wins over the synonyms. The error
// wraps ErrList.
func findColumns(headings []string, p Profile) (columns, error) {
	var found columns
	for name, heading := range p.Mapping {
		f, ok := fieldNamed(name)
		if !ok {
			return found, &ListError{
				Code: "no_field", Field: name,
				Message: fmt.Sprintf("there is no field %q to map; the fields are %s", name, strings.Join(Fields(), ", ")),
			}
		}
		at, err := mapped(headings, name, heading)
		if err != nil {
			return found, err
		}
		found.at[f] = at
	}
	for f := range fieldCount {
		if found.at[f] == nil {
			found.at[f] = known(headings, strings.Fields(heads[f].synonyms))
		}
	}
	if p.foreign() && found.at[fLicence] == nil {
		found.at[fLicence] = known(headings, []string{"id", "编号", "编码", "uid", "code", "no"})
	}
	for _, heading := range p.Key {
		at, err := mapped(headings, "key", heading)
		if err != nil {
			return found, err
		}
		found.key = append(found.key, at...)
	}
	if err := found.complete(headings); err != nil {
		return found, err
	}
	return found, found.keep(headings, p.Keep)
}

// mapped finds a heading, or those that + joins. The whole heading wins.
func mapped(headings []string, name, heading string) ([]int, error) {
	find := func(heading string) int {
		return slices.IndexFunc(headings, func(h string) bool { return zh.Fold(h) == zh.Fold(heading) })
	}
	if at := find(heading); at >= 0 {
		return []int{at}, nil
	}
	var out []int
	for part := range strings.SplitSeq(heading, "+") {
		at := find(part)
		if at < 0 {
			return nil, &ListError{
				Code: "no_heading", Field: name, Heading: heading, Headings: headings,
				Message: fmt.Sprintf("no column %q for field %s; the columns are %s", heading, name, shown(headings)),
			}
		}
		out = append(out, at)
	}
	return out, nil
}

// known finds the first of synonyms among the headings.
func known(headings, synonyms []string) []int {
	for _, name := range synonyms {
		if at := slices.IndexFunc(headings, func(h string) bool { return zh.Fold(h) == name }); at >= 0 {
			return []int{at}
		}
	}
	return nil
}

// complete says what is missing for a list to make sense.
func (c columns) complete(headings []string) error {
	for _, f := range []field{fLicence, fName} {
		if !c.has(f) && (f != fLicence || len(c.key) == 0) {
			return &ListError{
				Code: "no_column", Field: f.String(), Headings: headings,
				Message: fmt.Sprintf("no column for %s; the first line must hold the headings, they are %s", f, shown(headings)),
			}
		}
	}
	if c.has(fLon) != c.has(fLat) {
		missing := fLat
		if c.has(fLat) {
			missing = fLon
		}
		return &ListError{
			Code: "half_point", Field: missing.String(), Headings: headings,
			Message: fmt.Sprintf("there is a column for one of lon and lat only; the columns are %s", shown(headings)),
		}
	}
	return nil
}

// keep finds the further columns to keep.
func (c *columns) keep(headings, wanted []string) error {
	if slices.Contains(wanted, "*") {
		for at := range headings {
			if !c.uses(at) && headings[at] != "" {
				c.kept = append(c.kept, at)
			}
		}
		return nil
	}
	for _, heading := range wanted {
		at, err := mapped(headings, "keep", heading)
		if err != nil {
			return err
		}
		c.kept = append(c.kept, at...)
	}
	return nil
}

func (c columns) uses(at int) bool {
	for f := range fieldCount {
		if slices.Contains(c.at[f], at) {
			return true
		}
	}
	return false
}

func (c columns) has(f field) bool { return len(c.at[f]) > 0 }

// given is the names of the fields that the list has.
func (c columns) given() []string {
	var out []string
	for f := range fieldCount {
		if c.has(f) {
			out = append(out, f.String())
		}
	}
	if len(c.kept) > 0 {
		out = append(out, "extra")
	}
	return out
}

// shown is the headings for a message: the first 40, each cut after 20 characters.
func shown(headings []string) string {
	out := make([]string, min(len(headings), 40))
	for i := range out {
		out[i] = headings[i]
		if runes := []rune(out[i]); len(runes) > 20 {
			out[i] = string(runes[:20]) + "…"
		}
	}
	if len(headings) > len(out) {
		out = append(out, "…")
	}
	return strings.Join(out, ", ")
}

// Shown is the headings as a message shows them: the first 40, shortened.
func (e *ListError) Shown() string { return shown(e.Headings) }
