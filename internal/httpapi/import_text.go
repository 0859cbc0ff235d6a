package httpapi

import (
	"cmp"
	"strings"

	"jiujin/geo/retailer"
)

func importProblems(list []retailer.Problem, l lang) []importProblem {
	out := make([]importProblem, len(list))
	for i, p := range list {
		out[i] = importProblem{Row: p.Row, Field: p.Field, Value: p.Value, Code: p.Code, Message: p.Message}
		if l != english {
			out[i].Message = rowText(p)
		}
	}
	return out
}

// refusedText is a problem for the file of refused rows, with the name of its field.
func refusedText(l lang) func(retailer.Problem) string {
	if l == english {
		return retailer.English
	}
	return func(p retailer.Problem) string {
		if field := fieldNames[p.Field]; field != "" {
			return field + "：" + rowText(p)
		}
		return rowText(p)
	}
}

// rowText is the message of a problem in Chinese.
func rowText(p retailer.Problem) string {
	if p.Code == "unknown" {
		switch p.Field {
		case "status":
			return "未知的许可证状态，可用：" + names(retailer.Statuses()) + "。"
		case "business_form":
			return "未知的业态，可用：" + names(retailer.Forms()) + "。"
		case "geo_quality":
			return "未知的坐标质量，可用：" + names(retailer.GeoQualities()) + "。"
		case "market_type":
			return "未知的市场类型，可用：城镇、乡村。"
		}
	}
	if p.Code == "other_source" && p.Detail == "" {
		return "已有一张不属于任何名单的许可证使用该号码。"
	}
	zh := rowTexts[p.Code]
	have, want, _ := strings.Cut(p.Detail, "/")
	return strings.NewReplacer("{}", p.Detail, "{have}", have, "{want}", want).Replace(zh)
}

func names(terms []retailer.Term) string {
	out := make([]string, len(terms))
	for i, t := range terms {
		out[i] = t.Zh
	}
	return strings.Join(out, "、")
}

// listText says why a list as a whole cannot be read. The English text is the error's own.
func listText(e *retailer.ListError) text {
	field := cmp.Or(fieldNames[e.Field], e.Field)
	var zh string
	switch e.Code {
	case "empty":
		zh = "名单是空的。"
	case "gzip":
		zh = "压缩文件已损坏，请重新压缩或直接上传。"
	case "too_long":
		zh = "名单超过允许的大小。"
	case "rows_gone":
		zh = "暂存的数据已丢失，请重新导入该名单。"
	case "internal":
		zh = "数据库拒绝了该名单，详见服务日志。"
	case "workbook":
		zh = "无法读取该电子表格文件；请在表格软件中打开后重新另存，或另存为 CSV。"
	case "geojson":
		zh = "这不是 GeoJSON 要素集合（FeatureCollection）。"
	case "utf16":
		zh = "这是 UTF-16 编码，请另存为 UTF-8 编码的 CSV。"
	case "first_line":
		zh = "无法读取第一行的表头，请检查编码和引号。"
	case "no_column":
		zh = "没有“" + field + "”列（" + e.Field + "）；第一行应为表头，现有：" + e.Shown() + "。"
	case "half_point":
		zh = "经度和纬度只有一列，缺“" + field + "”列；现有表头：" + e.Shown() + "。"
	case "no_field":
		zh = "没有字段“" + e.Field + "”；可用的字段：" + strings.Join(retailer.Fields(), "、") + "。"
	case "no_heading":
		zh = "没有表头“" + e.Heading + "”（字段 " + e.Field + "）；现有：" + e.Shown() + "。"
	}
	message := e.Error()
	return text{zh, strings.ToUpper(message[:1]) + message[1:] + "."}
}

// rowTexts are the messages of an import in Chinese, by code; {} is the detail. The English ones come with the problem.
var rowTexts = map[string]string{
	"encoding":       "含有无法按此编码读取的字符。",
	"quote":          "引号不成对，或引号后还有文字。",
	"long_line":      "该行超过 64 KiB。",
	"missing":        "缺少内容。",
	"short_row":      "该行有 {have} 列，表头有 {want} 列；缺的各列按空白处理。",
	"too_long":       "内容过长，最多 {} 个字符。",
	"mended":         "乱码或繁体字，已按“{}”导入。",
	"unknown":        "未知的取值。",
	"licence_no":     "许可证号应为 12 位数字；若被表格软件缩写，请将该列设为文本后重新导出。",
	"duplicate":      "同一许可证还出现在第 {} 行。",
	"other_source":   "该号码属于另一份名单（{}）中的许可证。",
	"holder":         "许可证号第 7 位不是已知的持证类别。",
	"date":           "不是日期，请写成 2026-11-22。",
	"number":         "不是以度为单位的数字。",
	"figure":         "应为不小于 0 的数字。",
	"pair":           "不是一对以度为单位的坐标。",
	"half_point":     "经度和纬度只填了一个。",
	"range":          "应在 -{} 至 {} 度之间。",
	"swapped":        "应在 -{} 至 {} 度之间；经度和纬度是否写反？",
	"no_place":       "这不是一个有效的位置。",
	"out_of_region":  "{} 不在本服务的区域内；请核对坐标系。",
	"swapped_region": "{} 不在本服务的区域内；经度和纬度是否写反？",
	"datum":          "无法从该坐标系换算。",
	"division_code":  "行政区划代码最多 12 位数字。",
}

// fieldNames are the fields of a list in Chinese.
var fieldNames = map[string]string{
	"licence_no": "许可证号", "name": "店名", "operator": "负责人", "address": "地址", "phone": "电话", "business_form": "业态", "status": "状态",
	"valid_from": "有效期起", "valid_to": "有效期止", "division_code": "区划代码", "lon": "经度", "lat": "纬度", "point": "坐标",
	"uscc": "统一社会信用代码", "tier": "档位", "market_type": "市场类型", "grid_unit": "市场单元", "squad": "管辖中队", "market_officer": "市管员",
	"customer_manager": "客户经理", "delivery_route": "送货线路", "scope": "许可范围", "supplier": "供货单位", "issuer": "发证机关", "issued_on": "发证日期",
	"school_m": "距学校", "risk_score": "风险分", "last_inspected_on": "最近检查日期", "replaces": "原许可证号", "geo_quality": "坐标质量",
}
