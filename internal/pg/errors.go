package pg

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Constraint returns the name of the constraint that err says was violated, or
// "" when err is not a violation of a named constraint.
func Constraint(err error) string {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || !strings.HasPrefix(pgErr.Code, "23") { // integrity constraint violation
		return ""
	}
	return pgErr.ConstraintName
}

// IsData tells whether err says that a value was at fault, one that the database
// cannot store or a constraint forbids: the same will fail again.
func IsData(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (strings.HasPrefix(pgErr.Code, "22") || strings.HasPrefix(pgErr.Code, "23"))
}

// IsUnavailable tells whether err means that the database could not be reached
// or did not answer: connection refused or lost, server starting or stopping,
// no connection free, time limit passed. The same request may succeed later, but
// may also be done already when err wraps ErrOutcomeUnknown, which counts too. A
// cancelled context is the caller's own doing and does not count.
func IsUnavailable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pgErr.Code {
		case "57P01", "57P02", "57P03", "53300": // shutdown, crash, starting up, too many connections
			return true
		}
		return strings.HasPrefix(pgErr.Code, "08") // connection exception
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, errPoolTimeout) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, ErrOutcomeUnknown) || pgconn.Timeout(err) || pgconn.SafeToRetry(err)
}
