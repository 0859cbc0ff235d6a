package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/cmd/fleetsim/terminal"
)

const (
	nuisanceEvery  = 500 * time.Millisecond // mean pause of each kind
	nuisanceWithin = 40 * time.Second       // a connection of this kind lasts no longer
	nuisanceHost   = "127.0.0.66"           // where strangers come from: another address than the vehicles
)

// nuisance plays peers that no service wants, while ctx runs and with chaos only: each kind comes again and again. What
// the service did is counted; an answer that lets one in is trouble.
func (f *fleet) nuisance(ctx context.Context) error {
	if f.flags.Chaos <= 0 {
		return nil
	}
	kinds := map[string]func(context.Context, *rand.Rand) error{
		"wrong key": f.wrongKey, "garbage body": f.garbageBody, "half a body": f.halfABody,
	}
	if f.flags.Protocol == "jt808" || f.flags.Protocol == "mix" {
		kinds["unknown phone"] = f.unknownPhone
		kinds["wrong code"] = f.wrongCode
		kinds["garbage bytes"] = f.garbageBytes
		kinds["silence"] = f.silence
		kinds["slow reader"] = f.slowReader
	}
	var g errgroup.Group
	for i, name := range sortedKeys(kinds) {
		rng := f.rng(1<<38 + uint64(i))
		g.Go(func() error {
			for pause(ctx, time.Duration(rng.ExpFloat64()*float64(nuisanceEvery))) == nil {
				one, cancel := context.WithTimeout(ctx, nuisanceWithin)
				err := kinds[name](one, rng)
				cancel()
				f.measure.count("nuisance: " + name)
				if err != nil && ctx.Err() == nil {
					f.measure.trouble(fmt.Errorf("nuisance: %s: %w", name, err))
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// expect posts a body under a key; any other answer than one of those is an error. No answer is none.
func (f *fleet) expect(ctx context.Context, key string, body []byte, statuses ...int) error {
	status, _, _, err := f.api.attempt(ctx, &request{method: "POST", path: "/api/v1/fixes", bearer: key, body: body}, "")
	if err != nil || status >= 500 || status == http.StatusTooManyRequests {
		return nil // the service is away or asks to come later
	}
	for _, s := range statuses {
		if s == status {
			return nil
		}
	}
	return fmt.Errorf("answered %d", status)
}

func (f *fleet) wrongKey(ctx context.Context, rng *rand.Rand) error {
	return f.expect(ctx, fmt.Sprintf("jjd_%026d", rng.Uint64()), []byte(`{"fixed_at":1,"lon":1,"lat":1}`), http.StatusUnauthorized)
}

func (f *fleet) garbageBody(ctx context.Context, rng *rand.Rand) error {
	return f.expect(ctx, f.vehicles[0].out.key, append([]byte("<"), randomBytes(rng, 2000)...), http.StatusBadRequest, http.StatusUnprocessableEntity)
}

// halfABody announces more than it sends, and goes.
func (f *fleet) halfABody(ctx context.Context, _ *rand.Rand) error {
	u, err := url.Parse(f.api.base)
	if err != nil {
		return err
	}
	conn, err := dialFrom(ctx, "", u.Host)
	if err != nil {
		return nil
	}
	defer conn.Close()
	_, _ = fmt.Fprintf(conn, "POST /api/v1/fixes HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Length: 1000\r\n\r\n[{\"fixed_at\":", u.Host, f.vehicles[0].out.key)
	return nil
}

// unknownPhone wants to register; it must not be let in.
func (f *fleet) unknownPhone(ctx context.Context, rng *rand.Rand) error {
	id := terminal.Identity{Unit: terminal.Unit{Phone: fmt.Sprintf("19%09d", rng.IntN(1e9))}, Registration: terminal.Registration{TerminalID: "STRANGE"}}
	return f.keptOut(ctx, &id)
}

// wrongCode comes from another address with the phone of a vehicle, which must not notice.
func (f *fleet) wrongCode(ctx context.Context, rng *rand.Rand) error {
	for range len(f.vehicles) {
		if u, ok := f.vehicles[rng.IntN(len(f.vehicles))].carrier.(*vehicleUnit); ok {
			return f.keptOut(ctx, &terminal.Identity{Unit: u.id.Unit, Code: []byte("WRONGWRONGWRONG1")})
		}
	}
	return nil
}

func (f *fleet) keptOut(ctx context.Context, id *terminal.Identity) error {
	conn, err := dialFrom(ctx, nuisanceHost, f.flags.Terminals)
	if err != nil {
		return nil // the service is away
	}
	link, err := terminal.Login(ctx, conn, id, nil)
	if err != nil {
		return nil // refused, or the connection ended
	}
	link.Close()
	return errors.New("was let in")
}

func (f *fleet) garbageBytes(ctx context.Context, rng *rand.Rand) error {
	return f.hold(ctx, func(conn net.Conn) error {
		for {
			if _, err := conn.Write(append(randomBytes(rng, 3000), 0x7e)); err != nil {
				return nil // as it should be
			}
			if err := pause(ctx, 20*time.Millisecond); err != nil {
				return errors.New("was never closed")
			}
		}
	})
}

// silence connects and says nothing: the service must end it.
func (f *fleet) silence(ctx context.Context, _ *rand.Rand) error {
	return f.hold(ctx, func(conn net.Conn) error {
		if _, err := io.Copy(io.Discard, conn); isTimeout(err) {
			return errors.New("was never closed")
		}
		return nil
	})
}

// slowReader asks and asks and reads no answer; the service must not wait for it for ever.
func (f *fleet) slowReader(ctx context.Context, rng *rand.Rand) error {
	unit := terminal.Unit{Phone: fmt.Sprintf("19%09d", rng.IntN(1e9))}
	frames := bytes.Repeat(unit.Frame(terminal.Heartbeat, 1, nil), 1000)
	return f.hold(ctx, func(conn net.Conn) error {
		for {
			if _, err := conn.Write(frames); err != nil {
				if isTimeout(err) {
					return errors.New("was never closed")
				}
				return nil
			}
		}
	})
}

// hold connects to the terminals' port and lets do use the connection until its time is over.
func (f *fleet) hold(ctx context.Context, do func(net.Conn) error) error {
	conn, err := dialFrom(ctx, nuisanceHost, f.flags.Terminals)
	if err != nil {
		return nil // the service is away
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	return do(conn)
}

// dialFrom connects from an address of this machine; "" is any. That only works to a service on this machine.
func dialFrom(ctx context.Context, host, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: requestWithin}
	if to, _, err := net.SplitHostPort(address); err == nil && host != "" && net.ParseIP(to).IsLoopback() {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(host)}
	}
	return d.DialContext(ctx, "tcp", address)
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}

func randomBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}
