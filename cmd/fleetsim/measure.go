package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// samplesMax is how many of the newest samples a series keeps.
const samplesMax = 100_000

// fixesMax is how many fixes of a unit wait to be seen on a board.
const fixesMax = 1000

// series is the newest samples of one duration, in milliseconds.
type series struct {
	samples []float64
	next    int
	n       int
}

func (s *series) add(d time.Duration) {
	ms := float64(d.Microseconds()) / 1000
	s.n++
	if len(s.samples) < samplesMax {
		s.samples = append(s.samples, ms)
		return
	}
	s.samples[s.next] = ms
	s.next = (s.next + 1) % samplesMax
}

// spread is what is told of a series. Values are milliseconds; N counts all samples, the others the newest 100,000.
type spread struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
	N   int     `json:"n"`
}

func (s *series) spread() spread {
	sorted := slices.Clone(s.samples)
	slices.Sort(sorted)
	return spread{P50: percentile(sorted, 50), P95: percentile(sorted, 95), Max: percentile(sorted, 100), N: s.n}
}

// percentile is the least sample that p per cent of the sorted samples do not exceed; 0 without samples.
func percentile(sorted []float64, p int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := (p*len(sorted) + 99) / 100
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// measure counts and times what the simulator sees from outside. It is safe for concurrent use.
type measure struct {
	begun time.Time

	mu         sync.Mutex // guards the rest
	answers    map[string]int
	retries    map[string]int
	troubles   map[string]int
	refused    map[string]int // fixes, by reason
	fixes      map[int64]map[int64]time.Time
	fixToMap   series
	filed      map[int64]time.Time // tickets of which no offer was seen yet
	offered    map[int64]time.Time // offers seen before the answer to their report was
	toOffer    series
	counts     map[string]int
	firstScene time.Duration // 0 = nobody arrived yet
	ack        series        // from a batch or message to its answer
	connect    series        // of terminals: from the first byte to being let in
}

func newMeasure(now time.Time) *measure {
	return &measure{
		begun: now, answers: map[string]int{}, retries: map[string]int{}, troubles: map[string]int{}, refused: map[string]int{},
		fixes: map[int64]map[int64]time.Time{}, filed: map[int64]time.Time{}, offered: map[int64]time.Time{}, counts: map[string]int{},
	}
}

// answered counts an answer; status 0 is none at all.
func (m *measure) answered(route string, status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	what := fmt.Sprint(status)
	if status == 0 {
		what = "no answer"
	}
	m.answers[route+" "+what]++
}

func (m *measure) retried(route string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.retries[route]++
}

// trouble notes something that should not happen, by its text.
func (m *measure) trouble(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.troubles[err.Error()]++
}

func (m *measure) refusedFix(reason string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused[reason]++
}

// acked notes how long the service took to acknowledge.
func (m *measure) acked(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ack.add(d)
}

// connected notes how long it took a terminal to be let in.
func (m *measure) connected(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.connect.add(d)
}

// count adds to one of the summary's counts.
func (m *measure) count(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[what]++
	if what == "arrived" && m.firstScene == 0 {
		m.firstScene = time.Since(m.begun)
	}
}

// atScene tells whether somebody has arrived anywhere in this run.
func (m *measure) atScene() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.firstScene != 0
}

// fixSent notes when the newest fix of a batch left; sending again moves the time.
func (m *measure) fixSent(unitID, fixedAt int64, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.fixes[unitID]) > fixesMax { // no board shows them
		clear(m.fixes[unitID])
	}
	if m.fixes[unitID] == nil {
		m.fixes[unitID] = map[int64]time.Time{}
	}
	m.fixes[unitID][fixedAt] = at
}

// fixSeen notes when a fix came on the board. Older ones of the unit were overtaken and are not shown any more.
func (m *measure) fixSeen(unitID, fixedAt int64, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if sent, ok := m.fixes[unitID][fixedAt]; ok {
		m.fixToMap.add(at.Sub(sent))
	}
	for t := range m.fixes[unitID] {
		if t <= fixedAt {
			delete(m.fixes[unitID], t)
		}
	}
}

// reportFiled and offerSeen time a report from the request to the officer's screen, in whatever order they come to
// be known. Only offers that the engine made count, and only reports that could go to dispatch at once and for which
// there was a unit: waits takes out a ticket for which there was none.
func (m *measure) reportFiled(ticketID int64, sent time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seen, ok := m.offered[ticketID]; ok {
		m.toOffer.add(seen.Sub(sent))
		delete(m.offered, ticketID)
		return
	}
	m.filed[ticketID] = sent
}

func (m *measure) waits(ticketID int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.filed, ticketID)
}

