package cli_test

import (
	"os"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/sshkey/weak"
)

// TestKeysPageIsComplete: docs/keys.md has a row for each check and format, and
// names each algorithm.
func TestKeysPageIsComplete(t *testing.T) {
	text, err := os.ReadFile("../../docs/keys.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, c := range weak.Checks() {
		if !strings.Contains(page, "\n| `"+c.Name+"` |") {
			t.Errorf("the check %s has no row", c.Name)
		}
	}
	for _, f := range append(sshkey.PrivateFormats(), "authorized-keys", "rfc4716", "spki", "pkcs1") {
		if !strings.Contains(page, "\n| `"+string(f)+"` |") {
			t.Errorf("the format %s has no row", f)
		}
	}
	for _, s := range sshkey.Specs() {
		if !strings.Contains(page, "`"+string(s)+"`") {
			t.Errorf("the algorithm %s is not named", s)
		}
	}
}
