package httpapi

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/geo/basemap"
	"jiujin/geo/retailer"
	"jiujin/internal/pg"
)

// town fills the register with shops, their cases, their operators' other shops and schools, with known figures: shop i
// has i cases, each of a day, every third still open, every fifth cancelled.
func (s *scene) town(t *testing.T) {
	t.Helper()
	for _, sql := range []string{
		`insert into retailer (licence_no, name, operator, address, phone_tail, status, valid_to, division_code, lon, lat, h3, last_inspected_on)
		select lpad((421182200000 + i)::text, 12, '0'), '店' || i, '经营者' || i % 7, '路' || i, lpad((i % 3)::text, 4, '0'), 'valid',
			(timestamptz '2026-11-22' + (i - 10) * interval '5 days')::date, '421182', 117.9 + i * 0.001, 28.4 + i * 0.002, i,
			case when i % 4 = 0 then date '2026-11-22' - i end
		from generate_series(1, 40) i`,
		`insert into place (name, kind, lon, lat, source)
		select '校' || i, case i % 3 when 0 then 'school' when 1 then 'kindergarten' else 'hospital' end,
			117.9 + i * 0.0017, 28.4 + i * 0.0021, 'osm' from generate_series(1, 30) i`,
		`insert into ticket (number, code_hash, org_id, kind, subtype, urgency, title, retailer_id, lon, lat, h3, status, due_at,
			registered_at, on_scene_at, closed_at, outcome, created_by)
		select 'N-' || r.id || '-' || n, '\x00', o.id, 'report', 'R01', 3, 't', r.id, r.lon, r.lat, r.h3,
			case when n % 5 = 0 then 'cancelled' when n % 3 = 0 then 'on_scene' else 'closed' end, now(),
			timestamptz '2026-11-22 05:00+00' - n * interval '13 days', timestamptz '2026-11-22 05:30+00' - n * interval '13 days',
			case when n % 5 = 0 or n % 3 <> 0 then timestamptz '2026-11-22 05:45+00' - n * interval '13 days' end,
			case when n % 5 = 0 or n % 3 = 0 then '' when n % 2 = 0 then 'I02' else 'I05' end, p.id
		from retailer r cross join generate_series(1, 40) n join person p on p.login = 'agent' join org o on o.id = p.org_id
		where n <= (r.id - (select min(id) from retailer))`,
	} {
		if _, err := s.db.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// Every line of the dossier is what a plain statement over the whole tables says.
func TestDossierAgainstPlainStatements(t *testing.T) {
	s := newScene(t)
	s.town(t)
	now := s.db.Now()
	text := func(sql string, args ...any) (out string) {
		t.Helper()
		if err := s.db.Pool.QueryRow(t.Context(), "select coalesce(("+sql+")::text, '')", args...).Scan(&out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for i := 1; i <= 40; i += 3 {
		no := fmt.Sprint(421182200000 + i)
		var d Dossier
		s.do(t, "agent", "/dossier", fmt.Sprintf(`{"licence_no":%q}`, no)).into(t, 200, &d)
		id, of := d.Retailer.ID, ` from ticket where retailer_id = $1 and status <> 'cancelled'`
		when := func(at *time.Time) string {
			if at == nil {
				return ""
			}
			return at.UTC().Format("2006-01-02 15:04")
		}
		warned := map[string]string{}
		for _, w := range d.Warnings {
			warned[w.Code] = fmt.Sprint(w.Value)
		}
		nearest := text(`select name || ' ' || kind || ' ' || round(st_distance(geog, (select geog from retailer where id = $1))) from place
			where kind in ('school', 'kindergarten') and st_distance(geog, (select geog from retailer where id = $1)) <= 2000
			order by st_distance(geog, (select geog from retailer where id = $1)) limit 1`, id)
		school := ""
		if d.School != nil {
			school = fmt.Sprintf("%s %s %v", d.School.Name, d.School.Kind, d.School.DistanceM)
		}
		var siblings []string
		for _, o := range d.Siblings {
			siblings = append(siblings, o.LicenceNo)
		}
		for _, line := range []struct{ name, got, want string }{
			{"total", fmt.Sprint(d.Total), text(`select count(*)`+of, id)},
			{"open", fmt.Sprint(d.Open), text(`select count(*)`+of+` and closed_at is null`, id)},
			{"listed", fmt.Sprint(len(d.Cases)), text(`select least(20, count(*))`+of, id)},
			{"newest first", fmt.Sprint(len(d.Cases) > 0 && d.Cases[0].ID > 0), text(`select case when count(*) > 0 then 'true' else 'false' end`+of, id)},
			{"last visit", when(d.LastVisit), text(`select to_char(greatest((select max(on_scene_at)`+of+`), (select last_inspected_on::timestamptz at time zone 'UTC' at time zone 'UTC' from retailer where id = $1)) at time zone 'UTC', 'YYYY-MM-DD HH24:MI')`, id)},
			{"many cases", warned["many_cases"], text(`select nullif(count(*), 0)`+of+` and registered_at > $2::timestamptz - interval '365 days' having count(*) >= 3`, id, now)},
			{"founded", warned["founded"], text(`select nullif(count(*), 0)`+of+` and outcome in ('I01','I02','I03','I04')`, id)},
			{"repeated", warned["repeated"], text(`select floor(extract(epoch from $2::timestamptz - max(closed_at)) / 86400)`+of+` having max(closed_at) >= $2::timestamptz - interval '30 days'`, id, now)},
			{"licence ends", warned["licence_ends"], text(`select valid_to - date '2026-11-22' from retailer where id = $1 and valid_to between date '2026-11-22' and date '2026-12-21'`, id)},
			{"licence lapsed", warned["licence_lapsed"], text(`select date '2026-11-22' - valid_to from retailer where id = $1 and valid_to < date '2026-11-22'`, id)},
			{"school", school, nearest},
			{"near a school", warned["near_school"], text(`select m from (select round(min(st_distance(p.geog, r.geog))) m from place p, retailer r where r.id = $1 and p.kind in ('school', 'kindergarten')) x where m < 100`, id)},
			{"siblings", strings.Join(siblings, " "), text(`select string_agg(o.licence_no, ' ' order by o.phone_tail = r.phone_tail desc, o.licence_no)
				from retailer r join retailer o on o.operator = r.operator and o.id <> r.id where r.id = $1`, id)},
		} {
			if line.got != line.want {
				t.Errorf("%s, %s: %q, want %q", no, line.name, line.got, line.want)
			}
		}
	}
}

// In a register of many no statement of a dossier reads a table from end to end.
func TestDossierReadsNoTableWhole(t *testing.T) {
	s := newScene(t)
	s.town(t)
	for _, sql := range []string{
		`insert into retailer (licence_no, name, operator, address, phone_tail, status, division_code, lon, lat, h3)
		select lpad((510100000000 + i)::text, 12, '0'), '店' || i, '人' || i % 9000, '路', '0000', 'valid', '510104', 104 + i % 300 * 0.001, 30 + i / 300 * 0.001, i
		from generate_series(1, 30000) i`,
		`insert into place (name, kind, lon, lat, source) select '校' || i, 'school', 104 + i % 100 * 0.01, 30 + i / 100 * 0.01, 'osm' from generate_series(1, 10000) i`,
		`insert into ticket (number, code_hash, org_id, kind, subtype, urgency, title, retailer_id, lon, lat, h3, status, due_at, registered_at, closed_at, created_by)
		select 'M-' || r.id, '\x00', p.org_id, 'report', 'R01', 3, 't', r.id, r.lon, r.lat, r.h3, 'closed', now(),
			timestamptz '2026-11-22 05:00+00' - (r.id % 3000) * interval '1 hour', now(), p.id
		from retailer r join person p on p.login = 'agent' where r.licence_no like '5101%'`,
		`analyze retailer`, `analyze ticket`, `analyze place`,
	} {
		if _, err := s.db.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	whole := map[string]int{}
	err := s.db.InTx(t.Context(), func(tx *pg.Tx) error {
		ctx := t.Context()
		r, err := retailer.ByLicence(ctx, tx, "510100000500")
		if err != nil {
			return err
		}
		if list, err := retailer.Siblings(ctx, tx, r); err != nil || len(list) == 0 {
			return fmt.Errorf("siblings %v, %w", list, err)
		}
		if _, err := retailer.Inspected(ctx, tx, r.ID); err != nil {
			return err
		}
		if sum, _, err := dispatch.PastCases(ctx, tx, s.county.Path, r.ID, 0, tx.Now()); err != nil || sum.Total != 1 {
			return fmt.Errorf("cases %+v, %w", sum, err)
		}
		m := dispatch.Matter{RetailerID: r.ID, Point: &orb.Point{104, 30}, Subtype: "R01", Text: "卖假烟"}
		if _, err := dispatch.Duplicates(ctx, tx, s.county.Path, m, tx.Now()); err != nil {
			return err
		}
		if near, err := basemap.NearestPlaces(ctx, tx, *m.Point, []string{"school", "kindergarten"}, schoolReach, 1); err != nil || len(near) != 1 {
			return fmt.Errorf("schools %v, %w", near, err)
		}
		rows, err := tx.Query(ctx, `select relname, seq_scan from pg_stat_xact_user_tables where relname in ('retailer', 'ticket', 'place')`)
		if err != nil {
			return err
		}
		name, n := "", 0
		_, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error {
			whole[name] = n
			return nil
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"retailer": 0, "ticket": 0, "place": 0}; !maps.Equal(whole, want) {
		t.Errorf("read whole: %v", whole)
	}
}
