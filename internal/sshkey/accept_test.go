package sshkey

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// everyForm accepts all that can be accepted.
var everyForm = Accept{RFC4716: true, PEM: true, Blob: true, FamilyWords: true, Options: true, Space: true, Wrapped: true}

// acceptOf returns the Accept with the settings of a byte's lower seven bits.
func acceptOf(bits byte) Accept {
	on := func(n int) bool { return bits>>n&1 == 1 }
	return Accept{RFC4716: on(0), PEM: on(1), Blob: on(2), FamilyWords: on(3), Options: on(4), Space: on(5), Wrapped: on(6)}
}

// mustRead returns the reading of a text that has to be a key in this form.
func mustRead(t testing.TB, a Accept, text string, form Form) Reading {
	t.Helper()
	reading, err := a.Read(text)
	if err != nil {
		t.Fatalf("%+v of %.90q: %v", a, text, err)
	}
	if reading.Form != form {
		t.Errorf("%.90q is read as %s, want %s", text, reading.Form, form)
	}
	return reading
}

// The texts of one key in every form, as ssh-keygen and openssl wrote them,
// are one key; each is refused where its form is not accepted.
func TestFormsOfVectors(t *testing.T) {
	forms := map[string]struct {
		form   Form
		accept Accept
		reason Reason
	}{
		".rfc4716":   {FormRFC4716, Accept{RFC4716: true}, IsRFC4716},
		".pkcs1.pem": {FormPKCS1, Accept{PEM: true}, IsPKCS1},
		".spki.pem":  {FormSPKI, Accept{PEM: true}, IsPKIX},
	}
	count := 0
	for ending, f := range forms {
		files, err := filepath.Glob("testdata/keys/*" + ending)
		if err != nil || len(files) == 0 {
			t.Fatal(ending, files, err)
		}
		for _, file := range files {
			count++
			name := strings.TrimSuffix(filepath.Base(file), ending)
			text := readVector(t, name+ending)
			want := mustParse(t, readVector(t, name+".pub"))
			for _, variant := range []string{
				text, strings.TrimSpace(text), "\n \t" + text + "\r\n\n",
				strings.ReplaceAll(text, "\n", "\r\n"), strings.ReplaceAll(text, "\n", "\r"),
			} {
				if got := mustRead(t, f.accept, variant, f.form); !got.Key.Equal(want) || got.Key.Type() != want.Type() || got.Key.Bits() != want.Bits() {
					t.Errorf("%s%s is read as %s", name, ending, got.Key)
				}
				mustRead(t, everyForm, variant, f.form)
			}
			for bits := range byte(1 << 7) {
				a := acceptOf(bits)
				if f.form == FormRFC4716 && a.RFC4716 || f.form != FormRFC4716 && a.PEM {
					continue
				}
				if _, err := a.Read(text); reasonOf(err) != f.reason {
					t.Errorf("%s%s with %+v: %v", name, ending, a, err)
				}
			}
		}
	}
	if count < 8 {
		t.Errorf("only %d vectors", count)
	}
}

