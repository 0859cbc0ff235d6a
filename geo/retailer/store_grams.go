package retailer

import (
	"context"
	"fmt"

	"jiujin/geo/zh"
	"jiujin/internal/pg"
)

// fillSearch makes what is searched by for the rows that an import has written: those whose name_key is blank.
func fillSearch(ctx context.Context, db *pg.DB) error {
	for last := int64(0); ; {
		n, err := fillSome(ctx, db, &last)
		if err != nil {
			return fmt.Errorf("make the search keys of retailers: %w", err)
		}
		if n == 0 {
			return nil
		}
	}
}

func fillSome(ctx context.Context, db *pg.DB, last *int64) (int, error) {
	rows, err := db.Pool.Query(ctx, `
		select id, name, address from retailer where name_key = '' and id > $1 order by id limit 5000`, *last)
	if err != nil {
		return 0, err
	}
	var ids []int64
	var nameKey, addressKey, full, initials, nameGrams, addressGrams []string
	for rows.Next() {
		var id int64
		var name, address string
		if err := rows.Scan(&id, &name, &address); err != nil {
			rows.Close()
			return 0, err
		}
		nk, ak := zh.Fold(name), zh.Fold(address)
		py, in := zh.Pinyin(nk)
		ids, nameKey, addressKey = append(ids, id), append(nameKey, nk), append(addressKey, ak)
		full, initials = append(full, py), append(initials, in)
		nameGrams, addressGrams = append(nameGrams, literal(grams(nk))), append(addressGrams, literal(grams(ak)))
		*last = id
	}
	if err := rows.Err(); err != nil || len(ids) == 0 {
		return 0, err
	}
	_, err = db.Pool.Exec(ctx, `
		update retailer r set name_key = l.name_key, address_key = l.address_key, pinyin = l.pinyin, initials = l.initials,
			name_grams = l.name_grams::int[], address_grams = l.address_grams::int[]
		from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
			as l (id, name_key, address_key, pinyin, initials, name_grams, address_grams)
		where r.id = l.id`, ids, nameKey, addressKey, full, initials, nameGrams, addressGrams)
	return len(ids), err
}
