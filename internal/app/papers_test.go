package app_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jiujin/dispatch"
	"jiujin/internal/auth"
	"jiujin/ticket"
	"jiujin/tracking"
)

// root is the repository, seen from this package.
const root = "../.."

// file is one text file of the repository, by its path from the root.
type file struct{ path, text string }

// ext is the end of the file's name, with the dot.
func (f file) ext() string { return filepath.Ext(f.path) }

// files is every text file that people wrote: not what builds and package managers put beside it.
func files(t *testing.T) []file {
	t.Helper()
	skipped := []string{".git", "node_modules", "bin", "web-map/dist/app", "web-map/e2e/shots"}
	var out []file
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(skipped, path) || slices.Contains(skipped, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !bytes.ContainsRune(text, 0) {
			out = append(out, file{path, string(text)})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func papers(t *testing.T) []file {
	t.Helper()
	return slices.DeleteFunc(files(t), func(f file) bool { return f.ext() != ".md" })
}

func paper(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	fence = regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```")
	span  = regexp.MustCompile("`([^`\n]+)`")
)

// code is what a paper sets as code: the lines of its blocks, and its spans.
func code(text string) []string {
	var out []string
	for _, block := range fence.FindAllStringSubmatch(text, -1) {
		out = append(out, strings.Split(strings.ReplaceAll(block[1], "\\\n", " "), "\n")...)
	}
	for _, s := range span.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		out = append(out, s[1])
	}
	return out
}

func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, f := range papers(t) {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(f.text, ""), -1) {
			target, heading, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, ":") {
				continue // another host
			}
			path := filepath.Join(root, filepath.Dir(f.path), target)
			if target == "" {
				path = filepath.Join(root, f.path)
			}
			text, err := os.ReadFile(path)
			if info, statErr := os.Stat(path); statErr != nil || err != nil && !info.IsDir() {
				t.Errorf("%s links to %s, which is not there", f.path, m[1])
				continue
			}
			if heading != "" && !slices.Contains(anchors(string(text)), heading) {
				t.Errorf("%s links to %s, where there is no such heading", f.path, m[1])
			}
		}
	}
}

// anchors is how headings are linked to: small letters, hyphens for blanks, no punctuation.
func anchors(text string) []string {
	var out []string
	drop := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		out = append(out, strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return out
}

func TestMakeTargetsOfThePapersExist(t *testing.T) {
	target := regexp.MustCompile(`(?m)^([a-z][a-z -]*):`)
	known := map[string]bool{}
	for _, m := range target.FindAllStringSubmatch(paper(t, "Makefile"), -1) {
		for _, name := range strings.Fields(m[1]) {
			known[name] = true
		}
	}
	used := regexp.MustCompile(`(?:^|[\s;&])make ([a-z]+)`)
	readme := 0
	for _, f := range papers(t) {
		for _, line := range code(f.text) {
			for _, m := range used.FindAllStringSubmatch(line, -1) {
				if !known[m[1]] {
					t.Errorf("%s says make %s, which the Makefile lacks", f.path, m[1])
				}
				if f.path == "README.md" {
					readme++
				}
			}
		}
	}
	if !known["demo"] || !known["test"] || readme < 2 {
		t.Error("the README should name make demo and make test, and the Makefile have them")
	}
}

// The commands and flags of jiujin in the papers are those of the program.
func TestCommandsOfThePapersExist(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "jiujin")
	build := exec.Command("go", "build", "-o", binary, "./cmd/jiujin")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	help := func(args ...string) string {
		out, err := exec.Command(binary, append(args, "--help")...).CombinedOutput()
		if err != nil {
			return ""
		}
		return string(out)
	}
	commands := help()
	word := regexp.MustCompile(`^[a-z]+$`)
	found := 0
	for _, f := range papers(t) {
		for _, line := range code(f.text) {
			tokens := strings.Fields(line)
			at := slices.IndexFunc(tokens, func(s string) bool { return s == "jiujin" || strings.HasSuffix(s, "/jiujin") })
			if at > 0 && strings.EqualFold(tokens[at-1], "-u") { // sudo -u jiujin, the user
				rest := tokens[at+1:]
				if at = slices.Index(rest, "jiujin"); at != 0 {
					continue
				}
				tokens = rest
			}
			if at < 0 || at+1 >= len(tokens) || !word.MatchString(tokens[at+1]) {
				continue
			}
			command := tokens[at+1 : at+2]
			if at+2 < len(tokens) && word.MatchString(tokens[at+2]) && strings.Contains(commands, "\n  "+tokens[at+1]+" "+tokens[at+2]+" ") {
				command = tokens[at+1 : at+3]
			}
			known := regexp.MustCompile(`(?m)^  ` + strings.Join(command, " ") + `(?: |$)`)
			if !known.MatchString(commands) {
				t.Errorf("%s says %q, which jiujin does not know", f.path, strings.Join(tokens[at:], " "))
				continue
			}
			found++
			about := help(command...)
			for _, token := range tokens[at+1:] {
				if flag, _, _ := strings.Cut(token, "="); strings.HasPrefix(flag, "--") && !strings.Contains(about, flag) {
					t.Errorf("%s gives %s to jiujin %s, which does not know it", f.path, flag, strings.Join(command, " "))
				}
			}
		}
	}
	if found == 0 {
		t.Error("no paper names a command of jiujin")
	}
}

// A path of the API in a paper is a row of the access table.
func TestRoutesOfThePapersExist(t *testing.T) {
	param := regexp.MustCompile(`\{[a-z_]+\}|\$[A-Z]+|\b[0-9]+\b`)
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`path: v1 \+ "([^"]+)"`).FindAllStringSubmatch(paper(t, "internal/httpapi/access.go"), -1) {
		known["/api/v1"+param.ReplaceAllString(m[1], "{}")] = true
	}
	used := regexp.MustCompile(`/api/v1/[A-Za-z0-9_/{}$]+`)
	for _, f := range papers(t) {
		for _, route := range used.FindAllString(f.text, -1) {
			if !known[param.ReplaceAllString(strings.TrimRight(route, "/"), "{}")] {
				t.Errorf("%s names %s, which is not in the access table", f.path, route)
			}
		}
	}
}

