package town

// topic is one kind of call and the ways to tell it. In the texts {place},
// {shop}, {road}, {amount}, {brand}, {price}, {plate}, {days} and {when} are
// filled in.
type topic struct {
	subtype   string
	weight    float64
	shop      bool    // about a shop that holds a licence
	lapsed    bool    // the licence of the shop is not valid
	placeless bool    // no place is named
	moving    bool    // goods are on the move
	minors    bool    // about sale to minors
	now       float64 // share in which it happens at the time of the call
	cartons   int     // largest quantity named; 0 if none is
	texts     []string
}

var (
	openings  = []string{"你好，", "喂，你好，", "您好，我想反映个情况，", "", "", "同志你好，", "你好，是12313吧？", "我打电话是想说一下，"}
	repeats   = []string{"我上次就打过电话了。", "这个事前几天已经反映过一次了。", "之前说有人来，一直没见人。"}
	nows      = []string{"现在人还在。", "就这会儿正在卖。", "现在店还开着门。", "你们快点来，晚了就没了。", "我刚从那里出来。"}
	asking    = []string{"麻烦查一下。", "希望尽快处理。", "请你们派人去看看。", "千万别说是我说的。", ""}
	pressing  = []string{"希望尽快处理。", "有结果给我回个电话。", "你们给个说法。", "麻烦催一下。", ""}
	wondering = []string{"想问清楚一点。", "麻烦帮我查一下。", "谢谢。", "", "能告诉我吗？"}
	landmarks = []string{"菜市场门口", "小学对面那家", "公交站旁边", "十字路口转角", "医院斜对面", "加油站边上", "桥头下来第二家", "农贸市场里面", "小区东门口", "卫生院隔壁"}
	whens     = []string{"昨天", "今天上午", "刚才", "前天晚上", "上个星期", "中午"}
	// Invented brands: a demonstration should not accuse a real one.
	brands = []string{"云岭软包", "云江硬盒", "镜湖细支", "金桂", "凤栖", "江南春", "云岭中支", "青山"}
)

func (p topic) closings() []string {
	switch p.subtype[0] {
	case 'Q', 'S', 'L':
		return wondering
	case 'C':
		return pressing
	}
	return asking
}

