package pg_test

import (
	"testing"
	"time"

	"jiujin/internal/pg/pgtest"
)

// A program that runs in Shanghai reads times in UTC all the same.
func TestTimesAreReadInUTC(t *testing.T) {
	shanghai := time.FixedZone("Asia/Shanghai", 8*60*60)
	local := time.Local
	time.Local = shanghai
	t.Cleanup(func() { time.Local = local })
	db := pgtest.New(t)
	want := time.Date(2026, 11, 22, 6, 10, 24, 0, time.UTC)
	var one time.Time
	var list []time.Time
	err := db.Pool.QueryRow(t.Context(), `select $1::timestamptz, array[$1::timestamptz]`, want.In(shanghai)).Scan(&one, &list)
	if err != nil {
		t.Fatal(err)
	}
	if one != want || len(list) != 1 || list[0] != want {
		t.Errorf("read %v and %v, want %v", one, list, want)
	}
}
