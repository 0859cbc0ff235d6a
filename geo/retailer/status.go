package retailer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"jiujin/internal/pg"
)

// Over says that a licence in this state is over for good.
func (s Status) Over() bool {
	return slices.Contains([]Status{Expired, Closed, Cancelled, Withdrawn, Recalled, Revoked}, s)
}

// Next is the states that may follow (domain A6). A list may say otherwise: it is the authority's, and what it says is
// taken and noted as reopened.
func (s Status) Next() []Status {
	ends := []Status{Expired, Closed, Cancelled, Withdrawn, Recalled, Revoked}
	switch s {
	case Pending:
		return []Status{Valid, Cancelled}
	case Valid:
		return append([]Status{Suspended, Renewing}, ends...)
	case Suspended:
		return append([]Status{Valid, Renewing}, ends...)
	case Renewing:
		return append([]Status{Valid}, ends...)
	}
	return nil
}

// StatusError says that a state does not follow on another.
type StatusError struct {
	From, To Status
	Allowed  []Status
}

// Error names both states.
func (e *StatusError) Error() string {
	return fmt.Sprintf("a licence that is %s cannot become %s", e.From, e.To)
}

// ErrNoReason says that a change of state needs a reason.
var ErrNoReason = errors.New("a change of state needs a reason")

// ChangeStatus moves a licence to another state and notes who did it and why. The error wraps ErrNotFound, ErrNoReason
// or a *StatusError.
func ChangeStatus(ctx context.Context, tx *pg.Tx, no LicenceNo, to Status, reason, by string) error {
	if reason == "" {
		return ErrNoReason
	}
	r, err := lockByLicence(ctx, tx, no)
	if err != nil {
		return err
	}
	if !slices.Contains(r.Status.Next(), to) {
		return fmt.Errorf("retailer %s: %w", no, &StatusError{From: r.Status, To: to, Allowed: r.Status.Next()})
	}
	return setStatus(ctx, tx, r, to, reason, by)
}
