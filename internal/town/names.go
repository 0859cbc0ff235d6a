package town

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// Every name below is common or invented; none is meant to be a real place,
// shop or person.

type countyNames struct {
	county, river, lake, reservoir string
	streets                        []string // the sub-districts of the county town
	towns                          []string
}

func (n countyNames) first() string { return runeAt(n.county, 0) }

func runeAt(s string, i int) string { return string([]rune(s)[i]) }

var countyList = []string{"云江", "安澜", "宁泽", "青屿", "永岭", "丰川", "瑞溪", "怀垄", "兴澜", "乐川", "鹤岭", "长堰", "清沅", "嘉屿", "平峦", "定溪", "福垄", "景澜", "明沅", "顺堰"}

var townHeads = strings.Fields("石桥 青龙 东港 白沙 柳塘 云峰 北岭 大塘 松林 双溪 黄陂 竹山 金滩 马鞍 茶亭 枫岭 沙洲 望云 三河 古渡 桃源 鹅湖 龙泉 长坪")

func namesOf(index int) countyNames {
	head := countyList[index%len(countyList)]
	if n := index / len(countyList); n > 0 {
		head += []string{"东", "西", "南", "北", "新", "中"}[n%6]
	}
	n := countyNames{
		county: head + "县", river: []string{"云江", "澜江", "青江", "沅水", "泽河"}[index%5],
		lake: []string{"镜湖", "月湖", "雁湖", "莲湖", "星湖"}[index%5], reservoir: []string{"云峰水库", "鹤山水库", "龙潭水库"}[index%3],
		streets: []string{"城关街道", "朝阳街道", "滨湖街道", "江南街道"},
	}
	for k := range 7 {
		kind := "镇"
		if k == 5 || k == 6 && index%2 == 1 {
			kind = "乡"
		}
		n.towns = append(n.towns, townHeads[(index*5+k)%len(townHeads)]+kind)
	}
	return n
}

var (
	northSouth = []string{"人民", "解放", "建设", "文昌", "学府", "凤凰", "青年", "站前", "金沙", "振兴"}
	eastWest   = []string{"", "朝阳", "和平", "云锦", "科技", "胜利", "新港", "工业", "沿山", "南湖"}
)

// arterialName names the arterial off lines from the middle one; positive
// tells the northern or eastern half.
func arterialName(along, off int, positive bool) string {
	k := 2 * off
	if off < 0 {
		k = -2*off - 1
	}
	if along == 0 {
		half := "南路"
		if positive {
			half = "北路"
		}
		return northSouth[k%len(northSouth)] + half
	}
	if k == 0 {
		if positive {
			return "迎宾大道"
		}
		return "滨湖大道"
	}
	half := "西路"
	if positive {
		half = "东路"
	}
	name := eastWest[k%len(eastWest)]
	if name == "" {
		name = "光明"
	}
	return name + half
}

var (
	laneHeads = []rune("桂梅兰竹松柳槐荷枫杏桃棠榆樟芙丹银金玉翠紫青白红东西南北中新古长双永安福吉瑞祥宁和")
	laneTails = []rune("花园林溪塘桥井亭泉坡湾田岭庙仓坊台门墙场苑居和兴盛")
	townLanes = strings.Fields("人民路 新街 老街 正街 解放路 兴镇路 文化路 农贸街 建设路 振兴路 站前路 学校路 卫生院路 幸福路 富民路 团结路")
)

// laneName gives a name not yet used in the county town or in the township.
// Townships repeat each other's names, as real ones do.
func (c *county) laneName(rng *rand.Rand, class Class, place int) string {
	key := ""
	if place >= 0 {
		key = c.places[place].name
	}
	for n := 0; ; n++ {
		name := townLanes[rng.IntN(len(townLanes))]
		if place < 0 || n > 12 {
			name = string([]rune{laneHeads[rng.IntN(len(laneHeads))], laneTails[rng.IntN(len(laneTails))]})
			suffix := []string{"路", "街", "巷", "街", "路", "里", "一巷", "二巷", "横街"}
			k := rng.IntN(len(suffix))
			if class < Residential {
				k = rng.IntN(2)
			}
			name += suffix[k]
		}
		if !c.used[key+name] {
			c.used[key+name] = true
			return name
		}
	}
}

var (
	villageHeads = []rune("大小上下前后东西张王李刘陈杨周吴徐孙胡朱高林何郭马罗石黄白青红双三")
	villageTails = strings.Fields("塘 湾 垄 坪 冲 屋 家畈 家墩 家洲 坳 湖 桥 庙 堰 桥头 树下 家坊 泉")
)

func (c *county) villageName(rng *rand.Rand) string {
	for {
		name := string(villageHeads[rng.IntN(len(villageHeads))]) + villageTails[rng.IntN(len(villageTails))] + "村"
		if !c.used[name] {
			c.used[name] = true
			return name
		}
	}
}

func villageLane(village string, n int) string {
	stem := strings.TrimSuffix(village, "村")
	kinds := []string{"前街", "后街", "中路", "新街", "东路", "西路", "南路", "北路"}
	if n >= len(kinds) {
		return stem + strconv.Itoa(n+1) + "巷"
	}
	return stem + kinds[n]
}

func (c *county) parkName(rng *rand.Rand) string {
	heads := strings.Fields("人民 文昌 青年 儿童 体育 桂花 樱花 双溪 凤凰 望江 南山 月亮 中心 翠湖 银杏 迎春 玉兰 清风")
	name := heads[rng.IntN(len(heads))] + "公园"
	if c.used[name] {
		return ""
	}
	c.used[name] = true
	return name
}

func (c *county) hillName(rng *rand.Rand) string {
	heads := strings.Fields("凤凰 大云 鹰嘴 青龙 狮子 莲花 笔架 老虎 白云 仙女 天马 鸡公 九峰 牛头 玉屏 石门")
	for range 40 {
		if name := heads[rng.IntN(len(heads))] + "山"; !c.used[name] {
			c.used[name] = true
			return name
		}
	}
	return ""
}

const (
	surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蔡蒋余杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金贾夏韦付方邹熊白孟秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万覃武钱戴严"
	given1   = "建国志文明永春海玉晓丽秀桂俊伟红德金小雪雨家子思佳国立新世宏广庆云天振少光长爱美淑凤素兰慧敏静雅正学泽浩宇"
	given2   = "华军平强明英芳兰珍辉峰林勇刚杰涛斌波宁娟霞燕玲梅琴萍红艳丽荣福生根发财旺祥龙虎鹏飞亮东南北洋洁琳婷怡欣然轩豪涵"
)

var surnameRunes, givenRunes1, givenRunes2 = []rune(surnames), []rune(given1), []rune(given2)

// person gives a common Chinese name; the more frequent surnames come more
// often.
func person(rng *rand.Rand) string {
	k := int(float64(len(surnameRunes)) * rng.Float64() * rng.Float64())
	name := []rune{surnameRunes[k]}
	if rng.Float64() < 0.8 {
		name = append(name, givenRunes1[rng.IntN(len(givenRunes1))])
	}
	return string(append(name, givenRunes2[rng.IntN(len(givenRunes2))]))
}
