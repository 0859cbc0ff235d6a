package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the very program that operators start, built once for the tests of this package.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "jiujin-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "jiujin")
		if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// dataDir is a folder that the postgres user can reach.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "jiujin-e2e-data-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// program is a started jiujin.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	done chan error // takes one: how the program ended

	mu      sync.Mutex
	grown   *sync.Cond   // out has grown, or the program has ended
	out     bytes.Buffer // standard output and error so far
	stopped bool
}

var origin = regexp.MustCompile(`https?://[0-9.:]+`)

// start runs jiujin with args on a free port and waits until it prints its address.
func start(t *testing.T, dir string, args ...string) *program {
	t.Helper()
	p := &program{t: t, done: make(chan error, 1)}
	p.grown = sync.NewCond(&p.mu)
	args = append(args, "--listen", "127.0.0.1:0", "--data-dir", dir)
	p.cmd = exec.Command(binary, args...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = writer(p.write)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			p.write(append(lines.Bytes(), '\n'))
		}
		err := p.cmd.Wait()
		p.mu.Lock()
		p.stopped = true
		p.grown.Broadcast()
		p.mu.Unlock()
		p.done <- err
	}()
	t.Cleanup(p.kill)
	p.url = p.waitFor(origin)[0]
	return p
}

// waitFor waits until the program has printed what pattern says and returns the match with its groups.
func (p *program) waitFor(pattern *regexp.Regexp) []string {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if m := pattern.FindStringSubmatch(p.out.String()); m != nil {
			return m
		}
		if p.stopped {
			p.t.Fatalf("jiujin ended before it printed %s:\n%s", pattern, p.out.String())
		}
		p.grown.Wait()
	}
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) {
	w(b)
	return len(b), nil
}

func (p *program) write(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Write(b)
	p.grown.Broadcast()
}

func (p *program) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// stop ends the program as Ctrl-C does and returns when it has ended.
func (p *program) stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	err := <-p.done
	p.done <- err
	return err
}

// kill ends the program without a chance to do anything; afterwards it is gone.
func (p *program) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	err := <-p.done
	p.done <- err
}

// client speaks the API with a cookie jar.
type client struct {
	t    *testing.T
	base string
	http.Client
}

func (p *program) client() *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return &client{t: p.t, base: p.url, Client: http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

// call sends body as JSON, expects a status, and reads the answer into out unless that is nil.
func (c *client) call(method, path string, body any, status int, out any, header ...string) {
	c.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, c.base+path, bytes.NewReader(text))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", rand.Text())
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if resp.StatusCode != status {
		c.t.Fatalf("%s %s: %d %s, want %d", method, path, resp.StatusCode, answer, status)
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

func (c *client) signIn(login, password string) {
	c.t.Helper()
	c.call("POST", "/api/v1/session", map[string]string{"login": login, "password": password}, 200, nil)
}

// The first start makes an administrator with a one-time password; the second keeps everything.
func TestFirstStartAndSecondStart(t *testing.T) {
	dir := dataDir(t)
	p := start(t, dir, "serve")
	secret := p.waitFor(regexp.MustCompile(`(?m)^    (\w{20,})$`))
	c := p.client()
	c.call("GET", "/healthz", nil, 200, nil)
	c.call("GET", "/readyz", nil, 200, nil)
	c.call("GET", "/metrics", nil, 200, nil)
	c.signIn("admin", secret[1])
	c.call("GET", "/api/v1/people", nil, 403, nil)
	fresh := map[string]string{"old_password": secret[1], "new_password": "harbour wind seven"}
	c.call("POST", "/api/v1/session/password", fresh, 200, nil)
	c.call("GET", "/api/v1/people", nil, 200, nil)
	if err := p.stop(); err != nil {
		t.Fatalf("Ctrl-C: %v\n%s", err, p.output())
	}

	p = start(t, dir, "serve")
	if strings.Contains(p.output(), "one-time") {
		t.Error("the second start announced an administrator again")
	}
	p.client().signIn("admin", "harbour wind seven")
	if err := p.stop(); err != nil {
		t.Fatalf("Ctrl-C: %v", err)
	}
}

// What was acknowledged before kill -9 is there after the next start, once, and the event log is sound.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	dir := dataDir(t)
	p := start(t, dir, "demo")
	creds := readCredentials(t, dir)
	device := creds.Devices[0]
	at := time.Now().UTC().Truncate(time.Second)
	fix := map[string]any{"fixed_at": at, "lon": 114.6, "lat": 29.9, "speed_kmh": 20}
	key := []string{"Authorization", "Bearer " + device.Key}
	c := p.client()
	c.call("POST", "/api/v1/fixes", fix, 200, nil, key...)
	c.signIn("agent01", creds.Password)
	opened := struct {
		Ticket struct {
			ID     int64  `json:"id"`
			Number string `json:"number"`
		} `json:"ticket"`
		Code string `json:"code"`
	}{}
	report := map[string]any{
		"channel": "phone", "kind": "report", "subtype": "R03", "narrative": "店里卖假烟", "lon": 114.601, "lat": 29.901,
		"reporter": map[string]string{"mode": "anonymous"},
	}
	intent := rand.Text()
	c.call("POST", "/api/v1/tickets", report, 201, &opened, "Idempotency-Key", intent)
	p.kill()

	p = start(t, dir, "demo")
	c = p.client()
	c.signIn("supervisor01", creds.Password)
	var tally struct{ Fixes int }
	span := fmt.Sprintf("/api/v1/units/%d/history?from=%s&to=%s", device.UnitID, at.Format(time.RFC3339), at.Add(time.Second).Format(time.RFC3339))
	c.call("GET", span, nil, 200, &tally)
	if tally.Fixes != 1 {
		t.Errorf("%d fixes after the restart, want the one acknowledged", tally.Fixes)
	}
	again := p.client()
	again.signIn("agent01", creds.Password)
	repeated := opened
	repeated.Ticket.Number = ""
	again.call("POST", "/api/v1/tickets", report, 201, &repeated, "Idempotency-Key", intent)
	if repeated != opened {
		t.Errorf("the repeated request made %+v, want the kept answer %+v", repeated, opened)
	}
	progress := map[string]string{"number": opened.Ticket.Number, "code": opened.Code}
	c.call("POST", "/api/v1/public/progress", progress, 200, nil)
	if out, err := exec.Command(binary, "log", "verify", "--data-dir", dir).CombinedOutput(); err != nil {
		t.Errorf("log verify: %v\n%s", err, out)
	}
	if err := p.stop(); err != nil {
		t.Fatalf("Ctrl-C: %v", err)
	}
	out, err := exec.Command(binary, "demo", "--seed", "2", "--data-dir", dir, "--listen", "127.0.0.1:0").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "holds the town of --seed 1 --counties 1, not that of --seed 2") {
		t.Errorf("another town in the same folder: %v\n%s", err, out)
	}
}

