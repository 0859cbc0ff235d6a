package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"jiujin/internal/pg/cluster"
)

// folderVariable makes the test binary a program that runs a cluster in the
// folder named until it is killed, for the tests that kill it.
const folderVariable = "JIUJIN_CLUSTER_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(folderVariable); dir != "" {
		c, err := cluster.Start(context.Background(), cluster.Config{Dir: dir})
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(c.URL("postgres"))
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test closes it
		if err := c.Stop(); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// folder is a new folder that the user postgres can reach; t.TempDir's is not.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "jiujin-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "db")
}

func start(t *testing.T, dir string) *cluster.Cluster {
	t.Helper()
	c, err := cluster.Start(t.Context(), cluster.Config{Dir: dir, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func exec1(t *testing.T, url, sql string) {
	t.Helper()
	conn := connect(t, url)
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func query[T any](t *testing.T, url, sql string) T {
	t.Helper()
	conn := connect(t, url)
	defer conn.Close(t.Context())
	var v T
	if err := conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func postmasterPID(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestStartStop(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	dir := folder(t)
	if err := os.MkdirAll(filepath.Join(dir, "initdb-123", "base"), 0o711); err != nil { // an interrupted first start
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	c := start(t, dir)
	if err := errors.Join(c.CreateDatabase(t.Context(), "town's"), c.CreateDatabase(t.Context(), "town's")); err != nil {
		t.Fatal(err)
	}
	url := c.URL("town's")
	for setting, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on", "listen_addresses": "",
		"server_encoding": "UTF8", "timezone": "UTC", "wal_compression": "lz4", "jit": "off", "max_connections": "60",
		"restart_after_crash": "on", "log_min_error_statement": "panic", "log_error_verbosity": "terse", "log_min_messages": "log",
	} {
		if got := query[string](t, url, "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	exec1(t, url, `CREATE EXTENSION postgis; CREATE EXTENSION pg_trgm; CREATE TABLE kept AS SELECT 42 AS n`)
	if got := query[float64](t, url, `SELECT similarity('烟酒店', '烟酒店')`); got != 1 {
		t.Errorf("similarity of Chinese text is %v", got)
	}
	if got := query[string](t, url, `SELECT string_agg(c, '' ORDER BY c) FROM unnest(ARRAY['上', '浙', '北', '安']) c`); got != "安北上浙" {
		t.Errorf("sorted %s, want by pinyin", got)
	}
	var stat syscall.Stat_t
	if err := syscall.Stat(fmt.Sprintf("/proc/%d", postmasterPID(t, dir)), &stat); err != nil {
		t.Fatal(err)
	}
	if stat.Uid == 0 {
		t.Error("the server runs as root")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "initdb-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}

	busy := connect(t, url) // an open transaction must not delay the stop
	if _, err := busy.Exec(t.Context(), `BEGIN; INSERT INTO kept VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Stop(), c.Stop()); err != nil {
		t.Fatal(err)
	}
	_ = busy.Close(t.Context()) // the server has gone
	if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); err == nil {
		t.Error("postmaster.pid is there after Stop")
	}

	c = start(t, dir)
	if got := query[int](t, c.URL("town's"), `SELECT sum(n) FROM kept`); got != 42 {
		t.Errorf("kept %d, want 42", got)
	}
	if other, err := cluster.URL(dir, "town's"); err != nil || other != c.URL("town's") {
		t.Errorf("URL of the folder is %s, %v; want %s", other, err, c.URL("town's"))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Run(ctx); err != nil {
		t.Error(err)
	}
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Error("the server answers after Run has returned")
	}
}

// A base backup is taken as this user and as the server's, while the server
// runs, and a server started on the copy has the data.
func TestBaseBackup(t *testing.T) {
	dir := folder(t)
	c := start(t, dir)
	exec1(t, c.URL("postgres"), `CREATE TABLE kept AS SELECT 42 AS n`)
	users := []string{""}
	if os.Geteuid() == 0 {
		users = append(users, "postgres")
	}
	for _, name := range users {
		home := folder(t)
		if err := errors.Join(os.Mkdir(home, 0o777), os.Chmod(home, 0o777)); err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(home, "data")
		cmd := exec.Command("pg_basebackup", "-d", c.URL("postgres"), "-D", copied, "-X", "stream", "-c", "fast")
		cmd.Dir = home
		if name != "" {
			asUser(t, cmd, name)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("base backup as %q: %v\n%s", name, err, out)
		}
		if name == "" && os.Geteuid() == 0 { // what the handbook says after a copy made by root
			if out, err := exec.Command("chown", "-R", "postgres:", copied).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}
		again := start(t, home)
		if got := query[int](t, again.URL("postgres"), `SELECT n FROM kept`); got != 42 {
			t.Errorf("kept %d in the copy made by %q, want 42", got, name)
		}
	}
}

func TestSecondOwnerIsRefused(t *testing.T) {
	dir := folder(t)
	first := start(t, dir)
	_, err := cluster.Start(t.Context(), cluster.Config{Dir: dir})
	if !errors.Is(err, cluster.ErrInUse) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Errorf("error %v, want ErrInUse with folder and process", err)
	}
	if got := query[int](t, first.URL("postgres"), `SELECT 1`); got != 1 {
		t.Error("the first owner's server suffered")
	}
}

// waitFor dials until the server answers with another postmaster than before.
func waitFor(t *testing.T, c *cluster.Cluster, dir string, before int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			conn.Close(ctx)
			if postmasterPID(t, dir) != before {
				return
			}
		}
		select {
		case <-ctx.Done():
			t.Fatal("the server was not started again: ", err)
		case <-tick.C:
		}
	}
}

// keepBusy starts a query that does not notice that the postmaster has died.
// It returns when the server runs the query.
func keepBusy(t *testing.T, url string) {
	t.Helper()
	conn := connect(t, url)
	pid := conn.PgConn().PID()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = conn.Exec(context.Background(), `SELECT count(*) FROM generate_series(1, 10000) a, generate_series(1, 1000000) b`)
	}()
	t.Cleanup(func() { <-ended })
	watch := connect(t, url)
	defer watch.Close(t.Context())
	for active := false; !active; {
		err := watch.QueryRow(t.Context(), `SELECT state = 'active' FROM pg_stat_activity WHERE pid = $1`, int(pid)).Scan(&active)
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestPostmasterIsRestarted(t *testing.T) {
	dir := folder(t)
	c := start(t, dir)
	exec1(t, c.URL("postgres"), `CREATE TABLE kept AS SELECT 42 AS n`)
	keepBusy(t, c.URL("postgres"))
	for range 2 {
		before := postmasterPID(t, dir)
		if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		waitFor(t, c, dir, before)
		if got := query[int](t, c.URL("postgres"), `SELECT n FROM kept`); got != 42 {
			t.Errorf("kept %d, want 42", got)
		}
	}
}

// A program that is killed takes its server with it, or, when the server is
// killed as well, leaves a busy backend and all the files behind.
func TestStartAfterKill(t *testing.T) {
	for _, killServer := range []bool{false, true} {
		t.Run(fmt.Sprintf("server too %v", killServer), func(t *testing.T) {
			dir := folder(t)
			program, url := startProgram(t, exec.Command(os.Args[0]), dir)
			exec1(t, url, `CREATE TABLE kept AS SELECT 42 AS n`)
			keepBusy(t, url)
			if killServer {
				if err := syscall.Kill(postmasterPID(t, dir), syscall.SIGSTOP); err != nil { // no clean end meanwhile
					t.Fatal(err)
				}
			}
			if err := program.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = program.Wait() // it was killed
			if killServer {
				if err := syscall.Kill(postmasterPID(t, dir), syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
			c := start(t, dir)
			if got := query[int](t, c.URL("postgres"), `SELECT n FROM kept`); got != 42 {
				t.Errorf("kept %d, want 42", got)
			}
		})
	}
}

// Nobody is there to start it again, so the server must end by itself.
func TestServerEndsWithProgram(t *testing.T) {
	dir := folder(t)
	program, url := startProgram(t, exec.Command(os.Args[0]), dir)
	conn := connect(t, url)
	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = program.Wait() // it was killed
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := conn.PgConn().WaitForNotification(ctx); err == nil || ctx.Err() != nil {
		t.Fatalf("the session was not ended: %v", err)
	}
	start(t, dir) // waits until what is left of the server has gone
}

// startProgram runs the cluster in another process and returns its URL.
func startProgram(t *testing.T, cmd *exec.Cmd, dir string) (*exec.Cmd, string) {
	t.Helper()
	cmd.Env = append(os.Environ(), folderVariable+"="+dir)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var url string
	if _, err := fmt.Fscanln(out, &url); err != nil || !strings.HasPrefix(url, "postgres:") {
		rest, _ := io.ReadAll(out)
		t.Fatalf("the program did not start: %s%s %v", url, rest, err)
	}
	return cmd, url
}
