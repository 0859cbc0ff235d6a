package dispatch_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"jiujin/dispatch"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// referees are the constraints that two requests may meet in a race, and what the loser is told.
var referees = map[string]func(error) bool{
	"offer_one_open_per_ticket":    is(dispatch.ErrTicketTaken),
	"sortie_one_active_per_ticket": is(dispatch.ErrTicketTaken),
	"offer_one_open_per_unit":      isBusy(dispatch.ReasonOffered),
	"sortie_one_active_per_unit":   isBusy(dispatch.ReasonOnTask),
	"sortie_one_per_offer":         is(dispatch.ErrOfferClosed),
	"shift_no_overlap":             is(dispatch.ErrShiftOverlap),
}

func is(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }

func isBusy(reason dispatch.Reason) func(error) bool {
	return func(err error) bool {
		var busy *dispatch.UnitBusyError
		return errors.As(err, &busy) && busy.Reason == reason && busy.UnitID == 7
	}
}

// A bug if ever seen: the code checks all of these before it writes.
const bugs = `
ticket_number_unique ticket_kind_known ticket_urgency_range ticket_status_known ticket_closed_has_time
ticket_place_quality_known ticket_point_whole ticket_dispatch_has_point
ticket_pkey ticket_org_id_fkey ticket_retailer_id_fkey ticket_squad_id_fkey ticket_created_by_fkey ticket_serial_pkey
appeal_channel_known appeal_reporter_mode_known appeal_pkey appeal_ticket_id_fkey appeal_taken_by_fkey
driver_card_pkey driver_card_device_id_fkey driver_card_unit_id_fkey
reporter_pkey reporter_appeal_id_fkey reveal_pkey reveal_appeal_id_fkey reveal_person_id_fkey
event_pkey event_head_pkey event_head_only_row_check
shift_not_empty shift_pkey shift_unit_id_fkey
dispatch_policy_pkey dispatch_policy_urgency_check dispatch_policy_mode_check dispatch_policy_offer_seconds_check
dispatch_policy_max_offers_check dispatch_policy_eta_cap_min_check dispatch_policy_border_min_check
offer_state_known offer_answered_once offer_expires_later offer_pkey offer_ticket_id_fkey offer_unit_id_fkey
sortie_outcome_with_end sortie_outcome_known sortie_times_in_order sortie_pkey sortie_ticket_id_fkey sortie_unit_id_fkey sortie_offer_id_fkey
proposal_pkey proposal_ticket_id_fkey proposal_unit_id_fkey`

// Every constraint of the tables of tickets and dispatch is one or the other.
func TestEveryConstraintIsKnown(t *testing.T) {
	c := newCounty(t, 0)
	rows, _ := c.db.Pool.Query(t.Context(), `
		select distinct name from (
			select conname::text, conrelid from pg_constraint where contype <> 'n'
			union all select indexrelid::regclass::text, indrelid from pg_index where indisunique
		) x(name, rel) join pg_class t on t.oid = rel join pg_namespace s on s.oid = t.relnamespace
		where s.nspname = 'vault' or s.nspname = 'public' and t.relname in
			('ticket', 'ticket_serial', 'appeal', 'event', 'event_head', 'shift', 'dispatch_policy', 'offer', 'sortie', 'proposal')
		order by name`)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(bugs)
	for name := range referees {
		want = append(want, name)
	}
	for i := range names {
		names[i] = strings.TrimPrefix(names[i], "vault.")
	}
	slices.Sort(want)
	slices.Sort(names)
	names = slices.Compact(names)
	for _, name := range names {
		if !slices.Contains(want, name) {
			t.Errorf("%s is neither refereed nor listed", name)
		}
	}
	for _, name := range want {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not in the schema", name)
		}
	}
}

