package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"jiujin/dispatch"
	"jiujin/geo/area"
	"jiujin/geo/backdrop"
	"jiujin/geo/basemap"
	"jiujin/geo/resolve"
	"jiujin/geo/retailer"
	"jiujin/geo/road"
	"jiujin/geo/tile"
	"jiujin/internal/auth"
	"jiujin/internal/pg"
	"jiujin/ticket"
	"jiujin/tracking"
	"jiujin/tracking/jsonfix"
)

// Problem is every error answer: RFC 9457 with a stable code.
type Problem struct {
	Type        string  `json:"type" doc:"urn:jiujin:problem: and the code"`
	Title       string  `json:"title" doc:"Short text in the language of the request"`
	Status      int     `json:"status"`
	Detail      string  `json:"detail,omitempty" doc:"What is wrong and what to do"`
	Code        string  `json:"code" doc:"Stable word for programs"`
	Errors      []Fault `json:"errors,omitempty" doc:"What is wrong with which field"`
	RequestID   string  `json:"request_id,omitempty" doc:"Names the request in the service's log"`
	RetryAfterS int     `json:"retry_after_s,omitempty" doc:"Seconds to wait before trying again"`
	Current     any     `json:"current,omitempty" doc:"The object as it is now, after a conflict"`
	Allowed     any     `json:"allowed,omitempty" doc:"What may be done instead"`
	Reason      string  `json:"reason,omitempty" doc:"Why a unit is busy: one of the candidate reasons"`

	lang lang
}

// Fault is what is wrong with one field.
type Fault struct {
	Location string `json:"location" example:"body.lon"`
	Message  string `json:"message"`
	Value    any    `json:"value,omitempty" doc:"What was sent; left out unless it can hold nothing personal"`
}

// Error serves the error interface.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus serves huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders serves huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{"Content-Language": {string(p.lang)}}
	if p.RetryAfterS > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfterS))
	}
	return h
}

// ContentType serves huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// Errors of this package. The table known says how they look outside.
var (
	errForbidden     = errors.New("role may not do this")
	errMustChange    = errors.New("password must be changed first")
	errCrossOrigin   = errors.New("write from a foreign page")
	errMismatch      = errors.New("idempotency key was used for another request")
	errWrongPassword = errors.New("old password is wrong")
	errNotFound      = errors.New("not found")
	errTooSlow       = errors.New("the request did not arrive in time")
	errNoSender      = errors.New("neither the key of a device nor a session")
	errNoKey         = errors.New("no key of a device")
	errCutShort      = errors.New("the request broke off")
)

// throttled says that somebody has to wait.
type throttled struct{ wait time.Duration }

func (t throttled) Error() string { return "too many attempts, wait " + t.wait.String() }

// invalid says that the input breaks a rule that the schema cannot express.
type invalid struct {
	location string
	text     text
}

func (i invalid) Error() string { return i.location + ": " + i.text.en }

