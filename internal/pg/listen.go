package pg

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 3 * time.Second
	listenProbe  = 30 * time.Second // how often a silent connection is tested
	probeTimeout = 5 * time.Second
)

// Listen waits for notifications on channel over a connection of its own and
// calls wake for each one, and once after every connect, the first included. It
// reconnects by itself and returns nil when ctx has ended; the only error is a
// url that cannot be read.
//
// A notification is a hint: those sent while the connection was away are lost
// and several may come close together. wake must therefore look in the tables
// for what is new, and must not block for long.
func Listen(ctx context.Context, url, channel string, wake func()) error {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", channel, err)
	}
	backoff := firstBackoff
	for {
		connected, err := listenOnce(ctx, cfg, channel, wake)
		if ctx.Err() != nil {
			return nil
		}
		if connected {
			backoff = firstBackoff
		}
		slog.WarnContext(ctx, "database notifications interrupted", "channel", channel, "again_in", backoff, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, lastBackoff)
	}
}

// listenOnce serves one connection until it fails or ctx ends.
func listenOnce(ctx context.Context, cfg *pgx.ConnConfig, channel string, wake func()) (connected bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return false, err
	}
	defer func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
		defer cancel()
		_ = conn.Close(limited) // the connection is given up whatever it says
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return false, err
	}
	for {
		wake()
		if err := waitNotification(ctx, conn); err != nil {
			return true, err
		}
	}
}

// waitNotification returns nil when a notification has come. In a silence it
// asks the server now and then, because a peer that vanished sends nothing.
func waitNotification(ctx context.Context, conn *pgx.Conn) error {
	for {
		limited, cancel := context.WithTimeout(ctx, listenProbe)
		_, err := conn.WaitForNotification(limited)
		silent := limited.Err() != nil && ctx.Err() == nil
		cancel()
		if err == nil || !silent || conn.IsClosed() {
			return err
		}
		limited, cancel = context.WithTimeout(ctx, probeTimeout)
		err = conn.Ping(limited)
		cancel()
		if err != nil {
			return err
		}
	}
}
