// Command jiujin is the service and its tools; `jiujin --help` lists them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"jiujin/internal/app"
)

// version is set by the linker in release builds.
var version = "dev"

type cli struct {
	app.Config `embed:"" group:"Settings of the service (deploy/config.example.toml explains them):"`
	ConfigFile kong.ConfigFlag `name:"config" help:"TOML file with settings; see deploy/config.example.toml." type:"path"`

	Serve   serveCmd   `cmd:"" help:"Run the service."`
	Demo    demoCmd    `cmd:"" help:"Run the service on a made-up town, with demo logins."`
	Doctor  doctorCmd  `cmd:"" help:"Check versions, locale, extensions, durability, disk and clock."`
	Import  importCmd  `cmd:"" help:"Bring data in."`
	User    userCmd    `cmd:"" help:"Look after people who sign in."`
	Log     logCmd     `cmd:"" help:"Look after the event log."`
	Bench   benchCmd   `cmd:"" help:"Measure the service on this machine; prints JSON."`
	Resolve resolveCmd `cmd:"" help:"Find the shops that callers mean: JSON lines in, JSON lines out."`
	Address addressCmd `cmd:"" help:"Split Chinese addresses: JSON lines in, JSON lines out."`
	Decode  decodeCmd  `cmd:"" help:"Show what frames of vehicle units say: JSON lines in, JSON lines out."`
	Carton  cartonCmd  `cmd:"" help:"Read the code on a carton of cigarettes; prints JSON."`
	Export  exportCmd  `cmd:"" help:"Write the retailers' register to standard output."`
	ETA     etaCmd     `cmd:"" name:"eta" help:"Find ways on the roads of an OpenStreetMap file: JSON lines in, JSON lines out."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

func main() {
	// A second Ctrl-C ends the program at once; the first stops it in order.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "jiujin:", err)
		os.Exit(1)
	}
}

// run parses the command line and does what it says. Flags win over the environment, that over the file.
func run(ctx context.Context, args []string) error {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("jiujin"),
		kong.Description("Jiujin 就近 dispatches field inspection teams: who is nearest, who goes, how far it is."),
		kong.Vars{"data_dir": app.DefaultDataDir()},
		kong.DefaultEnvars("JIUJIN"),
		kong.Configuration(app.TOML),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		return err
	}
	cmd, err := parser.Parse(args)
	if err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return err
	}
	err = cmd.Run(&c.Config)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil
	}
	return err
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run() error {
	fmt.Println("jiujin", version)
	return nil
}
