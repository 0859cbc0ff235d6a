package retailer

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"jiujin/geo/xlsx"
	"jiujin/internal/pg/pgtest"
)

// book is rows as a workbook.
func book(t *testing.T, rows [][]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xlsx.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// In each format that a list comes in, the file of refused rows is mended and comes in whole; what was in it before it
// was refused is in it unchanged, also what looks like a formula, line breaks and rare characters.
func TestMendedRowsComeIn(t *testing.T) {
	const text = "许可证号,店名,负责人,地址,状态,经度,纬度\n" +
		"421182100001,红塔烟酒店,王五,人民路1号,有效,115.561234,29.851234\n" +
		"421182100002,㐀㐁商行,=1+1,\"滨湖大道, \"\"东\"\"段\",关门,115.561234,29.851234\n" +
		"42118210000,福兴商行,+李四,人民路3号,有效,-115.5,29.8\n" +
		"421182100001,又一家,@赵六,人民路4号,有效,,\n" +
		"421182100005,,钱七,人民路5号,停业,29.85,115.56\n"
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string][]byte{
		"CSV in UTF-8": []byte(text), "CSV with a mark": []byte(utf8BOM + text), "CSV in GB18030": gb(t, text), "XLSX": book(t, rows),
	} {
		t.Run(name, func(t *testing.T) {
			db := pgtest.New(t)
			r := load(t, db, list, ImportOptions{})
			if r.Inserted != 1 || r.Refused != 4 {
				t.Fatalf("%+v", r)
			}
			var out [][]string
			err := Refused(context.Background(), db.Pool, r.Delivery, English, func(row []string) error {
				out = append(out, row)
				return nil
			})
			if err != nil || len(out) != 5 || out[1][0] != "3" || out[1][4] != "'=1+1" || out[2][6] != "有效" || out[2][7] != "-115.5" || out[3][4] != "'@赵六" {
				t.Fatalf("%q, %v", out, err)
			}
			for i, fix := range map[int]map[int]string{
				1: {6: "歇业"}, 2: {2: "421182100003", 7: "115.5"}, 3: {2: "421182100004"}, 4: {3: "新开商店", 7: "115.56", 8: "29.85"},
			} {
				for column, cell := range fix {
					out[i][column] = cell
				}
			}
			var b bytes.Buffer
			w := csv.NewWriter(&b)
			if err := w.WriteAll(out); err != nil {
				t.Fatal(err)
			}
			mended := b.Bytes() // saved by the same program as the list
			switch name {
			case "XLSX":
				mended = book(t, out)
			case "CSV in GB18030":
				mended = gb(t, b.String())
			}
			if r = load(t, db, mended, ImportOptions{}); r.Inserted != 4 || r.Refused != 0 || r.Rows != 4 {
				t.Fatalf("mended: %+v", r)
			}
			if n := count(t, db.Pool, `where licence_no = '421182100002' and name = '㐀㐁商行' and operator = '=1+1' and address = '滨湖大道, "东"段' and status = 'closed'`); n != 1 {
				t.Error("the record is not what the list said")
			}
			if n := count(t, db.Pool, `where operator in ('+李四', '@赵六')`); n != 2 {
				t.Errorf("%d names begin with a sign", n)
			}
		})
	}
}

// endless is a line without an end.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	return int(n), nil
}

// Files that are made to do harm are refused, whole or by the row, and take no memory to speak of.
func TestHostileLists(t *testing.T) {
	db := pgtest.New(t)
	r, err := Import(context.Background(), db, io.MultiReader(strings.NewReader("许可证号,店名\n421182100001,甲\n"), &endless{1 << 30}, strings.NewReader("\n421182100002,乙\n")), ImportOptions{Now: noon})
	if err != nil || r.Inserted != 2 || r.Refused != 1 || r.Problems[0].Code != "long_line" {
		t.Errorf("a line of a gigabyte: %+v, %v", r, err)
	}
	r = load(t, db, []byte("许可证号,店名,地址\n421182100003,甲\x00乙,x\n4211821\x0000004,丙,y\n421182100005,丁,z\n"), ImportOptions{})
	if r.Inserted != 1 || r.Refused != 2 || r.Problems[0].Code != "encoding" {
		t.Errorf("NUL: %+v", r)
	}
	r = load(t, db, []byte("许可证号,店名,店名,许可证号\n421182100006,甲,乙,421182100007\n"), ImportOptions{})
	if r.Inserted != 1 || r.Columns["name"] != "店名" || count(t, db.Pool, "where licence_no = '421182100006' and name = '甲'") != 1 {
		t.Errorf("headings that come twice: %+v", r)
	}
	r = load(t, db, []byte("许可证号,店名\n=HYPERLINK(\"x\"),=cmd|'/c calc'!A1\n421182100008,=cmd|'/c calc'!A1\n"), ImportOptions{})
	if r.Inserted != 1 || r.Refused != 1 {
		t.Errorf("formulas: %+v", r)
	}
	var out bytes.Buffer
	if err := Export(context.Background(), db.Pool, &out, CSV, "WGS84", Selection{}); err != nil || !strings.Contains(out.String(), ",'=cmd|'/c calc'!A1,") {
		t.Errorf("a formula goes out as one: %v\n%s", err, out.String())
	}
	bomb := bombOf(t, 64<<20)
	if _, err := Import(context.Background(), db, bytes.NewReader(bomb), ImportOptions{Now: noon}); err == nil {
		t.Error("a packed line of 64 MiB is a list")
	}
	for _, list := range []string{"", "\n\n", "\x00\x00", "PK\x03\x04broken", `{"type":"FeatureCollection","features":[{`, "许可证号;\"店名\n"} {
		if _, err := Import(context.Background(), db, strings.NewReader(list), ImportOptions{Now: noon}); !errors.Is(err, ErrList) {
			t.Errorf("%q: %v", list, err)
		}
	}
}

// bombOf is n bytes of one letter, packed.
func bombOf(t *testing.T, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.Copy(w, &endless{n}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if int64(b.Len())*100 > n {
		t.Fatalf("%d bytes", b.Len())
	}
	return b.Bytes()
}
