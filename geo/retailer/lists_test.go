package retailer

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiujin/geo"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// listDiff is what a data set says of two lists that follow each other. A figure that it does not give is nil.
type listDiff struct {
	Added, Removed           int
	Kept, Changed, Unchanged *int
	Fields                   map[string]int `json:"changed_fields"`
	Later                    *int           `json:"renewed_expiry_later"`
	Earlier                  *int           `json:"expiry_earlier"`
	Renamed                  *int           `json:"trade_name_changed"`
	Moved                    *int           `json:"point_moved_over_100_m"`
	AddedFirst               []LicenceNo    `json:"added_first"`
	RemovedFirst             []LicenceNo    `json:"removed_first"`
	StatusChanges            map[string]int `json:"status_changes"`
}

// series is lists that follow each other.
type series struct {
	profile, expected string
	lists             []string
	fields            map[string]string // of the list, to the names in Report.Changes
	statuses          map[string]Status // words of the list
}

var allSeries = map[string]series{
	"pennsylvania": {
		profile: "pennsylvania", expected: "pa-tobacco.expected.json",
		lists: []string{"pa-tobacco-2021-07", "pa-tobacco-2021-08", "pa-tobacco-2022-02", "pa-tobacco-2022-03"},
	},
	"new jersey": {profile: "new-jersey", expected: "nj-cigarette.expected.json", lists: []string{"nj-cigarette-2021", "nj-cigarette-2022"}},
	"colorado": {
		profile: "colorado", expected: "expected.json", lists: []string{"co-retail-2023-04-24", "co-retail-2023-08-13"},
		fields: map[string]string{"refreshed": "+refreshed", "lon": "lon", "lat": "lat", "business_name": "name", "county": "+county"},
	},
	"massachusetts": {
		profile: "massachusetts", expected: "expected.json", lists: []string{"ma-2023-04-24", "ma-2023-05-09", "ma-2023-06-06"},
		fields: map[string]string{
			"expiration_date": "valid_to", "start_date": "valid_from", "approval_stage": "+approval_stage", "lon": "lon", "lat": "lat",
			"opened_date": "+opened_date", "status": "status", "county": "+county",
		},
		statuses: map[string]Status{"PAYMENT_PENDING": Pending, "COMPLETE": Valid, "SURRENDERED": Cancelled, "DELETED": Withdrawn, "REVOKED": Revoked},
	},
}

// dataDir is where the real lists are: beside the repository, or nowhere.
func dataDir() string {
	if dir := os.Getenv("JIUJIN_DATA"); dir != "" {
		return filepath.Join(dir, "licences")
	}
	return "../../../shared/data/licences"
}

// Real lists of licences come in one after the other, with every difference that the data set says.
func TestRealLists(t *testing.T) {
	for name, s := range allSeries {
		raw, err := os.ReadFile(filepath.Join(dataDir(), s.expected))
		if err != nil {
			continue // no data, no case
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diffs := readDiffs(t, raw, s.lists)
			profile := readProfileFile(t, s.profile)
			db := pgtest.New(t)
			var before map[LicenceNo]Retailer
			var located map[LicenceNo]bool // in the list before
			for i, list := range s.lists {
				text, last := readList(t, list), i == len(s.lists)-1
				opts := ImportOptions{Profile: profile, Now: time.Date(2021, 7, 1+i, 0, 0, 0, 0, time.UTC)}
				var dry Report
				if opts.DryRun = last; last {
					dry = load(t, db, text, opts)
				}
				opts.DryRun, opts.Confirm = false, true
				r := load(t, db, text, opts)
				after := inForce(t, db)
				accounted(t, list, r, len(before), len(after))
				if last && (dry.Inserted != r.Inserted || dry.Returned != r.Returned || dry.Updated != r.Updated || dry.Closed != r.Closed ||
					dry.Refused != r.Refused || !maps.Equal(dry.Changes, r.Changes)) {
					t.Errorf("%s: the dry run said %+v, and it was %+v", list, dry, r)
				}
				now, blanked := map[LicenceNo]bool{}, 0
				for _, r := range readRecords(t, list, profile) {
					if now[r.LicenceNo] = r.Point != nil; r.Point == nil && located[r.LicenceNo] {
						blanked++
					}
				}
				if i > 0 {
					diffs[i-1].compare(t, list, r, before, after, blanked, s)
				}
				before, located = after, now
				if last {
					if again := load(t, db, text, opts); again.Unchanged != r.Rows-r.Refused || again.Refused != r.Refused || again.Closed != 0 {
						t.Errorf("%s once more: %+v", list, again)
					}
				}
			}
		})
	}
}

