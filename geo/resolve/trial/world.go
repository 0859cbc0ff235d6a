package trial

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/resolve"
)

// World is a made-up city: roads with numbers, estates and landmarks with points, and the shops on them.
type World struct {
	Shops  []resolve.Shop
	Places []resolve.Place

	rng       *rand.Rand
	districts []area
	estates   []string
	details   []Detail // beside Shops
}

// Detail is what a made shop's name and address were put together from.
type Detail struct {
	Brand, Kind, Branch     string
	District, Town          string
	Road, Number, Fine      string
	Landmark, LandmarkWords string // nearest place within 200 m and the words that tie it: 旁边; both "" without
}

type area struct {
	name  string
	towns []townArea
}

type townArea struct {
	name  string
	roads []street
}

type street struct {
	name     string
	from     orb.Point
	dx, dy   float64 // degrees of one number
	estates  []int
	segments int
}

// The characters and words of which names are made; common ones of Chinese towns and shops.
var (
	roadChars   = []rune("人民解放建设中山新华和平胜利光明文化青年东风红星春熙锦江玉林双楠金沙永丰桂溪芳草石羊天府华阳龙泉清江银杏白果梧桐紫荆蜀汉武侯草堂浣花琴台顺城鼓楼马鞍营门洗面桥磨子一环科华")
	roadEnds    = []string{"路", "路", "路", "路", "路", "街", "街", "街", "大道", "巷", "东路", "西路", "南路", "北路", "中路", "东街", "西街", "南街", "北街", "一街", "二街", "三路", "横街", "正街", "后街"}
	townChars   = []rune("石板安龙清柳华金桥双太平黄万新河正兴合永宁成洛带水木兰斑竹三元大丰高店")
	estateChars = []rune("阳光翠湖金色锦绣东方丽景家园花香水岸御景华府凯旋时代天骄学府名都蓝湾紫金长岛和谐世纪")
	estateEnds  = []string{"小区", "花园", "家园", "苑", "广场", "城", "公寓", "大厦", "新居", "丽都"}
	placeEnds   = []string{"小学", "中学", "医院", "幼儿园", "农贸市场", "公园", "地铁站", "客运站", "派出所", "加油站", "银行", "大酒店", "体育馆", "图书馆"}
	shopChars   = []rune("兴旺鑫源福来永顺利民万家好友惠德隆昌盛祥瑞佳美乐康泰安宏达金玉满堂天地人和一品百味老街邻居红星新世纪聚宝恒发吉庆亿丰华联诚信")
	surnames    = []rune("王李张刘陈杨黄赵周吴徐孙马胡朱郭何罗高林唐曾彭邓谢冯蒋余")
	givenChars  = []rune("建国明华强军秀英丽娟勇伟芳敏静平红梅燕刚磊洋桂兰玉珍志文斌")
	shopKinds   = []string{"烟酒店", "超市", "便利店", "副食店", "商店", "烟酒行", "百货店", "食品店", "小卖部", "烟酒商行", "便民店", "生活超市", "经营部", "副食经营部", "杂货店"}
	brands      = []string{"红旗连锁", "舞东风", "互惠超市", "全家便利店", "罗森", "1919酒类直供", "WOWO便利", "华联超市", "美宜佳", "喜士多", "每一天便利店", "天福便利店", "十足便利店", "可好便利店"}
	besideWords = []string{"旁边", "对面", "旁", "附近", "隔壁", "斜对面", "门口"}
)

// NewWorld makes n shops; the same seed makes the same world.
func NewWorld(n int, seed uint64) *World {
	w := &World{rng: rand.New(rand.NewPCG(seed, 77))}
	w.lay(max(2, n/3000))
	for len(w.Shops) < n {
		w.open()
	}
	return w
}

func (w *World) pick(chars []rune, n int) string {
	var b strings.Builder
	for range n {
		b.WriteRune(chars[w.rng.IntN(len(chars))])
	}
	return b.String()
}

