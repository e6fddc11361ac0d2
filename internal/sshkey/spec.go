package sshkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
)

// Spec says which sort of key to make, in the text that people write: the
// algorithm and, where there is a choice, the size.
type Spec string

// The keys that can be made.
const (
	SpecRSA2048  Spec = "rsa-2048"
	SpecRSA3072  Spec = "rsa-3072"
	SpecRSA4096  Spec = "rsa-4096"
	SpecEd25519  Spec = "ed25519"
	SpecECDSA256 Spec = "ecdsa-256"
	SpecECDSA384 Spec = "ecdsa-384"
	SpecECDSA521 Spec = "ecdsa-521"
)

// specs has how each key is made. There is no source of randomness to pass
// in: since Go 1.26 the standard library always takes the system's, and a
// test that wants the same key twice calls testing/cryptotest.SetGlobalRandom.
var specs = []struct {
	name   Spec
	costly bool // takes tens of milliseconds or more of processor time
	make   func() (crypto.Signer, error)
}{
	{SpecRSA2048, true, makeRSA(2048)},
	{SpecRSA3072, true, makeRSA(3072)},
	{SpecRSA4096, true, makeRSA(4096)},
	{SpecEd25519, false, makeEd25519},
	{SpecECDSA256, false, makeECDSA(elliptic.P256())},
	{SpecECDSA384, false, makeECDSA(elliptic.P384())},
	{SpecECDSA521, false, makeECDSA(elliptic.P521())},
}

// Specs returns every key that can be made.
func Specs() []Spec {
	all := make([]Spec, len(specs))
	for i, s := range specs {
		all[i] = s.name
	}
	return all
}

// ParseSpec returns the spec that a text names exactly. The error lists the
// names that there are.
func ParseSpec(text string) (Spec, error) {
	if _, _, err := Spec(text).find(); err != nil {
		return "", err
	}
	return Spec(text), nil
}

// find returns how to make the key.
func (s Spec) find() (generate func() (crypto.Signer, error), costly bool, err error) {
	names := make([]string, len(specs))
	for i, spec := range specs {
		if spec.name == s {
			return spec.make, spec.costly, nil
		}
		names[i] = string(spec.name)
	}
	return nil, false, fmt.Errorf("cannot make a key of type %q; choose one of %s", string(s), strings.Join(names, ", "))
}

// Generate makes a key at once and on the calling goroutine, for a program
// that makes one: a server uses a [Generator]. The only expected error is a
// spec that is none of [Specs].
func Generate(s Spec) (PrivateKey, error) {
	generate, _, err := s.find()
	if err != nil {
		return PrivateKey{}, err
	}
	signer, err := generate()
	if err != nil {
		return PrivateKey{}, fmt.Errorf("make a key of type %s: %w", s, err)
	}
	return newPrivateKey(signer)
}

func makeRSA(bits int) func() (crypto.Signer, error) {
	return func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, bits) }
}

func makeECDSA(curve elliptic.Curve) func() (crypto.Signer, error) {
	return func() (crypto.Signer, error) { return ecdsa.GenerateKey(curve, rand.Reader) }
}

func makeEd25519() (crypto.Signer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}
