package retailer

import (
	"context"
	"fmt"
	"time"

	"jiujin/internal/pg"
)

// Sibling is another shop that seems to be of the same operator: one of that name with the same end of the telephone
// number, or in the same county.
type Sibling struct {
	Retailer
	SamePhone bool // also the last four digits of the telephone number are the same
}

// Siblings are other shops of r's operator, those with the same telephone first, fifty at most. None are known when r
// names no operator.
func Siblings(ctx context.Context, q pg.Queryer, r Retailer) ([]Sibling, error) {
	if len([]rune(r.Operator)) < 2 {
		return nil, nil
	}
	rows, err := q.Query(ctx, `
		select id, licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to,
			division_code, lon, lat, source_datum, updated_at, phone_tail <> '' and phone_tail = $3 as same_phone
		from retailer
		where operator = $1 and id <> $2
			and (phone_tail <> '' and phone_tail = $3 or $4 <> '' and starts_with(division_code, $4))
		order by same_phone desc, licence_no limit 50`, r.Operator, r.ID, r.PhoneTail, countyCode(r.DivisionCode))
	if err != nil {
		return nil, fmt.Errorf("other shops of the operator of %s: %w", r.LicenceNo, err)
	}
	var out []Sibling
	for rows.Next() {
		var s shopRow
		var same bool
		if err := rows.Scan(append(s.targets(), &same)...); err != nil {
			rows.Close()
			return nil, fmt.Errorf("other shops of the operator of %s: %w", r.LicenceNo, err)
		}
		out = append(out, Sibling{s.retailer(), same})
	}
	return out, rows.Err()
}

// countyCode is the first six digits of a division code; "" when it has fewer.
func countyCode(code string) string {
	if len(code) < 6 {
		return ""
	}
	return code[:6]
}

// Inspected is the day of the last inspection that the register knows of; the zero time for none.
func Inspected(ctx context.Context, q pg.Queryer, id int64) (time.Time, error) {
	var at *time.Time
	if err := q.QueryRow(ctx, `select last_inspected_on from retailer where id = $1`, id).Scan(&at); err != nil || at == nil {
		return time.Time{}, err
	}
	return *at, nil
}
