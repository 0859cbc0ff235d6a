package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const mebibyte = 1 << 20

// writeSettings writes the three files that the server reads. They lie outside
// the data folder and are ours, made anew at each start; what an administrator
// sets with ALTER SYSTEM is kept in the data folder and wins. Whoever may
// connect may also take a base backup.
func (c *Cluster) writeSettings() error {
	for name, text := range map[string]string{
		"postgresql.conf": settings(memory()),
		"pg_hba.conf":     "local all all peer map=app\nlocal replication all peer map=app\n",
		"pg_ident.conf":   fmt.Sprintf("app %q %s\napp %q %s\n", c.owner.caller, role, c.owner.name, role),
	} {
		if err := replaceFile(filepath.Join(c.dir, name), text); err != nil {
			return fmt.Errorf("write the server's settings: %w", err)
		}
	}
	return nil
}

// settings are those that an administrator may overrule. memory is the
// machine's in bytes.
func settings(memory uint64) string {
	var b bytes.Buffer
	for _, s := range [][2]string{
		{"shared_buffers", fmt.Sprintf("%dMB", sharedBuffers(memory)/mebibyte)},
		{"max_connections", "60"},
		{"max_wal_size", "2GB"},
		{"checkpoint_timeout", "15min"},
		{"wal_compression", "lz4"},
		{"wal_level", "replica"},
		{"jit", "off"},
		{"random_page_cost", "1.1"},
		{"restart_after_crash", "on"},
		{"timezone", "UTC"},
		{"log_timezone", "UTC"},
		{"log_line_prefix", ""}, // the logger adds the time
		// No statement and no row may get into the log: they name people.
		{"log_min_error_statement", "panic"},
		{"log_error_verbosity", "terse"},
		{"log_parameter_max_length", "0"},
		{"log_parameter_max_length_on_error", "0"},
	} {
		fmt.Fprintf(&b, "%s = '%s'\n", s[0], s[1])
	}
	return b.String()
}

// arguments start the server with what must not be overruled.
func (c *Cluster) arguments() []string {
	args := []string{"-D", c.data()}
	for _, s := range []string{
		"config_file=" + filepath.Join(c.dir, "postgresql.conf"),
		"hba_file=" + filepath.Join(c.dir, "pg_hba.conf"),
		"ident_file=" + filepath.Join(c.dir, "pg_ident.conf"),
		"listen_addresses=",
		"unix_socket_directories=" + quoteListItem(c.socket),
		"unix_socket_permissions=0700",
		"port=" + socketPort,
		"logging_collector=off", // its log comes to us
		"log_destination=stderr",
		"fsync=on",
		"full_page_writes=on",
		"synchronous_commit=on",
	} {
		args = append(args, "-c", s)
	}
	return args
}

// quoteListItem protects a path in a setting that is a list.
func quoteListItem(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// sharedBuffers is an eighth of the memory, 256 MB at least unless the machine
// is small, 2 GB at most: the page cache does the rest.
func sharedBuffers(memory uint64) uint64 {
	if memory == 0 {
		return 256 * mebibyte
	}
	return min(max(memory/8, min(256*mebibyte, memory/4)), 2048*mebibyte)
}

// memory is the machine's memory in bytes, 0 when it is not known.
func memory() uint64 {
	var info syscall.Sysinfo_t
	if err := syscall.Sysinfo(&info); err != nil {
		return 0
	}
	return uint64(info.Totalram) * uint64(info.Unit)
}

// replaceFile writes a file that everybody may read, whole or not at all.
func replaceFile(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
