package ticket_test

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
	"jiujin/ticket"
)

// What marks a reporter must be nowhere but in the vault, whatever happens to the ticket.
func TestReporterStaysInTheVault(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	markers := []string{"王秘密甲乙", "13987654321", "住在三楼左手"}
	in := report()
	in.Reporter = ticket.Reporter{Mode: "hidden", Name: markers[0], Phone: markers[1], Note: markers[2]}
	tk, _ := o.open(t, in)
	if _, err := o.advance(o.dispatcher, tk.ID, ticket.Step{Action: ticket.ActAmend, Amend: &ticket.Amendment{Urgency: 1}}); err != nil {
		t.Fatal(err)
	}
	err := o.db.InTx(t.Context(), func(tx *pg.Tx) error {
		got, err := ticket.Reveal(t.Context(), tx, o.supervisor, tk.ID, "回访核实")
		if err == nil && (len(got) != 1 || got[0].Name != markers[0] || got[0].Phone != markers[1] || got[0].Note != markers[2]) {
			t.Errorf("revealed %+v", got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.advance(o.dispatcher, tk.ID, ticket.Step{Action: ticket.ActCancel, Reason: "重复"}); err != nil {
		t.Fatal(err)
	}
	for _, marker := range markers {
		if got := tablesWith(t, o.db, marker); !slices.Equal(got, []string{"vault.reporter"}) {
			t.Errorf("%s is in %v", marker, got)
		}
	}
	var looks int
	o.scan(t, &looks, `select count(*) from vault.reveal where person_id = $1 and reason = '回访核实'`, o.supervisor.PersonID)
	events, err := ticket.Timeline(t.Context(), o.db.Pool, tk.ID)
	if err != nil {
		t.Fatal(err)
	}
	revealed := slices.ContainsFunc(events, func(ev ticket.Event) bool {
		return ev.Type == "vault.revealed" && ev.Actor == o.supervisor.ID && strings.Contains(string(ev.Data), "回访核实")
	})
	if looks != 1 || !revealed {
		t.Errorf("%d looks are in the vault, in the log: %v", looks, revealed)
	}
	if appeals, err := ticket.Appeals(t.Context(), o.db.Pool, tk.ID); err != nil || len(appeals) != 1 || appeals[0].ReporterMode != "hidden" {
		t.Errorf("appeals %+v, %v", appeals, err)
	}
}

// tablesWith names the tables that hold text in any column of any row, as text, JSON or bytes.
func tablesWith(t *testing.T, db *pg.DB, text string) (found []string) {
	t.Helper()
	rows, _ := db.Pool.Query(t.Context(), `select table_schema || '.' || table_name from information_schema.tables
		where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1`)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || !slices.Contains(tables, "public.event") || !slices.Contains(tables, "vault.reporter") {
		t.Fatal(tables, err)
	}
	for _, table := range tables {
		var n int
		err := db.Pool.QueryRow(context.Background(), `select count(*) from `+table+` x where x::text like '%' || $1 || '%' or x::text like '%' || $2 || '%'`,
			text, hex.EncodeToString([]byte(text))).Scan(&n)
		if err != nil {
			t.Fatal(table, err)
		}
		if n > 0 {
			found = append(found, table)
		}
	}
	return found
}

func TestAnonymousLeavesNothing(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	tk, _ := o.open(t, report())
	var kept int
	o.scan(t, &kept, `select count(*) from vault.reporter`)
	err := o.db.InTx(t.Context(), func(tx *pg.Tx) error {
		got, err := ticket.Reveal(t.Context(), tx, o.supervisor, tk.ID, "查")
		kept += len(got)
		return err
	})
	if err != nil || kept != 0 {
		t.Errorf("%d rows, %v", kept, err)
	}
	err = o.db.InTx(t.Context(), func(tx *pg.Tx) error {
		_, err := ticket.Reveal(t.Context(), tx, o.supervisor, tk.ID, " ")
		return err
	})
	if verdict(err) != "invalid" {
		t.Errorf("a look without a reason: %v", err)
	}
}