// accounted checks that each row is in exactly one of the figures, and the register has what they say.
func accounted(t *testing.T, list string, r Report, had, has int) {
	t.Helper()
	if sum := r.Inserted + r.Returned + r.Updated + r.Unchanged + r.Refused; sum != r.Rows || r.State != Done || r.Had != had {
		t.Errorf("%s: %d rows, %d accounted for, %d had: %+v", list, r.Rows, sum, had, r)
	}
	if has != r.Inserted+r.Returned+r.Updated+r.Unchanged || has != had+r.Inserted+r.Returned-r.Closed {
		t.Errorf("%s: the register has %d: %+v", list, has, r)
	}
	if r.Mixed.Suspect {
		t.Errorf("%s: a false alarm: %+v", list, r.Mixed)
	}
	for _, p := range r.Problems {
		if p.Code != "duplicate" {
			t.Errorf("%s: %+v", list, p)
		}
	}
}

func (want *listDiff) compare(t *testing.T, list string, r Report, before, after map[LicenceNo]Retailer, blanked int, s series) {
	t.Helper()
	got := func(what string, n int, want *int) {
		t.Helper()
		if want != nil && n != *want {
			t.Errorf("%s: %d %s, want %d", list, n, what, *want)
		}
	}
	got("added", r.Inserted+r.Returned, &want.Added)
	got("removed", r.Closed, &want.Removed)
	got("kept", r.Updated+r.Unchanged, want.Kept)
	got("changed", r.Updated, want.Changed)
	got("unchanged", r.Unchanged, want.Unchanged)
	for theirs, n := range want.Fields {
		if ours, ok := s.fields[theirs]; ok {
			if ours == "lon" || ours == "lat" {
				n -= blanked // the point that the register has stays
			}
			got(theirs, r.Changes[ours], &n)
		}
	}
	if least := want.Fields["address"]; r.Changes["address"] < least { // ours has city, state and zip in it
		t.Errorf("%s: %d addresses changed, want %d at least", list, r.Changes["address"], least)
	}
	var later, earlier, renamed, moved int
	states := map[string]int{}
	for no, now := range after {
		was, ok := before[no]
		if !ok {
			continue
		}
		switch now.ValidTo.Compare(was.ValidTo) {
		case 1:
			later++
		case -1:
			earlier++
		}
		if now.Name != was.Name {
			renamed++
		}
		if now.Point != nil && was.Point != nil && geo.Distance(*now.Point, *was.Point) > 100 {
			moved++
		}
		if now.Status != was.Status {
			states[fmt.Sprintf("%s -> %s", was.Status, now.Status)]++
		}
	}
	got("renewed", later, want.Later)
	got("with an earlier end", earlier, want.Earlier)
	got("renamed", renamed, want.Renamed)
	got("moved", moved, want.Moved)
	for change, n := range want.StatusChanges {
		from, to, _ := strings.Cut(change, " -> ")
		got(change, states[fmt.Sprintf("%s -> %s", s.statuses[from], s.statuses[to])], &n)
	}
	for _, no := range want.AddedFirst {
		if _, had := before[no]; had || after[no].ID == 0 {
			t.Errorf("%s: %s is not new", list, no)
		}
	}
	for _, no := range want.RemovedFirst {
		if _, has := after[no]; has || before[no].ID == 0 {
			t.Errorf("%s: %s is not gone", list, no)
		}
	}
}

// readDiffs takes the differences between each of the lists and the next.
func readDiffs(t *testing.T, raw []byte, lists []string) []listDiff {
	t.Helper()
	var expected struct {
		Diffs map[string]listDiff
		Diff  listDiff // of the only two
	}
	if err := json.Unmarshal(raw, &expected); err != nil {
		t.Fatal(err)
	}
	var out []listDiff
	for i := range lists[1:] {
		diff, ok := expected.Diffs[lists[i]+" -> "+lists[i+1]]
		if !ok {
			diff = expected.Diff
		}
		if diff.Added == 0 {
			t.Fatalf("nothing is said of %s", lists[i+1])
		}
		out = append(out, diff)
	}
	return out
}

// inForce is what the lists have now.
func inForce(t *testing.T, q *pg.DB) map[LicenceNo]Retailer {
	t.Helper()
	out := map[LicenceNo]Retailer{}
	err := each(context.Background(), q.Pool, Selection{}, "WGS84", func(r Record) error {
		out[r.LicenceNo] = r.Retailer
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
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

// readList is a list of the data set, unpacked.
func readList(t *testing.T, name string) []byte {
	t.Helper()
	path := filepath.Join(dataDir(), name+".csv")
	if text, err := os.ReadFile(path); err == nil {
		return text
	}
	packed, err := os.ReadFile(path + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
