package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

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
