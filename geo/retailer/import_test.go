package retailer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/datum"
	"jiujin/internal/pg/pgtest"
)

const header = "许可证号,企业(字号)名称,负责人,经营地址,联系电话,零售业态,许可证状态,有效期起,有效期止,经度,纬度\r\n"

func entry(no, name string, rest ...string) string {
	return strings.Join(append([]string{no, name}, rest...), ",") + "\r\n"
}

func TestImportGB18030WithBrokenRows(t *testing.T) {
	db := pgtest.New(t)
	list := gb(t, header+ // line 1
		entry("421182100001", "红塔烟酒店", "王五", "武穴市滨湖大道163号", "13800001234", "烟酒商店", "有效", "2024-01-01", "2028年12月31日", "115.56", "29.85")+
		entry("421182100002", "福兴商行", "李四", "武穴市人民路2号", "", "便利店", "停业", "", "", "", "")+
		entry("421182100003", "损坏", "", "", "", "", "", "", "", "", "")+ // 4, damaged below
		entry("42118210000", "短号店", "", "", "", "", "", "", "", "", "")+ // 5
		"421182100004,\"㐀㐁\r\n百货\",张三,\"乡镇, 路口\",,食杂店,歇业,,,115.5,29.8\r\n"+ // 6 and 7
		entry("421182100001", "重复店", "", "", "", "", "", "", "", "", "")+ // 8
		entry("421182100005", "坐标店", "", "", "", "", "", "", "", "29.85", "115.56")+ // 9
		entry("421182100006", "半个坐标", "", "", "", "", "", "", "", "115.56", "")+ // 10
		entry("421182100007", "状态店", "", "", "", "火锅", "不明", "", "2028-02-30", "", "")+ // 11
		"\"421182100008,引号店\r\n"+ // 12
		entry("421182900009", "七位店", "", "", "", "", "", "", "2020-01-01", "", "")) // 13
	// A lead byte without its second one, at the end of a field.
	list = []byte(strings.Replace(string(list), string(gb(t, "损坏")), "\xcb\xf0\xbb", 1))

	report := load(t, db, list, ImportOptions{})
	if report.Encoding != GB18030 || report.Rows != 11 || report.Inserted != 4 || report.Refused != 7 || report.Updated+report.Unchanged != 0 {
		t.Errorf("report %+v", report)
	}
	var got []string
	for _, p := range report.Problems {
		got = append(got, fmt.Sprintf("%d %s %s", p.Row, p.Field, p.Code))
	}
	want := []string{
		"4 name encoding", "5 licence_no licence_no", "8 licence_no duplicate", "9 lat swapped", "10 lat half_point",
		"11 business_form unknown", "11 status unknown", "11 valid_to date", "12  quote",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("problems\n%q, want\n%q", got, want)
	}
	if len(report.Warnings) != 1 || report.Warnings[0].Row != 13 || report.Warnings[0].Code != "holder" {
		t.Errorf("warnings %+v", report.Warnings)
	}

	ctx := context.Background()
	first, err := ByLicence(ctx, db.Pool, "421182100001")
	if err != nil {
		t.Fatal(err)
	}
	if byID, err := ByID(ctx, db.Pool, first.ID); err != nil || byID.Name != "红塔烟酒店" {
		t.Errorf("by id: %+v, %v", byID, err)
	}
	if first.PhoneTail != "1234" || first.Form != "tobacco_liquor" || first.Status != Valid || *first.Point != (orb.Point{115.56, 29.85}) ||
		!first.ValidTo.Equal(time.Date(2028, 12, 31, 0, 0, 0, 0, time.UTC)) || !first.UpdatedAt.Equal(noon) {
		t.Errorf("first %+v", first)
	}
	if multi, err := ByLicence(ctx, db.Pool, "421182100004"); err != nil || multi.Name != "㐀㐁 百货" || multi.Address != "乡镇, 路口" || multi.Status != Closed {
		t.Errorf("with a line break: %+v, %v", multi, err)
	}
	if over, err := ByLicence(ctx, db.Pool, "421182900009"); err != nil || over.Status != Expired {
		t.Errorf("past its last day: %+v, %v", over, err)
	}
	if _, err := ByLicence(ctx, db.Pool, "421182100003"); !errors.Is(err, ErrNotFound) {
		t.Errorf("damaged row: %v", err)
	}
}

