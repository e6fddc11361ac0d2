package sshkey

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

const (
	ed25519Base64 = "AAAAC3NzaC1lZDI1NTE5AAAAIAtFHPWwfsetgfEniPqibytstp7CH4MXLFw0raQs4jx1"
	ed25519Line   = "ssh-ed25519 " + ed25519Base64 + " user@host"
	ed25519MD5    = "c2:93:c9:26:a4:90:d2:85:55:ea:c6:8e:81:68:5e:8d"
)

// readVector returns the text of a file in testdata/keys.
func readVector(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "keys", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// mustParse returns the key of a text that has to be one.
func mustParse(t testing.TB, text string) PublicKey {
	t.Helper()
	key, err := ParsePublicKey(text)
	if err != nil {
		t.Fatalf("ParsePublicKey(%.60q): %v", text, err)
	}
	return key
}

// run returns what a program prints, and fails the test when it fails.
func run(t testing.TB, stdin, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestVectors(t *testing.T) {
	algorithms := map[string]Algorithm{
		"RSA": RSA, "DSA": DSA, "ECDSA": ECDSA, "ED25519": Ed25519, "ECDSA-SK": SKECDSA, "ED25519-SK": SKEd25519,
	}
	rows := strings.Split(strings.TrimSpace(readVector(t, "fingerprints.tsv")), "\n")[1:]
	if len(rows) < 18 {
		t.Fatalf("only %d vectors", len(rows))
	}
	for _, row := range rows {
		col := strings.Split(row, "\t")
		t.Run(col[0], func(t *testing.T) {
			text := readVector(t, col[0])
			key := mustParse(t, text)
			comment, kind, _ := strings.Cut(col[4], " (")
			kind, isCert := strings.CutSuffix(strings.TrimSuffix(kind, ")"), "-CERT")
			if key.Algorithm() != algorithms[kind] || key.cert != isCert {
				t.Errorf("is %s, certificate %t; want %s, %t", key.Algorithm(), key.cert, algorithms[kind], isCert)
			}
			if key.Comment() != comment || strconv.Itoa(key.Bits()) != col[1] {
				t.Errorf("comment %q and %d bits, want %q and %s", key.Comment(), key.Bits(), comment, col[1])
			}
			if got, want := key.AuthorizedKey(), strings.TrimSpace(text); got != want {
				t.Errorf("AuthorizedKey = %q, want %q", got, want)
			}
			if got := key.Type(); got != strings.Fields(text)[0] {
				t.Errorf("Type = %q", got)
			}
			plain := key.Certified()
			if got := plain.FingerprintSHA256(); got != col[2] {
				t.Errorf("SHA256 = %s, want %s", got, col[2])
			}
			if got := "MD5:" + plain.FingerprintMD5(); got != col[3] {
				t.Errorf("MD5 = %s, want %s", got, col[3])
			}
			if isCert == plain.Equal(key) {
				t.Errorf("a key and what it certifies: equal is %t", !isCert)
			}
			// ssh-keygen reads the clean line the same way.
			line := plain.AuthorizedKey() + "\n"
			want := col[1] + " " + col[2] + " " + comment + " (" + kind + ")"
			if got := strings.TrimSpace(run(t, line, "ssh-keygen", "-l", "-f", "-")); got != want {
				t.Errorf("ssh-keygen says %q of the clean line, want %q", got, want)
			}
			if theirs, err := ssh.ParsePublicKey(key.Blob()); err != nil || theirs.Type() != key.Type() {
				t.Errorf("x/crypto reads %v, %v", theirs, err)
			}
		})
	}
}

func TestCertifiedKeyIsThePlainOne(t *testing.T) {
	for _, name := range []string{"rsa2048", "dsa1024", "ecdsa256", "ecdsa384", "ecdsa521", "ed25519"} {
		plain, cert := mustParse(t, readVector(t, name+".pub")), mustParse(t, readVector(t, name+"-cert.pub"))
		if !cert.Certified().Equal(plain) || cert.Certified().Type() != plain.Type() || cert.Certified().cert {
			t.Errorf("%s: the certificate is of %s, want %s", name, cert.Certified(), plain)
		}
		if plain.Certified() != plain {
			t.Errorf("%s: Certified changed a plain key", name)
		}
	}
}

// Certificates of sk- keys have no vector: they are signed here, by x/crypto.
func TestSKCertificates(t *testing.T) {
	authority, err := Generate(SpecEd25519)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromSigner(authority.Signer())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sk-ecdsa256.pub", "sk-ed25519.pub"} {
		plain := mustParse(t, readVector(t, name))
		inner, err := ssh.ParsePublicKey(plain.Blob())
		if err != nil {
			t.Fatal(err)
		}
		cert := &ssh.Certificate{
			Key: inner, CertType: ssh.UserCert, KeyId: "id", ValidPrincipals: []string{"a", "b"}, ValidBefore: ssh.CertTimeInfinity,
			Permissions: ssh.Permissions{CriticalOptions: map[string]string{"force-command": "x"}, Extensions: map[string]string{"permit-pty": ""}},
		}
		if err := cert.SignCert(strings.NewReader(strings.Repeat("n", 64)), signer); err != nil {
			t.Fatal(err)
		}
		key := mustParse(t, cert.Type()+" "+base64.StdEncoding.EncodeToString(cert.Marshal()))
		if !key.Certified().Equal(plain) || key.Algorithm() != plain.Algorithm() {
			t.Errorf("%s: %s is of %s", name, key.Type(), key.Certified())
		}
	}
}

func TestRecordedImports(t *testing.T) {
	file, err := os.Open("testdata/nova-imports.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// Where Nova 26's answer is deliberately not followed, and what is said instead.
	differs := map[string]string{
		"sk-ed25519":          "",
		"two spaces":          "",
		"two keys, two lines": "more than one key",
		"NUL inside":          "control characters are not allowed",
	}
	private, err := Generate(SpecEd25519)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for lines := bufio.NewScanner(file); lines.Scan(); count++ {
		var record struct {
			Name, Type, Fingerprint string
			PublicKey               string `json:"public_key"`
		}
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Fatal(err)
		}
		t.Run(record.Name, func(t *testing.T) {
			if record.Name == "OpenSSH private key" {
				record.PublicKey = private.Text()
			}
			fingerprint, err := importAs(record.Type, record.PublicKey)
			said, differ := differs[record.Name]
			switch {
			case differ && said == "":
				if err != nil {
					t.Error(err)
				}
			case differ:
				if err == nil || err.Error() != said {
					t.Errorf("error %v, want %q", err, said)
				}
			case (err == nil) != (record.Fingerprint != "") || fingerprint != record.Fingerprint:
				t.Errorf("fingerprint %s, error %v; Nova's is %q", fingerprint, err, record.Fingerprint)
			}
		})
	}
	if count < 40 {
		t.Errorf("only %d records", count)
	}
}

// importAs returns the fingerprint of a text of Nova's type ssh or x509.
func importAs(kind, text string) (string, error) {
	if kind == "x509" {
		cert, err := ParseCertificate(text)
		if err != nil {
			return "", err
		}
		return cert.FingerprintSHA1(), nil
	}
	key, err := ParsePublicKey(text)
	if err != nil {
		return "", err
	}
	return key.FingerprintMD5(), nil
}

func TestAcceptedForms(t *testing.T) {
	dsa := strings.Fields(readVector(t, "dsa1024.pub"))
	for name, c := range map[string]struct{ text, comment string }{
		"no comment":           {"ssh-ed25519 " + ed25519Base64, ""},
		"space at the end":     {"ssh-ed25519 " + ed25519Base64 + " ", ""},
		"line feed":            {ed25519Line + "\n", "user@host"},
		"line feeds":           {ed25519Line + "\n\n\n", "user@host"},
		"carriage return":      {ed25519Line + "\r\n", "user@host"},
		"carriage returns":     {ed25519Line + "\r\n\r\n", "user@host"},
		"several spaces":       {"ssh-ed25519   " + ed25519Base64 + "  user@host", "user@host"},
		"comment with spaces":  {ed25519Line + " of my  own", "user@host of my  own"},
		"comment in UTF-8":     {"ssh-ed25519 " + ed25519Base64 + " 내 열쇠 🔑", "내 열쇠 🔑"},
		"comment with a tab":   {"ssh-ed25519 " + ed25519Base64 + " a\tb", "a\tb"},
		"comment like options": {"ssh-ed25519 " + ed25519Base64 + " ssh-rsa AAAAB3", "ssh-rsa AAAAB3"},
		"private in words":     {"ssh-ed25519 " + ed25519Base64 + " my PRIVATE KEY", "my PRIVATE KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			key := mustParse(t, c.text)
			if key.FingerprintMD5() != ed25519MD5 || key.Comment() != c.comment {
				t.Errorf("fingerprint %s, comment %q", key.FingerprintMD5(), key.Comment())
			}
		})
	}
	padded := readVector(t, "ecdsa256.pub")
	bare := strings.Replace(padded, "=", "", 2)
	if padded == bare {
		t.Fatal("the vector has no padding to drop")
	}
	if key := mustParse(t, bare); key.AuthorizedKey() != strings.TrimSpace(padded) {
		t.Errorf("without padding: %s", key)
	}
	if key := mustParse(t, strings.Join(dsa, " ")); key.UsableBySSHD() {
		t.Error("sshd is said to accept DSA")
	}
	if !mustParse(t, ed25519Line).UsableBySSHD() || !mustParse(t, readVector(t, "rsa1024.pub")).UsableBySSHD() {
		t.Error("sshd is said to refuse Ed25519 or RSA of 1024 bits")
	}
}

