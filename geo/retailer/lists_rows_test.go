package retailer

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg/pgtest"
)

// listFigures is what a data set says of one list. A figure that it does not give is nil.
type listFigures struct {
	Rows          int
	ExactDoubles  *int           `json:"exact_duplicate_rows"`
	ExactDoubles2 *int           `json:"exact_duplicates"`
	Accounts      *int           `json:"distinct_account_codes"`
	Keys          *int           `json:"keys_account_type_street_zip"`
	Keys2         *int           `json:"distinct_street_zip"`
	KeysTwice     *int           `json:"keys_used_more_than_once"`
	KeysTwice2    *int           `json:"street_zip_used_more_than_once"`
	Unique        *int           `json:"unique_license_numbers"`
	Unnumbered    *int           `json:"rows_without_number"`
	NumbersTwice  *int           `json:"license_numbers_used_twice"`
	NoPoint       *int           `json:"without_coordinates"`
	NoPoint2      *int           `json:"rows_without_coordinates"`
	Outside       *int           `json:"outside_pennsylvania_box"`
	SharedPoints  *int           `json:"points_shared"`
	SharedPoints2 *int           `json:"points_shared_by_2_or_more_rows"`
	MostOnOne     *int           `json:"most_rows_on_one_point"`
	ByType        map[string]int `json:"by_type"`
	ByType2       map[string]int `json:"by_license_type"`
	ByExpiry      map[string]int `json:"by_expiry"`
	ByStatus      map[string]int `json:"by_status"`
	NotPA         *int           `json:"state_not_pa"`
	NotNJ         *int           `json:"not_nj"`
	Masked        *int           `json:"names_masked"`
}

// Each row of the real lists reads as the data set says.
func TestRealRows(t *testing.T) {
	for name, s := range allSeries {
		raw, err := os.ReadFile(filepath.Join(dataDir(), s.expected))
		if err != nil {
			continue // no data, no case
		}
		t.Run(name, func(t *testing.T) {
			var expected map[string]json.RawMessage
			if err := json.Unmarshal(raw, &expected); err != nil {
				t.Fatal(err)
			}
			if files, ok := expected["files"]; ok {
				if err := json.Unmarshal(files, &expected); err != nil {
					t.Fatal(err)
				}
			}
			for _, list := range s.lists {
				var want listFigures
				text, ok := expected[list]
				if !ok {
					text = expected[list[len(list)-4:]] // by its year
				}
				if err := json.Unmarshal(text, &want); err != nil || want.Rows == 0 {
					t.Fatalf("%s: %v", list, err)
				}
				want.compare(t, list, readRecords(t, list, readProfileFile(t, s.profile)), s.statuses)
			}
		})
	}
}

func (want listFigures) compare(t *testing.T, list string, records []Record, statuses map[string]Status) {
	t.Helper()
	words := map[Status]string{}
	for word, status := range statuses {
		words[status] = word
	}
	numbers, accounts, points := map[string]int{}, map[string]int{}, map[orb.Point]int{}
	types, expiry, states := map[string]int{}, map[string]int{}, map[string]int{}
	var none, outside, masked, notPA, notNJ int
	box := orb.Bound{Min: orb.Point{-80.7, 39.6}, Max: orb.Point{-74.5, 42.4}}
	for _, r := range records {
		numbers[string(r.LicenceNo)]++
		account, _, _ := strings.Cut(string(r.LicenceNo), "#")
		accounts[account]++
		types[r.Extra["license_type"]]++
		states[words[r.Status]]++
		expiry[r.ValidTo.Format(time.DateOnly)]++
		switch {
		case r.Point == nil:
			none++
		case !box.Contains(*r.Point):
			outside++
			fallthrough
		default:
			points[*r.Point]++
		}
		if strings.Contains(r.Name, "[name masked]") {
			masked++
		}
		parts := strings.Split(r.Address, ", ")
		if slices.ContainsFunc(parts, isState) && !slices.Contains(parts, "PA") {
			notPA++
		}
		if !slices.Contains(parts, "NJ") {
			notNJ++
		}
	}
	most, shared := twice(points)
	_, doubles := twice(numbers)
	for what, figure := range map[string]struct {
		n    int
		want *int
	}{
		"rows": {len(records), &want.Rows}, "accounts": {len(accounts), want.Accounts}, "keys": {len(numbers), want.Keys},
		"keys by street": {len(numbers), want.Keys2}, "keys used twice": {doubles, want.KeysTwice}, "streets used twice": {doubles, want.KeysTwice2},
		"numbers": {len(numbers), want.Unique}, "numbers used twice": {doubles, want.NumbersTwice}, "rows without a number": {numbers[""], want.Unnumbered},
		"rows without a point": {none, want.NoPoint}, "rows without coordinates": {none, want.NoPoint2}, "points outside": {outside, want.Outside},
		"shared points": {shared, want.SharedPoints}, "points of two": {shared, want.SharedPoints2}, "rows on one point": {most, want.MostOnOne},
		"not in PA": {notPA, want.NotPA}, "not in NJ": {notNJ, want.NotNJ}, "masked names": {masked, want.Masked},
	} {
		if figure.want != nil && figure.n != *figure.want {
			t.Errorf("%s: %d %s, want %d", list, figure.n, what, *figure.want)
		}
	}
	for what, figure := range map[string]struct{ got, want map[string]int }{
		"types": {types, want.ByType}, "most frequent kinds": {types, want.ByType2}, "last days": {expiry, want.ByExpiry},
		"states": {states, want.ByStatus},
	} {
		for word, n := range figure.want {
			if figure.got[word] != n {
				t.Errorf("%s: %s: %d are %s, want %d", list, what, figure.got[word], word, n)
			}
		}
	}
}

