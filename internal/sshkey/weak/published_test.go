package weak

import (
	"net/url"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

func TestPublishedKeys(t *testing.T) {
	for line := range strings.Lines(readFile(t, "testdata/vagrant.pub")) {
		expect(t, line, parse(t, line), Policy{}, "published")
	}
	keys := 0
	for line := range strings.Lines(publishedText) {
		if !strings.HasPrefix(line, "ssh-") && !strings.HasPrefix(line, "ecdsa-") {
			continue
		}
		keys++
		key := parse(t, line)
		expect(t, line, key, Policy{}, "published")
		if key.Comment() != "" || key != key.Certified() {
			t.Errorf("%s: a plain key without a comment is wanted", line)
		}
	}
	if keys != 49 || len(published()) != keys {
		t.Errorf("%d keys, %d entries", keys, len(published()))
	}
}

// These are the fingerprints in config/security/banned_ssh_keys.yml of GitLab,
// and the products that rapid7/ssh-badkeys names for the same keys.
func TestPublishedFingerprints(t *testing.T) {
	for fingerprint, product := range map[string]string{
		"SHA256:Z+q4XhSwWY7q0BIDVPR1v/S306FjGBsid7tLq/8kIxM": "Ceragon",
		"SHA256:uy5wXyEgbRCGsk23+J6f85om7G55Cu3UIPwC7oMZhNQ": "ExaGrid",
		"SHA256:9prMbqhS4QteoFQ1ZRJDqSBLWoHXPyKB0iWR05Ghro4": "F5",
		"SHA256:1M4RzhMyWuFS/86uPY/ce2prh/dVTHW7iD2RhpquOZA": "Vagrant",
		"SHA256:2ewGtK7Dc8XpnfNKShczdc8HSgoEGpoX+MiJkfH2p5I": "an appliance",
		"SHA256:/JLp6z6uGE3BPcs70RQob6QOdEWQ6nDC0xY7ejPOCc0": "Array Networks",
		"SHA256:whDP3xjKBEettbDuecxtGsfWBST+78gb6McdB9P7jCU": "Barracuda",
		"SHA256:MEc4HfsOlMqJ3/9QMTmrKn5Xj/yfnMITMW8EwfUfTww": "Loadbalancer.org",
		"SHA256:aPoYT2nPIfhqv6BIlbCCpbDjirBxaDFOtPfZ2K20uWw": "Monroe",
		"SHA256:VtjqZ5fiaeoZ3mXOYi49Lk9aO31iT4pahKFP9JPiQPc": "Quantum",
	} {
		if got := published()[fingerprint].product; !strings.HasPrefix(got, product) {
			t.Errorf("%s is of %q, want %s", fingerprint, got, product)
		}
	}
}

func TestPublishedOrigins(t *testing.T) {
	for fingerprint, from := range published() {
		if len(fingerprint) != len("SHA256:")+43 {
			t.Errorf("%q is no fingerprint", fingerprint)
		}
		if u, err := url.Parse(from.source); err != nil || u.Scheme != "https" || u.Host == "" {
			t.Errorf("%s: source %q", from.product, from.source)
		}
		if from.product != strings.TrimSpace(from.product) || from.product == "" {
			t.Errorf("product %q", from.product)
		}
	}
}

func TestParsePublished(t *testing.T) {
	const fingerprint = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
	const head = "product: P\nsource: https://example.org/\n"
	origins, err := parsePublished(head + fingerprint + "\n")
	if err != nil || origins[fingerprint] != (origin{"P", "https://example.org/"}) {
		t.Errorf("%v, %v", origins, err)
	}
	for text, want := range map[string]string{
		fingerprint:                                "published.txt:1: " + fingerprint + " has no product or no source",
		"product: P\n" + fingerprint:               "published.txt:2: " + fingerprint + " has no product or no source",
		head + "product: Q\n" + fingerprint:        "published.txt:4: " + fingerprint + " has no product or no source",
		head + fingerprint + "\n" + fingerprint:    "published.txt:4: " + fingerprint + " is of P and of P",
		head + "ssh-ed25519 AAAA":                  "published.txt:3: the base64 part is damaged",
		head + "SHA512:47DEQpj8HBSa+/TImW+5JCeuQe": "published.txt:3: this is not an OpenSSH public key",
	} {
		if _, err := parsePublished(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func TestPublishedSays(t *testing.T) {
	found := Findings(keyIn(t, "testdata/vagrant.pub"), DefaultPolicy())
	if len(found) != 1 || found[0].Check != "published" {
		t.Fatalf("findings %v", found)
	}
	const english = "the private half of this key is public: it comes with Vagrant; make a new key with 'ssh-keygen -t ed25519'"
	const korean = "이 키의 개인 키는 Vagrant에 포함되어 누구나 볼 수 있습니다. 'ssh-keygen -t ed25519'로 새 키를 만드십시오"
	if e := found[0]; e.Error() != english || e.In(sshkey.Korean) != korean {
		t.Errorf("says %q and %q", e.Error(), e.In(sshkey.Korean))
	}
}