func TestRefusedTexts(t *testing.T) {
	private := map[string]string{}
	for _, spec := range []Spec{SpecRSA2048, SpecEd25519} {
		key, err := Generate(spec)
		if err != nil {
			t.Fatal(err)
		}
		private[string(spec)] = key.Text()
	}
	rsaPEM, opensshPEM := private["rsa-2048"], private["ed25519"]
	pkcs8 := run(t, rsaPEM, "openssl", "pkcs8", "-topk8", "-nocrypt")
	encrypted := run(t, rsaPEM, "openssl", "pkcs8", "-topk8", "-passout", "pass:x")
	bareOf := func(pem string) string {
		lines := strings.Split(strings.TrimSpace(pem), "\n")
		return strings.Join(lines[1:len(lines)-1], "")
	}
	const (
		notKey  = "this is not an OpenSSH public key; expected '<type> <base64> [comment]'"
		start   = "the key must start with its type, followed by one space"
		options = "remove the options before the key type"
		secret  = "this is a private key; send the public key (.pub) only"
		putty   = "this is a PuTTY private key file; open it in PuTTYgen and send the text under 'Public key for pasting into OpenSSH authorized_keys file'"
		damaged = "the base64 part is damaged: "
	)
	wire := func(fields ...string) string {
		var blob string
		for _, f := range fields {
			blob += wireText(f)
		}
		return base64.StdEncoding.EncodeToString([]byte(blob))
	}
	odd := func(bytes int) string { return "\x7f" + strings.Repeat("\xff", bytes-1) }
	cert := mustParse(t, readVector(t, "ed25519-cert.pub")).Blob()
	cert[len(cert)-1] ^= 1
	reserial := mustParse(t, readVector(t, "ed25519-cert.pub")).Blob()
	reserial[4+32+4+32+4+32+7] ^= 1
	for name, c := range map[string]struct{ text, want string }{
		"empty":                    {"", notKey},
		"white space":              {" \t\r\n ", notKey},
		"one word":                 {"hello", notKey},
		"two words":                {"hello world", notKey},
		"type only":                {"ssh-ed25519", notKey},
		"type and space":           {"ssh-ed25519 ", notKey},
		"unknown type only":        {"ssh-foo", notKey},
		"no space after the type":  {"ssh-rsaAAAAB3NzaC1yc2E user@host", "the space after the key type is missing; the text should begin 'ssh-rsa AAAA'"},
		"base64 only":              {ed25519Base64, "the key type is missing; put 'ssh-ed25519' and a space before the base64 part"},
		"indented words":           {"  hello", notKey},
		"leading space":            {" " + ed25519Line, start},
		"leading newline":          {"\n" + ed25519Line, start},
		"leading tab":              {"\t" + ed25519Line, start},
		"tab after the type":       {"ssh-ed25519\t" + ed25519Base64, start},
		"space and tab":            {"ssh-ed25519 \t" + ed25519Base64, start},
		"newline after the type":   {"ssh-ed25519\n" + ed25519Base64, start},
		"options":                  {`command="x",no-pty ` + ed25519Line, options},
		"options with a space":     {`command="ls -l" ` + ed25519Line, options},
		"unknown type":             {"ssh-foo " + ed25519Base64, "key type 'ssh-foo' is not supported"},
		"junk":                     {"ssh-rsa JUNK nova@ubuntu", damaged + "it is cut short"},
		"only A":                   {"ssh-rsa " + strings.Repeat("A", 2048), damaged + "it names no key type"},
		"cut base64":               {ed25519Line[:60], damaged + "it is cut short"},
		"cut in a group":           {ed25519Line[:61], damaged + "it is cut short"},
		"bad character":            {"ssh-ed25519 AAAA!C3N", damaged + "character 5 of it, '!', is not base64"},
		"tab after base64":         {"ssh-ed25519 " + ed25519Base64 + "\tuser@host", damaged + "character 69 of it is a tab; write a space"},
		"padding inside":           {"ssh-ed25519 AAAA=C3N", damaged + "character 5 of it is =, which may stand only at its end"},
		"too much padding":         {"ssh-ed25519 " + ed25519Base64 + "==", damaged + "it has the wrong number of = at its end"},
		"bits after the end":       {strings.Replace(readVector(t, "ecdsa256.pub"), "g8=", "g9=", 1), damaged + "its last character is wrong"},
		"broken lines":             {"ssh-ed25519 " + ed25519Base64[:30] + "\n" + ed25519Base64[30:], damaged + "it is broken into several lines"},
		"bytes after the blob":     {"ssh-ed25519 " + ed25519Base64 + "eHh4eA==", damaged + "4 bytes follow after its end"},
		"type and blob differ":     {"ssh-rsa " + ed25519Base64, "the text says ssh-rsa but the key is ssh-ed25519"},
		"blob of unknown type":     {"ssh-rsa " + wire("ssh-foo"), "the text says ssh-rsa but the key is ssh-foo"},
		"blob of nonsense type":    {"ssh-rsa " + wire("S3cret"), damaged + "it names no key type"},
		"plain key as certificate": {"ssh-ed25519-cert-v01@openssh.com " + ed25519Base64, "the text says ssh-ed25519-cert-v01@openssh.com but the key is ssh-ed25519"},
		"RSA of 504 bits":          {"ssh-rsa " + wire("ssh-rsa", "\x03", odd(63)), damaged + "its RSA modulus has 503 bits, not 512 to 16384"},
		"RSA of 16391 bits":        {"ssh-rsa " + wire("ssh-rsa", "\x03", odd(2049)), damaged + "a number in it has more than 16384 bits"},
		"RSA negative":             {"ssh-rsa " + wire("ssh-rsa", "\x03", strings.Repeat("\xff", 128)), damaged + "a number in it is negative"},
		"Ed25519 of 31 bytes":      {"ssh-ed25519 " + wire("ssh-ed25519", strings.Repeat("x", 31)), damaged + "its Ed25519 key has 31 bytes, not 32"},
		"point off the curve":      {"ecdsa-sha2-nistp256 " + wire("ecdsa-sha2-nistp256", "nistp256", "\x04"+strings.Repeat("x", 64)), damaged + "its point is not on the curve nistp256"},
		"point at infinity":        {"ecdsa-sha2-nistp256 " + wire("ecdsa-sha2-nistp256", "nistp256", "\x00"), damaged + "its point is not on the curve nistp256"},
		"another curve":            {"ecdsa-sha2-nistp256 " + wire("ecdsa-sha2-nistp256", "nistp384", "\x04"), damaged + "its curve is not nistp256"},
		"sk without application":   {"sk-ssh-ed25519@openssh.com " + wire("sk-ssh-ed25519@openssh.com", strings.Repeat("x", 32)), damaged + "it is cut short"},
		"forged certificate":       {"ssh-ed25519-cert-v01@openssh.com " + base64.StdEncoding.EncodeToString(cert), damaged + "the signature of its certificate is wrong"},
		"changed certificate":      {"ssh-ed25519-cert-v01@openssh.com " + base64.StdEncoding.EncodeToString(reserial), damaged + "the signature of its certificate is wrong"},
		"PKCS#1 private":           {rsaPEM, secret},
		"PKCS#8 private":           {pkcs8, secret},
		"PKCS#8 encrypted":         {encrypted, secret},
		"OpenSSH private":          {opensshPEM, secret},
		"private in one line":      {strings.ReplaceAll(opensshPEM, "\n", " "), secret},
		"private, escaped lines":   {strings.ReplaceAll(rsaPEM, "\n", `\n`), secret},
		"private with NUL":         {"\x00" + rsaPEM, secret},
		"PuTTY":                    {"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", putty},
		"SSH2 private":             {"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n", secret},
		"bare PKCS#1 private":      {bareOf(rsaPEM), secret},
		"bare PKCS#8 private":      {"\n" + bareOf(pkcs8), secret},
		"bare OpenSSH private":     {bareOf(opensshPEM), secret},
		"private after a type":     {"ssh-ed25519 " + bareOf(opensshPEM), secret},
		"private after public":     {ed25519Line + "\n" + opensshPEM, secret},
		"RFC 4716":                 {readVector(t, "rsa2048.rfc4716"), "this is an RFC 4716 (PEM) public key; convert it with 'ssh-keygen -i'"},
		"PKCS#1 public":            {readVector(t, "rsa2048.pkcs1.pem"), "this is an RFC 4716 (PEM) public key; convert it with 'ssh-keygen -i -m PEM'"},
		"SPKI public":              {"\n" + readVector(t, "rsa2048.spki.pem"), "this is an RFC 4716 (PEM) public key; convert it with 'ssh-keygen -i -m PKCS8'"},
		"X.509":                    {"subject=alice\n-----BEGIN CERTIFICATE-----\n", "this is an X.509 certificate; set type to x509"},
		"NUL":                      {ed25519Line + "\x00", "control characters are not allowed"},
		"escape":                   {ed25519Line + "\x1b[2J", "control characters are not allowed"},
		"C1":                       {ed25519Line + "\u0085", "control characters are not allowed"},
		"carriage return inside":   {ed25519Line + "\r" + ed25519Line, "control characters are not allowed"},
		"not UTF-8":                {ed25519Line + "\xff", "the text is not UTF-8"},
		"second key":               {ed25519Line + "\n" + ed25519Line + "\n", "more than one key"},
		"second key, CRLF":         {ed25519Line + "\r\n\r\n" + ed25519Line, "more than one key"},
		"second line":              {ed25519Line + "\nhello", "other text follows on the lines after the key; send the key's line only"},
		"second key, bad first":    {"ssh-ed25519 AAAA\n" + ed25519Line, damaged + "it is cut short"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := ParsePublicKey(c.text)
			var refused *ParseError
			if !errors.As(err, &refused) || err.Error() != c.want {
				t.Errorf("error %q, want %q", err, c.want)
			}
			if key != (PublicKey{}) {
				t.Errorf("a key came with the error: %v", key)
			}
			for _, pem := range private {
				if err != nil && strings.Contains(err.Error(), bareOf(pem)[40:60]) {
					t.Error("the error repeats private key material")
				}
			}
		})
	}
}

