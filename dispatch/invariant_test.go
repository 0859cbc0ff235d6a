package dispatch_test

import (
	"context"
	"testing"

	"jiujin/ticket"
)

// invariants must find nothing, ever.
var invariants = map[string]string{
	"a ticket is offered if and only if it has an open offer": `
select t.id from ticket t where (t.status = 'offered') <> exists (select from offer f where f.ticket_id = t.id and f.state = 'open')`,
	"a ticket has an active sortie if and only if a unit is on it": `
select t.id from ticket t where (t.status in ('accepted', 'en_route', 'on_scene'))
    <> exists (select from sortie s where s.ticket_id = t.id and s.ended_at is null)`,
	"a ticket has one unit at most": `
select ticket_id from (select ticket_id from sortie where ended_at is null union all select ticket_id from offer where state = 'open') x
group by ticket_id having count(*) > 1`,
	"a unit has one ticket at most": `
select unit_id from (select unit_id from sortie where ended_at is null union all select unit_id from offer where state = 'open') x
group by unit_id having count(*) > 1`,
	"a unit in repair has no offer and is not on its way": `
select u.id from unit u where u.out_of_service_since is not null and (
    exists (select from offer f where f.unit_id = u.id and f.state = 'open')
    or exists (select from sortie s join ticket t on t.id = s.ticket_id where s.unit_id = u.id and s.ended_at is null and t.status <> 'on_scene'))`,
	"the sortie knows what the ticket knows": `
select s.id from sortie s join ticket t on t.id = s.ticket_id where s.ended_at is null
    and ((s.departed_at is not null) <> (t.status in ('en_route', 'on_scene')) or (s.arrived_at is not null) <> (t.status = 'on_scene'))`,
	"a sortie comes from an accepted offer of the same pair": `
select s.id from sortie s join offer f on f.id = s.offer_id where f.state <> 'accepted' or f.ticket_id <> s.ticket_id or f.unit_id <> s.unit_id`,
	"an accepted offer has a sortie": `
select f.id from offer f where f.state = 'accepted' and not exists (select from sortie s where s.offer_id = f.id)`,
	"a reporting ticket has been visited": `
select t.id from ticket t where t.status = 'reporting'
    and (select outcome from sortie s where s.ticket_id = t.id order by id desc limit 1) is distinct from 'done'`,
	"answers come after questions": `select id from offer where answered_at < offered_at`,
	"stamps are in order": `
select id from ticket where to_dispatch_at < registered_at or first_offer_at < to_dispatch_at or accepted_at < first_offer_at
    or en_route_at < accepted_at or on_scene_at < en_route_at or scene_done_at < on_scene_at or closed_at < registered_at`,
	"the version counts the events": `
select t.id from ticket t where t.version <> (select count(*) from event e where e.ticket_id = t.id
    and e.type not in ('dispatch.proposed', 'arrival.proposed', 'vault.revealed'))`,
	"the log's last word is the status": `
select t.id from ticket t where t.status <> (select e.data->>'to' from event e where e.ticket_id = t.id and e.data ? 'to' order by seq desc limit 1)`,
	"no proposal outlives the wait": `
select t.id from proposal p join ticket t on t.id = p.ticket_id where t.status <> 'to_dispatch'`,
}

func (c *county) checkInvariants(t testing.TB) {
	t.Helper()
	for name, sql := range invariants {
		var broken []int64
		c.scan(t, &broken, `select coalesce(array_agg(id), '{}') from (`+sql+`) x(id)`)
		if len(broken) > 0 {
			t.Errorf("%s: not for %v", name, broken)
		}
	}
	if _, err := ticket.VerifyChain(context.Background(), c.db); err != nil {
		t.Error(err)
	}
}