func one[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// lay makes towns with roads, and places along them.
func (w *World) lay(towns int) {
	perDistrict := 8
	for t := range towns {
		if t%perDistrict == 0 {
			w.districts = append(w.districts, area{name: w.pick(townChars, 2) + one(w.rng, []string{"区", "区", "区", "县", "市"})})
		}
		d := &w.districts[len(w.districts)-1]
		centre := orb.Point{103.9 + w.rng.Float64()*0.6, 30.4 + w.rng.Float64()*0.5}
		town := townArea{name: w.pick(townChars, 2) + one(w.rng, []string{"街道", "街道", "镇", "乡"})}
		for range 60 {
			town.roads = append(town.roads, w.street(centre))
		}
		d.towns = append(d.towns, town)
	}
}

func (w *World) street(centre orb.Point) street {
	s := street{name: w.pick(roadChars, 2) + one(w.rng, roadEnds)}
	s.from = orb.Point{centre[0] + w.rng.NormFloat64()*0.012, centre[1] + w.rng.NormFloat64()*0.012}
	along := (w.rng.Float64() - 0.5) * 2
	s.dx, s.dy = along*4e-5, (1-along)*4e-5
	if strings.HasSuffix(s.name, "大道") || w.rng.IntN(12) == 0 {
		s.segments = 3
	}
	for range 3 {
		s.estates = append(s.estates, len(w.estates))
		w.estates = append(w.estates, w.pick(estateChars, 2+w.rng.IntN(2))+one(w.rng, estateEnds))
		w.Places = append(w.Places, resolve.Place{
			Name: w.pick(estateChars, 2) + one(w.rng, placeEnds), Kind: "landmark", Point: s.at(w.rng.IntN(600)),
		})
	}
	return s
}

func (s street) at(number int) orb.Point {
	return orb.Point{s.from[0] + s.dx*float64(number), s.from[1] + s.dy*float64(number)}
}

// open makes one shop.
func (w *World) open() {
	rng := w.rng
	d := &w.districts[rng.IntN(len(w.districts))]
	t := &d.towns[rng.IntN(len(d.towns))]
	road := &t.roads[int(float64(len(t.roads))*rng.Float64()*rng.Float64())] // some roads have many shops
	number := 1 + rng.IntN(400)
	at := Detail{District: d.name, Town: t.name, Road: road.name, Number: fmt.Sprintf("%d号", number)}
	if road.segments > 0 {
		at.Road += one(rng, []string{"一段", "二段", "三段"})
	}
	switch rng.IntN(8) {
	case 0, 1:
		at.Fine = fmt.Sprintf("附%d号", 1+rng.IntN(30))
	case 2:
		at.Fine = fmt.Sprintf("%d栋%d号", 1+rng.IntN(12), 101+rng.IntN(20))
	case 3:
		at.Number = fmt.Sprintf("%d、%d号", number, number+2)
	}
	point := road.at(number)
	point = orb.Point{point[0] + rng.NormFloat64()*1e-4, point[1] + rng.NormFloat64()*1e-4}
	estate := ""
	if rng.IntN(3) == 0 {
		estate = w.estates[one(rng, road.estates)]
	}
	w.christen(&at, road.name, estate)
	address := "蓉城市" + at.District
	if rng.IntN(3) > 0 {
		address += at.Town
	}
	address += at.Road + at.Number + estate + at.Fine
	id := int64(len(w.Shops) + 1)
	w.Shops = append(w.Shops, resolve.Shop{
		ID: id, LicenceNo: fmt.Sprintf("5101%02d1%05d", id/100_000, id%100_000), Name: at.name(), Operator: w.person(), Address: address, Point: &point,
	})
	at.Landmark = estate
	w.details = append(w.details, at)
}

func (w *World) person() string { return w.pick(surnames, 1) + w.pick(givenChars, 1+w.rng.IntN(2)) }

// christen names a shop as shops are named.
func (w *World) christen(at *Detail, road, estate string) {
	rng := w.rng
	at.Kind = one(rng, shopKinds)
	switch k := rng.IntN(20); {
	case k < 4:
		at.Brand, at.Kind = one(rng, brands), ""
		at.Branch = one(rng, []string{strings.TrimRight(road, "路街道巷大"), estate, strings.TrimRight(at.Town, "街道镇乡")})
		if at.Branch == "" {
			at.Branch = road
		}
		if rng.IntN(3) == 0 {
			at.Branch += one(rng, []string{"一", "二", "三"})
		}
		at.Branch += "店"
	case k < 7:
		at.Brand = w.person()
	case k < 9:
		at.Brand = strings.TrimRight(road, "路街道巷大")
	case k < 10 && estate != "":
		at.Brand = estate
	case k < 11:
		at.Brand = one(rng, []string{"小", "老"}) + w.pick(surnames, 1)
	case k < 15:
		at.Brand = w.pick(shopChars, 3)
	default:
		at.Brand = w.pick(shopChars, 2)
	}
}

func (d *Detail) name() string {
	if d.Branch != "" {
		return d.Brand + "(" + d.Branch + ")"
	}
	return d.Brand + d.Kind
}

// landmarks gives every shop the nearest place within 200 m as a landmark, unless it stands in an estate.
func (w *World) landmarks(of []int) {
	grid := map[[2]int][]int{}
	cell := func(p orb.Point) [2]int { return [2]int{int(p[0] * 400), int(p[1] * 400)} }
	for i, p := range w.Places {
		grid[cell(p.Point)] = append(grid[cell(p.Point)], i)
	}
	for _, i := range of {
		d := &w.details[i]
		d.LandmarkWords = one(w.rng, besideWords)
		if d.Landmark != "" {
			continue
		}
		best, at := geo.Metres(200), cell(*w.Shops[i].Point)
		for dx := -1; dx <= 1; dx++ {
			for dy := -1; dy <= 1; dy++ {
				for _, k := range grid[[2]int{at[0] + dx, at[1] + dy}] {
					if m := geo.Distance(w.Places[k].Point, *w.Shops[i].Point); m < best {
						best, d.Landmark = m, w.Places[k].Name
					}
				}
			}
		}
	}
}