// Every cut and every flipped bit of a blob is refused or is another key, and
// where ssh-keygen's rules are x/crypto's too, both agree.
func TestDamagedBlobs(t *testing.T) {
	for _, name := range []string{"rsa1024.pub", "ecdsa256.pub", "ed25519-cert.pub", "sk-ecdsa256.pub", "dsa1024.pub"} {
		key := mustParse(t, readVector(t, name))
		blob := key.Blob()
		encode := func(b []byte) string { return key.Type() + " " + base64.StdEncoding.EncodeToString(b) }
		for n := range blob {
			if _, err := ParsePublicKey(encode(blob[:n])); err == nil {
				t.Errorf("%s cut to %d bytes is accepted", name, n)
			}
		}
		for n := range 8 * len(blob) {
			flipped := key.Blob()
			flipped[n/8] ^= 1 << (n % 8)
			other, err := ParsePublicKey(encode(flipped))
			if err != nil {
				continue
			}
			if other.Equal(key) || key.cert {
				t.Errorf("%s with bit %d flipped is accepted", name, n)
			}
			if _, err := ssh.ParsePublicKey(flipped); err != nil && !beyondXCrypto(other) {
				t.Errorf("%s with bit %d flipped: x/crypto says %v", name, n, err)
			}
		}
	}
}

