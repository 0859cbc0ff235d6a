package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"jiujin/geo/datum"
	"jiujin/geo/retailer"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

type importProblem struct {
	Row     int    `json:"row" doc:"Line of the file; the headings are in line 1"`
	Field   string `json:"field" doc:"Empty when it is about the whole row"`
	Value   string `json:"value" doc:"As found, shortened"`
	Code    string `json:"code" doc:"Stable word"`
	Message string `json:"message"`
}

type importAnswer struct {
	Rows      int               `json:"rows"`
	Inserted  int               `json:"inserted"`
	Updated   int               `json:"updated"`
	Unchanged int               `json:"unchanged"`
	Refused   int               `json:"refused"`
	Encoding  string            `json:"encoding"`
	Datum     string            `json:"datum" doc:"That the coordinates were read in"`
	Columns   map[string]string `json:"columns" doc:"Field to heading, as found"`
	Errors    []importProblem   `json:"errors" nullable:"false" doc:"Why rows were refused; the first 1,000"`
	Warnings  []importProblem   `json:"warnings" nullable:"false" doc:"About rows that were stored; the first 1,000"`
	DryRun    bool              `json:"dry_run" doc:"Nothing was stored"`
	Delivery  int64             `json:"delivery_id"`
	State     string            `json:"state" enum:"done,tried,held" doc:"held: nothing was stored, a person must confirm"`
	Resumed   bool              `json:"resumed" doc:"An earlier import of the same list had been cut off"`
	Outcome   *outcome          `json:"outcome"`
}

// importInput is what an import's idempotency key stands for.
type importInput struct{ Query, SHA256 string }

// importRetailers takes a list as the body; how to read it stands in the query. Storing the same list again changes
// nothing, so a repeated request is answered from the kept answer without being stored again.
func (s *Server) importRetailers(c echo.Context) error {
	ctx := c.Request().Context()
	key := c.Request().Header.Get("Idempotency-Key")
	if len(key) < 20 || len(key) > 255 {
		return s.echoRefuse(c, invalid{"header.Idempotency-Key", text{"请附上 20 至 255 个字符的键。", "Send a key of 20 to 255 characters."}})
	}
	opts, err := s.importOptions(c)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	known, err := s.knownKey(ctx, key)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	body := hashedBody{r: incoming{c.Request().Body}, sum: sha256.New()}
	var report retailer.Report
	if !known {
		if report, err = retailer.Import(ctx, s.deps.DB, body, opts); err != nil {
			return s.echoRefuse(c, err)
		}
	}
	if _, err := io.Copy(io.Discard, body); err != nil { // what the import left unread belongs to the hash
		return s.echoRefuse(c, err)
	}
	in := importInput{Query: c.QueryString(), SHA256: hex.EncodeToString(body.sum.Sum(nil))}
	answer, err := command(ctx, s, key, "POST /retailers/import", in, func(_ context.Context, tx *pg.Tx) (importAnswer, error) {
		a := importAnswerOf(report, opts.DryRun, aboutRequest(ctx).lang)
		if opts.DryRun {
			return a, nil
		}
		return a, ticket.Record(tx, actor(who(ctx)), "retailer.imported", 0, 0, ticket.Data{
			"delivery_id": report.Delivery, "state": string(report.State), "rows": report.Rows, "inserted": report.Inserted,
			"updated": report.Updated, "closed": report.Closed, "refused": report.Refused,
		})
	})
	if err != nil {
		return s.echoRefuse(c, err)
	}
	return c.JSON(http.StatusOK, answer)
}

// hashedBody sums up what is read.
type hashedBody struct {
	r   io.Reader
	sum hash.Hash
}

func (b hashedBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.sum.Write(p[:n]) // never fails
	return n, err
}