// isState says whether a part of an address is the code of a state.
func isState(s string) bool {
	return len(s) == 2 && strings.ToUpper(s) == s && !strings.ContainsAny(s, "0123456789.# ")
}

// twice is the greatest count, and how many are above one.
func twice[K comparable](counts map[K]int) (most, several int) {
	for _, n := range counts {
		most = max(most, n)
		if n > 1 {
			several++
		}
	}
	return most, several
}

// readRecords reads each row of a list, as an import does before it compares.
func readRecords(t *testing.T, list string, p Profile) []Record {
	t.Helper()
	d := &delivering{opts: ImportOptions{Profile: p}, asOf: noon, file: bytes.NewReader(readList(t, list))}
	if err := d.open(); err != nil {
		t.Fatal(err)
	}
	var out []Record
	for {
		rec, err := d.list.next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		r, problems, _ := d.rows.read(rec)
		if len(problems) > 0 {
			t.Fatalf("%s: %+v", list, problems)
		}
		out = append(out, r)
	}
}

// The list as its publisher laid it out, with address and point in one cell of several lines, reads as the tidy one.
func TestAsPublished(t *testing.T) {
	if _, err := os.Stat(dataDir()); err != nil {
		return // no data, no case
	}
	tidy := readRecords(t, "pa-tobacco-2021-07", readProfileFile(t, "pennsylvania"))
	published := readRecords(t, "pa-tobacco-2021-07-as-published", readProfileFile(t, "pennsylvania-as-published"))
	if len(tidy) != len(published) {
		t.Fatalf("%d rows, want %d", len(published), len(tidy))
	}
	for i := range tidy {
		a, b := &tidy[i], &published[i]
		account, _, _ := strings.Cut(string(a.LicenceNo), "#")
		if !strings.HasPrefix(string(b.LicenceNo), account+"#") || plainAddress(a.Name) != plainAddress(b.Name) || !a.ValidTo.Equal(b.ValidTo) ||
			(a.Point == nil) != (b.Point == nil) || a.Point != nil && *a.Point != *b.Point ||
			a.Extra["license_type"] != b.Extra["License Type"] || a.Extra["county"] != b.Extra["County"] || !strings.HasPrefix(plainAddress(a.Address), plainAddress(b.Address)) {
			t.Fatalf("row %d: %+v\n%+v", i+2, a, b)
		}
	}
	db := pgtest.New(t)
	r := load(t, db, readList(t, "pa-tobacco-2021-07-as-published"), ImportOptions{Profile: readProfileFile(t, "pennsylvania-as-published")})
	accounted(t, "as published", r, 0, len(inForce(t, db)))
	if r.Rows != len(tidy) {
		t.Errorf("%+v", r)
	}
}

// plainAddress leaves the letters and digits.
func plainAddress(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ,\n", r) {
			return -1
		}
		return r
	}, s)
}
