package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	readyEvery = 30 * time.Millisecond
	readyLimit = 5 * time.Minute // replaying the log after a crash takes long
	dialLimit  = 5 * time.Second
	fastLimit  = 60 * time.Second       // for a fast shutdown, with its checkpoint
	quitLimit  = 10 * time.Second       // for an immediate one
	drainLimit = 200 * time.Millisecond // for the last log lines
)

// postmaster is one run of the server.
type postmaster struct {
	cmd    *exec.Cmd
	log    *serverLog
	exited chan struct{} // closed when the process has ended and was waited for
}

// launch clears away what an earlier run left, starts the server and returns
// when it answers. On an error nothing is left running.
func (c *Cluster) launch(ctx context.Context) (*postmaster, error) {
	if err := c.clearLeftovers(ctx); err != nil {
		return nil, err
	}
	pm, err := c.spawn()
	if err != nil {
		return nil, err
	}
	if err := c.waitReady(ctx, pm); err != nil {
		return nil, errors.Join(err, pm.stop(c.log))
	}
	return pm, nil
}

// spawn starts the server as our child.
func (c *Cluster) spawn() (*postmaster, error) {
	log, err := newServerLog(c.log)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(c.bin, "postgres"), c.arguments()...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = c.data(), environment(), c.owner.attributes(syscall.SIGINT)
	cmd.Stderr, cmd.Stdout = log.writer, log.writer
	pm := &postmaster{cmd: cmd, log: log, exited: make(chan struct{})}

	started := make(chan error, 1)
	go func() {
		// The death signal is sent when the thread that started the child ends,
		// so this goroutine keeps its thread until the child has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		log.writer.Close() // the child has its own
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in cmd.ProcessState
			close(pm.exited)
		}
	}()
	if err := <-started; err != nil {
		log.drain()
		return nil, err
	}
	return pm, nil
}

// lockedRun runs a short command on a thread that lives as long as it does, for
// the same reason as in spawn. It returns both outputs.
func lockedRun(cmd *exec.Cmd) (out []byte, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		out, err = cmd.CombinedOutput()
	}()
	<-done
	return out, err
}

// waitReady dials until the server answers a query.
func (c *Cluster) waitReady(ctx context.Context, pm *postmaster) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	tick := time.NewTicker(readyEvery)
	defer tick.Stop()
	for {
		err := c.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-pm.exited:
			pm.log.drain()
			return fmt.Errorf("the server ended at start, %s; its last words: %s", pm.state(), pm.log.tail())
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w: %w; its last words: %s", ctx.Err(), err, pm.log.tail())
		case <-tick.C:
		}
	}
}

func (c *Cluster) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	return errors.Join(conn.Ping(ctx), conn.Close(ctx))
}

// stop ends the server, more and more firmly, and returns when it has gone.
func (pm *postmaster) stop(log *slog.Logger) error {
	defer pm.log.drain()
	for _, step := range []struct {
		sig   syscall.Signal
		limit time.Duration
	}{{syscall.SIGINT, fastLimit}, {syscall.SIGQUIT, quitLimit}} {
		if err := pm.cmd.Process.Signal(step.sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("signal the server: %w", err)
		}
		select {
		case <-pm.exited:
			return nil
		case <-time.After(step.limit):
			log.Warn("the database server does not stop", "signal", step.sig, "waited", step.limit)
		}
	}
	if err := pm.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill the server: %w", err)
	}
	<-pm.exited
	return errors.New("the server had to be killed; the next start replays its log")
}

// state says how the process ended. Call it after exited is closed.
func (pm *postmaster) state() string { return pm.cmd.ProcessState.String() }