// importOptions are those of the profile that the query names, with what else it says instead.
func (s *Server) importOptions(c echo.Context) (opts retailer.ImportOptions, err error) {
	ctx := c.Request().Context()
	if name := c.QueryParam("profile"); name != "" {
		if opts.Profile, err = retailer.ProfileNamed(ctx, s.deps.DB.Pool, name); err != nil {
			return opts, err
		}
	}
	opts.Region, opts.By, opts.File = s.deps.Region, who(ctx).Actor(), shortName(c.QueryParam("file"))
	if enc := retailer.Encoding(c.QueryParam("encoding")); enc != "" {
		opts.Encoding = enc
	}
	switch opts.Encoding {
	case "", retailer.Auto, retailer.UTF8, retailer.GB18030:
	default:
		return opts, invalid{"query.encoding", text{"应为 auto、utf-8 或 gb18030。", "It must be auto, utf-8 or gb18030."}}
	}
	for name, value := range map[string]*bool{"dry_run": &opts.DryRun, "confirm": &opts.Confirm} {
		switch c.QueryParam(name) {
		case "", "false":
		case "true":
			*value = true
		default:
			return opts, invalid{"query." + name, text{"应为 true 或 false。", "It must be true or false."}}
		}
	}
	if source := c.QueryParam("source"); source != "" {
		opts.Source = source
	}
	if name := c.QueryParam("datum"); name != "" {
		if opts.Datum, err = datum.Parse(name); err != nil {
			return opts, invalid{"query.datum", text{"应为 WGS84、GCJ02、BD09 或 CGCS2000。", "It must be WGS84, GCJ02, BD09 or CGCS2000."}}
		}
	}
	mapping, err := parseMapping(c.QueryParam("map"))
	if mapping != nil {
		opts.Mapping = mapping
	}
	return opts, err
}

// shortName is the last part of a file's name, 200 characters at most.
func shortName(s string) string {
	runes := []rune(strings.ToValidUTF8(path.Base(strings.ReplaceAll(s, "\\", "/")), ""))
	return strings.ReplaceAll(string(runes[:min(len(runes), 200)]), "\x00", "")
}

// parseMapping reads "field:heading,field:heading".
func parseMapping(s string) (map[string]string, error) {
	if s == "" {
		return nil, nil
	}
	m := map[string]string{}
	for part := range strings.SplitSeq(s, ",") {
		field, heading, ok := strings.Cut(part, ":")
		if !ok || field == "" || heading == "" {
			return nil, invalid{"query.map", text{"写法：字段:表头,字段:表头。", "Write field:heading,field:heading."}}
		}
		m[field] = heading
	}
	return m, nil
}

func importAnswerOf(r retailer.Report, dry bool, l lang) importAnswer {
	return importAnswer{
		Rows: r.Rows, Inserted: r.Inserted, Updated: r.Updated, Unchanged: r.Unchanged, Refused: r.Refused,
		Encoding: string(r.Encoding), Datum: string(r.Datum), Columns: r.Columns, DryRun: dry,
		Delivery: r.Delivery, State: string(r.State), Resumed: r.Resumed, Outcome: outcomeOf(&r),
		Errors: importProblems(r.Problems, l), Warnings: importProblems(r.Warnings, l),
	}
}

func importProblems(list []retailer.Problem, l lang) []importProblem {
	out := make([]importProblem, len(list))
	for i, p := range list {
		out[i] = importProblem(p)
		if l != english {
			out[i].Message = rowText(p)
		}
	}
	return out
}

// rowText is the message of a problem in Chinese, or as it comes when there is none.
func rowText(p retailer.Problem) string {
	if p.Code == "unknown" && p.Field == "status" {
		return "未知的许可证状态，可用：" + names(retailer.Statuses()) + "。"
	}
	if p.Code == "unknown" && p.Field == "business_form" {
		return "未知的业态，可用：" + names(retailer.Forms()) + "。"
	}
	if zh, ok := rowTexts[p.Code]; ok {
		return zh
	}
	return p.Message
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
	field, ok := map[string]string{"licence_no": "许可证号", "name": "店名", "lon": "经度", "lat": "纬度"}[e.Field]
	if !ok {
		field = e.Field
	}
	var zh string
	switch e.Code {
	case "empty":
		zh = "名单是空的。"
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

// rowTexts are the messages of an import in Chinese, by code. The English ones come with the problem.
var rowTexts = map[string]string{
	"encoding":      "含有无法按此编码读取的字符。",
	"quote":         "引号不成对。",
	"long_line":     "该行过长。",
	"missing":       "缺少内容。",
	"short_row":     "该行的列数少于表头，缺的各列按空白处理。",
	"too_long":      "内容过长。",
	"mended":        "乱码或繁体字，已转换后导入。",
	"unknown":       "未知的取值。",
	"licence_no":    "许可证号应为 12 位数字。",
	"duplicate":     "该许可证号在名单中出现不止一次。",
	"other_source":  "该号码属于另一份名单中的许可证。",
	"holder":        "许可证号第 7 位不是已知的持证类别。",
	"date":          "不是日期，请写成 2026-11-22。",
	"number":        "不是以度为单位的数字。",
	"range":         "超出经纬度范围；经度和纬度是否写反？",
	"no_place":      "这不是一个有效的位置。",
	"out_of_region": "位置不在本服务的区域内；请核对坐标系，经度和纬度是否写反？",
	"datum":         "无法从该坐标系换算。",
	"division_code": "行政区划代码最多 12 位数字。",
}