var topics = []topic{
	{subtype: "R01", weight: 15, now: 0.45, lapsed: true, shop: true, cartons: 60, texts: []string{
		"{place}，烟草证早就到期了还在卖烟，柜台里摆着{amount}。",
		"{place}没看到墙上挂许可证，可是{brand}、红的白的什么烟都有。",
		"我看{shop}门口贴着歇业，里面照样拿烟出来卖，地址是{place}。",
		"{place}，老板说证在办，都办了好几个月了还在卖。",
		"{place}那个店证停了的，{when}我还买到一包{brand}。",
	}},
	{subtype: "R01", weight: 9, now: 0.5, cartons: 40, texts: []string{
		"{place}有个地摊在卖烟，没有证的，摆了{amount}。",
		"{place}新开一家店，没有烟草证就卖烟。",
		"有人在{place}推个三轮车卖烟，比店里便宜好多。",
		"{place}的麻将馆里面偷偷卖烟，没办证。",
		"{place}楼下快递点也在卖烟，哪来的证？",
	}},
	{subtype: "R02", weight: 4, moving: true, now: 1, cartons: 400, texts: []string{
		"{place}有辆面包车在卸烟，车牌{plate}，{amount}，卸完就要走。",
		"我看到一辆白色小货车往{road}方向开，车上全是烟，车牌{plate}。",
		"{place}物流点有人寄烟，一次寄{amount}，车马上就来拉。",
		"{plate}这辆车每天晚上都往{place}送烟，今天又来了。",
		"有人开一辆灰色商务车，后备箱装的都是香烟，停在{place}。",
	}},
	{subtype: "R03", weight: 16, now: 0.25, shop: true, cartons: 120, texts: []string{
		"我{when}在{place}买了一条{brand}，抽起来味道不对，肯定是假烟。",
		"{place}卖假烟，{brand}的钢印都对不上。",
		"{shop}卖给我的烟掉灰厉害、呛嗓子，怀疑是假的，店在{place}。",
		"办酒席在{place}拿了{amount}{brand}，客人都说是假的，老板不认账。",
		"{place}的{brand}比别家便宜十几块，盒子颜色都不一样，怕是假的。",
		"{place}后面仓库里堆了{amount}假烟，我亲眼见到的。",
	}},
	{subtype: "R04", weight: 3, now: 0.3, shop: true, cartons: 80, texts: []string{
		"{place}柜台下面有外国烟卖，盒子上一个中国字都没有。",
		"{place}在卖走私烟，问老板他说是朋友从外面带的，有{amount}。",
		"{shop}卖的外烟没有中文标识，地址{place}。",
	}},
	{subtype: "R05", weight: 4, now: 0.3, shop: true, cartons: 200, texts: []string{
		"{place}进的烟不是从你们公司订的，条码是外县的。",
		"有人开车到{place}收烟，整件整件拉走，{amount}。",
		"{shop}把订的好烟都转手卖给烟贩子了，{place}。",
	}},
	{subtype: "R06", weight: 9, minors: true, now: 0.35, shop: true, texts: []string{
		"{place}把烟卖给穿校服的学生，一根一根地卖。",
		"我儿子才读初二，在{place}买到了{brand}，老板问都不问。",
		"{place}没贴不准卖给未成年人的牌子，放学好多学生去买烟。",
		"{shop}散卖香烟给小孩，就在{place}。",
		"我是学校老师，{when}看到几个学生从{place}买烟出来。",
	}},
	{subtype: "R07", weight: 3, shop: true, minors: true, texts: []string{
		"{place}离小学大门就几十步，怎么还能卖烟？",
		"幼儿园边上的{shop}在卖烟，{place}，这个符合规定吗？",
	}},
	{subtype: "R08", weight: 7, now: 0.4, cartons: 30, texts: []string{
		"{place}有人卖水果味的电子烟，全是年轻人在买。",
		"{place}的手机店柜台里摆着电子烟，没有证。",
		"{place}放了一台自动售货机卖电子烟，扫码就能买。",
		"{place}夜市有人摆摊卖电子烟，一次性的，{price}块一支。",
	}},
	{subtype: "R08", weight: 3, shop: true, minors: true, now: 0.3, texts: []string{
		"{shop}卖奶茶杯那种电子烟给学生，地址{place}。",
		"{place}除了卷烟还偷卖调味电子烟，放在收银台底下。",
	}},
	{subtype: "R09", weight: 8, now: 0.1, shop: true, texts: []string{
		"{place}的{brand}要卖{price}块一包，比标价高多了。",
		"{shop}买好烟要搭两包卖不动的，不搭不卖，在{place}。",
		"{place}卖烟不标价，看人要价。",
		"过年前{place}就把{brand}藏起来，要加钱才卖。",
	}},
	{subtype: "R10", weight: 3, shop: true, texts: []string{
		"{place}挂的证是别人的名字，店早就转给他亲戚了。",
		"{shop}的证上地址不是这里，人也不是他，他租的证，在{place}。",
	}},
	{subtype: "R11", weight: 0.8, now: 0.6, moving: true, cartons: 900, texts: []string{
		"{place}后面院子里晚上有机器响，运烟丝进去，怀疑在做假烟。",
		"有人租了{place}的民房，窗户糊死了，半夜往外搬烟箱子，{amount}。",
	}},
	{subtype: "R12", weight: 3, placeless: true, cartons: 50, texts: []string{
		"有人在朋友圈卖烟，说是厂里出来的，{price}块一条。",
		"我们小区群里天天有人发卖烟的广告，可以送货上门。",
		"直播间里有人让加微信买{brand}，肯定不正规。",
	}},
	{subtype: "C02", weight: 3, placeless: true, texts: []string{
		"我办烟草证交了材料{days}天了，没人来看店。",
		"窗口让我跑了三趟，每次说的材料都不一样。",
	}},
	{subtype: "C03", weight: 5, shop: true, texts: []string{
		"我是{shop}的，这个月{brand}一条都没给我，隔壁天天有。",
		"我店档位突然降了两档，也没人跟我说原因，店在{place}。",
		"紧俏烟分得不公平，我在{place}开店八年了，货越来越少。",
	}},
	{subtype: "C04", weight: 3, shop: true, texts: []string{
		"我们的客户经理两个月没来过了，打电话也不接，我店在{place}。",
		"{place}，客户经理说话态度很差，问他货源他说不知道。",
	}},
	{subtype: "C05", weight: 2, shop: true, texts: []string{
		"网上订货老是提交不了，今天截止了怎么办？我是{shop}。",
		"扣款扣了两次，订单只有一个，{place}。",
	}},
	{subtype: "C06", weight: 7, shop: true, texts: []string{
		"我是{shop}，今天的烟到现在还没送来，已经晚了大半天。",
		"送货的少给我两条{brand}，打电话说要等下周，我在{place}。",
		"送烟的把货往门口一放就走了，下雨都淋湿了，{place}。",
		"{place}，送货师傅让我自己到路口去拿，不送到店里。",
		"这已经是第二次送错了，把别人家的货送到{shop}来。",
	}},
	{subtype: "C07", weight: 3, shop: true, texts: []string{
		"我在{place}买的{brand}里面有烟是空的，一半都没烟丝。",
		"{brand}开包就发霉，{place}买的，老板让我找你们。",
	}},
	{subtype: "C09", weight: 1, placeless: true, texts: []string{
		"上班时间窗口没有人，等了四十分钟。",
	}},
	{subtype: "Q02", weight: 12, placeless: true, texts: []string{
		"我想在村里开个小店，办烟草证要什么条件？",
		"烟草证快到期了，延续要提前多久办？带什么材料？",
		"店要搬到对面去，原来的证还能用吗？",
		"请问离学校多远才能办证？",
		"营业执照换了名字，烟草证要不要跟着变更？",
		"停业半年证会不会被收回去？",
	}},
	{subtype: "Q03", weight: 5, placeless: true, texts: []string{
		"请问{brand}现在零售价是多少？",
		"哪里能买到{brand}？跑了好几家都没有。",
	}},
	{subtype: "Q04", weight: 5, shop: true, texts: []string{
		"我在{place}买了一条{brand}，能帮我看看真假吗？",
		"烟盒上的三十二位码怎么看？我在{shop}买的，想核对一下。",
	}},
	{subtype: "Q06", weight: 3, placeless: true, texts: []string{
		"我{days}天前举报的事，现在处理得怎么样了？",
		"我的办证申请到哪一步了？",
	}},
	{subtype: "S01", weight: 1.5, placeless: true, texts: []string{
		"建议把订货时间改到晚上，白天忙不过来。",
		"建议送货前发个短信，我们好留人。",
	}},
	{subtype: "L01", weight: 2, texts: []string{
		"我申请了新办证，店在{place}，什么时候来现场核查？",
		"{place}新店装修好了，可以来看了，申请已经交了。",
	}},
	{subtype: "L03", weight: 2.5, shop: true, texts: []string{
		"我是{shop}，证下个月到期，想办延续，地址没变，{place}。",
		"老人腿脚不方便，能不能上门换证？店在{place}。",
	}},
}
