package app_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A rule that a comment cites by its id is explained in docs/rules.md, and every row there is cited.
func TestRulesOfTheCodeAreExplained(t *testing.T) {
	rows := map[string]bool{} // by id: whether it is cited
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(paper(t, "docs/rules.md"), -1) {
		rows[m[1]] = false
	}
	if len(rows) == 0 {
		t.Fatal("docs/rules.md has no rules")
	}
	for _, f := range files(t) {
		if !slices.Contains([]string{".go", ".sql", ".ts", ".vue"}, f.ext()) || strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		for _, id := range citedRules(f.text) {
			if _, ok := rows[id]; !ok {
				t.Errorf("%s cites %s, which docs/rules.md does not explain", f.path, id)
			}
			rows[id] = true
		}
	}
	for id, cited := range rows {
		if !cited {
			t.Errorf("docs/rules.md explains %s, which nothing cites", id)
		}
	}
}

var (
	comment     = regexp.MustCompile(`(?m)(?://|--) .*$`)
	domainRules = regexp.MustCompile(`\bdomain ([A-H][0-9]+(?:, [A-H][0-9]+)*)`)
	officeRule  = regexp.MustCompile(`\b(?:[JW][0-9]{2}|Z[0-9](?:-[0-9]{2})?)\b`)
)

// citedRules is what the comments of a source cite: "domain C4" and "domain C5" for "domain C4, C5".
func citedRules(source string) []string {
	var out []string
	for _, c := range comment.FindAllString(source, -1) {
		for _, m := range domainRules.FindAllStringSubmatch(c, -1) {
			for id := range strings.SplitSeq(m[1], ", ") {
				out = append(out, "domain "+id)
			}
		}
		out = append(out, officeRule.FindAllString(c, -1)...)
	}
	return out
}
