package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strings"

	"github.com/paulmach/orb"

	"jiujin/geo/retailer/index"
)

// shopMaker invents shops as a national register has them: some names and
// streets very often, most seldom; cities dense, villages thin.
type shopMaker struct {
	rng      *rand.Rand
	counties []inventedCounty
	next     int64
}

type inventedCounty struct {
	code, name string
	centre     orb.Point
	spread     float64 // degrees
	streets    []string
	villages   []string
	upTo       float64 // share of all shops, summed
}

const (
	// The characters of names, the frequent ones first.
	nameChars = "鑫福兴华顺达源宏运金红海天永昌荣和瑞祥广益百家乐万友信诚明星光玉龙凤翔云鹏安康美佳好来聚客旺发财利民惠众新东方春" +
		"城山川江河湖阳辉亮丽雅静洁芳兰梅竹菊松柏林森木石泉清平正义仁德忠孝礼智勇强胜伟国庆军建设民主富贵吉庆喜缘圆满" +
		"恒久长远大鼎盛世纪元亨通宝聚隆泰丰裕足余甜蜜香味园苑庄坊阁轩斋堂馆楼塔桥港湾岛洲京沪粤川湘鄂赣皖浙苏闽桂黔滇藏陕甘青宁" +
		"一二三四五六七八九十小老阿大中南北西左右前后里外上下子丑寅卯辰巳午未申酉戌亥甲乙丙丁"
	surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
	given    = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉建国华红玉梅志海燕春云飞龙凤林峰波雪琴珍荣贵福生根水木金土火成功德全有才永发家兴旺"
)

var (
	shopKinds = weigh("烟酒店 24 超市 18 便利店 16 副食店 9 商店 9 小卖部 6 百货 4 烟酒商行 4 生活超市 3 食品店 3 副食 2 商行 2 批发部 1 食杂店 3 " +
		"名烟名酒店 3 综合商店 1 平价超市 1 经营部 3 饭店 1 酒楼 1 宾馆 1 茶行 1 杂货店 2 日用品店 1 粮油店 1 加油站便利店 1")
	chains = weigh("美宜佳便利店 30 红旗连锁 12 天福便利店 10 罗森便利店 4 全家便利店 3 7-Eleven便利店 3 中国石化易捷便利店 8 昆仑好客便利店 6 " +
		"舞东风超市 3 见福便利店 3 十足便利店 3 唐久便利店 2 芙蓉兴盛便利超市 12 新佳宜便利店 5 Today便利店 2 华润万家 3 永辉超市 2")
	streetNames = weigh("人民 30 建设 24 解放 22 中山 20 和平 15 新华 14 文化 12 朝阳 12 胜利 10 东风 9 长江 9 滨湖 8 滨江 8 青年 7 民主 7 团结 7 " +
		"光明 6 兴业 6 迎宾 6 振兴 6 工业 5 学府 5 健康 4 幸福 4 站前 4 环城 4 永宁 3 江滨 3 府前 3 南湖 2 北湖 2 西湖 2 东湖 2")
	streetKinds = weigh("路 30 街 18 大道 14 东路 8 西路 8 南路 6 北路 6 巷 6 中路 4 一路 2 二路 2 三街 1")
	placeTails  = weigh("号 70 号附1号 5 号1楼 5 号院内 3 号门面 6 号101室 5 号一层 3 号旁 2 号A栋底商 1")
)

// weighted draws words, some oftener than others.
type weighted struct {
	words []string
	upTo  []float64
}

func weigh(list string) weighted {
	var w weighted
	fields := strings.Fields(list)
	sum := 0.0
	for i := 0; i+1 < len(fields); i += 2 {
		var n float64
		_, _ = fmt.Sscan(fields[i+1], &n)
		sum += n
		w.words, w.upTo = append(w.words, fields[i]), append(w.upTo, sum)
	}
	return w
}

