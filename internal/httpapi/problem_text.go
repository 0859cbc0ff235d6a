package httpapi

import (
	"regexp"
	"strings"

	"golang.org/x/text/language"

	"jiujin/dispatch"
)

// lang is a language that the service speaks, as in Content-Language.
type lang string

const (
	chinese lang = "zh-CN" // unless a client asks for English
	english lang = "en"
)

// languages matches Accept-Language; the first is the answer to anything else.
var languages = language.NewMatcher([]language.Tag{language.SimplifiedChinese, language.English})

func langOf(accept string) lang {
	if len(accept) > 200 { // nobody speaks that many
		return chinese
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return chinese
	}
	if _, index, confidence := languages.Match(tags...); index == 1 && confidence > language.No {
		return english
	}
	return chinese
}

// text is a message in both languages.
type text struct{ zh, en string }

func (t text) in(l lang) string {
	if l == english {
		return t.en
	}
	return t.zh
}

var (
	textInternal   = text{"服务内部出错，请将请求编号告知管理员。", "Something broke inside; tell the administrator the request id."}
	textTime       = text{"应为 RFC 3339 时间，如 2026-11-22T06:10:24Z", "expected an RFC 3339 time such as 2026-11-22T06:10:24Z"}
	textMalformed  = text{"请求内容不是完整、合法的 JSON。", "The body is not JSON, or not whole."}
	textValidation = text{"提交的内容有误，请检查标出的字段。", "Some input is wrong; look at the fields named."}
)

var titles = map[int]text{
	400: {"请求有误", "Bad request"}, 401: {"未登录", "Not signed in"}, 403: {"无权操作", "Forbidden"},
	404: {"没有找到", "Not found"}, 405: {"方法不支持", "Method not allowed"}, 406: {"格式不支持", "Not acceptable"},
	408: {"请求超时", "Request timeout"}, 409: {"有冲突", "Conflict"}, 410: {"已失效", "Gone"}, 413: {"内容过大", "Too large"},
	415: {"类型不支持", "Unsupported media type"}, 422: {"内容有误", "Invalid input"}, 429: {"操作过于频繁", "Too many requests"},
	500: {"服务出错", "Internal error"}, 502: {"外部服务没有应答", "Bad gateway"}, 503: {"服务暂不可用", "Unavailable"},
}

// fieldText is the message for a code of ticket.FieldError. A code without a
// text is shown as it is.
func fieldText(code string) text {
	switch code {
	case "required":
		return text{"必填。", "This is required."}
	case "too_long":
		return text{"内容过长。", "This is too long."}
	case "not_text":
		return text{"含有不能保存的字符。", "This has characters that cannot be stored."}
	case "unknown_value":
		return text{"未知的取值。", "This is not one of the known values."}
	case "out_of_range":
		return text{"超出范围。", "This is out of range."}
	case "not_a_point":
		return text{"这不是一个有效的位置。", "This is not a place on earth."}
	case "not_after_from":
		return text{"结束时间应晚于开始时间。", "It must be later than from."}
	case "kind_does_not_match_subtype":
		return text{"类别与细类不一致。", "The subtype belongs to another kind."}
	case "place_needed_for_dispatch":
		return text{"派单前须确定位置。", "A place is needed before somebody can be sent."}
	case "required_unless_anonymous":
		return text{"非匿名时必须留电话。", "A phone number is needed unless the reporter is anonymous."}
	case "not_a_phone":
		return text{"这不像电话号码：5 至 20 位数字，可含空格和 + - ( )。", "This is no phone number: 5 to 20 digits, with spaces and + - ( )."}
	case "anonymous_keeps_no_contact":
		return text{"匿名举报不得记录联系方式。", "An anonymous report keeps no contact."}
	default:
		return text{code, code}
	}
}

