package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindBinaries(t *testing.T) {
	root := t.TempDir()
	put := func(paths ...string) {
		for _, p := range paths {
			p = filepath.Join(root, p)
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	find := func(major int, want string) {
		t.Helper()
		got, err := findBinaries(root, major)
		if err != nil || got != filepath.Join(root, want) {
			t.Errorf("version %d: %s, %v; want %s", major, got, err, want)
		}
	}
	refuse := func(major int, want string) {
		t.Helper()
		got, err := findBinaries(root, major)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("version %d: %s, %v; want an error with %s", major, got, err, want)
		}
	}
	debian := func(major string, postgis bool) {
		put("usr/lib/postgresql/"+major+"/bin/postgres", "usr/lib/postgresql/"+major+"/bin/initdb")
		if postgis {
			put("usr/share/postgresql/" + major + "/extension/postgis.control")
		}
	}

	refuse(0, "apt install postgresql-15 postgresql-15-postgis-3")
	debian("9", true)
	debian("14", true)
	debian("18", false)
	refuse(0, "apt install postgresql-15 postgresql-15-postgis-3")
	debian("15", true)
	find(0, "usr/lib/postgresql/15/bin")
	put("usr/pgsql-16/bin/postgres", "usr/pgsql-16/bin/initdb", "usr/pgsql-16/share/extension/postgis.control")
	find(0, "usr/pgsql-16/bin")
	debian("17", true)
	find(0, "usr/lib/postgresql/17/bin")
	find(15, "usr/lib/postgresql/15/bin")
	refuse(18, "apt install postgresql-18 postgresql-18-postgis-3")
}

func TestSharedBuffers(t *testing.T) {
	const gibibyte = 1024 * mebibyte
	for memory, want := range map[uint64]uint64{
		0: 256 * mebibyte, gibibyte / 2: 128 * mebibyte, gibibyte: 256 * mebibyte,
		8 * gibibyte: gibibyte, 64 * gibibyte: 2 * gibibyte,
	} {
		if got := sharedBuffers(memory); got != want {
			t.Errorf("%d MB of memory: %d MB, want %d MB", memory/mebibyte, got/mebibyte, want/mebibyte)
		}
	}
}
