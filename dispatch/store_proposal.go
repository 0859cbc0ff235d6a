package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// ProposalView is the engine's last ranking for a ticket that waits for a dispatcher.
type ProposalView struct {
	UnitID     *int64      `json:"unit_id"` // nil = nobody was fit
	ProposedAt time.Time   `json:"proposed_at"`
	Ranking    []Candidate `json:"ranking"`
}

const selectProposalView = `select unit_id, proposed_at, ranking from proposal where ticket_id = $1`

// Proposal reads the standing proposal of a ticket; nil when there is none.
func Proposal(ctx context.Context, q pg.Queryer, ticketID int64) (*ProposalView, error) {
	var p ProposalView
	var ranking []byte
	err := q.QueryRow(ctx, selectProposalView, ticketID).Scan(&p.UnitID, &p.ProposedAt, &ranking)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(ranking, &p.Ranking)
	}
	if err != nil {
		return nil, fmt.Errorf("read proposal of ticket %d: %w", ticketID, err)
	}
	return &p, nil
}