// busyText says why a unit cannot take an offer.
func busyText(reason dispatch.Reason) text {
	switch reason {
	case dispatch.ReasonOffShift:
		return text{"该单元目前不在班，不能接单。", "The unit is off shift and cannot take an offer."}
	case dispatch.ReasonInRepair:
		return text{"该单元正在维修停用，不能接单。", "The unit is in repair and cannot take an offer."}
	case dispatch.ReasonOnTask:
		return text{"该单元正在执行另一任务，不能接单。", "The unit is on another task and cannot take an offer."}
	case dispatch.ReasonOffered:
		return text{"该单元正有待答复的派单，不能再接单。", "The unit has an open offer and cannot take another."}
	default:
		return text{"该单元目前不能接单。", "The unit cannot take an offer now."}
	}
}

// phrases are the validator's messages in Chinese; %s stands for what differs.
// A message without a phrase stays English.
var phrases = compilePhrases([][2]string{
	{`unexpected property`, `没有这个字段`},
	{`expected string to be RFC 3339 date-time`, `应为 RFC 3339 格式的时间`},
	{`expected string to be RFC 3339 date`, `应为 RFC 3339 格式的日期`},
	{`expected boolean`, `应为 true 或 false`},
	{`expected number`, `应为数字`},
	{`expected integer`, `应为整数`},
	{`expected string`, `应为文字`},
	{`expected array`, `应为数组`},
	{`expected object`, `应为对象`},
	{`expected value to be one of "%s"`, `应为以下之一：%s`},
	{`expected number >= %s`, `不能小于 %s`},
	{`expected number > %s`, `应大于 %s`},
	{`expected number <= %s`, `不能大于 %s`},
	{`expected number < %s`, `应小于 %s`},
	{`expected length >= %s`, `至少 %s 个字符`},
	{`expected length <= %s`, `至多 %s 个字符`},
	{`expected string to match pattern %s`, `格式不符（%s）`},
	{`expected array length >= %s`, `至少 %s 项`},
	{`expected array length <= %s`, `至多 %s 项`},
	{`expected required property %s to be present`, `缺少字段 %s`},
	{`required %s parameter is missing`, `缺少参数（%s）`},
	{`invalid integer`, `应为整数`},
	{`invalid float`, `应为数字`},
	{`invalid boolean`, `应为 true 或 false`},
	{`request body is required`, `缺少请求内容`},
	{`unknown content type: %s`, `不支持的内容类型：%s`},
	// of encoding/json and of package jsonfix
	{`the body is empty`, `内容为空`},
	{`it must start with { or [`, `应以 { 或 [ 开头`},
	{`unexpected end of JSON input`, `内容不完整，提前结束`},
	{`unexpected EOF`, `内容不完整，提前结束`},
	{`invalid character %s looking for beginning of value`, `此处应为一个值，却是 %s`},
	{`invalid character %s looking for beginning of object key string`, `此处应为带引号的字段名，却是 %s`},
	{`invalid character %s after object key`, `字段名之后应为冒号，却是 %s`},
	{`invalid character %s after object key:value pair`, `字段之后应为逗号或 }，却是 %s`},
	{`invalid character %s after array element`, `数组的一项之后应为逗号或 ]，却是 %s`},
	{`invalid character %s after top-level value`, `内容结束之后还有 %s`},
	{`invalid character %s in %s`, `不能有字符 %s`},
})

type phrase struct {
	en *regexp.Regexp
	zh string
}

func compilePhrases(pairs [][2]string) []phrase {
	var out []phrase
	for _, p := range pairs {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(p[0]), "%s", "(.+)")
		out = append(out, phrase{regexp.MustCompile("^" + pattern + "$"), strings.ReplaceAll(p[1], "%s", "$1")})
	}
	return out
}

// translate puts a message of the validator into a language.
func translate(message string, l lang) string {
	if strings.HasPrefix(message, "invalid date/time for format") { // names Go's own way of writing a format
		return textTime.in(l)
	}
	if l == english {
		return message
	}
	for _, p := range phrases {
		if p.en.MatchString(message) {
			return p.en.ReplaceAllString(message, p.zh)
		}
	}
	return message
}
