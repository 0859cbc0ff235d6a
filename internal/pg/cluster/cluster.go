// Package cluster runs a private PostgreSQL server, with PostGIS, in a folder of
// its own: the default set-up, in which nobody has to administer a database.
//
// Life cycle: Start returns a server that answers and has begun to supervise
// it; a postmaster that dies is started again. Stop ends both and returns when
// the server has gone. Run does nothing but wait for ctx and then Stop, for
// those who keep their parts in an errgroup.
//
// The server listens on a Unix socket in a private folder only, lets in the
// operating system user that runs this program, and stops when this program
// dies, however it dies. It is Linux only.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	role       = "jiujin" // the only database role, made by initdb
	socketPort = "5432"   // part of the socket's name; no TCP port is opened

	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 10 * time.Second
	soundRun     = time.Minute // a server that ran this long restarts without waiting
)

// ErrInUse says that another process runs the cluster in this folder.
var ErrInUse = errors.New("the database folder is in use by another process")

// Config for Start.
type Config struct {
	// Dir holds everything: the data, the server's settings, the socket, the
	// lock. It is made if need be. When the program runs as root, the user
	// postgres must be able to reach it.
	Dir string
	// Logger receives the server's log and the supervisor's; nil means
	// slog.Default().
	Logger *slog.Logger
}

// Cluster is a running server. Its methods may be called from any goroutine.
type Cluster struct {
	dir    string // absolute, without symbolic links
	owner  owner
	bin    string // folder of the server's programs
	socket string // folder of the socket
	log    *slog.Logger
	lock   *os.File

	stopOnce sync.Once
	stop     context.CancelFunc
	done     chan struct{} // closed when the supervisor has ended
	stopErr  error         // set before done is closed
}

// Start makes the cluster in cfg.Dir on first use, cleans up after a crash,
// starts the server and returns when it answers. ctx limits the start only.
//
// It fails at once with ErrInUse when another process has the folder. Errors
// say what is missing and how to get it: the packages, the access to the
// folder; a server that does not start is reported with its last log lines.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	c := &Cluster{log: cfg.Logger, done: make(chan struct{})}
	if c.log == nil {
		c.log = slog.Default()
	}
	if err := c.open(cfg.Dir); err != nil {
		return nil, fmt.Errorf("start the database: %w", err)
	}
	pm, err := c.prepare(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the database: %w", err), c.lock.Close())
	}
	life, stop := context.WithCancel(context.Background())
	c.stop = stop
	go c.supervise(life, pm)
	return c, nil
}

// open finds out who owns the folder and takes its lock.
func (c *Cluster) open(dir string) error {
	var err error
	if c.owner, err = findOwner(); err != nil {
		return err
	}
	if c.dir, err = makeDir(dir, c.owner); err != nil {
		return err
	}
	c.lock, err = takeLock(filepath.Join(c.dir, "lock"))
	return err
}

// prepare does what needs the lock, up to a server that answers.
func (c *Cluster) prepare(ctx context.Context) (*postmaster, error) {
	if err := c.owner.reach(c.dir); err != nil {
		return nil, err
	}
	if err := c.initdb(ctx); err != nil {
		return nil, err
	}
	var err error
	if c.socket, err = makeSocketDir(c.dir, c.owner); err != nil {
		return nil, err
	}
	if err := c.writeSettings(); err != nil {
		return nil, err
	}
	return c.launch(ctx)
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// supervise keeps the server running until life ends, then stops it.
func (c *Cluster) supervise(life context.Context, pm *postmaster) {
	defer close(c.done)
	backoff := firstBackoff
	for {
		started := time.Now()
		select {
		case <-life.Done():
			c.stopErr = errors.Join(pm.stop(c.log), c.clearLeftovers(context.Background()))
			return
		case <-pm.exited:
			pm.log.drain()
			c.log.Error("the database server ended by itself", "state", pm.state(), "last_lines", pm.log.tail())
		}
		if time.Since(started) > soundRun {
			backoff = firstBackoff
		}
		if pm = c.relaunch(life, &backoff); pm == nil {
			c.stopErr = c.clearLeftovers(context.Background())
			return
		}
	}
}

// relaunch tries until the server answers; nil when life has ended.
func (c *Cluster) relaunch(life context.Context, backoff *time.Duration) *postmaster {
	for {
		select {
		case <-life.Done():
			return nil
		case <-time.After(*backoff):
		}
		*backoff = min(2**backoff, lastBackoff)
		pm, err := c.launch(life)
		if err == nil {
			c.log.Info("the database server runs again")
			return pm
		}
		if life.Err() == nil {
			c.log.Error("the database server does not start", "error", err, "again_in", *backoff)
		}
	}
}

// Run waits until ctx ends, then stops the server and returns what Stop does.
func (c *Cluster) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-c.done: // somebody called Stop
	}
	return c.Stop()
}

// Stop shuts the server down and returns when it has gone and the folder is
// free. Open transactions are rolled back. Further calls wait for the first and
// return the same.
func (c *Cluster) Stop() error {
	c.stopOnce.Do(func() {
		c.stop()
		<-c.done
		removeSocketDir(c.dir, c.socket)
		c.stopErr = errors.Join(c.stopErr, c.lock.Close())
	})
	if c.stopErr != nil {
		return fmt.Errorf("stop the database: %w", c.stopErr)
	}
	return nil
}

// URL is the libpq URL of a database of this cluster.
func (c *Cluster) URL(database string) string { return socketURL(c.socket, database) }

// URL is the libpq URL of a database of the cluster in dir, which some other
// process runs.
func URL(dir, database string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	return socketURL(socketDir(dir), database), nil
}

func socketURL(socket, database string) string {
	q := url.Values{"host": {socket}, "port": {socketPort}, "user": {role}}
	// An error goes back to this program, which decides what may be logged; the
	// server's log must not repeat values that were sent to it.
	q.Set("options", "--log_min_messages=log")
	return "postgres:///" + url.PathEscape(database) + "?" + q.Encode()
}

// CreateDatabase makes the database name, in UTF-8 with the cluster's locale, if
// it is not there yet.
func (c *Cluster) CreateDatabase(ctx context.Context, name string) error {
	if err := c.createDatabase(ctx, name); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

func (c *Cluster) createDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Code == "42P04" { // duplicate_database
		return nil
	}
	return err
}
