package resolve

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"jiujin/geo/retailer"
	"jiujin/internal/pg"
)

// Load reads the register, what was learned of it, and the named places.
func Load(ctx context.Context, q pg.Queryer) (*Register, error) {
	ids, list, err := retailer.ListAll(ctx, q)
	if err != nil {
		return nil, err
	}
	learned, err := readAliases(ctx, q)
	if err != nil {
		return nil, err
	}
	landmarks, err := readPlaces(ctx, q)
	if err != nil {
		return nil, err
	}
	shops := make([]Shop, len(list))
	for i, l := range list {
		shops[i] = Shop{
			ID: ids[i], LicenceNo: l.Key, Name: l.Name, Operator: l.Operator, Address: l.Address, PhoneTail: l.PhoneTail,
			Aliases: learned[ids[i]], Division: l.Division, Point: l.Point, Over: l.Over,
		}
	}
	return NewRegister(shops, landmarks), nil
}

func readAliases(ctx context.Context, q pg.Queryer) (map[int64][]string, error) {
	rows, err := q.Query(ctx, `select retailer_id, words from retailer_alias order by id`)
	if err != nil {
		return nil, fmt.Errorf("read aliases: %w", err)
	}
	out, id, words := map[int64][]string{}, int64(0), ""
	_, err = pgx.ForEachRow(rows, []any{&id, &words}, func() error {
		out[id] = append(out[id], words)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read aliases: %w", err)
	}
	return out, nil
}

func readPlaces(ctx context.Context, q pg.Queryer) ([]Place, error) {
	rows, err := q.Query(ctx, `
		select n, kind, lon, lat from place, unnest(array_append(aliases, name)) as n order by id, n`)
	if err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	var out []Place
	var p Place
	_, err = pgx.ForEachRow(rows, []any{&p.Name, &p.Kind, &p.Point[0], &p.Point[1]}, func() error {
		out = append(out, p)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	return out, nil
}

// newestPlace is the greatest id of the named places, which are replaced as a whole; 0 without any.
func newestPlace(ctx context.Context, q pg.Queryer) (id int64, err error) {
	if err := q.QueryRow(ctx, `select coalesce(max(id), 0) from place`).Scan(&id); err != nil {
		return 0, fmt.Errorf("look for new places: %w", err)
	}
	return id, nil
}

const mostWords = 200 // characters of an alias

// callable is what can be a telephone number: it says who called, and is never kept.
var callable = regexp.MustCompile(`[0-9０-９]{7,}`)

// Learn keeps the words by which a caller named a shop, found at the visit of a ticket. Words that are too short to tell
// anything, known already, that hold what can be a telephone number, or that are the register's own of the shop or of
// the one that the ticket was about before (before; 0 = none) change nothing; longer ones are cut.
func Learn(ctx context.Context, tx *pg.Tx, retailerID, before int64, words string, ticketID int64) error {
	words = strings.TrimSpace(words)
	if utf8.RuneCountInString(words) < 2 || callable.MatchString(words) {
		return nil
	}
	if runes := []rune(words); len(runes) > mostWords {
		words = string(runes[:mostWords])
	}
	_, err := tx.Exec(ctx, `
		insert into retailer_alias (retailer_id, words, ticket_id, learned_at)
		select $1, $2, $3, $4 where not exists (select from retailer where id in ($1, $5) and $2 in (name, address))
		on conflict on constraint retailer_alias_once do nothing`, retailerID, words, ticketID, tx.Now(), before)
	if err != nil {
		return fmt.Errorf("learn the words for retailer %d: %w", retailerID, err)
	}
	return nil
}

// Unlearn takes back what was learned of other shops than retailerID (0 = of any) at the visit of a ticket. The shops
// are touched, so that those who follow the register read them anew.
func Unlearn(ctx context.Context, tx *pg.Tx, retailerID, ticketID int64) error {
	_, err := tx.Exec(ctx, `
		with wrong as (delete from retailer_alias where ticket_id = $1 and retailer_id <> $2 returning retailer_id)
		update retailer set updated_at = updated_at where id in (select retailer_id from wrong)`, ticketID, retailerID)
	if err != nil {
		return fmt.Errorf("unlearn the words of ticket %d: %w", ticketID, err)
	}
	return nil
}

// Check is the task to contact the caller of a ticket again, because nobody is sure of the place.
type Check struct {
	TicketID  int64
	OpenedAt  time.Time
	DueAt     time.Time
	Question  string // what to ask; "" when nothing better is known than to ask for the place
	SettledAt time.Time
	Outcome   string // "" while open; confirmed, corrected or unreachable
	Note      string
}

// CheckWithin is how soon the caller is to be contacted again (S2).
const CheckWithin = 30 * time.Minute

// ErrNoCheck says that a ticket has no open check of its place.
var ErrNoCheck = errors.New("the place of the ticket is not being checked")

// OpenCheck starts the check of a ticket's place; one that is there already stays.
func OpenCheck(ctx context.Context, tx *pg.Tx, ticketID int64, question string) error {
	_, err := tx.Exec(ctx, `
		insert into place_check (ticket_id, opened_at, due_at, question) values ($1, $2, $3, $4)
		on conflict (ticket_id) do nothing`, ticketID, tx.Now(), tx.Now().Add(CheckWithin), question)
	if err != nil {
		return fmt.Errorf("check the place of ticket %d: %w", ticketID, err)
	}
	return nil
}

// SettleCheck ends the check of a ticket's place. The error is ErrNoCheck when none is open.
func SettleCheck(ctx context.Context, tx *pg.Tx, ticketID int64, outcome, note string) error {
	done, err := tx.Exec(ctx, `
		update place_check set settled_at = $2, outcome = $3, note = $4 where ticket_id = $1 and settled_at is null`,
		ticketID, tx.Now(), outcome, note)
	if err != nil {
		return fmt.Errorf("settle the place of ticket %d: %w", ticketID, err)
	}
	if done.RowsAffected() == 0 {
		return ErrNoCheck
	}
	return nil
}

// CheckOf is the check of a ticket's place, open or settled. The error is ErrNoCheck when there never was one.
func CheckOf(ctx context.Context, q pg.Queryer, ticketID int64) (Check, error) {
	c, settled := Check{TicketID: ticketID}, (*time.Time)(nil)
	err := q.QueryRow(ctx, `
		select opened_at, due_at, question, settled_at, outcome, note from place_check where ticket_id = $1`, ticketID).
		Scan(&c.OpenedAt, &c.DueAt, &c.Question, &settled, &c.Outcome, &c.Note)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, ErrNoCheck
	}
	if err != nil {
		return c, fmt.Errorf("read the check of the place of ticket %d: %w", ticketID, err)
	}
	if settled != nil {
		c.SettledAt = *settled
	}
	return c, nil
}

// OpenChecks are the open checks of tickets that belong to the branch of the organisation, the most urgent first.
func OpenChecks(ctx context.Context, q pg.Queryer, branch string) ([]Check, error) {
	rows, err := q.Query(ctx, `
		select c.ticket_id, c.opened_at, c.due_at, c.question from place_check c
		join ticket t on t.id = c.ticket_id join org o on o.id = t.org_id
		where c.settled_at is null and t.closed_at is null and starts_with(o.path, $1)
		order by c.due_at, c.ticket_id limit 500`, branch)
	if err != nil {
		return nil, fmt.Errorf("list checks of places: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Check, err error) {
		return c, row.Scan(&c.TicketID, &c.OpenedAt, &c.DueAt, &c.Question)
	})
	if err != nil {
		return nil, fmt.Errorf("list checks of places: %w", err)
	}
	return out, nil
}
