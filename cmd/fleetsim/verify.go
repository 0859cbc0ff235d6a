package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"
)

// verifyCmd is fleetsim verify.
type verifyCmd struct {
	target
	Journal string        `required:"" type:"existingfile" help:"Journal that a run wrote."`
	Within  time.Duration `default:"2m" help:"How long the service may take to answer it all."`
}

// Run prints what was found as JSON; a loss or a doubled effect is an error.
func (c *verifyCmd) Run(ctx context.Context) error {
	creds, err := readCredentials(c.Credentials)
	if err != nil {
		return err
	}
	f, err := os.Open(c.Journal)
	if err != nil {
		return err
	}
	defer f.Close()
	l, err := readJournal(f)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Within)
	defer cancel()
	a := newAPI(c.URL, newMeasure(time.Now()))
	who, err := a.inspector(creds)
	if err != nil {
		return err
	}
	found, err := inspect(ctx, who, l)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", " ")
	if err := out.Encode(found); err != nil {
		return err
	}
	if found.Lost+found.Doubled > 0 {
		return fmt.Errorf("%d acknowledged effects are lost and %d are there twice", found.Lost, found.Doubled)
	}
	return nil
}

// inspector is somebody who may see all tickets and histories.
func (a *api) inspector(c credentials) (*person, error) {
	for _, u := range c.Users {
		if u.Role == "administrator" {
			return &person{api: a, login: u.Login, password: c.Password}, nil
		}
	}
	return nil, errors.New("the credentials name no administrator")
}

// findings compares a ledger with the service.
type findings struct {
	FixesAcked    int      `json:"fixes_acked"`
	FixesOnServer int      `json:"fixes_on_server"` // between the first and the last acknowledged one of each unit
	Commands      int      `json:"commands_acked"`
	Tickets       int      `json:"tickets_acked"`
	Lost          int      `json:"lost"`
	Doubled       int      `json:"doubled"`
	Foreign       int      `json:"foreign"`            // fixes between acknowledged ones that are not in the ledger
	Findings      []string `json:"findings,omitempty"` // the first 50
}

func (f *findings) say(format string, args ...any) {
	if len(f.Findings) < 50 {
		f.Findings = append(f.Findings, fmt.Sprintf(format, args...))
	}
}

// inspect reads everything that the ledger says was acknowledged back from the service.
func inspect(ctx context.Context, who *person, l *ledger) (findings, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := findings{Commands: len(l.commands)}
	for unitID, at := range l.fixTimes {
		if err := f.unit(ctx, who, unitID, at); err != nil {
			return f, err
		}
	}
	byTicket := map[int64][]effect{}
	for _, e := range l.commands {
		byTicket[e.TicketID] = append(byTicket[e.TicketID], e)
	}
	for id, effects := range byTicket {
		if err := f.ticket(ctx, who, id, effects); err != nil {
			return f, err
		}
	}
	return f, f.twins(ctx, who, l.commands)
}

// chunk is how many fixes are compared by one count.
const chunk = 500

func (f *findings) unit(ctx context.Context, who *person, unitID int64, at []int64) error {
	at = slices.Clone(at)
	slices.Sort(at)
	at = slices.Compact(at)
	f.FixesAcked += len(at)
	for part := range slices.Chunk(at, chunk) {
		n, err := historyCount(ctx, who, unitID, part[0], part[len(part)-1])
		if err != nil {
			return err
		}
		f.FixesOnServer += n
		if err := f.search(ctx, who, unitID, part, n); err != nil {
			return err
		}
	}
	return nil
}

