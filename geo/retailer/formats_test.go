package retailer

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"jiujin/geo/datum"
	"jiujin/geo/xlsx"
	"jiujin/internal/pg/pgtest"
)

// What is written in any format reads back as the same; a text that looks like a formula stays what it is.
func TestExportComesBack(t *testing.T) {
	db := pgtest.New(t)
	load(t, db, []byte("许可证号,店名,负责人,地址,状态,档位,市场类型,距学校,发证日期,经度,纬度\n"+
		"421182100001,=红塔(1),+王五,\"武穴市\"\"滨湖\"\"大道, 163号\",停业,XZ3,乡村,120.5,2024-03-01,115.561234567,29.85\n"+
		"421182100002,福兴 <百货> & 商行,,@人民路,有效,,城镇,,,,\n"), ImportOptions{})
	for _, format := range []Format{CSV, XLSX, GeoJSON} {
		var b bytes.Buffer
		if err := Export(context.Background(), db.Pool, &b, format, datum.WGS84, Selection{}); err != nil {
			t.Fatal(err)
		}
		if r := load(t, db, b.Bytes(), ImportOptions{}); r.Unchanged != 2 || r.Rows != 2 || len(r.Warnings) != 0 {
			t.Errorf("%s: %+v\n%s", format, r, b.String())
		}
	}
	if n := count(t, db.Pool, "where name = '=红塔(1)' and market_type = 'rural' and school_m = 120.5 and issued_on = '2024-03-01'"); n != 1 {
		t.Error("the record is not what the list said")
	}
}

func TestWorkbookAndFeatures(t *testing.T) {
	db := pgtest.New(t)
	var book bytes.Buffer
	w, err := xlsx.NewWriter(&book)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]string{{"许可证号", "店名", "状态"}, {"421182100001", "红塔", "有效"}, {"", "", ""}, {"42118210", "短号", "有效"}} {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if r := load(t, db, book.Bytes(), ImportOptions{}); r.Inserted != 1 || r.Refused != 1 || r.Problems[0].Row != 4 {
		t.Errorf("workbook: %+v", r)
	}
	r := load(t, db, []byte(utf8BOM+`{"type":"FeatureCollection","name":"x","features":[
		{"type":"Feature","properties":{"licence_no":421182100002,"name":"福兴"},"geometry":{"type":"Point","coordinates":[115.5,29.8]}},
		{"type":"Feature","properties":{"licence_no":"421182100003","name":null,"address":"x"},"geometry":null}]}`), ImportOptions{})
	if r.Inserted != 1 || r.Refused != 1 || r.Problems[0].Row != 3 || count(t, db.Pool, "where lon = 115.5") != 1 {
		t.Errorf("features: %+v", r)
	}
}

// Text that was spoilt on its way is restored, and what is lost is refused.
func TestDamagedText(t *testing.T) {
	db := pgtest.New(t)
	spoilt, err := simplifiedchinese.GBK.NewDecoder().String("武穴烟酒超市")
	if err != nil {
		t.Fatal(err)
	}
	r := load(t, db, []byte("许可证号,店名,地址\n421182100001,"+spoilt+",武穴市\n421182100002,鳳凰煙酒店,人民路\n421182100003,锟斤拷锟斤拷,x\n421182100004,蔡甸㐀店,y\n"),
		ImportOptions{Profile: Profile{Encoding: UTF8}})
	if r.Inserted != 3 || len(r.Warnings) != 2 || len(r.Problems) != 1 || r.Problems[0].Code != "encoding" || r.Warnings[0].Code != "mended" {
		t.Errorf("%+v", r)
	}
	if n := count(t, db.Pool, "where name in ('凤凰烟酒店', '蔡甸㐀店', '武穴烟酒超市')"); n != 3 {
		t.Errorf("%d are as they should be", n)
	}
}

func FuzzWorkbook(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	var b bytes.Buffer
	if w, err := xlsx.NewWriter(&b); err == nil {
		_ = w.Write([]string{"许可证号", "店名"})
		_ = w.Close()
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"properties":{"a":1}}]}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		l, text, err := openList(bytes.NewReader(file), Auto)
		if err != nil {
			return
		}
		d := delivering{rows: rowReader{text: text}}
		for range 1000 {
			rec, err := l.next()
			if err != nil {
				return
			}
			for _, s := range d.raw(rec) {
				if strings.ContainsRune(s, 0) {
					t.Fatalf("%q", s)
				}
			}
		}
	})
}
