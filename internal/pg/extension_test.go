package pg

import (
	"strings"
	"testing"
)

// A server without PostGIS cannot be had beside one with it, so the words for
// that case are checked on their own.
func TestAbsentExtensionIsNamed(t *testing.T) {
	text := missingExtensions("county", 16, []string{"postgis"}, []string{"btree_gist"}).Error()
	for _, want := range []string{
		"does not offer the extension postgis", "postgresql-16-postgis-3",
		"may not create the extension btree_gist", "in database county",
		"CREATE EXTENSION IF NOT EXISTS postgis;", "CREATE EXTENSION IF NOT EXISTS btree_gist;",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in: %s", want, text)
		}
	}
}