// known maps sentinel errors to answers. The first that matches holds.
var known = []struct {
	err    error
	status int
	code   string
	text   text
}{
	{tracking.ErrUnknownDevice, 401, "unknown_device", text{
		"设备密钥未知：请检查 Authorization: Bearer …，或先登记设备。", "The key is unknown: check Authorization: Bearer …, or register the device.",
	}},
	{errNoKey, 401, "unknown_device", text{
		"请附上设备密钥：写在网址末尾、id 参数或密码中，或用 Authorization: Bearer …。",
		"Send the key of the device: at the end of the address, as id, as password, or as Authorization: Bearer ….",
	}},
	{errNoSender, 401, "not_signed_in", text{
		"请附上设备密钥（Authorization: Bearer …），或先登录（执法人员的手机）。",
		"Send the key of a device (Authorization: Bearer …), or sign in (an officer's phone).",
	}},
	{auth.ErrNotSignedIn, 401, "not_signed_in", text{"请先登录。", "Sign in first."}},
	{auth.ErrCredentials, 401, "not_signed_in", text{"登录名或密码不正确。", "The login or the password is wrong."}},
	{errWrongPassword, 422, "wrong_password", text{"原密码不正确。", "The old password is wrong."}},
	{errMustChange, 403, "must_change_password", text{"请先修改初始密码。", "Change the password you were given first."}},
	{errForbidden, 403, "forbidden", text{"您的角色不能进行此操作。", "Your role may not do this."}},
	{auth.ErrOutOfScope, 403, "forbidden", text{"不在您的管辖范围内。", "This lies outside your branch of the organisation."}},
	{errCrossOrigin, 403, "cross_origin", text{"拒绝来自其他网站的写操作。", "Writes from pages of other sites are refused."}},
	{auth.ErrNotFound, 404, "not_found", text{"没有这个人员或机构。", "There is no such person or organisation."}},
	{errNotFound, 404, "not_found", text{"没有找到。", "There is nothing here."}},
	{errTooSlow, 408, "too_slow", text{"请求内容未能及时到达。", "The request did not arrive in time."}},
	{errCutShort, 400, "malformed", text{"请求内容在传输中断开，请重新发送。", "The request broke off on its way; send it again."}},
	{errMismatch, 422, "idempotency_mismatch", text{
		"此 Idempotency-Key 已用于另一个请求，请换用新的键。", "This Idempotency-Key was used for another request; use a new one.",
	}},

	{ticket.ErrNotFound, 404, "not_found", text{"没有这个工单，或它不在您的管辖范围内。", "There is no such ticket in your branch."}},
	{ticket.ErrAttachmentNotFound, 404, "not_found", text{"没有这个附件，或它不在您的管辖范围内。", "There is no such attachment in your branch."}},
	{ticket.ErrVersion, 409, "version_conflict", text{"工单已被他人修改，请核对后重试。", "The ticket has changed in the meantime; look again, then retry."}},
	{ticket.ErrForbidden, 403, "forbidden", text{"您的角色不能进行此操作。", "Your role may not do this."}},
	{dispatch.ErrOfferClosed, 410, "offer_closed", text{"派单已失效。", "The offer is no longer open."}},
	{dispatch.ErrTicketTaken, 409, "ticket_taken", text{"该工单已派出或已有单元承办。", "The ticket is offered to, or with, another unit."}},
	{dispatch.ErrUnitNotFound, 404, "not_found", text{"没有这个单元，或它不在您的管辖范围内。", "There is no such unit in your branch."}},
	{dispatch.ErrOfferNotFound, 404, "not_found", text{"没有这个派单。", "There is no such offer."}},
	{dispatch.ErrOverrideReason, 422, "override_reason_required", text{"未选最优单元时请填写理由。", "Say why another unit than the best is chosen."}},
	{dispatch.ErrShiftOverlap, 409, "shift_overlap", text{"该单元在此时段已有班次。", "The unit has a shift at that time."}},
	{dispatch.ErrNotYourTicket, 409, "not_your_ticket", text{
		"该工单现不由您的单元承办，可能已被撤回或改派，请查看最新状态。", "The ticket is not with your unit, or no longer; look at it as it is now.",
	}},
	{tracking.ErrNoFence, 404, "not_found", text{"没有这个围栏，或它不在您的管辖范围内。", "There is no such fence in your branch."}},
	{area.ErrNotFound, 404, "not_found", text{"没有这个辖区，或它不在您的管辖范围内。", "There is no such area in your branch."}},
	{area.ErrShape, 422, "validation", text{"辖区形状无效：需要至少三个顶点、不自相交的多边形。", "This is no shape of an area: a polygon of at least three corners that does not cross itself is needed."}},
	{area.ErrDays, 422, "validation", text{"失效日期应晚于生效日期。", "The last day must lie behind the first."}},
	{area.ErrOverlap, 409, "conflict", text{"这个行政区划在这些日期已有边界。", "The division has a shape on some of these days already."}},
	{area.ErrFile, 422, "validation", text{"不是 GeoJSON FeatureCollection 文件。", "This is no GeoJSON FeatureCollection."}},
	{tracking.ErrFenceShape, 422, "validation", text{"围栏形状无效。", "This is no shape of a fence."}},
	{dispatch.ErrNoRoute, 404, "no_route", text{"没有单元正在前往该工单，或其位置未知。", "No unit is on the way to the ticket, or it is not known where."}},
	{road.ErrNoClosure, 404, "not_found", text{"没有这条道路封闭记录，或它不在您的管辖范围内。", "There is no such closure in your branch."}},
	{road.ErrClosureLifted, 409, "closure_state", text{"该道路封闭已是此状态，请刷新。", "The closure is in that state already; look again."}},
	{road.ErrClosureTime, 422, "validation", text{"封闭的结束时间应晚于开始时间。", "A closure must end after it begins."}},
	{road.ErrClosureShape, 422, "validation", text{
		"封闭区域无效：画一条横穿道路的线，或一个闭合区域，宽度不超过 0.5 度。", "Draw a line across a road or a closed area, at most half a degree wide.",
	}},
	{tracking.ErrDeviceName, 422, "validation", text{
		"设备号无效：JT/T 808 终端须登记其电话号码，GT06 设备须登记 IMEI（数字）；其他协议不得为空，OsmAnd 只凭密钥识别。",
		"The name will not be found: a JT/T 808 terminal needs its phone number, a GT06 unit its IMEI, in digits; OsmAnd goes by the key alone.",
	}},
	{tracking.ErrTooMuch, 422, "span_too_large", text{
		"这段时间的定位点超过 100 万个，请缩短时间跨度，分段查询。",
		"The span holds more than 1,000,000 fixes: ask for parts of it.",
	}},
	{dispatch.ErrOffShift, 409, "off_shift", text{
		"本单元当前不在班，手机定位只在当班时接收。请停止上报；如需继续工作，请中队长或指挥员排班。",
		"Your unit has no shift now, and phones are located on duty only. Stop sending; to go on working ask your leader or dispatcher for a shift.",
	}},
	{resolve.ErrNoCheck, 409, "no_place_check", text{"该工单的地点不在核实中。", "The place of the ticket is not being checked."}},
	{retailer.ErrNotFound, 404, "not_found", text{"登记册中没有这个零售户。", "There is no such retailer in the register."}},
	{retailer.ErrLicenceNo, 422, "validation", text{"许可证号应为 12 位数字。", "A licence number has 12 digits."}},
	{retailer.ErrNoDelivery, 404, "not_found", text{"没有这次导入。", "There is no such delivery."}},
	{retailer.ErrNotHeld, 409, "not_held", text{"这次导入不在等待确认。", "The delivery does not wait for a decision."}},
	{retailer.ErrLost, 409, "rows_gone", text{"暂存的数据已丢失，请重新导入该名单。", "The rows are gone; import the list again."}},
	{retailer.ErrNoProfile, 404, "not_found", text{"没有这个导入方案。", "There is no such import profile."}},
	{retailer.ErrNoReason, 422, "validation", text{"请说明理由。", "Say why."}},
	{retailer.ErrPoint, 422, "validation", text{"这不是一个有效的位置。", "This is not a place on earth."}},
	{retailer.ErrList, 422, "unreadable_list", text{"无法读取该名单，请检查编码、分隔符和表头。", "The list cannot be read; check encoding, separator and header."}},
	{jsonfix.ErrTooMany, 413, "too_large", text{"一次最多 10000 条定位记录，请分批发送。", "At most 10,000 records in one body; send several."}},
	{basemap.ErrNone, 404, "not_found", text{"没有底图。", "There is no basemap."}},
	{backdrop.ErrFetch, 502, "map_away", text{"该地图的服务没有返回瓦片。", "The map's service does not answer with a tile."}},
	{tile.ErrNone, 404, "not_found", text{"没有这个瓦片。", "There is no such tile."}},
}