func TestImportAgain(t *testing.T) {
	db := pgtest.New(t)
	var b strings.Builder
	b.WriteString(utf8BOM + "licence_no;name;address;phone;lon;lat\n")
	for i := range 4500 { // three batches
		fmt.Fprintf(&b, "42118210%04d;%s%d;人民路%d号;1234;%.6f;29.9\n", i, "红塔烟酒店", i, i, 114.6+float64(i)/1e5)
	}
	list := []byte(b.String())

	if r := load(t, db, list, ImportOptions{DryRun: true, Profile: Profile{Datum: datum.GCJ02}}); r.Inserted != 4500 || count(t, db.Pool, "") != 0 {
		t.Errorf("dry run: %+v, %d stored", r, count(t, db.Pool, ""))
	}
	if r := load(t, db, list, ImportOptions{Profile: Profile{Datum: datum.GCJ02}}); r.Inserted != 4500 || r.Refused != 0 {
		t.Errorf("first: %+v", r)
	}
	if r := load(t, db, list, ImportOptions{Profile: Profile{Datum: datum.GCJ02}, Now: noon.Add(time.Hour)}); r.Unchanged != 4500 {
		t.Errorf("second: %+v", r)
	}
	if n := count(t, db.Pool, "where updated_at = '"+noon.Format(time.RFC3339)+"'"); n != 4500 {
		t.Errorf("%d kept their time, want all", n)
	}
	// One other name, one other point; the column of telephones is not there,
	// one point is blank.
	changed := strings.NewReplacer(
		"红塔烟酒店7;", "福兴商行;", ";1234;", ";", ";phone", "", "114.600200;29.9", "114.600200;29.8", "114.600300;29.9", ";",
	).Replace(string(list))
	if r := load(t, db, []byte(changed), ImportOptions{Profile: Profile{Datum: datum.GCJ02}}); r.Updated != 2 || r.Unchanged != 4498 {
		t.Errorf("third: %+v", r)
	}
	if n := count(t, db.Pool, "where phone_tail = '1234' and h3 is not null"); n != 4500 {
		t.Errorf("%d with telephone and point, want all", n)
	}
	if n := count(t, db.Pool, "where name = '福兴商行'"); n != 1 {
		t.Errorf("%d renamed, want 1", n)
	}
}

func TestImportConvertsDatum(t *testing.T) {
	place := orb.Point{115.561234, 29.851234}
	for _, d := range datum.All() {
		t.Run(string(d), func(t *testing.T) {
			db := pgtest.New(t)
			there, err := datum.FromWGS84(d, place)
			if err != nil {
				t.Fatal(err)
			}
			list := fmt.Sprintf("licence_no,name,lon,lat\n421182100001,a,%.9f,%.9f\n", there[0], there[1])
			load(t, db, []byte(list), ImportOptions{Profile: Profile{Datum: datum.Datum(strings.ToLower(string(d)))}})
			got, err := ByLicence(context.Background(), db.Pool, "421182100001")
			if err != nil {
				t.Fatal(err)
			}
			if off := geo.Distance(place, *got.Point); off > 0.01 || got.SourceDatum != d {
				t.Errorf("%v m off, source %s", off, got.SourceDatum)
			}
			cell, err := geo.CellAt(place, geo.RetailerRes)
			if err != nil {
				t.Fatal(err)
			}
			if n := count(t, db.Pool, fmt.Sprintf("where h3 = %d", cell)); n != 1 {
				t.Errorf("not in cell %v", cell)
			}
		})
	}
}

// The region bounds what is stored, so it is compared after the shift to WGS-84.
func TestImportKeepsToTheRegion(t *testing.T) {
	db := pgtest.New(t)
	region := orb.Bound{Min: orb.Point{114, 29}, Max: orb.Point{116, 31}}
	edge, err := datum.FromWGS84(datum.GCJ02, orb.Point{115.9999, 30})
	if err != nil || edge[0] <= 116 {
		t.Fatalf("the shift does not lead over the edge: %v, %v", edge, err)
	}
	list := fmt.Sprintf("licence_no,name,lon,lat\n421182100001,edge,%.9f,%.9f\n421182100002,far,2.35,48.8\n421182100003,east,130,30\n421182100004,none,,\n", edge[0], edge[1])
	r := load(t, db, []byte(list), ImportOptions{Profile: Profile{Datum: datum.GCJ02}, Region: region})
	if r.Inserted != 2 || len(r.Problems) != 2 || r.Problems[0].Code != "out_of_region" || r.Problems[0].Row != 3 || r.Problems[0].Field != "lon" {
		t.Errorf("report %+v", r)
	}
	wide := orb.Bound{Min: orb.Point{70, 3}, Max: orb.Point{136, 54}}
	r = load(t, db, []byte("licence_no,name,lon,lat\n421182100005,swapped,40.1,80.2\n"), ImportOptions{Region: wide})
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Message, "swapped") {
		t.Errorf("report %+v", r)
	}
}

