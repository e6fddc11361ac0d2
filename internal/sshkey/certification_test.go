package sshkey

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// shown writes what a certificate says as ssh-keygen -L does.
func shown(key PublicKey) string {
	c, _ := key.Certification()
	var text strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	line("        Type: %s %s certificate", key.Type(), c.Use)
	line("        Public key: %s %s", key.shortType(), key.Certified().FingerprintSHA256())
	line("        Signing CA: %s %s (using %s)", c.Authority.shortType(), c.Authority.FingerprintSHA256(), c.SignatureAlgorithm)
	line("        Key ID: \"%s\"", c.KeyID)
	line("        Serial: %d", c.Serial)
	const layout = "2006-01-02T15:04:05"
	switch after, before := c.ValidAfter, c.ValidBefore; {
	case after.IsZero() && before.IsZero():
		line("        Valid: forever")
	case after.IsZero():
		line("        Valid: before %s", before.Format(layout))
	case before.IsZero():
		line("        Valid: after %s", after.Format(layout))
	default:
		line("        Valid: from %s to %s", after.Format(layout), before.Format(layout))
	}
	list := func(title string, entries []string) {
		if len(entries) == 0 {
			line("        %s: (none)", title)
			return
		}
		line("        %s: ", title)
		for _, e := range entries {
			line("                %s", e)
		}
	}
	list("Principals", c.Principals)
	list("Critical Options", optionLines(c.CriticalOptions, []string{"force-command", "source-address"}, []string{"verify-required"}))
	list("Extensions", optionLines(c.Extensions, nil, []string{"permit-pty", "permit-user-rc", "permit-X11-forwarding", "permit-agent-forwarding", "permit-port-forwarding", "no-touch-required"}))
	return text.String()
}

func optionLines(options []CertificateOption, texts, flags []string) (lines []string) {
	for _, o := range options {
		value, ok := o.Value()
		switch {
		case slices.Contains(texts, o.Name) && ok:
			lines = append(lines, o.Name+" "+value)
		case slices.Contains(flags, o.Name):
			lines = append(lines, o.Name)
		case o.Data != "":
			lines = append(lines, fmt.Sprintf("%s UNKNOWN OPTION: %s (len %d)", o.Name, hex.EncodeToString([]byte(o.Data)), len(o.Data)))
		default:
			lines = append(lines, o.Name+" UNKNOWN FLAG OPTION")
		}
	}
	return lines
}

// certificateLines are certificates that both read: of every type, by every
// authority, and with all that a certificate can say.
func certificateLines(t *testing.T) (lines []string) {
	files, err := filepath.Glob("testdata/keys/*-cert.pub")
	if err != nil || len(files) < 6 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		lines = append(lines, strings.TrimSpace(readVector(t, filepath.Base(file))))
	}
	signers := authorities()
	for _, vector := range plainVectors {
		plain := mustParse(t, readVector(t, vector))
		for _, a := range signers {
			word, fields := certBody(plain, certV01, a)
			if line := lineOf(word, a.signed(fields)); second(ParsePublicKey(line)) == nil {
				lines = append(lines, line)
			}
		}
	}
	word, fields := certBody(mustParse(t, ed25519Line), certV01, signers[0])
	const serial, use, id, names, after, before, critical, extensions = 3, 4, 5, 6, 7, 8, 9, 10
	add := func(changed wireFields) { lines = append(lines, lineOf(word, signers[0].signed(changed))) }
	day := uint64(time.Date(2027, 2, 28, 12, 30, 59, 0, time.UTC).Unix())
	far := uint64(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix())
	add(fields.with(after, u64(0).value).with(before, u64(math.MaxUint64).value))
	add(fields.with(after, u64(0).value).with(before, u64(day).value))
	add(fields.with(after, u64(day).value).with(before, u64(math.MaxUint64).value))
	add(fields.with(after, u64(1).value).with(before, u64(far).value))
	add(fields.with(serial, u64(math.MaxUint64).value).with(use, u32(useHost).value))
	add(fields.with(id, "").with(names, "").with(critical, "").with(extensions, ""))
	add(fields.with(id, "the end\x00").with(names, wireText("a\x00")+wireText("")))
	add(fields.with(critical, wireText("force-command")+wireText(wireText("echo a b"))+
		wireText("source-address")+wireText(wireText("192.0.2.0/24,2001:db8::/32"))+wireText("verify-required")+wireText("")+
		wireText("new@example.com")+wireText("\x01\x02")+wireText("newer@example.com")+wireText("")).
		with(extensions, wireText("permit-pty")+wireText("")+wireText("no-touch-required")+wireText("")+wireText("x@example.com")+wireText(wireText("value"))))
	return lines
}

