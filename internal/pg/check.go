package pg

import (
	"context"
	"fmt"
	"time"
)

// maxClockSkew is how far the clocks of database and program may be apart.
const maxClockSkew = time.Second

// Finding is one line of a health report.
type Finding struct {
	Name  string // what was looked at
	Value string // what was found
	OK    bool
	// Advice says what to do; "" when OK.
	Advice string
}

// Check reports on the server: version, locale, extensions, durability, time.
// It changes nothing. A question the server does not answer becomes a finding
// that is not OK.
func (db *DB) Check(ctx context.Context) []Finding {
	findings := []Finding{db.checkVersion(ctx), db.checkLocale(ctx)}
	findings = append(findings, db.checkExtensions(ctx)...)
	for _, s := range []struct{ name, advice string }{
		{"fsync", "set fsync = on and restart the server: without it a power failure can destroy the database"},
		{"full_page_writes", "set full_page_writes = on: without it a power failure can destroy the database"},
		{"synchronous_commit", "set synchronous_commit = on: without it a crash can lose what was acknowledged"},
		{"data_checksums", "stop the server and run pg_checksums --enable, so that damage by the disk is noticed"},
	} {
		findings = append(findings, db.checkSetting(ctx, s.name, s.advice))
	}
	return append(findings, db.checkTimeZone(ctx), db.checkClock(ctx))
}

func failed(name string, err error) Finding {
	return Finding{Name: name, Value: err.Error(), Advice: "see whether the database can be reached"}
}

// finding leaves out the advice when all is well.
func finding(name, value string, ok bool, advice string) Finding {
	if ok {
		advice = ""
	}
	return Finding{Name: name, Value: value, OK: ok, Advice: advice}
}

func (db *DB) setting(ctx context.Context, name string) (value string, err error) {
	err = db.Pool.QueryRow(ctx, `SELECT current_setting($1)`, name).Scan(&value)
	return value, err
}

func (db *DB) checkVersion(ctx context.Context) Finding {
	const name = "server version"
	var number int
	var version string
	err := db.Pool.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int, current_setting('server_version')`).Scan(&number, &version)
	if err != nil {
		return failed(name, err)
	}
	return finding(name, version, number >= minServerVersion, "upgrade to PostgreSQL 15 or newer")
}

func (db *DB) checkLocale(ctx context.Context) Finding {
	const name = "Chinese search"
	similarity, ctype, err := chinese(ctx, db.Pool)
	if err != nil {
		return failed(name, err)
	}
	return finding(name, fmt.Sprintf("LC_CTYPE %s, similarity %g", ctype, similarity), similarity == 1,
		"make the database again with a UTF-8 LC_CTYPE, such as C.UTF-8, and restore the data into it")
}

func (db *DB) checkExtensions(ctx context.Context) []Finding {
	found, err := extensions(ctx, db.Pool)
	if err != nil {
		return []Finding{failed("extensions", err)}
	}
	var out []Finding
	for _, name := range needed {
		value := found[name].Installed
		if value == "" {
			value = "not created"
		}
		out = append(out, finding("extension "+name, value, found[name].Installed != "",
			"have the database administrator run: CREATE EXTENSION IF NOT EXISTS "+name+";"))
	}
	return out
}

// checkSetting wants a setting to be on. The replication levels of
// synchronous_commit, such as remote_apply, promise more than on; local and off
// promise less, local only when there is a standby.
func (db *DB) checkSetting(ctx context.Context, name, advice string) Finding {
	value, err := db.setting(ctx, name)
	if err != nil {
		return failed(name, err)
	}
	return finding(name, value, value != "off", advice)
}

func (db *DB) checkTimeZone(ctx context.Context) Finding {
	const name = "session time zone"
	value, err := db.setting(ctx, "TimeZone")
	if err != nil {
		return failed(name, err)
	}
	return finding(name, value, value == "UTC", "remove the time zone from the database url, the role and the database")
}

func (db *DB) checkClock(ctx context.Context) Finding {
	const name = "clock difference"
	// The first question may have to open a connection; time the second one.
	if _, err := db.setting(ctx, "TimeZone"); err != nil {
		return failed(name, err)
	}
	var theirs time.Time
	start := time.Now()
	if err := db.Pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&theirs); err != nil {
		return failed(name, err)
	}
	trip := time.Since(start)
	skew := theirs.Sub(start.Add(trip / 2)).Round(time.Millisecond)
	return finding(name, fmt.Sprintf("%s (answer took %s)", skew, trip.Round(10*time.Microsecond)),
		skew.Abs() <= maxClockSkew+trip/2,
		"synchronise the clocks of both machines by NTP: deadlines and the order of events depend on them")
}
