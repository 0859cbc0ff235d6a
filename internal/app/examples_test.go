package app_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"jiujin/internal/app"
	"jiujin/internal/town"
)

// The examples of the API paper are run against a demo, word for word, and answer what the paper says.
func TestExamplesOfTheAPIPaper(t *testing.T) {
	_, section, _ := strings.Cut(paper(t, "docs/api.md"), "\n## Send positions\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := fence.FindAllStringSubmatch(section, -1)
	if len(blocks) == 0 || len(blocks)%2 != 0 {
		t.Fatalf("%d blocks; each command should be followed by its answer", len(blocks))
	}
	url, key := demo(t)
	for i := 0; i < len(blocks); i += 2 {
		command := exec.Command("bash", "-euo", "pipefail", "-c", blocks[i][1])
		command.Env = append(os.Environ(), "URL="+url, "KEY="+key)
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, blocks[i][1])
		}
		want := strings.ReplaceAll(strings.TrimSpace(blocks[i+1][1]), "\n ", "")
		if !strings.HasSuffix(strings.TrimSpace(string(out)), want) {
			t.Errorf("%s\nanswers\n%s\nthe paper says\n%s", blocks[i][1], out, want)
		}
	}
}

// demo runs a demo for the length of the test and returns its address and the key of a device.
func demo(t *testing.T) (url, key string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "jiujin-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // for the user postgres
		t.Fatal(err)
	}
	type ready struct {
		running app.Running
		creds   app.DemoCredentials
	}
	answers, ended := make(chan ready, 1), make(chan error, 1)
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	cfg, _, err := read(t, "", "--listen", "127.0.0.1:0", "--data-dir", dir)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(ended)
		log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
		ended <- app.Demo(ctx, cfg, town.Options{Seed: 1, Counties: 1}, app.Options{Version: "test"}, log,
			func(r app.Running, c app.DemoCredentials) { answers <- ready{r, c} })
	}()
	select {
	case r := <-answers:
		return r.running.URL, r.creds.Devices[0].Key
	case err := <-ended:
		t.Fatalf("the demo ended: %v", err)
	case <-time.After(2 * time.Minute):
		t.Fatal("the demo does not answer")
	}
	return "", ""
}
