package cluster

import (
	"bufio"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	tailLines   = 20
	maxLogLine  = 8 << 10 // bytes; the rest of a longer line becomes further lines
	logPipeSize = 64 << 10
)

// serverLog reads what the server writes and passes it on line by line. It also
// keeps the last lines, because the reason for a failed start is only there.
type serverLog struct {
	reader, writer *os.File
	done           chan struct{} // closed when the reader has ended

	mu   sync.Mutex
	last []string
}

// newServerLog starts reading. The caller closes writer once the child has it,
// and calls drain when the child has ended.
func newServerLog(to *slog.Logger) (*serverLog, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	l := &serverLog{reader: r, writer: w, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.read(bufio.NewReaderSize(r, logPipeSize), to)
	}()
	return l, nil
}

func (l *serverLog) read(r *bufio.Reader, to *slog.Logger) {
	for {
		line, err := r.ReadSlice('\n')
		if text := strings.TrimSpace(strings.ToValidUTF8(string(line[:min(len(line), maxLogLine)]), "�")); text != "" {
			l.keep(text)
			level, message := severity(text)
			to.Log(context.Background(), level, message, "from", "postgres")
		}
		if err != nil && err != bufio.ErrBufferFull {
			return // closed by the last process that could write, or by drain
		}
	}
}

func (l *serverLog) keep(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) == tailLines {
		l.last = append(l.last[:0], l.last[1:]...)
	}
	l.last = append(l.last, line)
}

// tail is the last lines in one string.
func (l *serverLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.last, " | ")
}

// drain waits for the last lines and ends the reader. A process that outlives
// the postmaster may hold the pipe open, hence the limit. Further calls do
// nothing.
func (l *serverLog) drain() {
	_ = l.reader.SetReadDeadline(time.Now().Add(drainLimit))
	<-l.done
	_ = l.reader.Close()
}

// severity splits "LOG:  text" into the level and the text. The server's ends
// of sessions and its routine are of use when looking for a fault only.
func severity(line string) (slog.Level, string) {
	word, rest, ok := strings.Cut(line, ":  ")
	if !ok {
		return slog.LevelInfo, line
	}
	if strings.HasPrefix(rest, "the database system is ") { // starting up or shutting down: who asks waits for it
		return slog.LevelDebug, rest
	}
	switch word {
	case "PANIC", "ERROR":
		return slog.LevelError, rest
	case "FATAL", "WARNING": // FATAL ends one session
		return slog.LevelWarn, rest
	case "LOG", "NOTICE", "INFO", "DEBUG", "HINT", "DETAIL", "CONTEXT":
		return slog.LevelDebug, rest
	}
	return slog.LevelInfo, line
}
