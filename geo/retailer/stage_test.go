package retailer

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"jiujin/geo/datum"
)

// How fast a list becomes rows for the database.
func BenchmarkRows(b *testing.B) {
	var list strings.Builder
	list.WriteString("许可证号,企业名称,负责人,经营地址,联系电话,零售业态,许可证状态,有效期起,有效期止,经度,纬度,行政区划代码,档位,市管员,送货线路\n")
	for i := range b.N {
		fmt.Fprintf(&list, "4211821%05d,红塔烟酒店%d,王小明,武穴市滨湖大道%d号,13800001234,食杂店,有效,2024-03-01,2029-02-28,%.6f,%.6f,421182,%d,1001,12号线\n",
			i%100000, i, i%400, 115.5+float64(i%1000)/1e4, 29.8+float64(i%777)/1e4, i%30)
	}
	d := &delivering{opts: ImportOptions{Profile: Profile{Datum: datum.GCJ02}}, asOf: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), file: strings.NewReader(list.String())}
	if err := d.open(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	out := &batch{}
	for {
		rec, err := d.list.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		if err := d.add(out, rec); err != nil {
			b.Fatal(err)
		}
		if out.read == stageRows {
			out = &batch{}
		}
	}
}
