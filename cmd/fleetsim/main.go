// Command fleetsim plays a county against a running demo: vehicles that drive and report positions, officers who take
// cases, callers, hotline agents and a dispatcher. It speaks to the service as everybody does, over HTTP and the live
// stream, and measures what it sees.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

const description = `Plays vehicles, officers, callers and a dispatcher of a demo town against a running "jiujin demo".

A run opens with a scene: the first call reports an urgent case at a shop a few hundred metres by road from an
available patrol, whose officers take it, so that a whole case is seen within a minute. After that the callers follow
the town's demand.

At the end (Ctrl-C or --duration) nothing new is begun, what is under way is sent, and what the service acknowledged is
compared with what it has.`

type cli struct {
	Run    runCmd    `cmd:"" default:"withargs" help:"Play the town (default)."`
	Verify verifyCmd `cmd:"" help:"Compare the journal of a run with what the service has; exit 1 on a loss."`
	Replay replayCmd `cmd:"" help:"Feed a file of recorded positions and compare what the service makes of them; exit 1 on any difference."`
}

// target is the service and the logins of its people.
type target struct {
	URL         string `default:"http://127.0.0.1:8080" help:"Address of the service."`
	Credentials string `required:"" type:"existingfile" help:"demo-credentials.json in the demo's data folder, or a file like it: {\"password\": …, \"users\": [{\"login\": \"admin\", \"role\": \"administrator\"}]}."`
}

// runCmd is the play. Its fields are the flags.
type runCmd struct {
	target
	Rate            time.Duration `default:"1s" help:"How often a vehicle sends its position. Parked off-shift vehicles send every 30 s."`
	Vehicles        int           `help:"Only the first so many vehicles; 0 = all."`
	CallsPerHour    float64       `default:"60" help:"Calls per hour, as the mean of a day that has the town's peaks; the night never has less than a quarter. 0 = none, not even the opening scene."`
	Duration        time.Duration `help:"How long to play; 0 = until Ctrl-C."`
	Scene           time.Duration `default:"90s" help:"Median time on scene."`
	DispatcherDelay time.Duration `default:"20s" help:"How long a simulated dispatcher lets a ticket wait before stepping in; 0 = there is none."`
	Seed            uint64        `default:"1" help:"Draws other calls, drives and mishaps."`

	Protocol   string        `default:"http" enum:"http,osmand,jt808,mix" help:"How vehicles report. All but http register devices of their own; mix is mostly jt808."`
	Terminals  string        `default:"127.0.0.1:6808" help:"Address of the JT/T 808 listener."`
	BlindEvery time.Duration `help:"Mean time from one blind spot of a vehicle to the next, after which it sends what it stored; 0 = none."`
	BlindFor   time.Duration `default:"30s" help:"The longest blind spot; the shortest is a tenth."`
	StormEvery time.Duration `help:"How often all terminals are cut off at once and connect anew; 0 = never."`
	Chaos      float64       `help:"Part of the vehicles whose line and clock are bad; above 0, strangers and broken clients come as well. 0 = none."`

	JSON    bool   `name:"json" help:"Print the summary as one JSON object."`
	Journal string `type:"path" help:"Append every acknowledged effect to this file, for verify."`
}

// Run plays until ctx ends or the duration is over, then prints the summary. A loss, a doubled effect and a comparison
// that was not possible are errors.
func (c *runCmd) Run(ctx context.Context) error {
	creds, err := readCredentials(c.Credentials)
	if err != nil {
		return err
	}
	if len(creds.Devices) == 0 {
		return fmt.Errorf("%s holds no devices; it is written by the first start of jiujin demo", c.Credentials)
	}
	f, err := newFleet(c, creds)
	if err != nil {
		return err
	}
	s, err := f.run(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(s)
	} else {
		_, err = fmt.Print(s.text())
	}
	if err == nil && s.NotCompared != "" {
		err = errors.New("nothing was compared: the service does not answer")
	}
	if err == nil && s.Lost+s.Doubled > 0 {
		err = fmt.Errorf("%d acknowledged effects are lost and %d are there twice", s.Lost, s.Doubled)
	}
	return err
}

// credentials are the demo's logins and device keys, as the demo writes them.
type credentials struct {
	Seed     uint64 `json:"seed"`
	Counties int    `json:"counties"`
	Password string `json:"password"`
	Users    []struct {
		Login string `json:"login"`
		Role  string `json:"role"`
		Unit  string `json:"unit"` // call sign; empty for whoever is in no unit
	} `json:"users"`
	Devices []struct {
		UnitID   int64  `json:"unit_id"`
		CallSign string `json:"call_sign"`
		Index    int    `json:"index"` // into the town's units
		Key      string `json:"key"`
	} `json:"devices"`
}

func readCredentials(path string) (credentials, error) {
	var c credentials
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("%s is not a file of demo credentials: %w", path, err)
	}
	if c.Password == "" {
		return c, fmt.Errorf("%s holds no password", path)
	}
	return c, nil
}

func main() {
	// A second Ctrl-C ends the program at once; the first lets it bring in what is under way.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	var c cli
	k := kong.Parse(&c, kong.Name("fleetsim"), kong.Description(description), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "fleetsim:", err)
		os.Exit(1)
	}
}
