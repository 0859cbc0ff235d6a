package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// sessionStore keeps the session library's data in the table sessions. Unlike
// the library's own store for pgx it ends with the request's context and takes
// the time from db.Now.
type sessionStore struct {
	scs.Store // never called: the library prefers the methods with a context

	db *pg.DB
}

var _ scs.CtxStore = sessionStore{}

// FindCtx reads the data of a session that has not ended.
func (s sessionStore) FindCtx(ctx context.Context, stored string) (data []byte, found bool, err error) {
	err = s.db.Pool.QueryRow(ctx, `
		select data from sessions where token = $1 and expiry > $2`, stored, s.db.Now()).Scan(&data)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// CommitCtx writes a session.
func (s sessionStore) CommitCtx(ctx context.Context, stored string, data []byte, expiry time.Time) error {
	_, err := s.db.Pool.Exec(ctx, `
		insert into sessions (token, data, expiry) values ($1, $2, $3)
		on conflict (token) do update set data = excluded.data, expiry = excluded.expiry`, stored, data, expiry)
	return err
}

// DeleteCtx removes a session; one that is not there is no error.
func (s sessionStore) DeleteCtx(ctx context.Context, stored string) error {
	_, err := s.db.Pool.Exec(ctx, `delete from sessions where token = $1`, stored)
	return err
}

// credentials are what a sign-in is checked against.
type credentials struct {
	personID     int64
	role         Role
	passwordHash string
}

// credentialsByLogin reads those of a person who is not disabled; else it fails
// with ErrNotFound.
func credentialsByLogin(ctx context.Context, q pg.Queryer, login string) (credentials, error) {
	var c credentials
	err := q.QueryRow(ctx, `
		select id, role, password_hash from person where login = $1 and disabled_at is null`,
		login).Scan(&c.personID, &c.role, &c.passwordHash)
	if errors.Is(err, pgx.ErrNoRows) {
		return credentials{}, ErrNotFound
	} else if err != nil {
		return credentials{}, fmt.Errorf("read credentials: %w", err)
	}
	return c, nil
}

// sessionRow is a session's person as of now.
type sessionRow struct {
	principal    Principal
	passwordHash string
	expiry       time.Time
}

// sessionPerson reads the person of a stored session; ErrNotFound when the
// session is gone or the person is disabled.
func sessionPerson(ctx context.Context, q pg.Queryer, stored string, personID int64) (sessionRow, error) {
	var r sessionRow
	p := &r.principal
	err := q.QueryRow(ctx, `
		select p.id, p.name, p.login, p.role, p.org_id, o.path, o.name, o.level, o.code,
		       coalesce((select c.path from org c where c.level = 'county' and starts_with(o.path, c.path)), o.path),
		       coalesce(p.unit_id, 0), coalesce(u.call_sign, ''), p.must_change, p.password_hash, s.expiry
		from sessions s
		cross join person p
		join org o on o.id = p.org_id
		left join unit u on u.id = p.unit_id
		where s.token = $1 and p.id = $2 and p.disabled_at is null`,
		stored, personID).Scan(&p.PersonID, &p.Name, &p.Login, &p.Role, &p.OrgID, &p.OrgPath, &p.OrgName, &p.OrgLevel, &p.OrgCode,
		&p.CountyPath, &p.UnitID, &p.CallSign, &p.MustChange, &r.passwordHash, &r.expiry)
	if errors.Is(err, pgx.ErrNoRows) {
		return sessionRow{}, ErrNotFound
	} else if err != nil {
		return sessionRow{}, fmt.Errorf("read person %d of a session: %w", personID, err)
	}
	return r, nil
}

// touchSession moves the end of a session that still exists. It never makes one,
// so that a session that was ended meanwhile stays ended.
func touchSession(ctx context.Context, q pg.Queryer, stored string, expiry time.Time) error {
	if _, err := q.Exec(ctx, `update sessions set expiry = $2 where token = $1`, stored, expiry); err != nil {
		return fmt.Errorf("keep session: %w", err)
	}
	return nil
}

func deleteSessionsBefore(ctx context.Context, q pg.Queryer, now time.Time) error {
	if _, err := q.Exec(ctx, `delete from sessions where expiry < $1`, now); err != nil {
		return fmt.Errorf("delete ended sessions: %w", err)
	}
	return nil
}