// What openssl writes for keys of today is read, and what SSH has no type for
// is refused in words.
func TestPEMOfOpenSSL(t *testing.T) {
	spki := func(args ...string) string {
		private := run(t, "", "openssl", append([]string{"genpkey"}, args...)...)
		return run(t, private, "openssl", "pkey", "-pubout")
	}
	for kind, args := range map[string][]string{
		"ssh-ed25519":         {"-algorithm", "ed25519"},
		"ssh-rsa":             {"-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:1024"},
		"ecdsa-sha2-nistp256": {"-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"},
		"ecdsa-sha2-nistp384": {"-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"},
		"ecdsa-sha2-nistp521": {"-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"},
	} {
		text := spki(args...)
		key := mustRead(t, Accept{PEM: true}, text, FormSPKI).Key
		if key.Type() != kind || key.Comment() != "" {
			t.Errorf("%s is read as %s", kind, key)
		}
		if strings.HasPrefix(kind, "ssh-ed") {
			continue // ssh-keygen 9.2 does not read Ed25519 from PEM
		}
		file := filepath.Join(t.TempDir(), "k.pem")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if theirs := run(t, "", "ssh-keygen", "-i", "-m", "PKCS8", "-f", file); strings.TrimSpace(theirs) != key.AuthorizedKey() {
			t.Errorf("ssh-keygen reads %s, we read %s", theirs, key)
		}
	}
	for _, args := range [][]string{
		{"-algorithm", "x25519"}, {"-algorithm", "ed448"},
		{"-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"},
		{"-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-224"},
		{"-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"},
		{"-algorithm", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:1024"},
	} {
		if _, err := everyForm.Read(spki(args...)); reasonOf(err) != UnsupportedPEM {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestAcceptedLines(t *testing.T) {
	type want struct{ comment, options string }
	for name, c := range map[string]struct {
		accept Accept
		text   string
		want   want
	}{
		"a blank before":            {Accept{Space: true}, " \t" + ed25519Line, want{"user@host", ""}},
		"lines around":              {Accept{Space: true}, "\r\n\n" + ed25519Line + "\n\r\n", want{"user@host", ""}},
		"a byte order mark":         {Accept{Space: true}, "\ufeff" + ed25519Line, want{"user@host", ""}},
		"a mark and a line":         {Accept{Space: true}, "\ufeff\r\n" + ed25519Line, want{"user@host", ""}},
		"tabs":                      {Accept{Space: true}, "ssh-ed25519\t" + ed25519Base64 + "\tuser@host", want{"user@host", ""}},
		"blanks of both kinds":      {Accept{Space: true}, "ssh-ed25519 \t " + ed25519Base64 + " \t user@host", want{"user@host", ""}},
		"an option":                 {Accept{Options: true}, "no-pty " + ed25519Line, want{"user@host", "no-pty"}},
		"options":                   {Accept{Options: true}, `from="10.0.0.0/8,*.example.com",command="ls -l \"a b\"",no-pty ` + ed25519Line, want{"user@host", `from="10.0.0.0/8,*.example.com",command="ls -l \"a b\"",no-pty`}},
		"options in upper case":     {Accept{Options: true}, "No-PTY,Restrict\t" + ed25519Line, want{"user@host", "No-PTY,Restrict"}},
		"an option with a key":      {Accept{Options: true}, `command="ssh-rsa AAAA" ` + ed25519Line, want{"user@host", `command="ssh-rsa AAAA"`}},
		"a certificate authority":   {Accept{Options: true}, `cert-authority,principals="a,b" ` + ed25519Line, want{"user@host", `cert-authority,principals="a,b"`}},
		"options accepted, none":    {Accept{Options: true}, ed25519Line, want{"user@host", ""}},
		"wrapped at 40":             {Accept{Wrapped: true}, ed25519Line[:40] + "\r\n" + ed25519Line[40:], want{"user@host", ""}},
		"wrapped at 20":             {Accept{Wrapped: true}, strings.Join(chunks(ed25519Line, 20), "\n") + "\n", want{"user@host", ""}},
		"wrapped with CR":           {Accept{Wrapped: true}, strings.Join(chunks(ed25519Line, 30), "\r"), want{"user@host", ""}},
		"wrapped at the blanks":     {Accept{Wrapped: true}, "ssh-ed25519\n" + ed25519Base64 + "\nuser@host", want{"user@host", ""}},
		"the comment wrapped off":   {Accept{Wrapped: true}, "ssh-ed25519 " + ed25519Base64 + "\nuser@host", want{"user@host", ""}},
		"a word wrapped off":        {Accept{Wrapped: true}, ed25519Line[:30] + "\n" + ed25519Line[30:80] + "\nuser", want{"user", ""}},
		"wrapped without a comment": {Accept{Wrapped: true}, ed25519Line[:30] + "\n" + ed25519Line[30:80], want{"", ""}},
		"indented after a wrap":     {Accept{Wrapped: true}, ed25519Line[:30] + "\n    " + ed25519Line[30:], want{"user@host", ""}},
		"wrapped in the comment":    {Accept{Wrapped: true}, strings.Join(chunks(ed25519Line+" on my computer", 43), "\n"), want{"user@host on my computer", ""}},
		"comment over two lines":    {Accept{Wrapped: true}, ed25519Line[:30] + "\n" + ed25519Line[30:] + "\nat home", want{"user@host at home", ""}},
		"wrapped with options":      {Accept{Wrapped: true, Options: true}, "no-pty " + ed25519Line[:30] + "\n" + ed25519Line[30:], want{"user@host", "no-pty"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, a := range []Accept{c.accept, everyForm} {
				got := mustRead(t, a, c.text, FormLine)
				if got.Key.FingerprintMD5() != ed25519MD5 || got.Key.Comment() != c.want.comment || got.Options != c.want.options {
					t.Errorf("key %s, options %q", got.Key, got.Options)
				}
			}
			if strings.HasSuffix(name, ", none") {
				return
			}
			if reading, err := (Accept{}).Read(c.text); err == nil {
				t.Errorf("accepted without being asked for: %+v", reading)
			}
		})
	}
}

// chunks divides a text into pieces of so many bytes.
func chunks(text string, size int) []string {
	var all []string
	for piece := range slices.Chunk([]byte(text), size) {
		all = append(all, string(piece))
	}
	return all
}

// Any wrapping in two lines anywhere in or around the base64 is undone.
func TestEveryWrapping(t *testing.T) {
	for _, line := range []string{ed25519Line, ecdsa256Line, "ssh-ed25519 " + ed25519Base64, "ssh-ed25519 " + ed25519Base64 + " abcd"} {
		want := mustParse(t, line)
		start := strings.Index(line, " ") + 1
		end := start + len(strings.Fields(line)[1])
		for at := start; at < end; at++ {
			text := line[:at] + "\n" + line[at:]
			if got := mustRead(t, Accept{Wrapped: true}, text, FormLine); got.Key != want {
				t.Errorf("broken at %d: %s", at, got.Key)
			}
		}
	}
}

func TestFamilyWordsAndBlobs(t *testing.T) {
	families, blob := Accept{FamilyWords: true}, Accept{Blob: true}
	for name, word := range map[string]string{
		"rsa2048.pub": "rsa", "dsa1024.pub": "dsa", "ecdsa256.pub": "ecdsa", "ecdsa384.pub": "ecdsa", "ecdsa521.pub": "ecdsa",
	} {
		want := mustParse(t, readVector(t, name))
		text := strings.Replace(readVector(t, name), want.Type(), word, 1)
		if got := mustRead(t, families, text, FormLine); got.Key != want {
			t.Errorf("%s with %s: %s", name, word, got.Key)
		}
		if _, err := ParsePublicKey(text); reasonOf(err) != MisspelledType {
			t.Errorf("%s with %s where families are not accepted: %v", name, word, err)
		}
	}
	for text, want := range map[string]string{
		"rsa " + ed25519Base64:                 "the text says rsa but the key is ssh-ed25519",
		"ed25519 " + ed25519Base64:             "the key type is misspelled; it should be 'ssh-ed25519'",
		"rsa AAAA":                             "the base64 part is damaged: it is cut short",
		"rsa":                                  "this is not an OpenSSH public key; expected '<type> <base64> [comment]'",
		certAs(t, "rsa2048-cert.pub", "rsa"):   "the text says rsa but the key is ssh-rsa-cert-v01@openssh.com",
		certAs(t, "ed25519-cert.pub", "rsa"):   "the text says rsa but the key is ssh-ed25519-cert-v01@openssh.com",
		"rsa\t" + ed25519Base64:                "the key must start with its type, followed by one space",
		"rsa " + ed25519Base64 + "\n" + "rest": "the text says rsa but the key is ssh-ed25519",
	} {
		if _, err := families.Read(text); err == nil || err.Error() != want {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
	}
	files, err := filepath.Glob("testdata/keys/*.pub")
	if err != nil || len(files) < 18 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		line := readVector(t, filepath.Base(file))
		encoded := strings.Fields(line)[1]
		for _, text := range []string{encoded, encoded + "\n", strings.TrimRight(encoded, "=")} {
			got := mustRead(t, blob, text, FormBlob)
			if !got.Key.Equal(mustParse(t, line)) || got.Key.Comment() != "" {
				t.Errorf("%s: %s", file, got.Key)
			}
		}
		mustRead(t, Accept{Blob: true, Wrapped: true}, strings.Join(chunks(encoded, 64), "\r\n"), FormBlob)
	}
	wire := func(fields ...string) string {
		var blob string
		for _, f := range fields {
			blob += wireText(f)
		}
		return base64.StdEncoding.EncodeToString([]byte(blob))
	}
	for text, want := range map[string]string{
		ed25519Base64 + "AAAA":                         "the base64 part is damaged: 3 bytes follow after its end",
		ed25519Base64[:30] + "\n" + ed25519Base64[30:]: "the base64 part is damaged: it is broken into several lines",
		ed25519Base64[:40]:                             "the base64 part is damaged: it is cut short",
		ed25519Base64[:40] + "!":                       "the base64 part is damaged: character 41 of it, '!', is not base64",
		ed25519Base64 + " user@host":                   "the key type is missing; put 'ssh-ed25519' and a space before the base64 part",
		" " + ed25519Base64:                            "the key type is missing; put 'ssh-ed25519' and a space before the base64 part",
		wire("ssh-foo", "x"):                           "key type 'ssh-foo' is not supported",
		wire("S3cret", "x"):                            "the base64 part is damaged: it names no key type",
		"AAAA":                                         "the base64 part is damaged: it is cut short",
		base64.StdEncoding.EncodeToString([]byte(wireText("x"))): "the base64 part is damaged: it names no key type",
	} {
		if _, err := blob.Read(text); err == nil || err.Error() != want {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
	}
}

// certAs returns a certificate's line with another type word.
func certAs(t *testing.T, name, word string) string {
	fields := strings.Fields(readVector(t, name))
	return word + " " + fields[1]
}

// What looks like an accepted form and is none is still refused.
func TestNotTheAcceptedForm(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		reason Reason
	}{
		"a host for options":        {"example.com " + ed25519Line, IsKnownHost},
		"an unknown option":         {`shell="x" ` + ed25519Line, HasOptions},
		"an open quotation mark":    {`command="x ` + ed25519Line, HasOptions},
		"an empty option":           {`no-pty,,restrict ` + ed25519Line, HasOptions},
		"options and no key":        {"no-pty hello", NotPublicKey},
		"only options":              {"no-pty", NotPublicKey},
		"options and another line":  {"no-pty " + ed25519Line + "\n" + ed25519Line, MoreThanOneKey},
		"a word before":             {"hello " + ed25519Line, TextBefore},
		"two wrapped keys":          {ed25519Line[:30] + "\n" + ed25519Line[30:] + "\n" + ed25519Line, Damaged},
		"a whole key and a line":    {ed25519Line + "\nhello", TextAfter},
		"a whole key and two lines": {"ssh-ed25519 " + ed25519Base64 + "\nhello\nworld", TextAfter},
		"a gap":                     {ed25519Line[:30] + "\n\n" + ed25519Line[30:], Damaged},
		"a part missing":            {ed25519Line[:30] + "\n" + ed25519Line[40:], Damaged},
		"a private key in options":  {`command="-----BEGIN RSA PRIVATE KEY-----" ` + ed25519Line, IsPrivateKey},
		"a private key in RFC 4716": {beginRFC4716 + "\nComment: PuTTY-User-Key-File-2\nAAAA\n" + endOf(beginRFC4716), IsPuTTY},
		"a private key continued":   {strings.Replace(readVector(t, "ed25519.rfc4716"), "256-bit", "PRIVATE \\\nKEY-----", 1), IsPrivateKey},
		"two bytes of a mark":       {"\xef\xbb" + ed25519Line, NotUTF8},
		"two byte order marks":      {"\ufeff\ufeff" + ed25519Line, InvisibleCharacter},
	} {
		if reading, err := everyForm.Read(c.text); reasonOf(err) != c.reason || reading != (Reading{}) {
			t.Errorf("%s: %v, reason %d, want %d", name, err, reasonOf(err), c.reason)
		}
	}
}

// A wrapped key with another flaw is refused for that.
func TestWrappedAndDamaged(t *testing.T) {
	for text, want := range map[string]string{
		ed25519Line[:50] + "\n" + ed25519Line[58:]:                   "the base64 part is damaged: it is cut short",
		ed25519Line[:50] + "\n" + ed25519Line[58:80] + "\nuser@host": "the base64 part is damaged: it is cut short",
		ed25519Line[:30] + "\n!" + ed25519Line[30:]:                  "the base64 part is damaged: it is cut short",
		"ssh-rsa " + ed25519Base64[:30] + "\n" + ed25519Base64[30:]:  "the text says ssh-rsa but the key is ssh-ed25519",
		"ssh-ed25519 AAAA.\nAAAA":                                    "the base64 part is damaged: it is broken into several lines",
		ed25519Line[:30] + "\n\n" + ed25519Line[30:]:                 "the base64 part is damaged: it is broken into several lines",
		"ssh-ed25519 " + ed25519Base64 + "\n" + ed25519Line:          "more than one key",
	} {
		if _, err := (Accept{Wrapped: true}).Read(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestFormNames(t *testing.T) {
	for form, want := range map[Form]string{0: "unknown", FormLine: "OpenSSH line", FormRFC4716: "RFC 4716", FormPKCS1: "PKCS#1 PEM", FormSPKI: "SPKI PEM", FormBlob: "bare blob", 9: "unknown"} {
		if form.String() != want {
			t.Errorf("%d is %q, want %q", form, form, want)
		}
	}
}

// Every error of every form is a ParseError.
func TestReadErrorsAreParseErrors(t *testing.T) {
	for _, r := range refusals {
		for bits := range byte(1 << 7) {
			_, err := acceptOf(bits).Read(r.text)
			var refused *ParseError
			if err != nil && !errors.As(err, &refused) {
				t.Errorf("%s: %T", r.name, err)
			}
			if r.reason.Private() && reasonOf(err) != r.reason {
				t.Errorf("%s with %+v: %v", r.name, acceptOf(bits), err)
			}
		}
	}
}