func TestCertificationAsSSHKeygenShowsIt(t *testing.T) {
	lines := certificateLines(t)
	path := filepath.Join(t.TempDir(), "certificates")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list := exec.Command("ssh-keygen", "-L", "-f", path)
	list.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	out, err := list.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var theirs []string // one text a certificate
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, path) {
			theirs = append(theirs, "")
			continue
		}
		theirs[len(theirs)-1] += line
	}
	if len(theirs) != len(lines) {
		t.Fatalf("ssh-keygen shows %d certificates of %d:\n%s", len(theirs), len(lines), out)
	}
	for i, line := range lines {
		if got := shown(mustParse(t, line)); got != theirs[i] {
			t.Errorf("%s\nis shown as\n%s, and by ssh-keygen as\n%s", line, got, theirs[i])
		}
	}
}

func TestCertification(t *testing.T) {
	if _, ok := mustParse(t, ed25519Line).Certification(); ok {
		t.Error("a plain key certifies")
	}
	if _, ok := (PublicKey{}).Certification(); ok {
		t.Error("no key certifies")
	}
	key := mustParse(t, readVector(t, "ed25519-cert.pub"))
	c, ok := key.Certification()
	authority := mustParse(t, readVector(t, "ca.pub"))
	if !ok || !c.Authority.Equal(authority) || c.Use != UserCertificate || c.Serial != 7 || !slices.Equal(c.Principals, []string{"debian", "ubuntu"}) {
		t.Errorf("says %+v", c)
	}
	if want := time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC); c.ValidBefore != want {
		t.Errorf("valid before %s", c.ValidBefore)
	}
	// A time that no calendar has is the last one.
	signer := authorities()[0]
	word, fields := certBody(mustParse(t, ed25519Line), certV01, signer)
	late, _ := mustParse(t, lineOf(word, signer.signed(fields.with(8, u64(math.MaxUint64-1).value)))).Certification()
	if late.ValidBefore != time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) {
		t.Errorf("valid before %s", late.ValidBefore)
	}
	for data, want := range map[string]struct {
		text string
		ok   bool
	}{"": {"", true}, wireText("a b"): {"a b", true}, "x": {"", false}, wireText("a") + "b": {"a", false}} {
		if text, ok := (CertificateOption{Data: data}).Value(); ok != want.ok || ok && text != want.text {
			t.Errorf("%q holds %q, %t", data, text, ok)
		}
	}
}

// A v00 certificate is read in full, and is of no use to today's sshd. No
// program makes them any more, so these are written after OpenSSH 5.4.
func TestFirstCertificates(t *testing.T) {
	signers := authorities()
	for _, name := range []string{"rsa2048.pub", "dsa1024.pub"} {
		plain := mustParse(t, readVector(t, name))
		for _, kind := range []string{"rsa sha1", "dsa", "ed25519", "nistp256"} {
			a := signers[slices.IndexFunc(signers, func(a authority) bool { return a.name == kind })]
			word, fields := certBody(plain, certV00, a)
			blob := a.signed(fields)
			key := mustParse(t, lineOf(word, blob)+" old")
			c, ok := key.Certification()
			if !ok || c.Use != UserCertificate || c.KeyID != "id" || !slices.Equal(c.Principals, []string{"alice", "bob"}) ||
				!c.ValidAfter.IsZero() || !c.ValidBefore.IsZero() || c.Serial != 0 || len(c.Extensions) != 0 || c.Authority.plain != a.blob {
				t.Errorf("%s by %s says %+v", word, kind, c)
			}
			if value, _ := c.CriticalOptions[0].Value(); c.CriticalOptions[0].Name != "force-command" || value != "true" {
				t.Errorf("constraints %v", c.CriticalOptions)
			}
			if !key.cert || key.UsableBySSHD() || string(key.Blob()) != blob || !strings.HasSuffix(key.shortType(), "-CERT-V00") {
				t.Errorf("%s: certificate %t, usable %t", key.Type(), key.cert, key.UsableBySSHD())
			}
			if !key.Certified().Equal(plain) || key.Certified().Comment() != "old" || key.Bits() != plain.Bits() || key.Certified().Type() != plain.Type() {
				t.Errorf("%s is of %s", key.Type(), key.Certified())
			}
			for at := range blob {
				changed := []byte(blob)
				changed[at] ^= 0x20
				if _, wrong := readBlob(word, string(changed)); wrong.none() && at > len(word)+4 {
					t.Fatalf("%s with byte %d changed is accepted", word, at)
				}
			}
		}
	}
}

