package main

import (
	"context"
	"errors"
	"fmt"

	"jiujin/internal/app"
	"jiujin/internal/auth"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

type doctorCmd struct{}

// Run prints one line a finding and fails when one of them is not well.
func (doctorCmd) Run(ctx context.Context, cfg *app.Config) error {
	findings, err := app.Doctor(ctx, *cfg)
	bad := 0
	for _, f := range findings {
		mark := "ok  "
		if !f.OK {
			mark, bad = "BAD ", bad+1
		}
		fmt.Printf("%s %-28s %s\n", mark, f.Name, f.Value)
		if f.Advice != "" {
			fmt.Println("     →", f.Advice)
		}
	}
	if err == nil && bad > 0 {
		err = fmt.Errorf("%d of %d findings need attention", bad, len(findings))
	}
	return err
}

type importCmd struct {
	Retailers importRetailersCmd `cmd:"" help:"Bring a list of retailers into the register."`
	OSM       importOSMCmd       `cmd:"" name:"osm" help:"Make an OpenStreetMap file the basemap."`
	Areas     importAreasCmd     `cmd:"" help:"Bring in divisions or squads' areas from GeoJSON."`
}

type userCmd struct {
	Password userPasswordCmd `cmd:"" help:"Give a person a new one-time password."`
}

type userPasswordCmd struct {
	Login string `arg:"" help:"Whose."`
}

// Run prints the one-time password; the person's sessions end.
func (c *userPasswordCmd) Run(ctx context.Context, cfg *app.Config) error {
	return app.BesideServer(ctx, *cfg, cfg.Logger(), func(ctx context.Context, db *pg.DB) error {
		passwords, err := auth.NewPasswords(auth.DefaultCost(), 1)
		if err != nil {
			return err
		}
		secret := auth.NewSecret()
		hash, err := passwords.Hash(ctx, secret)
		if err != nil {
			return err
		}
		err = db.InTx(ctx, func(tx *pg.Tx) error {
			p, err := auth.PersonByLogin(ctx, tx, c.Login)
			if err != nil {
				return err
			}
			return auth.SetPassword(ctx, tx, p.ID, hash, true)
		})
		if errors.Is(err, auth.ErrNotFound) {
			return fmt.Errorf("nobody signs in as %q", c.Login)
		}
		if err != nil {
			return err
		}
		fmt.Printf("One-time password of %s: %s\n", c.Login, secret)
		return nil
	})
}

type logCmd struct {
	Verify logVerifyCmd `cmd:"" help:"Check numbers, times and hashes of the whole event log."`
}

type logVerifyCmd struct{}

// Run prints how many events are sound, or fails at the first that is not.
func (logVerifyCmd) Run(ctx context.Context, cfg *app.Config) error {
	return app.BesideServer(ctx, *cfg, cfg.Logger(), func(ctx context.Context, db *pg.DB) error {
		n, err := ticket.VerifyChain(ctx, db)
		if err != nil {
			return err
		}
		fmt.Printf("the event log is sound: %d events\n", n)
		return nil
	})
}
