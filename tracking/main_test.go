package tracking

import (
	"testing"

	"jiujin/internal/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
