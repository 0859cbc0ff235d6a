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
	// Code is the reason: empty, workbook, utf16, first_line, no_column, half_point, no_field or no_heading.
	Code     string
	Field    string   // with no_column and half_point the one that is missing, with no_field the one that there is not
	Heading  string   // with no_heading: the one that the mapping asks for
	Headings []string // of the first line, with no_column, half_point and no_heading
	message  string
}

// Error is the whole message, in English.
func (e *ListError) Error() string { return ErrList.Error() + ": " + e.message }

// Unwrap is ErrList.
func (e *ListError) Unwrap() error { return ErrList }

// synonyms are the column headings by which each field is known, folded, the
// better ones first.
var synonyms = map[string][]string{
	"licence_no": {
		"许可证号", "许可证号码", "许可证编号", "烟草专卖零售许可证号", "烟草专卖零售许可证号码", "烟草专卖零售许可证编号", "零售许可证号",
		"专卖许可证号", "专卖证号", "烟证号", "证号", "客户许可证号", "licenceno", "licenseno", "licence", "license", "licencenumber", "licensenumber",
	},
	"name": {
		"店名", "店铺名称", "商店名称", "门店名称", "字号", "字号名称", "企业字号名称", "企业名称", "单位名称", "客户名称", "商户名称", "零售户名称",
		"名称", "name", "shopname", "tradename",
	},
	"operator":      {"负责人", "经营者", "负责人姓名", "经营者姓名", "法定代表人", "法人", "持证人", "业主", "联系人", "operator", "holder"},
	"address":       {"经营地址", "经营场所", "经营场所地址", "店铺地址", "详细地址", "地址", "住所", "address"},
	"phone":         {"电话", "联系电话", "手机", "手机号", "手机号码", "电话号码", "订货电话", "phone", "phonetail", "telephone", "mobile"},
	"business_form": {"业态", "零售业态", "经营业态", "业态类型", "businessform", "form"},
	"status":        {"状态", "许可证状态", "证件状态", "经营状态", "客户状态", "status", "state"},
	"valid_from":    {"有效期起", "有效期自", "有效期开始", "有效期起始", "起始日期", "发证日期", "validfrom"},
	"valid_to":      {"有效期止", "有效期至", "有效期截止", "有效期到", "有效期结束", "截止日期", "到期日期", "有效期限", "有效期", "validto", "expiry", "expires"},
	"division_code": {"行政区划代码", "区划代码", "行政区划", "行政区划码", "divisioncode", "division"},
	"lon":           {"经度", "lon", "lng", "longitude", "x"},
	"lat":           {"纬度", "lat", "latitude", "y"},
}

// Fields is the fields that an import knows, in alphabetical order: the keys
// of ImportOptions.Mapping and Report.Columns.
func Fields() []string {
	names := make([]string, 0, len(synonyms))
	for name := range synonyms {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// columns says where in a record each field is. A field that the list does not
// have is missing.
type columns map[string]int

// findColumns reads the headings. mapping wins over the synonyms. The error
// wraps ErrList.
func findColumns(headings []string, mapping map[string]string) (columns, error) {
	found := columns{}
	for field, heading := range mapping {
		if synonyms[field] == nil {
			return nil, &ListError{
				Code: "no_field", Field: field,
				message: fmt.Sprintf("there is no field %q to map; the fields are %s", field, strings.Join(Fields(), ", ")),
			}
		}
		at := slices.IndexFunc(headings, func(h string) bool { return zh.Fold(h) == zh.Fold(heading) })
		if at < 0 {
			return nil, &ListError{
				Code: "no_heading", Field: field, Heading: heading, Headings: headings,
				message: fmt.Sprintf("no column %q for field %s; the columns are %s", heading, field, shown(headings)),
			}
		}
		found[field] = at
	}
	for field, names := range synonyms {
		if _, mapped := found[field]; mapped {
			continue
		}
		for _, name := range names {
			if at := slices.IndexFunc(headings, func(h string) bool { return zh.Fold(h) == name }); at >= 0 {
				found[field] = at
				break
			}
		}
	}
	for _, field := range []string{"licence_no", "name"} {
		if _, ok := found[field]; !ok {
			return nil, &ListError{
				Code: "no_column", Field: field, Headings: headings,
				message: fmt.Sprintf("no column for %s; the first line must hold the headings, they are %s", field, shown(headings)),
			}
		}
	}
	if found.has("lon") != found.has("lat") {
		missing := "lat"
		if found.has("lat") {
			missing = "lon"
		}
		return nil, &ListError{
			Code: "half_point", Field: missing, Headings: headings,
			message: fmt.Sprintf("there is a column for one of lon and lat only; the columns are %s", shown(headings)),
		}
	}
	return found, nil
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

func (c columns) has(field string) bool {
	_, ok := c[field]
	return ok
}
