// Package migrations carries the numbered SQL files that build the database.
package migrations

import "embed"

// FS holds the migration files at its root, named NNNNN_what.sql, in goose's
// format. A file that was released is never edited; a change is a new file.
//
//go:embed [0-9]*.sql
var FS embed.FS
