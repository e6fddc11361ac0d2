package nova

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// differences are the recorded answers of some sections that are given in
// another way on purpose.
func differences(t *testing.T, sections ...string) *openstacktest.Differences {
	return openstacktest.ReadDifferences(t, "../testdata/differences.jsonl", "../../../../docs/dialects", sections...)
}

// TestRecorded asks what a real Nova was asked and compares the answers:
// status, names of headers, and bodies but for what is different each time.
func TestRecorded(t *testing.T) {
	sections := []string{"discovery", "crud", "errors", "names", "imports", "paging", "user_id", "quota"}
	different := differences(t, sections...)
	for _, section := range sections {
		t.Run(section, func(t *testing.T) {
			c := newCloud(t)
			if section == "paging" {
				for _, name := range []string{"K0", "k1", "k2", "k3", "k4", "k5"} {
					c.put(t, alice, name, "ssh", ed25519Key)
				}
			}
			for _, r := range openstacktest.Recording(t, "testdata/recorded/"+section+".jsonl") {
				c.prepare(t, r)
				got := c.ask(t, r)
				if !different.Check(t, r, got.Code, got.Body.String()) {
					r.Compare(t, got, func(body string) any { return decoded(t, body) })
				}
			}
		})
	}
	different.AllMet(t)
}

const ed25519Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAtFHPWwfsetgfEniPqibytstp7CH4MXLFw0raQs4jx1 user@host\n"

var repeated = regexp.MustCompile(`<<repeat (.) (\d+)>>`)

// ask sends a recorded request.
func (c *cloud) ask(t *testing.T, r openstacktest.Exchange) *httptest.ResponseRecorder {
	t.Helper()
	r.Request.Body = repeated.ReplaceAllStringFunc(r.Request.Body, func(s string) string {
		m := repeated.FindStringSubmatch(s)
		n, _ := strconv.Atoi(m[2])
		return strings.Repeat(m[1], n)
	})
	if strings.Contains(r.Request.Body, "(OpenSSH private key") {
		key, err := sshkey.Generate(sshkey.SpecEd25519)
		if err != nil {
			t.Fatal(err)
		}
		r.Request.Body = regexp.MustCompile(`"\(OpenSSH private key[^"]*"`).ReplaceAllLiteralString(r.Request.Body, jsonText(t, key.Text()))
	}
	if r.Name == "invalid utf-8" {
		r.Request.Body = "{\"keypair\":{\"name\":\"\xff\"}}"
	}
	return r.Ask(t, c.handler)
}

// told is what a recorded answer tells of a key pair.
type told struct {
	Name      string
	Type      string
	PublicKey string `json:"public_key"`
}

// prepare makes the state in which a recorded answer is right, where the
// exchange that made it was left out.
func (c *cloud) prepare(t *testing.T, r openstacktest.Exchange) {
	t.Helper()
	u, err := url.Parse(r.Request.URL)
	if err != nil {
		t.Fatal(err)
	}
	user := people()[r.Request.Headers["X-Auth-Token"]].User.ID
	if asked := u.Query().Get("user_id"); asked != "" {
		user = asked
	}
	_, name, _ := strings.Cut(u.Path, "/os-keypairs/")
	var body struct {
		KeyPair  told
		KeyPairs []struct{ KeyPair told }
	}
	_ = json.Unmarshal([]byte(r.Response.Body), &body)
	ok := r.Response.Status < 300
	switch {
	case r.Section == "imports":
		c.drop(t, user, "imp")
	case r.Request.Method == http.MethodPost && ok:
		c.drop(t, user, body.KeyPair.Name)
	case name != "" && ok && !slices.ContainsFunc(c.pairs(t, user), func(k keypair.KeyPair) bool { return k.Name == name }):
		key := body.KeyPair.PublicKey
		if key == "" {
			key = ed25519Key
		}
		c.put(t, user, name, body.KeyPair.Type, key)
	case (r.Section == "crud" || r.Section == "errors") && strings.HasSuffix(u.Path, "/os-keypairs") && r.Request.Method == http.MethodGet && ok:
		c.drop(t, user, "")
		for _, k := range body.KeyPairs {
			typ := "ssh"
			if strings.HasPrefix(k.KeyPair.PublicKey, "-----BEGIN CERT") {
				typ = "x509"
			}
			c.put(t, user, k.KeyPair.Name, typ, k.KeyPair.PublicKey)
		}
	}
}

var recordedShape = regexp.MustCompile(`^\((PKCS#1 PEM, 16\d\d bytes|PKCS#12, base64, 34\d\d characters)\)$`)

// decoded reads a body and puts the shapes of values that are different each
// time in their places.
func decoded(t *testing.T, body string) any {
	t.Helper()
	v := openstacktest.Decode(t, body)
	top, _ := v.(map[string]any)
	k, ok := top["keypair"].(map[string]any)
	if !ok {
		return v
	}
	if id, ok := k["id"].(json.Number); ok {
		if n, err := id.Int64(); err == nil && n > 0 && n < 1<<31 {
			k["id"] = "31 bits"
		}
	}
	if at, ok := k["created_at"].(string); ok && regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000$`).MatchString(at) {
		k["created_at"] = "a time"
	}
	if key, ok := k["private_key"].(string); ok {
		k["private_key"] = privateShape(key)
		k["public_key"] = publicShape(k["public_key"].(string))
		k["fingerprint"] = len(k["fingerprint"].(string))
	}
	return v
}

func privateShape(key string) string {
	block, rest := pem.Decode([]byte(key))
	switch {
	case recordedShape.MatchString(key):
		return strings.TrimPrefix(strings.Split(key, ",")[0], "(")
	case block != nil && block.Type == "RSA PRIVATE KEY" && len(rest) == 0 && len(key) > 1660 && len(key) < 1690:
		return "PKCS#1 PEM"
	}
	if bundle, err := base64.StdEncoding.DecodeString(key); err == nil {
		if _, _, err := pkcs12.Decode(bundle, ""); err == nil {
			return "PKCS#12"
		}
	}
	return key
}

func publicShape(key string) string {
	if public, err := sshkey.ParsePublicKey(key); err == nil {
		return strings.Join([]string{public.Type(), strconv.Itoa(public.Bits()), public.Comment()}, " ")
	}
	if _, err := sshkey.ParseCertificate(key); err == nil {
		return "a certificate"
	}
	return key
}