// A name with an underscore that a paper sets as code (a constraint, a metric, a column, a variable of the
// environment) is found in the sources.
func TestNamesOfThePapersExist(t *testing.T) {
	var sources strings.Builder
	for _, f := range files(t) {
		sources.WriteString(f.path)
		if f.ext() != ".md" && !strings.HasSuffix(f.path, "_test.go") {
			sources.WriteString(f.text)
		}
	}
	text := sources.String()
	for _, command := range []string{"LISTEN", "DATABASE_URL", "DATA_DIR"} { // kong makes these names from the flags
		text += " JIUJIN_" + command
	}
	name := regexp.MustCompile(`\b[A-Za-z]+(?:_[A-Za-z0-9]+)+\b`)
	foreign := regexp.MustCompile(`^(pg_|proxy_|ssl_|server_name|add_header|X_)`)
	for _, f := range papers(t) {
		for _, c := range code(f.text) {
			for _, n := range name.FindAllString(c, -1) {
				if !foreign.MatchString(n) && !strings.Contains(text, n) {
					t.Errorf("%s speaks of %s, which is not in the sources", f.path, n)
				}
			}
		}
	}
}

// table is the first column of the table below a heading, without backticks.
func table(t *testing.T, path, heading string) []string {
	t.Helper()
	_, section, ok := strings.Cut(paper(t, path), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", path, heading)
	}
	section, _, _ = strings.Cut(section, "\n#")
	var out []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_0-9]+)` \\|").FindAllStringSubmatch(section, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestGlossaryHasTheWordsOfTheCode(t *testing.T) {
	var statuses []string
	for _, row := range ticket.Transitions {
		for _, s := range append(slices.Clone(row.From), row.To) {
			if s != "" && !slices.Contains(statuses, string(s)) {
				statuses = append(statuses, string(s))
			}
		}
	}
	const glossary = "docs/glossary.md"
	for _, c := range []struct {
		path, heading string
		want          []string
	}{
		{glossary, "## Status of a ticket", statuses},
		{glossary, "## Kind of a ticket", texts(ticket.Report, ticket.Complaint, ticket.Enquiry, ticket.Suggestion)},
		{glossary, "## Duty of a unit", texts(dispatch.DutyAvailable, dispatch.DutyOffered, dispatch.DutyCommitted,
			dispatch.DutyNoSignal, dispatch.DutyOffShift, dispatch.DutyInRepair)},
		{glossary, "## Freshness of a position", texts(tracking.Live, tracking.Recent, tracking.Stale, tracking.Lost)},
		{glossary, "## Roles", texts(auth.Roles()...)},
		{"docs/api.md", "## Why a record is refused", texts(tracking.Reasons()...)},
	} {
		got := table(t, c.path, c.heading)
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s, %q has %v, the code has %v", c.path, c.heading, got, c.want)
		}
	}
}

// The Chinese words of the glossary are those on the screen.
func TestGlossaryHasTheWordsOfTheScreen(t *testing.T) {
	screen := paper(t, "web-map/src/i18n/core.zh.ts")
	for heading, group := range map[string]string{
		"## Status of a ticket": "status", "## Kind of a ticket": "kind", "## Duty of a unit": "duty", "## Roles": "role",
	} {
		_, words, ok := strings.Cut(screen, "\n  "+group+": {")
		if !ok {
			t.Errorf("the screen has no group of words %s", group)
			continue
		}
		words, _, _ = strings.Cut(words, "}")
		_, section, _ := strings.Cut(paper(t, "docs/glossary.md"), "\n"+heading+"\n")
		section, _, _ = strings.Cut(section, "\n#")
		rows := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([^ |]+)").FindAllStringSubmatch(section, -1)
		if len(rows) == 0 {
			t.Errorf("the glossary has no words below %q", heading)
		}
		for _, row := range rows {
			if !strings.Contains(words, row[1]+": '"+row[2]+"'") {
				t.Errorf("%s is %s in the glossary, the screen has %s", row[1], row[2], strings.TrimSpace(words))
			}
		}
	}
}

func texts[S ~string](list ...S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

func TestReadmeIsShortAndHasATwin(t *testing.T) {
	en, zh := paper(t, "README.md"), paper(t, "README.zh-CN.md")
	for name, text := range map[string]string{"README.md": en, "README.zh-CN.md": zh} {
		if n := strings.Count(text, "\n"); n >= 150 {
			t.Errorf("%s has %d lines; the limit is 149", name, n)
		}
	}
	if a, b := len(anchors(en)), len(anchors(zh)); a != b {
		t.Errorf("README.md has %d headings, its twin %d", a, b)
	}
	address := regexp.MustCompile(`https?://[^\s)]+`)
	commands := func(text string) []string {
		out := address.FindAllString(text, -1)
		for _, line := range code(text) {
			line, _, _ = strings.Cut(line, "  ") // what follows is a remark
			if strings.HasPrefix(line, "make ") || strings.HasPrefix(line, "bin/") {
				out = append(out, strings.TrimSpace(line))
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	if a, b := commands(en), commands(zh); !slices.Equal(a, b) {
		t.Errorf("README.md has the commands %q, its twin %q", a, b)
	}
}

// A decision has a number, four parts and at most a page.
func TestDecisionsAreWhole(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(root, "docs/adr/*.md"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no decisions: %v", err)
	}
	for i, name := range names {
		base := filepath.Base(name)
		text := paper(t, "docs/adr/"+base)
		if !strings.HasPrefix(base, fmt.Sprintf("%04d-", i+1)) || !strings.HasPrefix(text, fmt.Sprintf("# %d. ", i+1)) {
			t.Errorf("%s is decision %d by its place", base, i+1)
		}
		for _, part := range []string{"## Context", "## Decision", "## Consequences", "## What would change our mind"} {
			if !strings.Contains(text, "\n"+part+"\n") {
				t.Errorf("%s has no part %q", base, part)
			}
		}
		if n := strings.Count(text, "\n"); n > 55 {
			t.Errorf("%s has %d lines; a page has 55", base, n)
		}
	}
}

// Nothing that people wrote speaks of the machine that it was written on, and files stay small enough to read.
func TestSourcesAreCleanAndSmall(t *testing.T) {
	machine := regexp.MustCompile(`(?:^|[\s"'(=:])/(?:work|root|home/[a-z]+|Users/[a-z]+)/|GO` + `PROXY=|npm_config_` + `registry|registry\s*=\s*http`)
	unfinished := regexp.MustCompile(`\b(?:TO` + `DO|FIX` + `ME)\b`)
	limited := []string{".go", ".ts", ".vue", ".css", ".js", ".mjs", ".sh"}
	for _, f := range files(t) {
		if filepath.Base(f.path) == "package-lock.json" {
			if strings.Contains(f.text, `"resolved"`) {
				t.Errorf("%s names the registry it was made with", f.path)
			}
			continue
		}
		for i, line := range strings.Split(f.text, "\n") {
			if m := machine.FindString(line); m != "" {
				t.Errorf("%s:%d speaks of the machine it was written on: %q", f.path, i+1, m)
			}
			if m := unfinished.FindString(line); m != "" && f.ext() != ".md" {
				t.Errorf("%s:%d is marked as unfinished: %s", f.path, i+1, m)
			}
		}
		if n := strings.Count(f.text, "\n"); n > 450 && slices.Contains(limited, f.ext()) {
			t.Errorf("%s has %d lines; the limit is 450", f.path, n)
		}
	}
}