func (w weighted) draw(rng *rand.Rand) string {
	at := rng.Float64() * w.upTo[len(w.upTo)-1]
	for i, sum := range w.upTo {
		if at < sum {
			return w.words[i]
		}
	}
	return w.words[len(w.words)-1]
}

// char draws a character, the first ones oftener.
func (m *shopMaker) char(chars []rune) string {
	return string(chars[int(float64(len(chars))*math.Pow(m.rng.Float64(), 2.2))])
}

// newShopMaker lays out 2,800 counties; the same seed gives the same shops.
func newShopMaker(seed uint64) *shopMaker {
	m := &shopMaker{rng: rand.New(rand.NewPCG(seed, 1)), next: 1}
	chars := []rune(nameChars)
	sum := 0.0
	for i := range 2800 {
		c := inventedCounty{
			code:   fmt.Sprintf("%02d%02d%02d", 11+i%54, 1+i/54%20, 1+i/1080),
			name:   m.char(chars) + m.char(chars) + weigh("县 50 市 15 区 35").draw(m.rng),
			centre: orb.Point{104 + m.rng.NormFloat64()*7, 32 + m.rng.NormFloat64()*5},
			spread: 0.03 + 0.1*m.rng.Float64(),
		}
		for range 120 {
			name := streetNames.draw(m.rng)
			if m.rng.IntN(2) == 0 {
				name = m.char(chars) + m.char(chars)
			}
			c.streets = append(c.streets, name+streetKinds.draw(m.rng))
		}
		for range 60 {
			c.villages = append(c.villages, m.char(chars)+m.char(chars)+"镇"+m.char([]rune(surnames))+m.char(chars)+"村")
		}
		sum += math.Pow(float64(1+m.rng.IntN(2800)), -0.5)
		c.upTo = sum
		m.counties = append(m.counties, c)
	}
	return m
}

// shop is the next one.
func (m *shopMaker) shop() index.Doc {
	at := m.rng.Float64() * m.counties[len(m.counties)-1].upTo
	c := &m.counties[sort.Search(len(m.counties)-1, func(i int) bool { return m.counties[i].upTo >= at })]
	d := index.Doc{
		ID: m.next, LicenceNo: fmt.Sprintf("%s%d%05d", c.code, 1+m.rng.IntN(2), m.rng.IntN(100_000)), PhoneTail: fmt.Sprintf("%04d", m.rng.IntN(10_000)),
		Division: c.code, Located: m.rng.IntN(20) > 0, Over: m.rng.IntN(9) == 0,
	}
	m.next++
	d.Operator = m.char([]rune(surnames)) + m.char([]rune(given))
	if m.rng.IntN(4) > 0 {
		d.Operator += m.char([]rune(given))
	}
	spread := c.spread
	if m.rng.IntN(3) > 0 {
		d.Address = fmt.Sprintf("%s%s%d%s", c.name, c.streets[int(120*math.Pow(m.rng.Float64(), 1.7))], 1+m.rng.IntN(400), placeTails.draw(m.rng))
		spread /= 4
	} else {
		d.Address = fmt.Sprintf("%s%s%d组", c.name, c.villages[m.rng.IntN(60)], 1+m.rng.IntN(12))
	}
	d.Point = orb.Point{c.centre[0] + m.rng.NormFloat64()*spread, c.centre[1] + m.rng.NormFloat64()*spread}
	d.Name = m.name(c, d.Operator)
	return d
}

func (m *shopMaker) name(c *inventedCounty, operator string) string {
	chars := []rune(nameChars)
	switch n := m.rng.IntN(20); {
	case n == 0:
		return chains.draw(m.rng) + "(" + c.streets[m.rng.IntN(120)] + "店)"
	case n < 3:
		return operator + shopKinds.draw(m.rng)
	default:
		core := m.char(chars) + m.char(chars)
		if m.rng.IntN(3) == 0 {
			core += m.char(chars)
		}
		name := core + shopKinds.draw(m.rng)
		if m.rng.IntN(3) == 0 {
			name = c.name + name
		}
		return name
	}
}
