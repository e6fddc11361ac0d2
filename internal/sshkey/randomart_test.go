package sshkey

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestRandomartVectors(t *testing.T) {
	for _, name := range []string{"rsa2048", "ecdsa256", "ed25519"} {
		_, want, _ := strings.Cut(readVector(t, name+".randomart"), "\n")
		if got := mustParse(t, readVector(t, name+".pub")).Randomart(); got+"\n" != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
}

// Hundreds of keys of every type and of odd sizes.
func TestRandomartAsSSHKeygenDrawsIt(t *testing.T) {
	var lines []string
	for _, s := range slices.Concat(suspects(t)) {
		key := s.key
		switch {
		case s.err != nil, strings.Contains(s.how, "without padding"), strings.Contains(key.Type(), "-cert-v00"), key.Algorithm() == RSA && key.Bits() < minSSHDRSABits:
		case key.cert && len(lines)%4 != 0: // enough of them
			lines = append(lines, "")
		default:
			lines = append(lines, s.line)
		}
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
	if len(lines) < 500 {
		t.Fatalf("only %d keys", len(lines))
	}
	var file strings.Builder
	for i, line := range lines {
		file.WriteString(line + " " + strconv.Itoa(i) + "\n")
	}
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ssh-keygen", "-l", "-v", "-E", "sha256", "-f", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	const height = 1 + 11 // the key's line and its picture
	said := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	types := map[string]bool{}
	for ; len(said) >= height; said = said[height:] {
		words := strings.Fields(said[0])
		n, err := strconv.Atoi(words[2])
		if err != nil {
			t.Fatalf("ssh-keygen prints %q", said[0])
		}
		key := mustParse(t, lines[n])
		types[key.shortType()] = true
		if got, want := key.Randomart(), strings.Join(said[1:height], "\n"); got != want {
			t.Errorf("%s is\n%s\nssh-keygen draws\n%s", lines[n], got, want)
		}
	}
	for _, short := range []string{"RSA", "ECDSA", "ED25519", "ECDSA-SK", "ED25519-SK"} {
		if !types[short] || !types[short+"-CERT"] {
			t.Errorf("no picture of %s or of its certificate", short)
		}
	}
}
