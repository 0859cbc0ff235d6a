package auth

import (
	"context"
	"errors"

	"jiujin/internal/pg"
)

// DefaultOrgName names the root organisation when nobody said otherwise: "this
// bureau".
const DefaultOrgName = "本局"

// FirstLogin is the login of the first administrator.
const FirstLogin = "admin"

// EnsureFirstAdministrator makes the administrator FirstLogin when there are no
// people at all, and the root organisation orgName ("" = DefaultOrgName) when
// there is none. created tells whether it did; secret is then the one-time
// password, to be shown to the operator once and kept nowhere. Of several
// programs that start at the same time one creates, the others see created
// false.
func EnsureFirstAdministrator(ctx context.Context, db *pg.DB, passwords *Passwords, orgName string) (login, secret string, created bool, err error) {
	if orgName == "" {
		orgName = DefaultOrgName
	}
	err = db.InTx(ctx, func(tx *pg.Tx) error {
		login, secret, created = "", "", false
		count, err := lockPeople(ctx, tx)
		if err != nil || count > 0 {
			return err
		}
		root, err := rootOrg(ctx, tx)
		if errors.Is(err, ErrNotFound) {
			root, err = CreateOrg(ctx, tx, Org{Level: "province", Code: "root", Name: orgName})
		}
		if err != nil {
			return err
		}
		secret = NewSecret()
		hash, err := passwords.Hash(ctx, secret)
		if err != nil {
			return err
		}
		first := Person{Login: FirstLogin, Name: "系统管理员", Role: Administrator, OrgID: root.ID, MustChange: true}
		if _, err := CreatePerson(ctx, tx, first, hash); err != nil {
			return err
		}
		login, created = FirstLogin, true
		return nil
	})
	if err != nil {
		return "", "", false, err
	}
	return login, secret, created, nil
}