// weak maps the reasons of auth.CheckPassword to the message for the field.
var weak = []struct {
	err  error
	text text
}{
	{auth.ErrPasswordShort, text{"密码至少 10 个字符。", "Use at least 10 characters."}},
	{auth.ErrPasswordLong, text{"密码过长。", "The password is too long."}},
	{auth.ErrPasswordContext, text{"密码不能包含登录名、姓名、单位名称或行业用语。", "Leave out the login, names and words of the trade."}},
	{auth.ErrPasswordCommon, text{"此密码太常见。", "This password is too common."}},
	{auth.ErrPasswordSame, text{"新密码不能与原密码相同。", "The new password must differ from the old one."}},
}

// referees maps constraints that a request can break to answers. A constraint
// that is not here is a bug if ever seen.
var referees = map[string]struct {
	status int
	code   string
	text   text
}{
	"person_login_unique":          {409, "login_taken", text{"登录名已被使用。", "The login is taken."}},
	"person_officer_has_unit":      {422, "validation", text{"执法人员必须属于一个单元。", "An officer must belong to a unit."}},
	"org_code_unique":              {409, "code_taken", text{"机构代码已被使用。", "The code of the organisation is taken."}},
	"org_root_is_province":         {422, "validation", text{"只有最上级机构是省级。", "The root of the tree, and nothing else, is a province."}},
	"device_name_pkey":             {409, "device_name_taken", text{"另一台设备已使用这个设备号。", "Another device has that name."}},
	"unit_call_sign_unique":        {409, "call_sign_taken", text{"呼号已被使用。", "The call sign is taken."}},
	"unit_crew_positive":           {422, "validation", text{"人数应为 1 至 20。", "A crew has 1 to 20 people."}},
	"appeal_channel_known":         {422, "validation", text{"未知的来源渠道。", "The channel is unknown."}},
	"shift_no_overlap":             {409, "shift_overlap", text{"该单元在此时段已有班次。", "The unit has a shift at that time."}},
	"shift_not_empty":              {422, "validation", text{"班次的结束时间应晚于开始时间。", "A shift must end after it begins."}},
	"offer_one_open_per_unit":      {409, "unit_busy", text{"该单元正有待答复的任务。", "The unit has an open offer."}},
	"sortie_one_active_per_unit":   {409, "unit_busy", text{"该单元正在执行任务。", "The unit is on another task."}},
	"offer_one_open_per_ticket":    {409, "ticket_taken", text{"该工单正等待另一单元答复。", "The ticket is offered to another unit."}},
	"sortie_one_active_per_ticket": {409, "ticket_taken", text{"该工单已有单元承办。", "Another unit has the ticket."}},
}

