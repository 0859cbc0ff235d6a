// Package webmap carries the built web pages inside the Go binary.
package webmap

import (
	"embed"
	"fmt"
	"io/fs"
)

// dist holds dist/app (written by "npm run build", not committed) and dist/none (one committed page that says
// how to build), so that the Go code compiles before the web pages have been built.
//
//go:embed all:dist
var dist embed.FS

// Dist returns the web pages: index.html at the root, hashed files under assets/, sw.js, and next to each text
// file of 1 KiB or more a gzip twin with the suffix ".gz". Without a web build it holds only an index.html that
// tells how to make one.
func Dist() fs.FS {
	dir := "dist/none"
	if Built() {
		dir = "dist/app"
	}
	sub, err := fs.Sub(dist, dir)
	if err != nil {
		panic(fmt.Sprintf("webmap: %s: %v", dir, err)) // a constant path: cannot fail
	}
	return sub
}

// Built reports whether the web pages were built before the binary was.
func Built() bool {
	_, err := fs.Stat(dist, "dist/app/index.html")
	return err == nil
}
