package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// pages are the built web pages, read once. A file may have a twin "name.gz".
type pages struct{ files map[string]webFile }

type webFile struct {
	kind string // Content-Type
	etag string
	raw  []byte
	gz   []byte // nil = no twin
}

// readPages reads the whole tree; a nil one has no files.
func readPages(web fs.FS) (*pages, error) {
	p := &pages{files: make(map[string]webFile)}
	if web == nil {
		return p, nil
	}
	err := fs.WalkDir(web, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, ".gz") {
			return err
		}
		raw, err := fs.ReadFile(web, name)
		if err != nil {
			return err
		}
		f := webFile{kind: kindOf(name), etag: etagOf(raw), raw: raw}
		if gz, err := fs.ReadFile(web, name+".gz"); err == nil {
			f.gz = gz
		}
		p.files[name] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read web pages: %w", err)
	}
	if _, ok := p.files["index.html"]; !ok {
		return nil, fmt.Errorf("read web pages: %w", &fs.PathError{Op: "open", Path: "index.html", Err: fs.ErrNotExist})
	}
	return p, nil
}

// kindOf is the media type by the name's ending. The types that matter are
// named here, because a machine's own table may differ.
func kindOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	default:
		if kind := mime.TypeByExtension(ext); kind != "" {
			return kind
		}
		return "application/octet-stream"
	}
}

func etagOf(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// page serves a file of the web pages. The paths of the surfaces all get
// index.html, which draws them; so does, as a 404, any other path that a
// browser opens as a page.
func (s *Server) page(c echo.Context) error {
	r := c.Request()
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "api" || strings.HasPrefix(name, "api/") {
		return echo.ErrNotFound
	}
	if f, ok := s.pages.files[name]; ok && name != "index.html" {
		s.sendFile(c, name, f, http.StatusOK)
		return nil
	}
	index, ok := s.pages.files["index.html"]
	switch {
	case !ok:
		return echo.ErrNotFound
	case isSurface(name):
		s.sendFile(c, "index.html", index, http.StatusOK)
	case strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(name, "assets/"):
		s.sendFile(c, "index.html", index, http.StatusNotFound)
	default:
		return echo.ErrNotFound
	}
	return nil
}

// isSurface tells whether a path belongs to the single-page application.
func isSurface(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	switch first {
	case "", ".", "index.html", "login", "screen", "desk", "officer", "public", "p":
		return true
	}
	return false
}

func (s *Server) sendFile(c echo.Context, name string, f webFile, status int) {
	w, r := c.Response(), c.Request()
	h := w.Header()
	h.Set("Content-Type", f.kind)
	if strings.HasPrefix(name, "assets/") { // named by their content
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	body, etag := f.raw, `"`+f.etag+`"`
	if f.gz != nil {
		h.Set("Vary", "Accept-Encoding")
		if takesGzip(r.Header.Get("Accept-Encoding")) {
			body, etag = f.gz, `"`+f.etag+`-gz"`
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", etag)
	if status != http.StatusOK {
		h.Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, _ = w.Write(body) // the client may be gone
		return
	}
	if f.gz != nil && h.Get("Content-Encoding") != "" {
		r.Header.Del("Range") // a part of a compressed file helps nobody
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}

// takesGzip reads Accept-Encoding: gzip or * with a quality above zero.
func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding = strings.TrimSpace(coding); coding != "gzip" && coding != "*" {
			continue
		}
		quality, ok := strings.CutPrefix(strings.TrimSpace(params), "q=")
		if !ok {
			return true
		}
		q, err := strconv.ParseFloat(quality, 64)
		return err == nil && q > 0
	}
	return false
}