// problem is the one place where an error becomes an answer. What it does not
// know is logged here, once, and answered without a word about the inside.
func (s *Server) problem(ctx context.Context, err error) *Problem {
	a := aboutRequest(ctx)
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if t, ok := errors.AsType[throttled](err); ok {
		p := s.problemOf(a, http.StatusTooManyRequests, "throttled", text{"尝试次数过多，请稍后再试。", "Too many attempts; try again later."})
		p.RetryAfterS = int((t.wait + time.Second - 1) / time.Second)
		return p
	}
	if i, ok := errors.AsType[invalid](err); ok {
		p := s.problemOf(a, http.StatusUnprocessableEntity, "validation", textValidation)
		p.Errors = []Fault{{Location: i.location, Message: i.text.in(a.lang)}}
		return p
	}
	if p := s.domainProblem(a, err); p != nil {
		return p
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			return s.problemOf(a, k.status, k.code, k.text)
		}
	}
	for _, w := range weak {
		if errors.Is(err, w.err) {
			p := s.problemOf(a, http.StatusUnprocessableEntity, "weak_password", w.text)
			p.Errors = []Fault{{Location: "body.new_password", Message: w.text.in(a.lang)}}
			return p
		}
	}
	if r, ok := referees[pg.Constraint(err)]; ok {
		return s.problemOf(a, r.status, r.code, r.text)
	}
	return s.unexpected(ctx, a, err)
}

// domainProblem answers the errors of the domain that carry details, or nil.
func (s *Server) domainProblem(a *about, err error) *Problem {
	if fields, ok := errors.AsType[ticket.Invalid](err); ok {
		p := s.problemOf(a, http.StatusUnprocessableEntity, "validation", textValidation)
		for _, f := range fields {
			p.Errors = append(p.Errors, Fault{Location: "body." + f.Field, Message: fieldText(f.Code).in(a.lang)})
		}
		return p
	}
	if step, ok := errors.AsType[*ticket.TransitionError](err); ok {
		p := s.problemOf(a, http.StatusUnprocessableEntity, "illegal_transition",
			text{"工单当前状态下不能进行此操作。", "The ticket's status does not allow this step."})
		p.Allowed = step.Allowed
		return p
	}
	if busy, ok := errors.AsType[*dispatch.UnitBusyError](err); ok {
		p := s.problemOf(a, http.StatusConflict, "unit_busy", busyText(busy.Reason))
		p.Reason = string(busy.Reason)
		return p
	}
	if step, ok := errors.AsType[*retailer.StatusError](err); ok {
		p := s.problemOf(a, http.StatusUnprocessableEntity, "illegal_transition",
			text{"许可证当前状态下不能改为该状态。", "The licence's status does not allow this step."})
		p.Allowed = step.Allowed
		return p
	}
	if list, ok := errors.AsType[*retailer.ListError](err); ok {
		return s.problemOf(a, http.StatusUnprocessableEntity, "unreadable_list", listText(list))
	}
	if syntax, ok := errors.AsType[*jsonfix.SyntaxError](err); ok {
		line, offset := strconv.Itoa(syntax.Line), strconv.Itoa(syntax.Offset)
		return s.problemOf(a, http.StatusBadRequest, "malformed", text{
			"请求内容不是合法的 JSON：第 " + line + " 行（第 " + offset + " 字节）：" + translate(syntax.What, chinese) + "。",
			"The body is not JSON: line " + line + ", byte " + offset + ": " + syntax.What + ".",
		})
	}
	return nil
}

