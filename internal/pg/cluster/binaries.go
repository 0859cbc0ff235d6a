package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

const (
	minMajor   = 15
	aptInstall = "apt install postgresql-15 postgresql-15-postgis-3"
)

// layouts are where packages put the programs of a version and its extensions:
// Debian's and Ubuntu's, then those of the RPM packages.
var layouts = []struct{ bin, extension string }{
	{"usr/lib/postgresql/%s/bin", "usr/share/postgresql/%s/extension"},
	{"usr/pgsql-%s/bin", "usr/pgsql-%s/share/extension"},
}

var majorPattern = regexp.MustCompile(`(\d+)/bin$`)

// findBinaries returns the folder of the newest server under root that has
// PostGIS, or of exactly the version major if that is not 0: a data folder can
// be read by the version that made it and no other.
func findBinaries(root string, major int) (string, error) {
	best, bin := 0, ""
	for _, l := range layouts {
		found, err := filepath.Glob(filepath.Join(root, fmt.Sprintf(l.bin, "*")))
		if err != nil {
			return "", err
		}
		for _, dir := range found {
			match := majorPattern.FindStringSubmatch(dir)
			if match == nil {
				continue
			}
			version, err := strconv.Atoi(match[1])
			if err != nil || version < minMajor || version <= best || (major != 0 && version != major) {
				continue
			}
			extension := filepath.Join(root, fmt.Sprintf(l.extension, match[1]))
			if exists(filepath.Join(dir, "postgres")) && exists(filepath.Join(dir, "initdb")) &&
				exists(filepath.Join(extension, "postgis.control")) {
				best, bin = version, dir
			}
		}
	}
	switch {
	case bin != "":
		return bin, nil
	case major != 0:
		return "", fmt.Errorf("the data was made by PostgreSQL %d, which is not installed together with PostGIS: apt install postgresql-%d postgresql-%d-postgis-3", major, major, major)
	default:
		return "", fmt.Errorf("PostgreSQL %d or newer with PostGIS is not installed: %s", minMajor, aptInstall)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