func TestConstraintsHold(t *testing.T) {
	c := newCounty(t, 3)
	taken := c.bring(t, ticket.Accepted) // by units[0]
	offered := c.report(t, 1)            // to units[1]
	c.look(t)
	waiting := c.report(t, 3)
	fill := strings.NewReplacer("$taken", fmt.Sprint(taken.ID), "$offered", fmt.Sprint(offered.ID), "$waiting", fmt.Sprint(waiting.ID),
		"$u0", fmt.Sprint(c.units[0]), "$u1", fmt.Sprint(c.units[1]), "$u2", fmt.Sprint(c.units[2]),
		"$open", fmt.Sprint(c.openOffer(t, offered.ID).ID),
		"$offer", "insert into offer (ticket_id, unit_id, mode, offered_by, distance_m, eta_s, eta_basis, ranking, offered_at, expires_at) select",
		"$rest", "'auto', 'engine', 1, 1, '', '[]', now(), now() + interval '1 minute'",
		"$sortie", "insert into sortie (ticket_id, unit_id, offer_id, accepted_at) values")
	tried := []string{}
	for _, v := range []struct{ constraint, sql string }{
		{"ticket_number_unique", `update ticket set number = (select number from ticket where id = $taken) where id = $waiting`},
		{"ticket_kind_known", `update ticket set kind = 'x' where id = $waiting`},
		{"ticket_urgency_range", `update ticket set urgency = 5 where id = $waiting`},
		{"ticket_status_known", `update ticket set status = 'x' where id = $waiting`},
		{"ticket_closed_has_time", `update ticket set status = 'closed' where id = $waiting`},
		{"ticket_closed_has_time", `update ticket set closed_at = now() where id = $waiting`},
		{"ticket_place_quality_known", `update ticket set place_quality = 'x' where id = $waiting`},
		{"ticket_point_whole", `update ticket set h3 = null where id = $waiting`},
		{"ticket_dispatch_has_point", `update ticket set lon = null, lat = null, h3 = null where id = $waiting`},
		{"appeal_channel_known", `update appeal set channel = 'x'`},
		{"appeal_reporter_mode_known", `update appeal set reporter_mode = 'x'`},
		{"event_append_only", `update event set body = '{}'`},
		{"event_append_only", `delete from event`},
		{"shift_not_empty", `insert into shift (unit_id, span) values ($u0, 'empty')`},
		{"shift_not_empty", `insert into shift (unit_id, span) values ($u0, '[2030-01-01,)')`},
		{"shift_no_overlap", `insert into shift (unit_id, span) select unit_id, span from shift where unit_id = $u0`},
		{"offer_state_known", `update offer set state = 'x', answered_at = now() where id = $open`},
		{"offer_answered_once", `update offer set answered_at = now() where id = $open`},
		{"offer_answered_once", `update offer set state = 'declined' where id = $open`},
		{"offer_expires_later", `update offer set expires_at = offered_at where id = $open`},
		{"offer_one_open_per_ticket", `$offer $offered, $u2, $rest`},
		{"offer_one_open_per_unit", `$offer $waiting, $u1, $rest`},
		{"sortie_one_per_offer", `insert into sortie (ticket_id, unit_id, offer_id, accepted_at) select $waiting, $u2, offer_id, now() from sortie`},
		{"sortie_outcome_with_end", `update sortie set outcome = 'done'`},
		{"sortie_outcome_with_end", `update sortie set ended_at = accepted_at`},
		{"sortie_outcome_known", `update sortie set outcome = 'x', ended_at = accepted_at`},
		{"sortie_times_in_order", `update sortie set departed_at = accepted_at - interval '1 second'`},
		{"sortie_times_in_order", `update sortie set departed_at = accepted_at, arrived_at = accepted_at - interval '1 second'`},
		{"sortie_times_in_order", `update sortie set outcome = 'done', ended_at = accepted_at - interval '1 second'`},
		{"sortie_one_active_per_ticket", `$sortie ($taken, $u2, $open, now())`},
		{"sortie_one_active_per_unit", `$sortie ($waiting, $u0, $open, now())`},
		{"dispatch_policy_urgency_check", `insert into dispatch_policy values (5, 'auto', 60, 3, 90)`},
		{"dispatch_policy_mode_check", `update dispatch_policy set mode = 'x'`},
		{"dispatch_policy_offer_seconds_check", `update dispatch_policy set offer_seconds = 9`},
		{"dispatch_policy_max_offers_check", `update dispatch_policy set max_offers = 0`},
		{"dispatch_policy_eta_cap_min_check", `update dispatch_policy set eta_cap_min = 4`},
		{"dispatch_policy_border_min_check", `update dispatch_policy set border_min = 61`},
		{"event_head_only_row_check", `insert into event_head values (false, 1, now(), '')`},
	} {
		tried = append(tried, v.constraint)
		_, err := c.db.Pool.Exec(t.Context(), fill.Replace(v.sql))
		if got := pg.Constraint(err); got != v.constraint {
			t.Errorf("%s: constraint %q (%v), want %s", v.sql, got, err, v.constraint)
			continue
		}
		told := dispatch.Refereed(fmt.Errorf("write: %w", err), 7)
		if clear, mapped := referees[v.constraint]; mapped && !clear(told) {
			t.Errorf("%s is told as %v", v.constraint, told)
		} else if !mapped && pg.Constraint(told) != v.constraint {
			t.Errorf("%s is hidden behind %v", v.constraint, told)
		}
	}
	for _, name := range strings.Fields(bugs) {
		if strings.HasSuffix(name, "_pkey") || strings.HasSuffix(name, "_fkey") {
			continue
		}
		if !slices.Contains(tried, name) {
			t.Errorf("%s has not been tried", name)
		}
	}
	for name := range referees {
		if !slices.Contains(tried, name) {
			t.Errorf("%s has not been tried", name)
		}
	}
	c.checkInvariants(t)
}