// unexpected answers what is nobody's fault outside.
func (s *Server) unexpected(ctx context.Context, a *about, err error) *Problem {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		limit := strconv.FormatInt(tooLarge.Limit, 10)
		return s.problemOf(a, http.StatusRequestEntityTooLarge, "too_large",
			text{"请求内容超过 " + limit + " 字节。", "The request has more than " + limit + " bytes."})
	}
	if errors.Is(err, tracking.ErrSpoolFull) {
		p := s.problemOf(a, http.StatusServiceUnavailable, "spool_full", text{
			"定位数据缓存已满（数据库长时间不可用），暂不接收；请保留数据，稍后重发。",
			"The spool of positions is full because the database has been away; keep the data and send it again later.",
		})
		p.RetryAfterS = 30
		return p
	}
	if pg.IsUnavailable(err) || ctx.Err() != nil { // for a client that is gone any answer will do
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "database unavailable", "request", a.id, "route", a.route, "err", err)
		}
		p := s.problemOf(a, http.StatusServiceUnavailable, "unavailable", text{"服务暂时不可用，请稍后重试。", "The service is away for a moment; try again."})
		p.RetryAfterS = 2
		return p
	}
	s.log.ErrorContext(ctx, "request failed", "request", a.id, "route", a.route, "err", err)
	return s.problemOf(a, http.StatusInternalServerError, "internal", textInternal)
}

func (s *Server) problemOf(a *about, status int, code string, detail text) *Problem {
	return &Problem{
		Type: "urn:jiujin:problem:" + code, Title: titles[status].in(a.lang), Status: status,
		Detail: detail.in(a.lang), Code: code, RequestID: a.id, lang: a.lang,
	}
}

// refuse answers outside of huma.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	s.writeProblem(w, r, s.problem(r.Context(), err))
}

func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	body, err := json.Marshal(p)
	if err != nil { // Current holds something that is no JSON
		s.log.ErrorContext(r.Context(), "write problem", "request", p.RequestID, "err", err)
		body = []byte(`{"status":500,"code":"internal"}`)
	}
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the client may be gone
}

// echoError answers errors that handlers on echo return.
func (s *Server) echoError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	a := aboutRequest(c.Request().Context())
	if he, ok := errors.AsType[*echo.HTTPError](err); ok && he.Code < 500 {
		if he.Code == http.StatusMethodNotAllowed {
			c.Response().Header().Set("Allow", strings.Join(s.methodsOf(c.Request().URL.Path), ", "))
		}
		code, detail := httpCode(he.Code)
		s.writeProblem(c.Response(), c.Request(), s.problemOf(a, he.Code, code, detail))
		return
	}
	s.refuse(c.Response(), c.Request(), err)
}

// httpCode is the code and text of an error that echo or huma found.
func httpCode(status int) (string, text) {
	switch status {
	case http.StatusBadRequest: // the body, or the lack of one
		return "malformed", textMalformed
	case http.StatusNotFound:
		return "not_found", text{"没有这个地址。", "There is no such address."}
	case http.StatusMethodNotAllowed:
		return "method_not_allowed", text{"此地址不支持该方法。", "The address does not take this method."}
	case http.StatusRequestEntityTooLarge:
		return "too_large", text{"请求内容过大。", "The request is too large."}
	case http.StatusRequestTimeout:
		return "too_slow", text{"请求内容未能及时到达。", "The request did not arrive in time."}
	case http.StatusUnsupportedMediaType:
		return "media_type", text{"请以 JSON 发送（application/json）。", "Send JSON (application/json)."}
	case http.StatusUnauthorized:
		return "not_signed_in", text{"请先登录。", "Sign in first."}
	default:
		return "validation", textValidation
	}
}
