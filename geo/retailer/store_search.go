package retailer

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// searchTime is how long one statement of a search may take.
const searchTime = time.Second

// searchSettings hold until the end of the transaction. A plan made for the
// values at hand is worth its price: a search that leaves out most branches is
// planned as if they were not there.
func searchSettings(ctx context.Context, tx *pg.Tx, t terms) error {
	_, err := tx.Exec(ctx, `
		select set_config('statement_timeout', $1, true),
			set_config('plan_cache_mode', 'force_custom_plan', true),
			set_config('pg_trgm.similarity_threshold', $2, true)`,
		fmt.Sprint(searchTime.Milliseconds()), threshold(t))
	return err
}

// threshold is the similarity from which a name counts as mistyped: one wrong
// character in the middle of four leaves 2 of 8 trigrams, of five 3 of 9.
func threshold(t terms) string {
	switch utf8.RuneCountInString(t.joined) {
	case 4:
		return "0.24"
	case 5:
		return "0.32"
	}
	return "0.4"
}

// find looks for retailers that fit t exactly, by one part or another.
func find(ctx context.Context, tx *pg.Tx, q Query, t terms) ([]Hit, error) {
	rows, err := tx.Query(ctx, findSQL, findArgs(q, t)...)
	if err != nil {
		return nil, err
	}
	return hits(rows)
}

func findArgs(q Query, t terms) []any {
	word := t.longest()
	patterns := make([]string, len(t.words))
	for i, w := range t.words {
		patterns[i] = "%" + w + "%" // folded: no character with a meaning
	}
	var number, latin string
	if d := t.digits(); len(d) >= 4 {
		number = d
	}
	if len(t.latin()) >= 2 {
		latin = t.latin()
	}
	lon, lat := coordinates(q.Near)
	return []any{
		t.joined, word, patterns, grams(word), number, reversed(number), latin, t.raw, t.phone(),
		lon, lat, q.Scope, q.Limit,
	}
}

// Each branch of the candidates is cut before anything is ranked. $1 the words
// joined, $2 the longest word, $3 a pattern for each word, $4 the grams of $2,
// $5 $6 a number and its reverse, $7 latin letters, $8 the text as it was
// typed, $9 the end of a telephone number, $10 $11 near, $12 scope, $13 limit.
// The greatest character of all, U+10FFFF, ends the range of a prefix.
const findSQL = `
with around as materialized (
	select id, name_key, address_key, operator, pinyin, initials from retailer
	where $10::float8 is not null and geog is not null and starts_with(division_code, $12)
	order by geog <-> st_setsrid(st_makepoint($10, $11), 4326)::geography limit 300
), candidate as (
	(select id, 'licence_no' as match, case when licence_no = $5 then 100 else 85 end as points from retailer
	where $5::text <> '' and licence_no ~>=~ $5 and licence_no ~<~ ($5 || U&'\+10FFFF') and starts_with(division_code, $12)
	limit 100)
	union all
	(select id, 'licence_no', 85 from retailer
	where $6::text <> '' and reverse(licence_no) ~>=~ $6 and reverse(licence_no) ~<~ ($6 || U&'\+10FFFF')
		and starts_with(division_code, $12)
	limit 100)
	union all
	(select id, 'phone', 74 from retailer
	where $9::text <> '' and phone_tail <> '' and phone_tail = $9 and starts_with(division_code, $12)
	limit 200)
	union all
	(select id, 'operator', case when operator = $8 then 82 else 70 end from retailer
	where char_length($8::text) >= 2 and operator ~>=~ $8 and operator ~<~ ($8 || U&'\+10FFFF') and starts_with(division_code, $12)
	limit 200)
	union all
	(select id, 'name', case when name_key = $1 then 90 else 80 end from retailer
	where name_key ~>=~ $1 and name_key ~<~ ($1 || U&'\+10FFFF') and starts_with(division_code, $12)
	order by name_key using ~<~ limit 500)
	union all
	(select id, 'name', 70 from retailer
	where cardinality($4::int[]) > 0 and name_grams @> $4 and name_key like '%' || $2 || '%'
		and (name_key || ' ' || address_key || ' ' || operator || ' ' || pinyin || ' ' || initials) like all ($3)
		and starts_with(division_code, $12)
	limit 500)
	union all
	(select id, 'address', 64 from retailer
	where cardinality($4::int[]) > 0 and address_grams @> $4 and address_key like '%' || $2 || '%'
		and (name_key || ' ' || address_key || ' ' || operator || ' ' || pinyin || ' ' || initials) like all ($3)
		and starts_with(division_code, $12)
	limit 500)
	union all
	(select id, 'pinyin', case when pinyin = $7 then 78 else 66 end from retailer
	where $7::text <> '' and pinyin ~>=~ $7 and pinyin ~<~ ($7 || U&'\+10FFFF') and starts_with(division_code, $12)
	order by pinyin using ~<~ limit 300)
	union all
	(select id, 'initials', case when initials = $7 then 72 else 60 end from retailer
	where $7::text <> '' and initials ~>=~ $7 and initials ~<~ ($7 || U&'\+10FFFF') and starts_with(division_code, $12)
	order by initials using ~<~ limit 300)
	union all
	(select id, 'pinyin', 50 from retailer
	where char_length($7) >= 3 and pinyin like '%' || $7 || '%' and starts_with(division_code, $12)
	limit 300)
	union all
	(select id, 'initials', 46 from retailer
	where char_length($7) >= 3 and initials like '%' || $7 || '%' and starts_with(division_code, $12)
	limit 300)
	union all
	(select id,
		case when name_key like '%' || $2 || '%' then 'name' when address_key like '%' || $2 || '%' then 'address'
			when operator like '%' || $2 || '%' then 'operator' when initials like '%' || $2 || '%' then 'initials' else 'pinyin' end,
		case when name_key like '%' || $2 || '%' then 70 when address_key like '%' || $2 || '%' then 64 else 46 end
	from around
	where (name_key || ' ' || address_key || ' ' || operator || ' ' || pinyin || ' ' || initials) like all ($3))
), best as (
	select distinct on (id) id, match, points from candidate order by id, points desc
), ranked as (
	select r.*, b.match, geog <-> st_setsrid(st_makepoint($10, $11), 4326)::geography as distance,
		b.points
			+ 4.0 * least(1, char_length($1)::float8 / greatest(1, char_length(r.name_key)))
			+ coalesce(10 / (1 + (geog <-> st_setsrid(st_makepoint($10, $11), 4326)::geography) / 1000), 0)
			- case when r.status in ('expired', 'closed', 'cancelled', 'withdrawn', 'recalled', 'revoked') then 8 else 0 end as score
	from best b join retailer r using (id)
)
select id, licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to,
	division_code, lon, lat, source_datum, updated_at,
	match, least(100, score)::float8, distance
from ranked order by score desc, distance, licence_no limit $13`

