package store_test

import (
	"os"
	"testing"

	"github.com/keyreeve/keyreeve/internal/store/pgtest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(crashChild); path != "" {
		writeUntilKilled(path)
	}
	os.Exit(pgtest.Main(m))
}
