package ppk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decode reads a file and opens it.
func decode(text, passphrase []byte) (File, error) {
	s, err := Parse(text)
	if err != nil {
		return File{}, err
	}
	return s.Open(passphrase)
}

// run runs puttygen in a folder with a file of the passphrase "secret", and
// fails the test when it fails.
func run(t testing.TB, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("puttygen", append(args, "--random-device", "/dev/urandom")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("puttygen %v: %v\n%s", args, err, out)
	}
}

// folder returns a folder for run.
func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"pass": "secret\n", "none": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t testing.TB, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sameFile fails unless two files say the same, the padding aside.
func sameFile(t testing.TB, got, want File) {
	t.Helper()
	private := got.Private.Bytes()
	if got.Type != want.Type || got.Comment != want.Comment || !bytes.Equal(got.Public, want.Public) ||
		!bytes.HasPrefix(private, want.Private.Bytes()) || len(private) > len(want.Private.Bytes())+15 {
		t.Errorf("read %v, want %v", got, want)
	}
}

// What puttygen writes is read, and written again byte for byte where the
// file holds nothing that is drawn at random.
func TestPuttygensFiles(t *testing.T) {
	dir := folder(t)
	for _, kind := range []string{"ed25519", "ecdsa", "rsa", "ed448"} {
		bits := map[string]string{"rsa": "1024", "ecdsa": "384"}[kind]
		args := []string{"-t", kind, "-C", "a b  ü", "-O", "private", "-o", kind, "--new-passphrase", "none"}
		if bits != "" {
			args = append(args, "-b", bits)
		}
		run(t, dir, args...)
		clear, err := decode(read(t, dir, kind), []byte("needless"))
		if err != nil {
			t.Fatal(err)
		}
		if clear.Version != V3 || clear.Comment != "a b  ü" {
			t.Errorf("read %v", clear)
		}
		for _, tc := range []struct {
			params, pass string
			version      Version
			exact        bool
		}{
			{"version=3", "none", V3, true},
			{"version=2", "none", V2, true},
			{"version=2", "pass", V2, true},
			{"version=3", "pass", V3, false},
			{"version=3,kdf=argon2i,passes=2", "pass", V3, false},
			{"version=3,memory=1024,passes=3,parallelism=4", "pass", V3, false},
		} {
			run(t, dir, kind, "--reencrypt", "-O", "private", "-o", "out", "--new-passphrase", tc.pass, "--ppk-param", tc.params)
			text := read(t, dir, "out")
			passphrase := bytes.TrimSpace(read(t, dir, tc.pass))
			file, err := decode(text, passphrase)
			if err != nil {
				t.Errorf("%s, %s: %v", kind, tc.params, err)
				continue
			}
			sameFile(t, file, clear)
			if file.Version != tc.version {
				t.Errorf("version %d, want %d", file.Version, tc.version)
			}
			if tc.exact {
				clear.Version = tc.version
				again, err := clear.Encode(passphrase)
				if err != nil || !bytes.Equal(again, text) {
					t.Errorf("%s, %s: written again it is\n%s\nnot\n%s", kind, tc.params, again, text)
				}
			}
		}
	}
}

// sample is a file whose halves are no key, which is not for this package to
// know.
var sample = File{Version: V3, Type: "ssh-test", Comment: "c", Public: bytes.Repeat([]byte("public"), 20), Private: Hide([]byte("private half"))}