func TestUsableBySSHD(t *testing.T) {
	signers := authorities()
	usableAuthorities := []string{"ed25519", "sk-ed25519", "sk-ecdsa", "nistp256", "nistp384", "nistp521", "rsa sha256", "rsa sha512",
		"rsa odd size", "rsa exponent of 33 bits", "rsa exponent of 900 bits", "rsa without zeros", "rsa with needless zeros"}
	for _, a := range signers {
		word, fields := certBody(mustParse(t, ed25519Line), certV01, a)
		key, err := ParsePublicKey(lineOf(word, a.signed(fields)))
		if want := slices.Contains(usableAuthorities, a.name); key.UsableBySSHD() != want {
			t.Errorf("a certificate of %s: usable is %t (%v)", a.name, !want, err)
		}
		if err == nil {
			host := mustParse(t, lineOf(word, a.signed(fields.with(4, u32(useHost).value))))
			if host.UsableBySSHD() {
				t.Errorf("a host certificate of %s is usable", a.name)
			}
		}
	}
	modulus := func(bits int) string { return "\x01" + strings.Repeat("\x00", bits/8-1) + "\x01" } // odd, bits+1 long
	for name, c := range map[string]struct {
		word   string
		fields []string
		want   bool
	}{
		"rsa":                      {"ssh-rsa", []string{"\x01\x00\x01", modulus(2048)}, true},
		"rsa of 1016 bits":         {"ssh-rsa", []string{"\x01\x00\x01", modulus(1015)}, false},
		"rsa exponent 1":           {"ssh-rsa", []string{"\x01", modulus(2048)}, true}, // weak, and OpenSSL takes it
		"rsa exponent above":       {"ssh-rsa", []string{"\x01" + modulus(2048), modulus(2048)}, false},
		"rsa long exponent":        {"ssh-rsa", []string{modulus(72), modulus(2048)}, true},
		"rsa long numbers":         {"ssh-rsa", []string{modulus(72), modulus(4096)}, false},
		"rsa even modulus":         {"ssh-rsa", []string{"\x03", modulus(2048) + "\x00"}, false},
		"dsa of zeros":             {"ssh-dss", []string{"", "", "", ""}, false},
		"ed25519":                  {"ssh-ed25519", []string{strings.Repeat("\x00", 32)}, true},
		"sk-ed25519 for nobody":    {"sk-ssh-ed25519@openssh.com", []string{strings.Repeat("k", 32), ""}, true},
		"sk-ed25519, another name": {"sk-ssh-ed25519@openssh.com", []string{strings.Repeat("k", 32), "ssh:example.com\x00"}, true},
	} {
		fields := wireFields{text(c.word)}
		for _, f := range c.fields {
			fields = append(fields, text(f))
		}
		if key := mustParse(t, lineOf(c.word, fields.blob())); key.UsableBySSHD() != c.want {
			t.Errorf("%s: usable is %t", name, !c.want)
		}
	}
}

// However a certificate is made, checking its signature takes no longer than
// some hundredths of a second: the numbers of its authority are bounded.
func TestCostliestAuthorities(t *testing.T) {
	number := func(bits int) string {
		return string(appendNumber(nil, strings.Repeat("\xff", bits/8))[4:])
	}
	rsa := func(n, e int) authority {
		blob := wireFields{text("ssh-rsa"), text(number(e)), text(number(n))}.blob()
		return authority{fmt.Sprintf("rsa of %d and %d bits", n, e), blob, func(string) string {
			return wireText("ssh-rsa") + wireText("\x7f"+strings.Repeat("\xff", n/8-1))
		}}
	}
	q := testPrime(rand.New(rand.NewPCG(5, 6)), 256).FillBytes(make([]byte, 33)) // or else the check ends at once
	dsa := wireFields{text("ssh-dss"), text(number(10000)), text(string(q)), text(number(16384)), text(number(16384))}.blob()
	for _, a := range []authority{rsa(16384, 64), rsa(16384, 16376), rsa(3072, 3064), {"dsa", dsa, func(string) string {
		return wireText("ssh-dss") + wireText(strings.Repeat("\x7f", 40))
	}}} {
		word, fields := certBody(mustParse(t, ed25519Line), certV01, a)
		line := lineOf(word, a.signed(fields))
		began := time.Now()
		_, err := ParsePublicKey(line)
		took := time.Since(began)
		if err == nil || !strings.Contains(err.Error(), flawCertSign.English) {
			t.Errorf("%s: %v", a.name, err)
		}
		if t.Logf("%s: %s", a.name, took); took > 2*time.Second {
			t.Errorf("%s: took %s", a.name, took)
		}
	}
}
