package compute_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/compute/sim/authkeys"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// TestGuestGetsCleanLine imports one key in every form that a dialect may take,
// and wants that a guest gets a line of authorized_keys that lets the key in.
func TestGuestGetsCleanLine(t *testing.T) {
	vector := func(name string) string {
		text, err := os.ReadFile(filepath.Join("..", "sshkey", "testdata", "keys", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	line := vector("rsa2048.pub")
	key, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(line)
	bare := fields[0] + " " + fields[1]
	rules := keypair.Rules{
		Name: keypair.NameRule{Min: 1, Max: 255}, Types: []keypair.Type{keypair.SSH}, Owner: keypair.User, MaxPublicKey: 16 << 10, Quota: -1,
		Accept: sshkey.Accept{RFC4716: true, PEM: true, Blob: true, FamilyWords: true, Options: true, Space: true, Wrapped: true},
	}
	for name, c := range map[string]struct{ text, want string }{
		"OpenSSH":         {line, bare + " " + comment},
		"no padding":      {strings.TrimRight(bare, "="), bare},
		"RFC 4716":        {vector("rsa2048.rfc4716"), bare + " 2048-bit RSA, converted by user@host from OpenSSH"},
		"PKCS#1":          {vector("rsa2048.pkcs1.pem"), bare},
		"SPKI":            {vector("rsa2048.spki.pem"), bare},
		"blob":            {fields[1], bare},
		"family word":     {"rsa " + fields[1] + " mine", bare + " mine"},
		"options":         {`no-pty,from="10.0.0.1" ` + line, bare + " " + comment},
		"space":           {"\n\t " + fields[0] + "\t" + fields[1] + "\r\n\r\n", bare},
		"broken in lines": {fields[0] + " " + fields[1][:70] + "\n" + fields[1][70:] + "\n", bare},
	} {
		y := newYard(t)
		keys := keypair.New(y.db.KeyPairs(), nil, keypair.Options{Now: y.clock, NewID: uuid.NewString})
		_, _, err := keys.Import(t.Context(), y.caller, rules, keypair.Request{Name: "web"}, c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		images, err := y.service.Images(t.Context(), y.caller)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(images, func(i compute.Image) bool { return i.OSType != compute.Windows })
		made, err := y.service.Create(t.Context(), y.caller, compute.CreateRequest{
			Name: "i", FlavorID: "1", ImageID: images[i].ID, KeyName: "web", Keys: rules.View(y.caller, ""),
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := y.run(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if b := made[0].Bindings[0]; b.PublicKey != c.text {
			t.Errorf("%s: the instance shows %q, not what was sent", name, b.PublicKey)
		}
		if got := y.driver.access.AuthorizedKeys; !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: the guest gets %q, want %q", name, got, c.want)
		}
		file := []byte(strings.Join(y.driver.access.AuthorizedKeys, "\n") + "\n")
		if _, err := authkeys.Authorize(file, key, netip.MustParseAddr("127.0.0.1"), y.now); err != nil {
			t.Errorf("%s: the key does not log in: %v", name, err)
		}
	}
}

// TestGuestGetsNoX509 wants that a certificate for Windows is no line.
func TestGuestGetsNoX509(t *testing.T) {
	cert, _, err := sshkey.NewGenerator(sshkey.GeneratorSettings{}).GenerateX509(t.Context(), "u", newYard(t).now)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []compute.Binding{
		{Type: "x509", PublicKey: cert.PEM()},
		{Type: "ssh", PublicKey: "no key any more"},
	} {
		if line := b.AuthorizedKey(); line != "" {
			t.Errorf("%s: %q", b.Type, line)
		}
	}
}