func TestRoundTrip(t *testing.T) {
	for _, version := range []Version{V2, V3} {
		for _, passphrase := range []string{"", "x", strings.Repeat("길", 1000), "\x00"} {
			for size := 1; size < 100; size += 3 {
				if version == V3 && passphrase != "" && size != 34 {
					continue // each takes a tenth of a second
				}
				f := sample
				f.Version, f.Private = version, Hide(bytes.Repeat([]byte{'p'}, size))
				text, err := f.Encode([]byte(passphrase))
				if err != nil {
					t.Fatal(err)
				}
				got, err := decode(text, []byte(passphrase))
				if err != nil {
					t.Fatal(err)
				}
				sameFile(t, got, f)
				for _, end := range []string{"\r\n", "\r"} {
					other := bytes.ReplaceAll(text, []byte("\n"), []byte(end))
					got, err := Parse(other)
					if err != nil || got.Comment != "c" {
						t.Errorf("with line ends %q: %v", end, err)
					}
				}
			}
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for what, change := range map[string]func(*File){
		"version 1":               func(f *File) { f.Version = 1 },
		"no version":              func(f *File) { f.Version = 0 },
		"no type":                 func(f *File) { f.Type = "" },
		"no public half":          func(f *File) { f.Public = nil },
		"no private half":         func(f *File) { f.Private = Secret{} },
		"a comment of two":        func(f *File) { f.Comment = "a\nb" },
		"a carriage return":       func(f *File) { f.Comment = "a\r" },
		"a type of two":           func(f *File) { f.Type = "a\nb" },
		"a comment of a megabyte": func(f *File) { f.Comment = strings.Repeat("x", 1<<20) },
	} {
		f := sample
		change(&f)
		if text, err := f.Encode(nil); err == nil {
			t.Errorf("%s is written as %q", what, text)
		}
	}
}

func TestErrors(t *testing.T) {
	f := sample
	text, err := f.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	sealedText, err := f.Encode([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	clear, locked := string(text), string(sealedText)
	for _, tc := range []struct {
		what, text, old, new string
		want                 error
	}{
		{"nothing", "", "", "", ErrNotPPK},
		{"another file", "ssh-rsa AAAA", "", "", ErrNotPPK},
		{"too long", strings.Repeat("\n", maxText+1), "", "", ErrTooLong},
		{"version 1", clear, "File-3", "File-1", ErrVersion},
		{"version 30", clear, "File-3", "File-30", ErrVersion},
		{"no version", clear, "File-3", "File-", ErrVersion},
		{"no type", clear, "File-3: ssh-test", "File-3: ", &SyntaxError{1, "PuTTY-User-Key-File-3"}},
		{"another cipher", clear, "none", "aes128-cbc", ErrEncryption},
		{"no cipher", clear, "Encryption: none", "Encryption: ", &SyntaxError{2, "Encryption"}},
		{"no space", clear, "Encryption: none", "Encryption:none", &SyntaxError{2, "Encryption"}},
		{"order", clear, "Encryption: none\nComment: c\n", "Comment: c\nEncryption: none\n", &SyntaxError{2, "Encryption"}},
		{"no comment", clear, "Comment: c\n", "", &SyntaxError{3, "Comment"}},
		{"no lines", clear, "Public-Lines: 3", "Public-Lines: 0", &SyntaxError{4, "Public-Lines"}},
		{"signed lines", clear, "Public-Lines: 3", "Public-Lines: +3", &SyntaxError{4, "Public-Lines"}},
		{"padded lines", clear, "Public-Lines: 3", "Public-Lines: 03", &SyntaxError{4, "Public-Lines"}},
		{"2^32 lines", clear, "Public-Lines: 3", "Public-Lines: 4294967296", &SyntaxError{4, "Public-Lines"}},
		{"many lines", clear, "Public-Lines: 3", "Public-Lines: 4294967295", &SyntaxError{4, "Public-Lines"}},
		{"too few lines", clear, "Public-Lines: 3", "Public-Lines: 2", &SyntaxError{7, "Private-Lines"}},
		{"too many lines", clear, "Public-Lines: 3", "Public-Lines: 4", &SyntaxError{7, "base64"}},
		{"short line", clear, "cHVibGlj\n", "\n", &SyntaxError{5, "base64"}},
		{"base64", clear, "cHVi", "cH!i", &SyntaxError{5, "base64"}},
		{"bits after the end", clear, "cHJpdmF0ZSBoYWxm", "cHJpdmF0ZSBoYWxmAB==", &SyntaxError{9, "base64"}},
		{"no MAC", clear, "Private-MAC: ", "", &SyntaxError{10, "Private-MAC"}},
		{"more", clear + "\nx", "", "", &SyntaxError{12, "nothing"}},
		{"end", clear[:60], "", "", &SyntaxError{4, "Public-Lines"}},
		{"comment", clear, "Comment: c", "Comment: d", ErrMAC},
		{"type", clear, "ssh-test", "ssh-tesu", ErrMAC},
		{"public half", clear, "cHVi", "cHVj", ErrMAC},
		{"private half", clear, "cHJp", "cHJq", ErrMAC},
		{"MAC", clear, "Private-MAC: ", "Private-MAC: 0", ErrMAC},
		{"older version", clear, "File-3", "File-2", ErrMAC},
		{"a derivation without need", clear, "Private-Lines", "Key-Derivation: Argon2id\nPrivate-Lines", &SyntaxError{8, "Private-Lines"}},
		{"comment of a locked file", locked, "Comment: c", "Comment: d", ErrPassphraseWrong},
		{"salt of a locked file", locked, "Argon2-Salt: ", "Argon2-Salt: 00", ErrPassphraseWrong},
		{"passes of a locked file", locked, "Passes: 21", "Passes: 20", ErrPassphraseWrong},
		{"no derivation", locked, "Key-Derivation: Argon2id\n", "", &SyntaxError{8, "Key-Derivation"}},
		{"Argon2d", locked, "Argon2id", "Argon2d", ErrKeyDerivation},
		{"no passes", locked, "Passes: 21", "Passes: 0", &SyntaxError{10, "Argon2-Passes"}},
		{"memory", locked, "Memory: 8192", "Memory: 262145", ErrTooCostly},
		{"passes", locked, "Passes: 21", "Passes: 513", ErrTooCostly},
		{"threads", locked, "Parallelism: 1", "Parallelism: 256", ErrTooCostly},
		{"no salt", locked, "Argon2-Salt: ", "Argon2-Salt: x", &SyntaxError{12, "Argon2-Salt"}},
		{"long salt", locked, "Argon2-Salt: ", "Argon2-Salt: " + strings.Repeat("00", 60), &SyntaxError{12, "Argon2-Salt"}},
		{"half a block", locked, "Encryption: aes256-cbc", "Encryption: none", &SyntaxError{8, "Private-Lines"}},
	} {
		text := tc.text
		if tc.old != "" {
			if text = strings.Replace(text, tc.old, tc.new, 1); text == tc.text {
				t.Fatalf("%s: there is no %q", tc.what, tc.old)
			}
		}
		f, err := decode([]byte(text), []byte("x"))
		at, want := &SyntaxError{}, &SyntaxError{}
		if errors.As(tc.want, &want) {
			if !errors.As(err, &at) || *at != *want {
				t.Errorf("%s: error %v, want %v", tc.what, err, want)
			}
		} else if !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, error %v, want %v", tc.what, f, err, tc.want)
		}
	}
	if _, err := decode(sealedText, nil); !errors.Is(err, ErrPassphraseMissing) {
		t.Errorf("without a passphrase: %v", err)
	}
	for _, pass := range []string{"y", "X", "x ", "x\n"} {
		if _, err := decode(sealedText, []byte(pass)); !errors.Is(err, ErrPassphraseWrong) {
			t.Errorf("with %q: %v", pass, err)
		}
	}
}

func TestSecretHides(t *testing.T) {
	f := sample
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{f, &f, f.Private, &f.Private} {
			printed := fmt.Sprintf(verb, v)
			for _, form := range []string{"private half", "70726976", "112 114", "0x70, 0x72"} {
				if strings.Contains(printed, form) {
					t.Errorf("%s of %T prints %s", verb, v, printed)
				}
			}
		}
	}
	if got := f.Private.LogValue().String(); got != redacted {
		t.Errorf("slog prints %s", got)
	}
	if out, err := json.Marshal(f); err == nil {
		t.Errorf("JSON is %s", out)
	}
	if _, err := f.Private.MarshalBinary(); err == nil {
		t.Error("gob takes it")
	}
	if diff := cmp.Diff(f, File{}, cmp.AllowUnexported(Secret{})); strings.Contains(diff, "private half") {
		t.Error(diff)
	}
	if (Secret{}).Bytes() != nil {
		t.Error("nothing hides something")
	}
}

// FuzzPPKDecode: what is read, is written so that it says the same again.
func FuzzPPKDecode(f *testing.F) {
	for _, version := range []Version{V2, V3} {
		for _, passphrase := range []string{"", "x"} {
			file := sample
			file.Version = version
			text, err := file.Encode([]byte(passphrase))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text, []byte(passphrase))
			f.Add(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), []byte{})
			f.Add(text[:len(text)-30], []byte("y"))
			// Cheap enough to be tried many times.
			f.Add(bytes.Replace(text, []byte("8192\nArgon2-Passes: 21"), []byte("8\nArgon2-Passes: 1"), 1), []byte("y"))
		}
	}
	dir := folder(f)
	run(f, dir, "-t", "ed25519", "-C", "c", "-O", "private", "-o", "out", "--new-passphrase", "pass", "--ppk-param", "memory=8,passes=1")
	f.Add(read(f, dir, "out"), []byte("secret"))
	f.Fuzz(func(t *testing.T, text, passphrase []byte) {
		sealed, err := Parse(text)
		if err != nil {
			return
		}
		if work := uint64(sealed.derivation.memory) * uint64(sealed.derivation.passes); work > 1<<18 {
			return // allowed, and too slow for here
		}
		file, err := sealed.Open(passphrase)
		if err != nil {
			return
		}
		if sealed.Encrypted() && sealed.Version == V3 {
			passphrase = nil // to write it takes a tenth of a second
		}
		again, err := file.Encode(passphrase)
		if errors.Is(err, ErrTooLong) {
			return // the longest text, without a line feed at its end
		}
		if err != nil {
			t.Fatal(err)
		}
		reread, err := decode(again, passphrase)
		if err != nil {
			t.Fatalf("%v\n%s", err, again)
		}
		sameFile(t, reread, file)
	})
}
