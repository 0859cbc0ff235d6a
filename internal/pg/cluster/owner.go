package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

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
