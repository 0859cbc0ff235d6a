package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"jiujin/dispatch"
	"jiujin/internal/auth"
	"jiujin/internal/live"
	"jiujin/internal/pg"
)

const (
	resumeLimit   = 500              // events sent again after a reconnect; more is a gap the page reloads over
	writeWithin   = 10 * time.Second // a reader whose connection takes nothing for so long is cut
	beginWithin   = 10 * time.Second // for reading the snapshot; a database that takes longer is away
	recheckWithin = 30 * time.Second // how soon a stream ends after its person was signed out
)

type hello struct {
	Boot string    `json:"boot" doc:"Names this run of the process"`
	Now  time.Time `json:"now"`
	Seq  int64     `json:"seq" doc:"Number of the newest event in the snapshot that follows"`
	View string    `json:"view" enum:"board,officer"`
}

type snapshot struct {
	Seq     int64                 `json:"seq"`
	Units   []dispatch.UnitView   `json:"units"`
	Tickets []dispatch.TicketView `json:"tickets"`
}

type gap struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

func (s *Server) liveRoutes() { s.echo.GET("/api/v1/live", s.live) }

// live streams what happens as server-sent events. The subscription is opened, and followed by the board, before the
// snapshot is read, and what was queued in between but is older than the snapshot is dropped: nothing is missed, nothing
// goes back.
func (s *Server) live(c echo.Context) error {
	ctx, me := c.Request().Context(), who(c.Request().Context())
	sub, err := subscriber(me, c.QueryParam("view"))
	if err != nil {
		return err
	}
	s.deps.Hub.Subscribe(sub)
	defer s.deps.Hub.Unsubscribe(sub)

	begin, cancel := context.WithTimeout(ctx, beginWithin)
	defer cancel()
	select {
	case <-sub.Followed():
	case <-begin.Done(): // the database will tell why
	}
	seq, first, err := s.firstMessages(begin, me, sub, c.Request().Header.Get("Last-Event-ID"))
	if err != nil {
		return err
	}
	w := newStream(c.Response())
	view := "board"
	if sub.UnitID != 0 {
		view = "officer"
	}
	if err := w.open(hello{Boot: s.boot, Now: s.now(), Seq: seq, View: view}); err != nil {
		return nil // the client is gone
	}
	for _, m := range first {
		if err := w.send(m); err != nil {
			return nil
		}
	}
	s.follow(ctx, w, sub, seq)
	return nil
}

// subscriber says what a person may watch.
func subscriber(me auth.Principal, view string) (*live.Subscriber, error) {
	switch view {
	case "", "board":
		if me.Role == auth.Officer {
			return nil, errForbidden
		}
		return &live.Subscriber{Branch: me.CountyPath, Events: me.Role != auth.Wall}, nil
	case "officer":
		if me.UnitID == 0 || me.Role != auth.Officer && me.Role != auth.Leader {
			return nil, errForbidden
		}
		return &live.Subscriber{Branch: me.CountyPath, UnitID: me.UnitID}, nil
	}
	return nil, invalid{"query.view", text{"应为 board 或 officer。", "It must be board or officer."}}
}

// follow copies messages until the client goes, is cut, or may not watch any more.
func (s *Server) follow(ctx context.Context, w *stream, sub *live.Subscriber, seq int64) {
	recheck := time.NewTicker(s.recheck)
	defer recheck.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-recheck.C:
			if !s.stillAllowed(ctx) {
				return
			}
		case m, open := <-sub.Messages():
			if !open {
				return
			}
			if m.Old(seq) {
				continue
			}
			if err := w.send(m); err != nil {
				return
			}
		}
	}
}

// firstMessages is the state at one moment, then the facts after lastID that the page has not seen. seq is the number
// of the newest fact in that state.
func (s *Server) firstMessages(ctx context.Context, me auth.Principal, sub *live.Subscriber, lastID string) (seq int64, out []live.Message, err error) {
	err = live.AtHead(ctx, s.deps.DB, func(q pg.Queryer, head int64) error {
		seq = head
		if sub.UnitID != 0 {
			state, err := s.deps.Dispatch.Officer(ctx, q, sub.UnitID, s.now())
			out = []live.Message{message("officer", state)}
			return err
		}
		state, err := s.snapshot(ctx, q, me.CountyPath, seq)
		if err != nil {
			return err
		}
		out = []live.Message{message("snapshot", state)}
		last, err := strconv.ParseInt(lastID, 10, 64)
		if err != nil || last < 0 || last > seq || !sub.Events { // a first visit, or not from this event log
			out[0].ID = seq
			return nil
		}
		missed, err := missedEvents(ctx, q, me.CountyPath, last, seq)
		out = append(out, missed...)
		return err
	})
	return seq, out, err
}

func (s *Server) snapshot(ctx context.Context, q pg.Queryer, branch string, seq int64) (snap snapshot, err error) {
	now := s.now()
	snap.Seq = seq
	if snap.Units, err = s.deps.Dispatch.UnitViews(ctx, q, branch, nil, now); err != nil {
		return snap, err
	}
	snap.Tickets, err = s.deps.Dispatch.OpenTickets(ctx, q, branch, now)
	return snap, err
}

// missedEvents is the facts of a branch after last, or a gap when there are too many.
func missedEvents(ctx context.Context, q pg.Queryer, branch string, last, seq int64) ([]live.Message, error) {
	events, err := dispatch.EventsAfter(ctx, q, branch, last, resumeLimit+1)
	if err != nil {
		return nil, err
	}
	if len(events) > resumeLimit {
		m := message("gap", gap{From: last + 1, To: seq})
		m.ID = seq
		return []live.Message{m}, nil
	}
	out := make([]live.Message, len(events))
	for i, e := range events {
		out[i] = message("event", e)
		out[i].ID = e.Seq
	}
	return out, nil
}

// stillAllowed asks again, for a stream that has been open for a while, whether its person may still watch. While the
// database cannot tell, the stream goes on.
func (s *Server) stillAllowed(ctx context.Context) bool {
	a := aboutRequest(ctx)
	now, err := s.sessions.Principal(ctx, a.token)
	if err != nil {
		return !errors.Is(err, auth.ErrNotSignedIn)
	}
	was := a.principal
	return now.Role == was.Role && now.CountyPath == was.CountyPath && now.UnitID == was.UnitID && !now.MustChange
}

func message(name string, v any) live.Message {
	data, err := json.Marshal(v)
	if err != nil { // our own types always encode
		panic(fmt.Sprintf("encode %s: %v", name, err))
	}
	return live.Message{Name: name, Data: data}
}

// stream writes server-sent events and flushes each.
type stream struct {
	w       *echo.Response
	control *http.ResponseController
}

func newStream(w *echo.Response) *stream {
	return &stream{w: w, control: http.NewResponseController(w)}
}

func (st *stream) open(h hello) error {
	head := st.w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no")
	st.w.WriteHeader(http.StatusOK)
	if _, err := fmt.Fprint(st.w, "retry: 1500\n"); err != nil {
		return err
	}
	return st.send(message("hello", h))
}

func (st *stream) send(m live.Message) error {
	if err := st.control.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	if m.ID != 0 {
		if _, err := fmt.Fprintf(st.w, "id: %d\n", m.ID); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(st.w, "event: %s\ndata: %s\n\n", m.Name, m.Data); err != nil {
		return err
	}
	return st.control.Flush()
}
