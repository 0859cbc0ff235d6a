package main

import (
	"context"
	"fmt"
	"os"

	"jiujin/internal/app"
	"jiujin/internal/town"
)

type serveCmd struct{}

// Run serves until the program is told to stop.
func (serveCmd) Run(ctx context.Context, cfg *app.Config) error {
	return app.Serve(ctx, *cfg, app.Options{Version: version, Ready: announce}, cfg.Logger())
}

// announce tells the operator the address and, at the first start only, how to sign in; until somebody has, later starts
// say how to get a new one-time password.
func announce(r app.Running) {
	fmt.Println("Jiujin answers at", r.URL)
	switch {
	case r.AdminSecret != "":
		fmt.Printf("\nFirst start. Sign in as %q with this one-time password; you will be asked for your own:\n\n    %s\n\n", r.Admin, r.AdminSecret)
	case r.AdminPending:
		fmt.Println("The first administrator has not chosen a password yet. Lost the one-time password? jiujin user password admin")
	}
}

type demoCmd struct {
	Seed      uint64 `default:"1" help:"Draws another town."`
	Counties  int    `default:"1" help:"Size of the town in counties of 40 units and 5,200 retailers."`
	ReadyFile string `help:"File to write when the demo answers, for scripts." type:"path"`
}

// Run serves the demo town until the program is told to stop.
func (d *demoCmd) Run(ctx context.Context, cfg *app.Config) error {
	opts := town.Options{Seed: d.Seed, Counties: d.Counties}
	return app.Demo(ctx, *cfg, opts, app.Options{Version: version}, cfg.Logger(), func(r app.Running, c app.DemoCredentials) {
		fmt.Print(demoText(r, c))
		if d.ReadyFile != "" {
			if err := os.WriteFile(d.ReadyFile, []byte(r.URL+"\n"), 0o644); err != nil {
				fmt.Fprintln(os.Stderr, "jiujin: ready file:", err)
			}
		}
	})
}

// demoText names the four surfaces and one login for each.
func demoText(r app.Running, c app.DemoCredentials) string {
	login := func(role string) string {
		for _, u := range c.Users {
			if u.Role == role {
				return u.Login
			}
		}
		return ""
	}
	return fmt.Sprintf(`
  Jiujin 就近 demo: a made-up county, made-up people.

    Big screen   %[1]s/screen    login %[2]s
    Desk         %[1]s/desk      login %[3]s  (hotline agent: %[4]s, administrator: %[5]s)
    Officer      %[1]s/officer   login %[6]s
    Public       %[1]s/public    and %[1]s/p with a ticket's number and code

    Password of all demo logins: %[7]s

`, r.URL, login("wall"), login("dispatcher"), login("agent"), login("administrator"), login("officer"), c.Password)
}