// search halves a span in which the counts differ until the fixes at fault are found. n is what the service has
// between the first and the last of at. A loss is not seen where as many foreign fixes stand in the same chunk, so
// nothing but the simulator should report for its units meanwhile.
func (f *findings) search(ctx context.Context, who *person, unitID int64, at []int64, n int) error {
	switch {
	case n == len(at):
		return nil
	case len(at) == 1 && n == 0:
		f.Lost++
		f.say("unit %d: the fix of %s is gone", unitID, time.UnixMilli(at[0]).UTC().Format(time.RFC3339Nano))
		return nil
	case len(at) == 1:
		f.Doubled += n - 1
		f.say("unit %d: the fix of %s is there %d times", unitID, time.UnixMilli(at[0]).UTC().Format(time.RFC3339Nano), n)
		return nil
	}
	left, right := at[:len(at)/2], at[len(at)/2:]
	nl, err := historyCount(ctx, who, unitID, left[0], left[len(left)-1])
	if err != nil {
		return err
	}
	nr, err := historyCount(ctx, who, unitID, right[0], right[len(right)-1])
	if err != nil {
		return err
	}
	f.Foreign += max(n-nl-nr, 0)
	if err := f.search(ctx, who, unitID, left, nl); err != nil {
		return err
	}
	return f.search(ctx, who, unitID, right, nr)
}

// historyCount asks how many fixes of a unit the service has from first to last, both included.
func historyCount(ctx context.Context, who *person, unitID, first, last int64) (int, error) {
	format := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }
	q := url.Values{"from": {format(first)}, "to": {format(last + 1)}}
	var answer struct {
		Fixes int `json:"fixes"`
	}
	err := who.get(ctx, fmt.Sprintf("/units/%d/history?%s", unitID, q.Encode()), &answer)
	return answer.Fixes, err
}

func (f *findings) ticket(ctx context.Context, who *person, id int64, effects []effect) error {
	var t ticketDetail
	err := who.get(ctx, fmt.Sprintf("/tickets/%d", id), &t)
	if refused, ok := errors.AsType[*refusal](err); ok && refused.Status == http.StatusNotFound {
		f.Lost += len(effects)
		f.say("ticket %d is gone", id)
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range effects {
		n := occurrences(t.Events, e)
		switch {
		case n == 0 || e.Number != "" && e.Number != t.Number:
			f.Lost++
			f.say("ticket %s: %s with version %d is gone", t.Number, e.Event, e.Version)
		case n > 1:
			f.Doubled += n - 1
			f.say("ticket %s: %s with version %d is there %d times", t.Number, e.Event, e.Version, n)
		}
	}
	return nil
}

// occurrences counts the events that an acknowledged command may have made.
func occurrences(events []eventView, e effect) int {
	n := 0
	for _, v := range events {
		if v.Type == e.Event && (e.Version == 0 || v.Data.Version == e.Version) {
			n++
		}
	}
	return n
}

// twins looks for reports that were registered twice: among the tickets since the first of the ledger, those that are
// not in it but carry the words of one that is.
func (f *findings) twins(ctx context.Context, who *person, commands []effect) error {
	known, words := map[int64]bool{}, map[string]bool{}
	first := int64(0)
	for _, e := range commands {
		if e.Digest == "" {
			continue
		}
		f.Tickets++
		known[e.TicketID], words[e.Digest] = true, true
		if first == 0 || e.TicketID < first {
			first = e.TicketID
		}
	}
	for before := int64(0); first != 0; {
		path := "/tickets?status=all&limit=200"
		if before != 0 {
			path += fmt.Sprintf("&before=%d", before)
		}
		var page struct {
			Tickets []ticketView `json:"tickets"`
		}
		if err := who.get(ctx, path, &page); err != nil {
			return err
		}
		for _, t := range page.Tickets {
			before = t.ID
			if t.ID < first || known[t.ID] {
				continue
			}
			var d ticketDetail
			if err := who.get(ctx, fmt.Sprintf("/tickets/%d", t.ID), &d); err != nil {
				return err
			}
			for _, a := range d.Appeals {
				if words[digest(a.Narrative)] {
					f.Doubled++
					f.say("ticket %s carries the words of another one", t.Number)
				}
			}
		}
		if len(page.Tickets) == 0 || before <= first {
			return nil
		}
	}
	return nil
}
