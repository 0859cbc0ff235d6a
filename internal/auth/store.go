package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// CreateOrg adds a node to the organisation tree and returns it with its id and
// path. o.ParentID is 0 for the root, whose level must be "province". It fails
// with ErrNotFound when the parent does not exist; a code that is taken breaks
// the constraint org_code_unique.
func CreateOrg(ctx context.Context, tx *pg.Tx, o Org) (Org, error) {
	if o.ParentID != 0 {
		if _, err := OrgByID(ctx, tx, o.ParentID); err != nil {
			return Org{}, err
		}
	}
	err := tx.QueryRow(ctx, `
		insert into org (parent_id, level, code, name, created_at) values (nullif($1, 0), $2, $3, $4, $5)
		returning id, path`,
		o.ParentID, o.Level, o.Code, o.Name, tx.Now()).Scan(&o.ID, &o.Path)
	if err != nil {
		return Org{}, fmt.Errorf("create organisation %q: %w", o.Code, err)
	}
	return o, nil
}

// OrgByID reads one node; ErrNotFound when there is none.
func OrgByID(ctx context.Context, q pg.Queryer, id int64) (Org, error) {
	var o Org
	err := q.QueryRow(ctx, `
		select id, coalesce(parent_id, 0), level, code, name, path from org where id = $1`,
		id).Scan(&o.ID, &o.ParentID, &o.Level, &o.Code, &o.Name, &o.Path)
	if errors.Is(err, pgx.ErrNoRows) {
		return Org{}, fmt.Errorf("organisation %d: %w", id, ErrNotFound)
	} else if err != nil {
		return Org{}, fmt.Errorf("read organisation %d: %w", id, err)
	}
	return o, nil
}

// Orgs lists the branch below path, its top included, parents before children.
func Orgs(ctx context.Context, q pg.Queryer, path string) ([]Org, error) {
	rows, err := q.Query(ctx, `
		select id, coalesce(parent_id, 0), level, code, name, path from org
		where starts_with(path, $1) order by path`, path)
	if err != nil {
		return nil, fmt.Errorf("list organisations: %w", err)
	}
	orgs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Org])
	if err != nil {
		return nil, fmt.Errorf("list organisations: %w", err)
	}
	return orgs, nil
}

// CreatePerson adds a person with a password hash from Passwords.Hash and
// returns the person with id and time. A login that is taken breaks the
// constraint person_login_unique, an officer without a unit
// person_officer_has_unit.
func CreatePerson(ctx context.Context, tx *pg.Tx, p Person, passwordHash string) (Person, error) {
	p.CreatedAt, p.DisabledAt = tx.Now(), time.Time{}
	err := tx.QueryRow(ctx, `
		insert into person (login, name, password_hash, role, org_id, unit_id, must_change, created_at)
		values ($1, $2, $3, $4, $5, nullif($6, 0), $7, $8) returning id`,
		p.Login, p.Name, passwordHash, p.Role, p.OrgID, p.UnitID, p.MustChange, p.CreatedAt).Scan(&p.ID)
	if err != nil {
		return Person{}, fmt.Errorf("create person: %w", err)
	}
	return p, nil
}

// scanPerson reads a row of id, login, name, role, org_id, unit_id or 0,
// must_change, disabled_at, created_at.
func scanPerson(row pgx.CollectableRow) (Person, error) {
	var p Person
	var disabled *time.Time
	err := row.Scan(&p.ID, &p.Login, &p.Name, &p.Role, &p.OrgID, &p.UnitID, &p.MustChange, &disabled, &p.CreatedAt)
	if disabled != nil {
		p.DisabledAt = *disabled
	}
	return p, err
}

// PersonByID reads one person, disabled or not; ErrNotFound when there is none.
func PersonByID(ctx context.Context, q pg.Queryer, id int64) (Person, error) {
	rows, err := q.Query(ctx, `
		select id, login, name, role, org_id, coalesce(unit_id, 0), must_change, disabled_at, created_at
		from person where id = $1`, id)
	if err != nil {
		return Person{}, fmt.Errorf("read person %d: %w", id, err)
	}
	p, err := onePerson(rows)
	if err != nil {
		return Person{}, fmt.Errorf("read person %d: %w", id, err)
	}
	return p, nil
}

// onePerson reads the only row; ErrNotFound when there is none.
func onePerson(rows pgx.Rows) (Person, error) {
	p, err := pgx.CollectExactlyOneRow(rows, scanPerson)
	if errors.Is(err, pgx.ErrNoRows) {
		return Person{}, ErrNotFound
	}
	return p, err
}

