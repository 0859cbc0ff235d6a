package retailer

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"jiujin/internal/pg/pgtest"
)

// wantedDiff is what a data set says of two lists that follow each other.
type wantedDiff struct{ Added, Removed, Kept, Changed, Unchanged int }

// Real lists of licences come in one month after the other, with the differences that the data set says. They are
// beside the repository, or nowhere.
func TestRealLists(t *testing.T) {
	data := os.Getenv("JIUJIN_DATA")
	if data == "" {
		data = "../../../shared/data"
	}
	type series struct {
		profile, expected string
		lists             []string
		allFields         bool
	}
	for name, s := range map[string]series{
		"pennsylvania": {profile: "pennsylvania", expected: "pa-tobacco.expected.json", lists: []string{"pa-tobacco-2021-07", "pa-tobacco-2021-08", "pa-tobacco-2022-02", "pa-tobacco-2022-03"}},
		"colorado":     {profile: "colorado", expected: "expected.json", lists: []string{"co-retail-2023-04-24", "co-retail-2023-08-13"}, allFields: true},
		"massachusetts": {
			profile: "massachusetts", expected: "expected.json",
			lists: []string{"ma-2023-04-24", "ma-2023-05-09", "ma-2023-06-06"}, allFields: true,
		},
	} {
		raw, err := os.ReadFile(filepath.Join(data, "licences", s.expected))
		if err != nil {
			continue // no data, no case
		}
		t.Run(name, func(t *testing.T) {
			var expected struct{ Diffs map[string]wantedDiff }
			if err := json.Unmarshal(raw, &expected); err != nil {
				t.Fatal(err)
			}
			profile := readProfileFile(t, s.profile)
			db := pgtest.New(t)
			for i, list := range s.lists {
				file := openFile(t, filepath.Join(data, "licences", list))
				r, err := Import(context.Background(), db, file, ImportOptions{Profile: profile, Confirm: true, Now: time.Date(2021, 7, 1+i, 0, 0, 0, 0, time.UTC)})
				if err != nil {
					t.Fatal(err)
				}
				if sum := r.Inserted + r.Returned + r.Updated + r.Unchanged + r.Refused; sum != r.Rows || r.State != Done {
					t.Errorf("%s: %d rows, %d accounted for: %+v", list, r.Rows, sum, r)
				}
				for _, p := range r.Problems {
					if p.Code != "duplicate" {
						t.Errorf("%s: %+v", list, p)
					}
				}
				if i == 0 {
					continue
				}
				want := expected.Diffs[s.lists[i-1]+" -> "+list]
				if s.allFields {
					want.Kept = want.Changed + want.Unchanged
				}
				if r.Inserted+r.Returned != want.Added || r.Closed != want.Removed || r.Updated+r.Unchanged != want.Kept ||
					s.allFields && r.Updated != want.Changed {
					t.Errorf("%s: %d new, %d back, %d closed, %d changed, %d the same; want %+v; changes %v",
						list, r.Inserted, r.Returned, r.Closed, r.Updated, r.Unchanged, want, r.Changes)
				}
			}
		})
	}
}

func readProfileFile(t *testing.T, name string) Profile {
	t.Helper()
	file, err := os.Open(filepath.Join("../../deploy/profiles", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p, err := ReadProfile(file)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func openFile(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Open(path + ".csv")
	if err != nil {
		file, err = os.Open(path + ".csv.gz")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}