type credentials struct {
	Password string
	Devices  []struct {
		UnitID int64 `json:"unit_id"`
		Key    string
	}
}

func readCredentials(t *testing.T, dir string) (c credentials) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "demo-credentials.json"))
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Mistakes of the operator are named with what to do.
func TestOperatorMistakes(t *testing.T) {
	dir := dataDir(t)
	file := filepath.Join(dir, "wrong.toml")
	if err := os.WriteFile(file, []byte("lisen = \"x\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"misspelt key":    {[]string{"serve", "--config", file}, `unknown key "lisen"`},
		"half of TLS":     {[]string{"serve", "--tls-cert", file}, "belong together"},
		"odd region":      {[]string{"serve", "--region", "1,2"}, "west,south,east,north"},
		"no database":     {[]string{"serve", "--database-url", "postgres://127.0.0.1:1/x"}, "connect"},
		"unknown command": {[]string{"surve"}, "surve"},
	} {
		out, err := exec.Command(binary, append(c.args, "--data-dir", dir)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v, %s; want a failure that says %q", name, err, out, c.want)
		}
	}
}

// The doctor makes nothing where nothing is, and finds a private cluster in order while the service runs on it.
func TestDoctor(t *testing.T) {
	dir := filepath.Join(dataDir(t), "not-there")
	out, err := exec.Command(binary, "doctor", "--data-dir", dir).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "none yet") {
		t.Errorf("doctor without a cluster: %v\n%s", err, out)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the doctor made the data folder")
	}
	p := start(t, dir, "serve")
	out, err = exec.Command(binary, "doctor", "--data-dir", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("doctor: %v\n%s", err, out)
	}
	for _, want := range []string{"free disk", "server version", "postgis"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the doctor says nothing of %s:\n%s", want, out)
		}
	}
	if err := p.stop(); err != nil {
		t.Fatalf("Ctrl-C: %v", err)
	}
}

// A taken port is found before anything is made, so that the one-time password is not spent on a failed start.
func TestTakenPortLeavesNothing(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := filepath.Join(dataDir(t), "not-there")
	out, err := exec.Command(binary, "serve", "--listen", taken.Addr().String(), "--data-dir", dir).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--listen") {
		t.Errorf("%v, %s; want a failure that names --listen", err, out)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the failed start made the data folder")
	}
}
