package sshkey

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/cryptotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

// signature signs a text so that only the real private half could have.
func signature(t *testing.T, signer ssh.Signer, public PublicKey) {
	t.Helper()
	data := []byte("data")
	sig, err := signer.Sign(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := ssh.ParsePublicKey(public.Blob())
	if err != nil {
		t.Fatal(err)
	}
	if err := theirs.Verify(data, sig); err != nil {
		t.Errorf("a signature of the private half does not fit the public one: %v", err)
	}
}

func TestGeneratedKeys(t *testing.T) {
	want := map[Spec]struct {
		kind string
		bits int
		head string
	}{
		SpecRSA2048:  {"ssh-rsa", 2048, "RSA PRIVATE KEY"},
		SpecRSA3072:  {"ssh-rsa", 3072, "RSA PRIVATE KEY"},
		SpecRSA4096:  {"ssh-rsa", 4096, "RSA PRIVATE KEY"},
		SpecEd25519:  {"ssh-ed25519", 256, "OPENSSH PRIVATE KEY"},
		SpecECDSA256: {"ecdsa-sha2-nistp256", 256, "EC PRIVATE KEY"},
		SpecECDSA384: {"ecdsa-sha2-nistp384", 384, "EC PRIVATE KEY"},
		SpecECDSA521: {"ecdsa-sha2-nistp521", 521, "EC PRIVATE KEY"},
	}
	if len(Specs()) != len(want) {
		t.Fatalf("specs are %v", Specs())
	}
	for _, spec := range Specs() {
		t.Run(string(spec), func(t *testing.T) {
			key := made(t, spec)
			public := key.Public("a comment")
			w := want[spec]
			if public.Type() != w.kind || public.Bits() != w.bits || public.Comment() != "a comment" {
				t.Errorf("public half is %s", public)
			}
			if again := mustParse(t, public.AuthorizedKey()); again != public {
				t.Errorf("the line is read as %v, want %v", again, public)
			}
			text := key.Text()
			lines := strings.Split(text, "\n")
			last := len(lines) - 1
			if lines[0] != "-----BEGIN "+w.head+"-----" || lines[last] != "" || lines[last-1] != "-----END "+w.head+"-----" {
				t.Errorf("PEM begins %s and ends %q", lines[0], lines[last-1:])
			}
			for i, line := range lines[1 : last-2] {
				if len(line) != 64 && (w.head != "OPENSSH PRIVATE KEY" || len(line) != 70) {
					t.Errorf("line %d has %d columns", i+1, len(line))
				}
			}
			file := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			plain := key.Public("").AuthorizedKey()
			if got := strings.TrimSpace(run(t, "", "ssh-keygen", "-y", "-f", file)); got != plain {
				t.Errorf("ssh-keygen -y says %s, want %s", got, plain)
			}
			for alg, want := range map[string]string{"md5": "MD5:" + public.FingerprintMD5(), "sha256": public.FingerprintSHA256()} {
				got := strings.Fields(run(t, public.AuthorizedKey(), "ssh-keygen", "-l", "-E", alg, "-f", "-"))
				if got[1] != want || got[0] != fmt.Sprint(w.bits) {
					t.Errorf("ssh-keygen -l -E %s says %v, want %s", alg, got, want)
				}
			}
			parsed, err := ssh.ParsePrivateKey([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			signature(t, parsed, public)
			signer, err := ssh.NewSignerFromSigner(key.Signer())
			if err != nil {
				t.Fatal(err)
			}
			signature(t, signer, public)
		})
	}
}

func TestRSAPEMLooksLikeNovas(t *testing.T) {
	key := made(t, SpecRSA2048)
	// Numbers with leading zero bytes make it a little shorter, rarely.
	if n := len(key.Text()); n < 1660 || n > 1680 {
		t.Errorf("PEM has %d bytes, want about 1675", n)
	}
}

func TestPublicComment(t *testing.T) {
	key, err := Generate(SpecEd25519)
	if err != nil {
		t.Fatal(err)
	}
	public := key.Public(" a\nssh-rsa b\x00 ")
	if public.Comment() != "a ssh-rsa b" || mustParse(t, public.AuthorizedKey()) != public {
		t.Errorf("comment is %q", public.Comment())
	}
}

func TestSpecs(t *testing.T) {
	for _, spec := range Specs() {
		if got, err := ParseSpec(string(spec)); got != spec || err != nil {
			t.Errorf("ParseSpec(%s) = %s, %v", spec, got, err)
		}
	}
	const want = `cannot make a key of type "dsa"; choose one of rsa-2048, rsa-3072, rsa-4096, ed25519, ecdsa-256, ecdsa-384, ecdsa-521`
	if _, err := ParseSpec("dsa"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if _, err := Generate("RSA-2048"); err == nil {
		t.Error("an unknown spec makes a key")
	}
}

// A held-still source of randomness gives the same key; the system's never does.
func TestRandomness(t *testing.T) {
	newKey := func() string {
		key, err := Generate(SpecEd25519)
		if err != nil {
			t.Fatal(err)
		}
		return key.Public("").FingerprintSHA256()
	}
	if newKey() == newKey() {
		t.Error("the same key twice")
	}
	cryptotest.SetGlobalRandom(t, 7)
	first := newKey()
	cryptotest.SetGlobalRandom(t, 7)
	if second := newKey(); second != first {
		t.Errorf("the same randomness gives %s and %s", first, second)
	}
}

// holder stands for any struct that a private key may lie in.
type holder struct {
	Key    PrivateKey
	hidden PrivateKey
	Any    any
	Ptr    *PrivateKey
	List   []PrivateKey
	Map    map[string]PrivateKey
}

func TestPrivateKeyIsNeverPrinted(t *testing.T) {
	for _, spec := range []Spec{SpecRSA2048, SpecEd25519, SpecECDSA256} {
		key := made(t, spec)
		secrets := secretForms(t, key)
		check := func(how, printed string) {
			t.Helper()
			for _, s := range secrets {
				if strings.Contains(printed, s) {
					t.Errorf("%s, %s: the private key is in %.80q…", spec, how, printed)
					return
				}
			}
		}
		h := holder{key, key, key, &key, []PrivateKey{key}, map[string]PrivateKey{"k": key}}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%o", "%p", "%T", "%t", "%c", "%U", "%e", "%20v", "%-6s", "%!"} {
			if verb != "%p" && verb != "%T" && verb != "%!" {
				if got := fmt.Sprintf(verb, key); got != redacted {
					t.Errorf("%s prints %q", verb, got)
				}
				if got := fmt.Sprintf(verb, &key); got != redacted {
					t.Errorf("%s of a pointer prints %q", verb, got)
				}
			}
			check(verb, fmt.Sprintf(verb, h))
			check(verb, fmt.Sprintf(verb, &h))
		}
		check("Errorf", fmt.Errorf("x: %w, %v", os.ErrExist, h).Error())
		if key.String() != redacted || key.GoString() != redacted || key.LogValue().String() != redacted {
			t.Error("a printing method tells")
		}
		for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
			"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var out bytes.Buffer
			log := slog.New(handler(&out))
			log.Info("x", "key", key)
			if !strings.Contains(out.String(), redacted) {
				t.Errorf("slog %s prints %s", name, out.String())
			}
			log.Info("x", "key", &key, "holder", h, "list", []any{key}, slog.Group("g", "key", key))
			log.With("key", key).WithGroup("g").Info("x")
			check("slog "+name, out.String())
		}
		for name, encode := range map[string]func(any) ([]byte, error){
			"json": json.Marshal,
			"xml":  func(v any) ([]byte, error) { return xml.Marshal(v) },
			"gob": func(v any) ([]byte, error) {
				var out bytes.Buffer
				err := gob.NewEncoder(&out).Encode(v)
				return out.Bytes(), err
			},
			"text":   func(v any) ([]byte, error) { return v.(encoding.TextMarshaler).MarshalText() },
			"binary": func(v any) ([]byte, error) { return v.(encoding.BinaryMarshaler).MarshalBinary() },
		} {
			out, err := encode(key)
			if err == nil {
				t.Errorf("%s encodes it as %q", name, out)
			}
			check(name, string(out)+fmt.Sprint(err))
		}
		check("cmp", cmpDiff(h))
		check("reflect", reachable(reflect.ValueOf(h), 0))
	}
}

// secretForms returns what would betray the key: pieces of its PEM, and its
// secret number in every way that Go prints numbers and bytes.
func secretForms(t *testing.T, key PrivateKey) []string {
	t.Helper()
	lines := strings.Split(string(encoded(t, key, FormatPEM, "", "")), "\n")
	forms := []string{lines[0], lines[2]}
	// D of RSA and ECDSA, the bytes of Ed25519; taken by reflection as a printer would.
	v := reflect.Indirect(reflect.ValueOf(key.Signer()))
	if v.Kind() == reflect.Struct {
		d := v.FieldByName("D").Interface().(fmt.Stringer)
		forms = append(forms, d.String()[:20], fmt.Sprintf("%x", d)[:20])
	} else {
		b := v.Bytes()[:8]
		forms = append(forms, fmt.Sprint(b)[1:20], fmt.Sprintf("%x", b), fmt.Sprintf("%#v", b)[7:30])
	}
	return forms
}

// cmpDiff returns all that go-cmp says of two holders when it is told to look
// at unexported fields, and when it is not and panics.
func cmpDiff(h holder) (all string) {
	other := holder{Map: map[string]PrivateKey{}}
	all = cmp.Diff(h, other, cmp.Exporter(func(reflect.Type) bool { return true }))
	defer func() { all += fmt.Sprint(recover()) }()
	return all + cmp.Diff(h, other)
}

// reachable writes out everything that reflection can reach without calling
// methods, exported or not, as debugging printers do.
func reachable(v reflect.Value, depth int) string {
	if depth > 12 {
		return ""
	}
	var out strings.Builder
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			out.WriteString(reachable(v.Field(i), depth+1) + " ")
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			out.WriteString(reachable(v.Elem(), depth+1))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			out.WriteString(reachable(v.Index(i), depth+1) + " ")
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			out.WriteString(reachable(it.Value(), depth+1) + " ")
		}
	case reflect.String:
		out.WriteString(v.String())
	case reflect.Func:
		fmt.Fprintf(&out, "%v", v)
	default:
		fmt.Fprintf(&out, "%v", v)
	}
	return out.String()
}