func TestLongComment(t *testing.T) {
	const size = 1 << 20
	long := mustParse(t, ed25519Line+strings.Repeat("x", size))
	if len(long.Comment()) < size {
		t.Error("the long comment is cut")
	}
}

func TestZeroPublicKey(t *testing.T) {
	var zero PublicKey
	if zero.AuthorizedKey() != "" || zero.UsableBySSHD() || zero.Certified() != zero || len(zero.Blob()) != 0 {
		t.Errorf("the zero key is %q", zero)
	}
	if _, _, ok := zero.RSANumbers(); ok {
		t.Error("the zero key has RSA numbers")
	}
	if _, ok := zero.Ed25519Point(); ok {
		t.Error("the zero key has an Ed25519 point")
	}
}

// An error may repeat what has the shape of a type, so every type must have it.
func TestTypesLookLikeTypes(t *testing.T) {
	for word := range formats {
		if !looksLikeType(word) {
			t.Errorf("%s does not", word)
		}
	}
	for _, word := range []string{"", "ssh", "hello", "ssh-RSA", "ssh-rsaAAAA", "ssh-" + strings.Repeat("a", 61), "ssh-ä", ed25519Base64} {
		if looksLikeType(word) {
			t.Errorf("%s does", word)
		}
	}
}

func TestReasonTexts(t *testing.T) {
	seen := map[string]Reason{}
	for r := NotPublicKey; r < lastReason; r++ {
		text := (&ParseError{Reason: r}).Error()
		if other, twice := seen[text]; twice || text == "" || text == (&ParseError{}).Error() {
			t.Errorf("reason %d says %q, as does %d", r, text, other)
		}
		seen[text] = r
	}
}
