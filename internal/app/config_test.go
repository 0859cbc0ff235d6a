package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"

	"jiujin/internal/app"
)

const dataDir = "/srv/jiujin-test"

// read parses a command line over a configuration file, "" for none.
func read(t *testing.T, file string, args ...string) (app.Config, *kong.Kong, error) {
	t.Helper()
	var c app.Config
	options := []kong.Option{kong.Name("jiujin"), kong.Vars{"data_dir": dataDir}}
	if file != "" {
		options = append(options, kong.Configuration(app.TOML, file))
	}
	parser, err := kong.New(&c, options...)
	if err != nil {
		return c, parser, err
	}
	_, err = parser.Parse(args)
	return c, parser, err
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestExampleConfigurationIsTheDefaults(t *testing.T) {
	file := filepath.Join(root, "deploy/config.example.toml")
	want, parser, err := read(t, "")
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := read(t, file)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("with the example file: %s\nwithout: %s", got, want)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}

	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := toml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	for _, flag := range parser.Model.Flags {
		switch flag.Name {
		case "help":
			continue
		case "data-dir": // its default depends on who starts the service
			if !regexp.MustCompile(`(?m)^# data-dir = ".+"$`).Match(text) {
				t.Error("the example does not show data-dir as a comment")
			}
			continue
		}
		value, ok := values[flag.Name]
		if !ok {
			t.Errorf("the example lacks %s", flag.Name)
			continue
		}
		if list, ok := value.([]any); ok && len(list) == 0 {
			value = ""
		}
		if fmt.Sprint(value) != flag.Default {
			t.Errorf("the example has %s = %v, the default is %q", flag.Name, value, flag.Default)
		}
	}
}

func TestFileIsReadAndFlagsWin(t *testing.T) {
	file := write(t, "listen = \"0.0.0.0:80\"\norg_name = \"云江\"\nproxies = [\"10.1.0.0/16\", \"10.2.0.0/16\"]\ntitle = \"\"\n")
	c, _, err := read(t, file, "--listen", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:9" || c.OrgName != "云江" || len(c.Proxies) != 2 || c.Title != "12313 稽查调度" || c.DataDir != dataDir {
		t.Errorf("read %+v", c)
	}
}

func TestMisspeltKeyIsRefused(t *testing.T) {
	_, _, err := read(t, write(t, "lisen = \"127.0.0.1:9\"\n"))
	if err == nil || !strings.Contains(err.Error(), "lisen") {
		t.Errorf("the error should name the key: %v", err)
	}
}

func TestEverythingWrongIsReportedAtOnce(t *testing.T) {
	c := app.Config{TLSCert: "cert.pem", Region: "115,29,113,30", Proxies: []string{"10.1.0.0"}}
	err := c.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, part := range []string{"tls-key", "region", "proxies"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("nothing is said about %s: %v", part, err)
		}
	}
}

func TestExerciseClockNeedsStartAndSpeed(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string // part of the error; "" when it is fine
	}{
		{[]string{}, ""},
		{[]string{"--clock-start", "2026-11-22T06:00:00Z", "--clock-speed", "60"}, ""},
		{[]string{"--clock-start", "2026-11-22T14:00:00+08:00", "--clock-speed", "0.5"}, ""},
		{[]string{"--clock-start", "2026-11-22T06:00:00Z"}, "belong together"},
		{[]string{"--clock-speed", "60"}, "belong together"},
		{[]string{"--clock-start", "2026-11-22T06:00:00Z", "--clock-speed=-1"}, "clock-speed -1"},
		{[]string{"--clock-start", "2026-11-22T06:00:00Z", "--clock-speed", "10001"}, "clock-speed 10001"},
		{[]string{"--clock-start", "2026-11-22T06:00:00Z", "--clock-speed", "NaN"}, "clock-speed NaN"},
		{[]string{"--clock-start", "today", "--clock-speed", "1"}, `clock-start "today"`},
	} {
		config, _, err := read(t, "", c.args...)
		if err == nil {
			err = config.Validate()
		}
		if c.want == "" && (err != nil || config.Exercise() != (len(c.args) > 0)) {
			t.Errorf("%v: %v, exercise %v", c.args, err, config.Exercise())
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %v, want an error with %q", c.args, err, c.want)
		}
	}
}
