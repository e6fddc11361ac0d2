package sshkey

import (
	"crypto/dsa" //nolint:staticcheck // what x/crypto gives for ssh-dss
	"testing"

	"golang.org/x/crypto/ssh"
)

// Equal says whether both are the same key, whatever their comments.
func (k PublicKey) Equal(other PublicKey) bool { return k.blob == other.blob }

func TestDSANumbers(t *testing.T) {
	for _, name := range []string{"dsa1024.pub", "dsa1024-cert.pub"} {
		key := mustParse(t, readVector(t, name))
		theirs, err := ssh.ParsePublicKey(key.Certified().Blob())
		if err != nil {
			t.Fatal(err)
		}
		want := theirs.(ssh.CryptoPublicKey).CryptoPublicKey().(*dsa.PublicKey)
		p, q, g, y, ok := key.DSANumbers()
		if !ok || p.Cmp(want.P) != 0 || q.Cmp(want.Q) != 0 || g.Cmp(want.G) != 0 || y.Cmp(want.Y) != 0 {
			t.Errorf("%s: %v %v %v %v %t", name, p, q, g, y, ok)
		}
	}
	for _, key := range []PublicKey{{}, mustParse(t, ed25519Line), mustParse(t, readVector(t, "rsa2048.pub"))} {
		if _, _, _, _, ok := key.DSANumbers(); ok {
			t.Errorf("%s has DSA numbers", key.Type())
		}
	}
}
