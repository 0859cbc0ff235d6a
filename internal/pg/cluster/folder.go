package cluster

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// maxSocketPath is sun_path less its closing zero byte.
const maxSocketPath = 107

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
