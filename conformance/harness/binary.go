// Package harness runs the real keyreeve binary for tests that speak to it as
// its users do: over its listeners, with its command line, and with signals.
// It knows nothing of the product but its start contract.
package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// build makes a keyreeve from the sources beside this module, once per test process.
var build = sync.OnceValues(func() (path string, err error) {
	_, here, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(filepath.Dir(here)))
	if builtIn, err = os.MkdirTemp("", "keyreeve-binary-"); err != nil {
		return "", err
	}
	path = filepath.Join(builtIn, "keyreeve")
	c := exec.Command("go", "build", "-o", path, "./cmd/keyreeve")
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("keyreeve does not build: %w\n%s", err, out)
	}
	return path, nil
})

// builtIn is the folder of the binary that build made.
var builtIn string

// Binary returns the path of the keyreeve under test: the one that
// KEYREEVE_TEST_BINARY names, or one built from this repository.
func Binary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("KEYREEVE_TEST_BINARY"); path != "" {
		return path
	}
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Main is the TestMain of every package that uses the harness. It returns the
// exit status after removing what the harness made for the whole package.
func Main(m *testing.M) int {
	code := m.Run()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn)
	}
	return code
}
