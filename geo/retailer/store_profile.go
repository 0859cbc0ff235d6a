package retailer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// ErrNoProfile says that no import profile has the name.
var ErrNoProfile = errors.New("no such import profile")

// NamedProfile is a saved profile.
type NamedProfile struct {
	Name      string
	Profile   Profile
	UpdatedAt time.Time
}

// Profiles is every saved profile, by name.
func Profiles(ctx context.Context, q pg.Queryer) ([]NamedProfile, error) {
	rows, err := q.Query(ctx, `select name, spec, updated_at from import_profile order by name`)
	if err != nil {
		return nil, fmt.Errorf("import profiles: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[NamedProfile])
	if err != nil {
		return nil, fmt.Errorf("import profiles: %w", err)
	}
	return list, nil
}

// ProfileNamed is a saved profile. The error wraps ErrNoProfile.
func ProfileNamed(ctx context.Context, q pg.Queryer, name string) (Profile, error) {
	var p Profile
	err := q.QueryRow(ctx, `select spec from import_profile where name = $1`, name).Scan(&p)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoProfile
	}
	if err != nil {
		return p, fmt.Errorf("import profile %q: %w", name, err)
	}
	return p, nil
}

// SaveProfile stores a profile under a name of 1 to 60 characters, in place of the one before.
func SaveProfile(ctx context.Context, tx *pg.Tx, name string, p Profile) error {
	if err := p.Check(); err != nil {
		return err
	}
	spec, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into import_profile (name, spec, updated_at) values ($1, $2, $3)
		on conflict (name) do update set spec = excluded.spec, updated_at = excluded.updated_at`, name, string(spec), tx.Now())
	if err != nil {
		return fmt.Errorf("save import profile %q: %w", name, err)
	}
	return nil
}

// Refused hands over the rows that a delivery refused, as they came, with two columns in front that an import does not
// look at: the line, and what is wrong with it, in the words of say. The first row is the headings.
func Refused(ctx context.Context, q pg.Queryer, delivery int64, say func(Problem) string, write func([]string) error) error {
	var headings []string
	if err := q.QueryRow(ctx, `select headings from delivery where id = $1`, delivery).Scan(&headings); err != nil {
		return fmt.Errorf("delivery %d: %w", delivery, err)
	}
	row := func(front ...string) func([]string) error {
		return func(cells []string) error {
			out := append([]string{}, front...)
			for _, cell := range cells {
				out = append(out, guarded(cell))
			}
			return write(out)
		}
	}
	if err := row("行号 line", "问题 problem")(headings); err != nil {
		return err
	}
	rows, err := q.Query(ctx, `select line, problems, raw from delivery_problem where delivery_id = $1 and refused order by line`, delivery)
	if err != nil {
		return fmt.Errorf("refused rows of delivery %d: %w", delivery, err)
	}
	defer rows.Close()
	for rows.Next() {
		var line int
		var problems []Problem
		var raw []string
		if err := rows.Scan(&line, &problems, &raw); err != nil {
			return fmt.Errorf("refused rows of delivery %d: %w", delivery, err)
		}
		var says []string
		for _, p := range problems {
			says = append(says, say(p))
		}
		if err := row(fmt.Sprint(line), strings.Join(says, "; "))(raw); err != nil {
			return err
		}
	}
	return rows.Err()
}

// English is a problem in English, with the name of its field.
func English(p Problem) string {
	if p.Field == "" {
		return p.Message
	}
	return p.Field + ": " + p.Message
}
