package ticket

// Subtype is one row of the demand taxonomy (domain A3, after Z4 and W16).
type Subtype struct {
	Code       string
	Kind       Kind
	ZH, EN     string
	Urgency    Urgency // default, before anybody judges
	FieldVisit bool    // somebody must go there
}

// Subtypes is the shipped taxonomy. It must not be changed at run time.
var Subtypes = []Subtype{
	{"R01", Report, "无证经营", "Unlicensed sale", 3, true},
	{"R02", Report, "无证运输或超限寄递", "Unlicensed transport", 1, true},
	{"R03", Report, "销售假冒伪劣卷烟", "Counterfeit cigarettes", 2, true},
	{"R04", Report, "销售走私烟", "Smuggled cigarettes", 2, true},
	{"R05", Report, "真烟外流或非渠道进货", "Diverted stock", 2, true},
	{"R06", Report, "向未成年人售烟", "Sale to minors", 2, true},
	{"R07", Report, "学校周边设点", "Outlet near a school", 3, true},
	{"R08", Report, "违规销售电子烟", "Illegal e-cigarettes", 3, true},
	{"R09", Report, "价格、搭售与囤积", "Pricing and tying", 3, true},
	{"R10", Report, "转让、出租或涂改许可证", "Licence misuse", 3, true},
	{"R11", Report, "非法生产烟草制品", "Illegal production", 1, true},
	{"R12", Report, "互联网涉烟", "Online sale", 3, false},
	{"R13", Report, "烟草广告促销违法", "Illegal advertising", 3, true},
	{"R15", Report, "内部人员违规", "Misconduct of staff", 2, false},
	{"R99", Report, "其他举报", "Other report", 3, true},
	{"C01", Complaint, "专卖执法行为", "Enforcement conduct", 3, false},
	{"C02", Complaint, "许可证办理", "Licence service", 3, false},
	{"C03", Complaint, "货源投放与档位", "Supply and tier", 3, false},
	{"C04", Complaint, "客户经理服务", "Account manager service", 3, false},
	{"C05", Complaint, "订货与结算", "Ordering and payment", 3, false},
	{"C06", Complaint, "送货服务", "Delivery service", 3, false},
	{"C07", Complaint, "卷烟质量", "Product quality", 3, true},
	{"C08", Complaint, "烟叶收购与评级", "Leaf buying and grading", 2, false},
	{"C09", Complaint, "机关效能与作风", "Conduct of the office", 3, false},
	{"C11", Complaint, "热线服务本身", "The hotline itself", 3, false},
	{"Q01", Enquiry, "服务咨询", "Service", 4, false},
	{"Q02", Enquiry, "政策与证件咨询", "Policy and licences", 4, false},
	{"Q03", Enquiry, "产品、价格与货源咨询", "Products and prices", 4, false},
	{"Q04", Enquiry, "真伪鉴别", "Authenticity check", 4, true},
	{"Q05", Enquiry, "联系方式查询", "Contacts", 4, false},
	{"Q06", Enquiry, "进度查询", "Progress", 4, false},
	{"S01", Suggestion, "服务建议", "Suggestion", 4, false},
}

// SubtypeByCode finds a subtype.
func SubtypeByCode(code string) (Subtype, bool) {
	for _, s := range Subtypes {
		if s.Code == code {
			return s, true
		}
	}
	return Subtype{}, false
}

// Term is a coded word with its two names.
type Term struct {
	Code   string
	ZH, EN string
}

// Outcomes of a field visit (domain A3, report outcome codes).
var Outcomes = []Term{
	{"I01", "属实立案", "Founded, case filed"},
	{"I02", "当场处罚", "Penalty on the spot"},
	{"I03", "责令改正或教育", "Ordered to correct"},
	{"I04", "部分属实", "Partly founded"},
	{"I05", "不属实", "Unfounded"},
	{"I06", "无法核实", "Could not be verified"},
	{"I07", "先期已处理或重复", "Already handled"},
	{"I08", "移送其他部门", "Passed to another authority"},
}

// DeclineReasons an officer can give (domain C5).
var DeclineReasons = []Term{
	{"on_task", "正在办理其他任务", "Busy with another task"},
	{"vehicle_fault", "车辆故障", "Vehicle fault"},
	{"conflict", "需要回避", "Conflict of interest"},
	{"danger", "现场有危险", "Danger"},
	{"off_shift", "已下班", "Off shift"},
	{"other", "其他", "Other"},
}

// Channels through which a demand arrives (Z4-06, J05).
var Channels = []string{"phone", "voicemail", "web", "wechat", "letter", "visit", "transfer_12345"}

func known(terms []Term, code string) bool {
	for _, t := range terms {
		if t.Code == code {
			return true
		}
	}
	return false
}

// KnownDeclineReason tells whether code is one of DeclineReasons.
func KnownDeclineReason(code string) bool { return known(DeclineReasons, code) }
