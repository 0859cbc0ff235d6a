package cluster_test

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"jiujin/internal/pg/cluster"
)

// asUser makes cmd run as the user name, when we are root.
func asUser(t *testing.T, cmd *exec.Cmd, name string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return // we are the only user that we can be
	}
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// postmaster.pid names a living process of the same user, as happens after a
// crash of the machine when numbers are used again.
func TestStalePIDFile(t *testing.T) {
	dir := folder(t)
	c := start(t, dir)
	exec1(t, c.URL("postgres"), `CREATE TABLE kept AS SELECT 42 AS n`)
	pidFile := filepath.Join(dir, "data", "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}

	innocent := exec.Command("cat")
	asUser(t, innocent, "postgres")
	innocent.Dir = "/"
	in, err := innocent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := innocent.Start(); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	stale := fmt.Sprintf("%d\n%s", innocent.Process.Pid, rest)
	var server syscall.Stat_t
	if err := syscall.Stat(filepath.Dir(pidFile), &server); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pidFile, filepath.Join(dir, "socket", ".s.PGSQL.5432.lock")} {
		if err := os.WriteFile(path, []byte(stale), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, int(server.Uid), int(server.Gid)); err != nil {
			t.Fatal(err)
		}
	}

	c = start(t, dir)
	if got := query[int](t, c.URL("postgres"), `SELECT n FROM kept`); got != 42 {
		t.Errorf("kept %d, want 42", got)
	}
	in.Close()
	if err := innocent.Wait(); err != nil {
		t.Errorf("the process that the file named was hurt: %v", err)
	}
}

// An ordinary user runs the server as himself.
func TestOrdinaryUser(t *testing.T) {
	parent := filepath.Dir(folder(t))
	program := filepath.Join(parent, "program")
	copyFile(t, os.Args[0], program)
	cmd := exec.Command(program)
	cmd.Dir = parent
	asUser(t, cmd, "nobody")
	if err := os.Chmod(parent, 0o777); err != nil {
		t.Fatal(err)
	}
	_, target := startProgram(t, cmd, filepath.Join(parent, "db"))

	var folderOwner, process syscall.Stat_t
	if err := syscall.Stat(filepath.Join(parent, "db", "data"), &folderOwner); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Stat(fmt.Sprintf("/proc/%d", cmd.Process.Pid), &process); err != nil {
		t.Fatal(err)
	}
	if folderOwner.Uid != process.Uid || folderOwner.Uid == 0 {
		t.Errorf("data of user %d, program of user %d", folderOwner.Uid, process.Uid)
	}
	if folderOwner.Mode&0o077 != 0 {
		t.Errorf("others may read the data: mode %o", folderOwner.Mode)
	}
	if os.Geteuid() == 0 {
		// Another operating system user is not let in.
		psql := exec.Command("psql", target, "-c", "SELECT 1")
		asUser(t, psql, "postgres")
		if out, err := psql.CombinedOutput(); err == nil || !strings.Contains(string(out), "Permission denied") {
			t.Errorf("another user got: %s", out)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFolderOutOfReach(t *testing.T) {
	barrier := filepath.Join(filepath.Dir(folder(t)), "home")
	mode := os.FileMode(0o700) // root passes, postgres does not
	if os.Geteuid() != 0 {
		mode = 0
	}
	if err := os.Mkdir(barrier, mode); err != nil {
		t.Fatal(err)
	}
	_, err := cluster.Start(t.Context(), cluster.Config{Dir: filepath.Join(barrier, "app", "db")})
	if err == nil || !strings.Contains(err.Error(), barrier) {
		t.Fatalf("error %v, want %s in it", err, barrier)
	}
	if os.Geteuid() == 0 && !strings.Contains(err.Error(), "chmod o+x "+barrier) {
		t.Errorf("error %v does not say what to do", err)
	}
}

func TestLongPath(t *testing.T) {
	dir := filepath.Join(folder(t), strings.Repeat("长", 30))
	c := start(t, dir)
	if strings.Contains(c.URL("x"), "%E9") {
		t.Errorf("the socket lies under the long path: %s", c.URL("x"))
	}
	if got := query[int](t, c.URL("postgres"), `SELECT 1`); got != 1 {
		t.Error("no answer")
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}

	// Somebody else has made a folder of that name meanwhile.
	socket := socketFolder(t, c.URL("x"))
	if _, err := os.Stat(socket); err == nil {
		t.Errorf("%s was left behind", socket)
	}
	if err := os.Mkdir(socket, 0o755); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(socket)
	if _, err := cluster.Start(t.Context(), cluster.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), socket) {
		t.Errorf("error %v, want a refusal of %s", err, socket)
	}
}

func socketFolder(t *testing.T, target string) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("host")
}

// A server that cannot start is reported with its own words.
func TestReasonOfFailedStart(t *testing.T) {
	dir := folder(t)
	c := start(t, dir)
	exec1(t, c.URL("postgres"), `ALTER SYSTEM SET shared_preload_libraries = 'no_such_library'`)
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	_, err := cluster.Start(t.Context(), cluster.Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "no_such_library") {
		t.Errorf("error %v, want the server's words", err)
	}
}