func (m *measure) offerSeen(ticketID int64, auto bool, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sent, ok := m.filed[ticketID]
	delete(m.filed, ticketID)
	switch {
	case !auto:
	case ok:
		m.toOffer.add(at.Sub(sent))
	case at.Sub(m.begun) >= 0 && len(m.offered) < 1000: // those of other reporters are never asked for
		m.offered[ticketID] = at
	}
}

// summary is what a run comes to.
type summary struct {
	Seconds       float64        `json:"seconds"`
	Vehicles      int            `json:"vehicles"`
	FixesSent     int            `json:"fixes_sent"`
	FixesAcked    int            `json:"fixes_acked"`
	FixesOnServer int            `json:"fixes_on_server"`
	FixesDropped  int            `json:"fixes_dropped"` // by full outboxes
	FixesRefused  map[string]int `json:"fixes_refused"`
	TicketsOpened int            `json:"tickets_opened"`
	Offers        int            `json:"offers"`
	Accepted      int            `json:"accepted"`
	Declined      int            `json:"declined"`
	Arrived       int            `json:"arrived"`
	Closed        int            `json:"closed"`
	ReportToOffer spread         `json:"report_to_offer_ms"`
	FixToMap      spread         `json:"fix_to_map_ms"`
	FixToAnswer   spread         `json:"fix_to_answer_ms"`    // of vehicles without chaos
	Connect       spread         `json:"connect_ms"`          // of terminals, until they are let in
	FirstOnScene  float64        `json:"first_on_scene_s"`    // 0 = nobody arrived
	Nuisances     map[string]int `json:"nuisances,omitempty"` // unwanted peers by kind; one that was let in is among the errors
	Answers       map[string]int `json:"answers"`
	Retries       map[string]int `json:"retries"`
	Errors        map[string]int `json:"errors"`
	Lost          int            `json:"lost"`
	Doubled       int            `json:"doubled"`
	Foreign       int            `json:"foreign"` // fixes in the span that this run did not send
	Findings      []string       `json:"findings,omitempty"`
	NotCompared   string         `json:"not_compared,omitempty"` // why Lost and Doubled say nothing; "" = all was compared
}

func (m *measure) summary() summary {
	m.mu.Lock()
	defer m.mu.Unlock()
	nuisances := map[string]int{}
	for what, n := range m.counts {
		if kind, ok := strings.CutPrefix(what, "nuisance: "); ok {
			nuisances[kind] = n
		}
	}
	return summary{
		Nuisances: nuisances,
		Seconds:   round(time.Since(m.begun).Seconds(), 10), FixesRefused: m.refused,
		TicketsOpened: m.counts["opened"], Offers: m.counts["offers"], Accepted: m.counts["accepted"], Declined: m.counts["declined"],
		Arrived: m.counts["arrived"], Closed: m.counts["closed"], ReportToOffer: m.toOffer.spread(), FixToMap: m.fixToMap.spread(),
		FixToAnswer: m.ack.spread(), Connect: m.connect.spread(),
		FirstOnScene: round(m.firstScene.Seconds(), 10), Answers: m.answers, Retries: m.retries, Errors: m.troubles,
	}
}

// text is the summary for people.
func (s *summary) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d vehicles for %.0f s\n", s.Vehicles, s.Seconds)
	fmt.Fprintf(&b, "fixes:   %d sent, %d acknowledged, %d on the server\n", s.FixesSent, s.FixesAcked, s.FixesOnServer)
	fmt.Fprintf(&b, "cases:   %d opened, %d offers, %d accepted, %d declined, %d arrived, %d closed; first on scene after %.0f s\n",
		s.TicketsOpened, s.Offers, s.Accepted, s.Declined, s.Arrived, s.Closed, s.FirstOnScene)
	for _, t := range []struct {
		name string
		s    spread
	}{{"report to offer", s.ReportToOffer}, {"fix to map", s.FixToMap}, {"fix to answer", s.FixToAnswer}, {"connect", s.Connect}} {
		fmt.Fprintf(&b, "%s: p50 %.0f ms, p95 %.0f ms, max %.0f ms of %d\n", t.name, t.s.P50, t.s.P95, t.s.Max, t.s.N)
	}
	for _, t := range []struct {
		name string
		m    map[string]int
	}{{"answer", s.Answers}, {"retry", s.Retries}, {"fix refused", s.FixesRefused}, {"trouble", s.Errors}} {
		for _, k := range sortedKeys(t.m) {
			fmt.Fprintf(&b, "%s: %6d  %s\n", t.name, t.m[k], k)
		}
	}
	for _, f := range s.Findings {
		fmt.Fprintln(&b, f)
	}
	if s.NotCompared != "" {
		fmt.Fprintln(&b, s.NotCompared)
		return b.String()
	}
	fmt.Fprintf(&b, "lost: %d, doubled: %d\n", s.Lost, s.Doubled)
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
