package main

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"

	"jiujin/geo/retailer/index"
)

// writeShops writes the list of n invented shops.
func writeShops(path string, seed uint64, n int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	w.WriteString("许可证号,企业名称,负责人,经营地址,联系电话,行政区划代码,许可证状态,经度,纬度\n")
	eachShop(seed, n, 0, func(d index.Doc) {
		lon, lat, status := "", "", "有效"
		if d.Located {
			lon, lat = fmt.Sprintf("%.6f", d.Point[0]), fmt.Sprintf("%.6f", d.Point[1])
		}
		if d.Over {
			status = "注销"
		}
		fmt.Fprintf(w, "%s,%s,%s,%s,%s,%s,%s,%s,%s\n", d.LicenceNo, d.Name, d.Operator, d.Address, d.PhoneTail, d.Division, status, lon, lat)
	})
	return errors.Join(w.Flush(), file.Close())
}

// eachShop calls each with n invented shops, and gives some of them, drawn by chance. Their licence numbers are those
// of the shop maker but for the last six digits, which count within the county: in a register no two are alike.
func eachShop(seed uint64, n, some int, each func(index.Doc)) (about []index.Doc) {
	shops, of := newShopMaker(seed), map[string]int{}
	rng := rand.New(rand.NewPCG(seed, 3))
	for i := range n {
		d := shops.shop()
		at := of[d.Division]
		of[d.Division]++
		// 61,803 and 100,000 have no common factor: every number of five digits comes once
		d.LicenceNo = fmt.Sprintf("%s%d%05d", d.Division, 1+at/100_000, at*61_803%100_000)
		each(d)
		if i < some {
			about = append(about, d)
		} else if at := rng.IntN(i + 1); at < some {
			about[at] = d
		}
	}
	return about
}