// PersonByLogin reads one person, disabled or not; ErrNotFound when there is
// none.
func PersonByLogin(ctx context.Context, q pg.Queryer, login string) (Person, error) {
	rows, err := q.Query(ctx, `
		select id, login, name, role, org_id, coalesce(unit_id, 0), must_change, disabled_at, created_at
		from person where login = $1`, login)
	if err != nil {
		return Person{}, fmt.Errorf("read person: %w", err)
	}
	p, err := onePerson(rows)
	if err != nil {
		return Person{}, fmt.Errorf("read person: %w", err)
	}
	return p, nil
}

// People lists the people of the branch below path, by login, disabled ones
// included.
func People(ctx context.Context, q pg.Queryer, path string) ([]Person, error) {
	rows, err := q.Query(ctx, `
		select p.id, p.login, p.name, p.role, p.org_id, coalesce(p.unit_id, 0), p.must_change, p.disabled_at, p.created_at
		from person p join org o on o.id = p.org_id
		where starts_with(o.path, $1) order by p.login`, path)
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	people, err := pgx.CollectRows(rows, scanPerson)
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	return people, nil
}

// SetPassword stores a hash from Passwords.Hash. It ends the sessions of the
// person. mustChange is true when somebody else chose the password. It fails
// with ErrNotFound.
func SetPassword(ctx context.Context, tx *pg.Tx, personID int64, passwordHash string, mustChange bool) error {
	tag, err := tx.Exec(ctx, `
		update person set password_hash = $2, must_change = $3 where id = $1`, personID, passwordHash, mustChange)
	if err != nil {
		return fmt.Errorf("set password of person %d: %w", personID, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("person %d: %w", personID, ErrNotFound)
	}
	return nil
}

// replacePassword is SetPassword for the person's own choice. It fails with
// ErrCredentials when the stored hash is no longer oldHash.
func replacePassword(ctx context.Context, tx *pg.Tx, personID int64, oldHash, newHash string) error {
	tag, err := tx.Exec(ctx, `
		update person set password_hash = $3, must_change = false
		where id = $1 and password_hash = $2 and disabled_at is null`, personID, oldHash, newHash)
	if err != nil {
		return fmt.Errorf("change password of person %d: %w", personID, err)
	}
	if tag.RowsAffected() == 0 {
		return ErrCredentials
	}
	return nil
}

// Disable bars a person from signing in and ends the person's sessions. Doing it
// again changes nothing. It fails with ErrNotFound.
func Disable(ctx context.Context, tx *pg.Tx, personID int64) error {
	tag, err := tx.Exec(ctx, `
		update person set disabled_at = coalesce(disabled_at, $2) where id = $1`, personID, tx.Now())
	if err != nil {
		return fmt.Errorf("disable person %d: %w", personID, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("person %d: %w", personID, ErrNotFound)
	}
	return nil
}

// UnitOrgPath reads the path of the organisation that a unit belongs to;
// ErrNotFound when there is no such unit.
func UnitOrgPath(ctx context.Context, q pg.Queryer, unitID int64) (string, error) {
	var path string
	err := q.QueryRow(ctx, `
		select o.path from unit u join org o on o.id = u.org_id where u.id = $1`, unitID).Scan(&path)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("unit %d: %w", unitID, ErrNotFound)
	} else if err != nil {
		return "", fmt.Errorf("read unit %d: %w", unitID, err)
	}
	return path, nil
}

// lockPeople keeps others from adding people until the transaction ends, and
// counts those there are.
func lockPeople(ctx context.Context, tx *pg.Tx) (int, error) {
	if _, err := tx.Exec(ctx, `lock table person in share row exclusive mode`); err != nil {
		return 0, fmt.Errorf("lock people: %w", err)
	}
	var count int
	if err := tx.QueryRow(ctx, `select count(*) from person`).Scan(&count); err != nil {
		return 0, fmt.Errorf("count people: %w", err)
	}
	return count, nil
}

// rootOrg reads the oldest root of the tree; ErrNotFound when there is none.
func rootOrg(ctx context.Context, tx *pg.Tx) (Org, error) {
	var id int64
	err := tx.QueryRow(ctx, `select id from org where parent_id is null order by id limit 1`).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Org{}, ErrNotFound
	} else if err != nil {
		return Org{}, fmt.Errorf("read the root organisation: %w", err)
	}
	return OrgByID(ctx, tx, id)
}
