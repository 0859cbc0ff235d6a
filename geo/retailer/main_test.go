package retailer

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"golang.org/x/text/encoding/simplifiedchinese"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

func TestMain(m *testing.M) {
	pgtest.Main(m)
}

var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

func gb(t testing.TB, s string) []byte {
	t.Helper()
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func load(t testing.TB, db *pg.DB, list []byte, opts ImportOptions) Report {
	t.Helper()
	if opts.Now.IsZero() {
		opts.Now = noon
	}
	report, err := Import(context.Background(), db, bytes.NewReader(list), opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func save(t testing.TB, db *pg.DB, list []Retailer) {
	t.Helper()
	err := db.InTx(context.Background(), func(tx *pg.Tx) error {
		_, err := Save(context.Background(), tx, list)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// invented makes n shops around 114.6 29.9, the same for the same n.
func invented(n int) []Retailer {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	pick := func(words string) string {
		w := strings.Fields(words)
		return w[rng.IntN(len(w))]
	}
	const one = "红 塔 福 兴 隆 华 顺 达 鑫 源 宏 运 金 山 海 天 城 东 方 春 永 昌 荣 和 瑞 祥 广 益 百 家 乐 万 友 信 诚 明 星 光 玉 龙 凤 翔 云 鹏"
	list := make([]Retailer, n)
	for i := range list {
		street := pick("滨湖 人民 建设 解放 长江 中山 文化 青年 民主 东风 和平 团结 胜利 朝阳") + pick("大道 路 东路 西路 街 巷")
		list[i] = Retailer{
			LicenceNo:    LicenceNo(fmt.Sprintf("4211821%05d", i)),
			Name:         pick(one) + pick(one) + pick(one) + pick("烟酒店 商行 超市 便利店 小卖部 副食店 商店 百货 烟酒商行 生活超市"),
			Operator:     pick("王 李 张 刘 陈 杨 黄 周") + pick(one) + pick(one),
			Address:      fmt.Sprintf("武穴市%s%d号", street, 1+rng.IntN(400)),
			PhoneTail:    fmt.Sprintf("%04d", rng.IntN(10000)),
			Form:         "grocery",
			Status:       Valid,
			DivisionCode: pick("421182 421127"),
			Point:        &orb.Point{114.6 + rng.NormFloat64()*0.1, 29.9 + rng.NormFloat64()*0.1},
			SourceDatum:  datum.WGS84,
		}
		if i >= 100_000 {
			list[i].LicenceNo = LicenceNo(fmt.Sprintf("421182%06d", i))
		}
	}
	return list
}

func readAll(t testing.TB, src string) []record {
	t.Helper()
	r := newRecords(src)
	var out []record
	for {
		rec, err := r.next()
		if err != nil {
			return out
		}
		out = append(out, rec)
	}
}

// count is the number of retailers; where is a clause of the test's own.
func count(t testing.TB, q pg.Queryer, where string) (n int) {
	t.Helper()
	if err := q.QueryRow(context.Background(), "select count(*) from retailer "+where).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