func TestImportMapping(t *testing.T) {
	db := pgtest.New(t)
	list := []byte("编码\t招牌\t名称\n421182100001\t红塔\t某某有限公司\n")
	r := load(t, db, list, ImportOptions{Profile: Profile{Mapping: map[string]string{"licence_no": "编码", "name": "招牌"}}})
	if want := map[string]string{"licence_no": "编码", "name": "招牌"}; r.Inserted != 1 || !maps.Equal(r.Columns, want) {
		t.Errorf("report %+v, want columns %v", r, want)
	}
	if n := count(t, db.Pool, "where name = '红塔'"); n != 1 {
		t.Errorf("%d found", n)
	}
}

func TestImportRefusesLists(t *testing.T) {
	db := pgtest.New(t)
	for name, tc := range map[string]struct {
		list string
		opts ImportOptions
		says string
	}{
		"empty":           {"", ImportOptions{}, "empty"},
		"no headings":     {"421182100001,红塔\n", ImportOptions{}, "no column for"},
		"workbook":        {"PK\x03\x04rest", ImportOptions{}, "workbook"},
		"UTF-16":          {"\xff\xfea\x00", ImportOptions{}, "UTF-16"},
		"encoding":        {"a", ImportOptions{Profile: Profile{Encoding: "latin1"}}, "unknown encoding"},
		"datum":           {"a", ImportOptions{Profile: Profile{Datum: "Bessel"}}, "unknown datum"},
		"mapped to none":  {"许可证号,店名\n", ImportOptions{Profile: Profile{Mapping: map[string]string{"name": "招牌"}}}, "no column \"招牌\""},
		"mapped no field": {"许可证号,店名\n", ImportOptions{Profile: Profile{Mapping: map[string]string{"title": "店名"}}}, "no field \"title\""},
		"half a point":    {"许可证号,店名,经度\n", ImportOptions{}, "one of lon and lat"},
		"open quote":      {"\"许可证号,店名\n", ImportOptions{}, "line 1"},
	} {
		_, err := Import(context.Background(), db, strings.NewReader(tc.list), tc.opts)
		if !errors.Is(err, ErrList) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	boom := errors.New("cut off")
	_, err := Import(context.Background(), db, iotest.ErrReader(boom), ImportOptions{})
	if !errors.Is(err, boom) {
		t.Errorf("broken reader: %v", err)
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]LicenceNo{
		"421182100001": "421182100001", " 421182 100001 ": "421182100001", "４２１１８２１００００１": "421182100001", `="421182100001"`: "421182100001",
		"'421182100001": "421182100001", "42118210000": "", "4.21182E+11": "", "42118210000a": "", "": "", "4211821000012": "",
	} {
		got, err := ParseLicenceNo(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if _, err := ParseLicenceNo("4.21182E+11"); err == nil || !strings.Contains(err.Error(), "spreadsheet") {
		t.Errorf("shortened number: %v", err)
	}
	for in, want := range map[string]Status{
		"有效": Valid, "正常": Valid, " 停业 ": Suspended, "歇业": Closed, "已注销": Cancelled, "到期": Expired, "valid": Valid, "REVOKED": Revoked, "火锅": "", "": "",
	} {
		got, err := ParseStatus(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, f := range Forms() {
		for _, s := range []string{f.Code, f.Zh, f.En} {
			if got, err := ParseForm(s); string(got) != f.Code || err != nil {
				t.Errorf("%q: %q, %v", s, got, err)
			}
		}
	}
	for in, want := range map[string]string{
		"2026-1-2": "2026-01-02", "2026/01/02 0:00:00": "2026-01-02", "20260102": "2026-01-02", "２０２６年１月２日": "2026-01-02",
		"2026-02-30": "", "46022": "", "1900-01-01": "", "soon": "",
	} {
		got, err := parseDay(in, "")
		if (err == nil) != (want != "") || (err == nil && got.Format(time.DateOnly) != want) {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
}