// similar looks for names that are spelled nearly like t, or sound like it.
func similar(ctx context.Context, tx *pg.Tx, q Query, t terms) ([]Hit, error) {
	rows, err := tx.Query(ctx, similarSQL, similarArgs(q, t)...)
	if err != nil {
		return nil, err
	}
	return hits(rows)
}

func similarArgs(q Query, t terms) []any {
	lon, lat := coordinates(q.Near)
	return []any{t.joined, t.sound(), lon, lat, q.Scope, q.Limit}
}

// $1 the text, $2 its pinyin, $3 $4 near, $5 scope, $6 limit.
const similarSQL = `
with candidate as (
	(select id, 'name' as match, 20 + 45 * similarity(name_key, $1) as points from retailer
	where char_length($1::text) >= 3 and name_key % $1 and starts_with(division_code, $5)
	limit 500)
	union all
	(select id, 'pinyin', case when pinyin = $2 then 64 else 56 end from retailer
	where $2::text <> '' and pinyin like '%' || $2 || '%' and starts_with(division_code, $5)
	limit 300)
), best as (
	select distinct on (id) id, match, points from candidate order by id, points desc
), ranked as (
	select r.*, b.match, geog <-> st_setsrid(st_makepoint($3::float8, $4::float8), 4326)::geography as distance,
		b.points
			+ coalesce(5 / (1 + (geog <-> st_setsrid(st_makepoint($3, $4), 4326)::geography) / 1000), 0)
			- case when r.status in ('expired', 'closed', 'cancelled', 'withdrawn', 'recalled', 'revoked') then 8 else 0 end as score
	from best b join retailer r using (id)
)
select id, licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to,
	division_code, lon, lat, source_datum, updated_at,
	match, score::float8, distance
from ranked order by score desc, distance, licence_no limit $6`

// nearSQL orders by distance alone inside, because only that uses the index.
// $1 $2 near, $3 scope, $4 limit.
const nearSQL = `
with around as materialized (
	select r.*, geog <-> st_setsrid(st_makepoint($1, $2), 4326)::geography as distance
	from retailer r
	where geog is not null and starts_with(division_code, $3)
	order by geog <-> st_setsrid(st_makepoint($1, $2), 4326)::geography limit $4
)
select id, licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to,
	division_code, lon, lat, source_datum, updated_at,
	'near', 100 / (1 + distance / 1000), distance
from around order by distance, id`

// near is the nearest retailers; the score falls with the distance, to one half
// at one kilometre.
func near(ctx context.Context, tx *pg.Tx, q Query) ([]Hit, error) {
	rows, err := tx.Query(ctx, nearSQL, q.Near[0], q.Near[1], q.Scope, q.Limit)
	if err != nil {
		return nil, err
	}
	return hits(rows)
}

func hits(rows pgx.Rows) ([]Hit, error) {
	out := []Hit{}
	for rows.Next() {
		var s shopRow
		var h Hit
		var distance *float64
		if err := rows.Scan(append(s.targets(), &h.Match, &h.Score, &distance)...); err != nil {
			rows.Close()
			return nil, err
		}
		h.Retailer = s.retailer()
		if distance != nil {
			d := geo.Metres(*distance)
			h.Distance = &d
		}
		out = append(out, h)
	}
	return out, rows.Err()
}

func coordinates(p *orb.Point) (lon, lat *float64) {
	if p == nil {
		return nil, nil
	}
	return &p[0], &p[1]
}

// reversed is a string of digits from the end to the begin.
func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
