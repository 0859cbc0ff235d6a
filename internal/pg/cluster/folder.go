package cluster

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// maxSocketPath is sun_path less its closing zero byte.
const maxSocketPath = 107

// owner is the operating system user that the server runs as.
type owner struct {
	name     string
	uid, gid int
	caller   string // user of this program: the same, or root
}

// findOwner is oneself, or the user postgres for root, because PostgreSQL
// refuses to run as root.
func findOwner() (owner, error) {
	me, err := user.Current()
	if err != nil {
		return owner{}, fmt.Errorf("look up the user of this process: %w", err)
	}
	them := me
	if os.Geteuid() == 0 {
		if them, err = user.Lookup("postgres"); err != nil {
			return owner{}, fmt.Errorf("PostgreSQL does not run as root and the user postgres is missing, install it: %s: %w", aptInstall, err)
		}
	}
	o := owner{name: them.Username, caller: me.Username}
	if o.uid, err = strconv.Atoi(them.Uid); err != nil {
		return owner{}, err
	}
	if o.gid, err = strconv.Atoi(them.Gid); err != nil {
		return owner{}, err
	}
	return o, nil
}

// attributes make a child run as the owner, in a process group of its own so
// that Ctrl-C reaches this program only, and get sig when this program dies.
func (o owner) attributes(sig syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: sig}
	if os.Geteuid() == 0 {
		attr.Credential = &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}
	}
	return attr
}

// give hands a file or folder to the owner.
func (o owner) give(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Lchown(path, o.uid, o.gid)
}

// reach checks that the owner can enter dir, and names the folder that is in
// the way if not.
func (o owner) reach(dir string) error {
	if o.canEnter(dir) {
		return nil
	}
	barrier := "/"
	for _, part := range strings.Split(strings.Trim(dir, "/"), "/") {
		if barrier = filepath.Join(barrier, part); !o.canEnter(barrier) {
			break
		}
	}
	return fmt.Errorf("the user %s, who runs PostgreSQL, cannot enter %s: keep the data in a folder such as /var/lib/jiujin, or run: chmod o+x %s",
		o.name, barrier, barrier)
}

// canEnter lets the kernel answer, which knows access lists and mount options.
func (o owner) canEnter(dir string) bool {
	cmd := exec.Command("/usr/bin/test", "-x", dir)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", environment(), o.attributes(0)
	return cmd.Run() == nil
}

// environment is all that the server's programs get to see of ours: initdb
// would otherwise take its locale from the caller.
func environment() []string {
	return []string{"LC_ALL=C.UTF-8", "TZ=UTC", "PATH=/usr/local/bin:/usr/bin:/bin"}
}

// makeDir makes the cluster's folder if need be and returns its real path. It
// stays ours; only what the server writes belongs to the owner.
func makeDir(dir string, o owner) (string, error) {
	if dir == "" {
		return "", errors.New("no folder given for the database")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		mode := fs.FileMode(0o700)
		if os.Geteuid() == 0 && o.uid != 0 {
			mode = 0o711 // the owner passes through
		}
		if err := os.MkdirAll(dir, mode); err != nil {
			return "", err
		}
		if err := os.Chmod(dir, mode); err != nil { // whatever the umask took away
			return "", err
		}
	}
	return filepath.EvalSymlinks(dir)
}

// takeLock takes the exclusive lock that the kernel frees however we die.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(path)
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s, process %s", ErrInUse, filepath.Dir(path), strings.TrimSpace(string(holder)))
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	err = errors.Join(f.Truncate(0), func() error { _, err := fmt.Fprintln(f, os.Getpid()); return err }())
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// socketDir is where the socket of the cluster in dir lies: inside, or, when
// its path would be too long for the kernel, in a short folder for temporary
// files.
func socketDir(dir string) string {
	inside := filepath.Join(dir, "socket")
	if len(filepath.Join(inside, ".s.PGSQL."+socketPort)) <= maxSocketPath {
		return inside
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("jiujin-%x", sha256.Sum256([]byte(dir)))[:7+16])
}

// makeSocketDir makes the socket's folder. One that is already there must be the
// owner's alone: in a folder for temporary files anybody could have made it.
func makeSocketDir(dir string, o owner) (string, error) {
	path := socketDir(dir)
	switch err := os.Mkdir(path, 0o700); {
	case err == nil:
		if err := o.give(path); err != nil {
			return "", err
		}
	case !errors.Is(err, fs.ErrExist):
		return "", err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || info.Mode().Perm() != 0o700 || int(stat.Uid) != o.uid {
		return "", fmt.Errorf("%s must be a folder of the user %s with mode 0700, for the database socket: remove what is there", path, o.name)
	}
	return path, o.reach(path)
}

// removeSocketDir tidies up a socket folder outside of the cluster's folder.
func removeSocketDir(dir, socket string) {
	if filepath.Dir(socket) != dir {
		_ = os.Remove(socket) // left behind it does no harm
	}
}

// initdb makes the data folder unless it is there. It works in a sibling and
// renames it at the end, so that an interrupted run leaves no half cluster.
func (c *Cluster) initdb(ctx context.Context) error {
	major, err := dataVersion(c.data())
	if err != nil {
		return err
	}
	if c.bin, err = findBinaries("/", major); err != nil || major != 0 {
		return err
	}
	if err := removeHalfMade(c.dir); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(c.dir, "initdb-")
	if err != nil {
		return err
	}
	if err := c.owner.give(fresh); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, "initdb"), "--pgdata="+fresh, "--username="+role,
		"--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=zh",
		"--data-checksums", "--auth-local=peer", "--auth-host=reject")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = fresh, environment(), c.owner.attributes(syscall.SIGKILL)
	out, err := lockedRun(cmd)
	if err != nil {
		return errors.Join(fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out))), os.RemoveAll(fresh))
	}
	if err := os.Rename(fresh, c.data()); err != nil {
		return err
	}
	return syncDir(c.dir)
}

// dataVersion is the major version that the data folder was made by, 0 when it
// is not there.
func dataVersion(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s/PG_VERSION: %w", data, err)
	}
	return major, nil
}

func removeHalfMade(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, "initdb-*"))
	for _, path := range old {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
