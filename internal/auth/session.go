package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"

	"jiujin/internal/pg"
)

// The life of a session. It ends when it was not used for its idle time, at the
// latest after its whole length.
const (
	idleTime       = 12 * time.Hour
	wholeTime      = 24 * time.Hour
	wallTime       = 30 * 24 * time.Hour // a wall screen, idle or not
	touchEvery     = 5 * time.Minute     // how often use is written down
	keyPerson      = "person"
	keyFingerprint = "password"
	keySignedIn    = "signed_in"
)

// Sessions are kept in the database under the hash of a random token that only
// the browser has. A session dies with the password it was opened with: the
// fingerprint of the stored hash is part of it. Times are those of db.Now.
type Sessions struct {
	db        *pg.DB
	passwords *Passwords
	manager   *scs.SessionManager
}

// NewSessions returns the sessions kept in db. It starts no goroutine: call
// Sweep from time to time.
func NewSessions(db *pg.DB, passwords *Passwords) *Sessions {
	manager := scs.New()
	manager.Store = sessionStore{db: db}
	manager.HashTokenInStore = true
	manager.Lifetime = wallTime // the exact end is set at each sign-in
	return &Sessions{db: db, passwords: passwords, manager: manager}
}

// Session is what SignIn gives out.
type Session struct {
	Token     string    // for the cookie; a secret
	EndsAt    time.Time // at the latest
	Principal Principal
}

// SignIn opens a session for the person with this login and password, and ends
// the one of the token oldToken, if any. It fails with ErrCredentials, always
// after the work of one password hash.
func (s *Sessions) SignIn(ctx context.Context, login, password, oldToken string) (Session, error) {
	c, err := credentialsByLogin(ctx, s.db.Pool, login)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Session{}, err
	}
	if err := s.checkPassword(ctx, password, c.passwordHash); err != nil {
		return Session{}, err
	}
	return s.open(ctx, c, oldToken)
}

// checkPassword fails with ErrCredentials when the password is another one.
func (s *Sessions) checkPassword(ctx context.Context, password, hash string) error {
	match, err := s.passwords.Matches(ctx, password, hash)
	if err == nil && !match {
		err = ErrCredentials
	}
	return err
}

// Principal returns who holds a token now. It fails with ErrNotSignedIn. Using
// a session keeps it from going idle.
func (s *Sessions) Principal(ctx context.Context, token string) (Principal, error) {
	if token == "" {
		return Principal{}, ErrNotSignedIn
	}
	loaded, err := s.manager.Load(ctx, token)
	if err != nil {
		return Principal{}, fmt.Errorf("load session: %w", err)
	}
	id := s.manager.GetInt64(loaded, keyPerson)
	if id == 0 {
		return Principal{}, ErrNotSignedIn
	}
	row, err := sessionPerson(ctx, s.db.Pool, storedToken(token), id)
	if errors.Is(err, ErrNotFound) {
		return Principal{}, ErrNotSignedIn
	} else if err != nil {
		return Principal{}, err
	}
	now, signedIn := s.db.Now(), time.UnixMilli(s.manager.GetInt64(loaded, keySignedIn))
	end := signedIn.Add(length(row.principal.Role))
	if s.manager.GetString(loaded, keyFingerprint) != fingerprint(row.passwordHash) ||
		!now.Before(row.expiry) || !now.Before(end) {
		return Principal{}, ErrNotSignedIn
	}
	if until := idleUntil(row.principal.Role, now, end); until.Sub(row.expiry) >= touchEvery {
		if err := touchSession(ctx, s.db.Pool, storedToken(token), until); err != nil {
			return Principal{}, err
		}
	}
	return row.principal, nil
}

// SignOut ends the session of a token; an unknown one is no error.
func (s *Sessions) SignOut(ctx context.Context, token string) error {
	if token == "" {
		return nil
	}
	loaded, err := s.manager.Load(ctx, token)
	if err != nil {
		return fmt.Errorf("load session: %w", err)
	}
	if err := s.manager.Destroy(loaded); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// ChangePassword sets a new password for the holder of token, who must know the
// old one. Every session of the person ends; the one returned takes the place
// of the caller's. It fails with ErrNotSignedIn, ErrCredentials, or with one of
// the reasons of CheckPassword.
func (s *Sessions) ChangePassword(ctx context.Context, token, oldPassword, newPassword string) (Session, error) {
	p, err := s.Principal(ctx, token)
	if err != nil {
		return Session{}, err
	}
	c, err := credentialsByLogin(ctx, s.db.Pool, p.Login)
	if err != nil {
		return Session{}, err
	}
	if err := s.checkPassword(ctx, oldPassword, c.passwordHash); err != nil {
		return Session{}, err
	}
	if oldPassword == newPassword {
		return Session{}, ErrPasswordSame
	}
	if err := CheckPassword(newPassword, p.Login, p.Name, p.OrgName); err != nil {
		return Session{}, err
	}
	hash, err := s.passwords.Hash(ctx, newPassword)
	if err != nil {
		return Session{}, err
	}
	err = s.db.InTx(ctx, func(tx *pg.Tx) error {
		return replacePassword(ctx, tx, p.PersonID, c.passwordHash, hash)
	})
	if err != nil {
		return Session{}, err
	}
	c.passwordHash = hash
	return s.open(ctx, c, token)
}

// Sweep deletes sessions that are over.
func (s *Sessions) Sweep(ctx context.Context) error {
	return deleteSessionsBefore(ctx, s.db.Pool, s.db.Now())
}

// open writes a new session with a new token in place of an old one.
func (s *Sessions) open(ctx context.Context, c credentials, oldToken string) (Session, error) {
	now := s.db.Now()
	loaded, err := s.manager.Load(ctx, oldToken)
	if err == nil {
		err = s.manager.RenewToken(loaded)
	}
	if err != nil {
		return Session{}, fmt.Errorf("open session: %w", err)
	}
	end := now.Add(length(c.role))
	s.manager.Put(loaded, keyPerson, c.personID)
	s.manager.Put(loaded, keyFingerprint, fingerprint(c.passwordHash))
	s.manager.Put(loaded, keySignedIn, now.UnixMilli())
	s.manager.SetDeadline(loaded, idleUntil(c.role, now, end))
	token, _, err := s.manager.Commit(loaded)
	if err != nil {
		return Session{}, fmt.Errorf("open session: %w", err)
	}
	p, err := s.Principal(ctx, token)
	if err != nil {
		return Session{}, err
	}
	return Session{Token: token, EndsAt: end, Principal: p}, nil
}

func length(r Role) time.Duration {
	if r == Wall {
		return wallTime
	}
	return wholeTime
}

// idleUntil is when a session that is used now and ends at end goes idle.
func idleUntil(r Role, now, end time.Time) time.Time {
	if until := now.Add(idleTime); r != Wall && until.Before(end) {
		return until
	}
	return end
}

// fingerprint ties a session to one password without telling its hash.
func fingerprint(passwordHash string) string {
	sum := sha256.Sum256([]byte("session:" + passwordHash))
	return hex.EncodeToString(sum[:12])
}

// storedToken is the form in which the session library keeps a token.
func storedToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
