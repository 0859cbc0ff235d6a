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
	"time"
)

const (
	leftoverEvery = 20 * time.Millisecond
	leftoverLimit = 20 * time.Second // for a cancelled query, or a shutdown
)

// clearLeftovers ends the server processes that outlived an earlier run, then
// removes the files by which PostgreSQL would take itself for running: its own
// check can be fooled by zombies and re-used process numbers. The caller holds
// the lock and has no server running.
//
// Those files are what protects the data from two writers, so they go only when
// no server process has the data folder as its working folder any more. A
// zombie has none.
func (c *Cluster) clearLeftovers(ctx context.Context) error {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		gone, err := c.endLeftovers(ctx, sig)
		if err != nil {
			return fmt.Errorf("end the processes of an earlier run: %w", err)
		}
		if gone {
			return c.removeStaleFiles()
		}
	}
	return fmt.Errorf("processes of an earlier run still use %s although they were killed", c.data())
}

// endLeftovers sends sig to each leftover and waits until none is left, or until
// the limit has passed.
func (c *Cluster) endLeftovers(ctx context.Context, sig syscall.Signal) (gone bool, err error) {
	told := make(map[int]bool)
	tick := time.NewTicker(leftoverEvery)
	defer tick.Stop()
	limit := time.After(leftoverLimit)
	for {
		pids, err := c.leftovers()
		if err != nil || len(pids) == 0 {
			return err == nil, err
		}
		for _, pid := range pids {
			if told[pid] {
				continue
			}
			told[pid] = true
			c.log.Warn("ending a database process of an earlier run", "pid", pid, "signal", sig)
			if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
				return false, fmt.Errorf("signal process %d: %w", pid, err)
			}
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-limit:
			return false, nil
		case <-tick.C:
		}
	}
}

// leftovers lists the owner's server processes that work in the data folder.
func (c *Cluster) leftovers() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		ours, err := c.worksHere(pid)
		if err != nil {
			return nil, err
		}
		if ours {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

func (c *Cluster) worksHere(pid int) (bool, error) {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	name, err := os.ReadFile(filepath.Join(proc, "comm"))
	if err != nil || strings.TrimSpace(string(name)) != "postgres" {
		return false, nil // gone, or something else
	}
	var stat syscall.Stat_t
	if err := syscall.Stat(proc, &stat); err != nil || int(stat.Uid) != c.owner.uid {
		return false, nil
	}
	cwd, err := os.Readlink(filepath.Join(proc, "cwd"))
	if errors.Is(err, fs.ErrPermission) {
		cwd, err = c.readlinkAsOwner(filepath.Join(proc, "cwd"))
	}
	switch {
	case err == nil:
		return cwd == c.data(), nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ESRCH), !exists(proc):
		return false, nil // a zombie, or gone
	default:
		return false, fmt.Errorf("find out where process %d works: %w", pid, err)
	}
}

// readlinkAsOwner helps where root may not look at other users' processes, as in
// a container without the ptrace capability.
func (c *Cluster) readlinkAsOwner(path string) (string, error) {
	cmd := exec.Command("/usr/bin/readlink", "-n", path)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", environment(), c.owner.attributes(0)
	out, err := cmd.Output()
	if err != nil && exists(filepath.Dir(path)) {
		// Exit status 1: a zombie has no working folder to read.
		if state, stateErr := processState(filepath.Dir(path)); stateErr == nil && state == 'Z' {
			return "", fs.ErrNotExist
		}
	}
	return string(out), err
}

// processState is the letter in the stat file of a process, after its name in
// parentheses.
func processState(proc string) (byte, error) {
	text, err := os.ReadFile(filepath.Join(proc, "stat"))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(text), ") ")
	if !ok || rest == "" {
		return 0, fmt.Errorf("%s/stat: no state in it", proc)
	}
	return rest[0], nil
}

func (c *Cluster) removeStaleFiles() error {
	socket := filepath.Join(c.socket, ".s.PGSQL."+socketPort)
	for _, path := range []string{filepath.Join(c.data(), "postmaster.pid"), socket, socket + ".lock"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what an earlier run left: %w", err)
		}
	}
	return nil
}
