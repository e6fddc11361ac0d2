package sshkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
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

// recipe is how one sort of key is made.
type recipe struct {
	spec   Spec
	costly bool // takes tens of milliseconds or more of processor time
	make   func(random io.Reader) (crypto.Signer, error)
}

// recipes has one for each spec. RSA fails with its reader's error. The cheap
// ones take the system's randomness and not the reader's.
var recipes = []recipe{
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
	all := make([]Spec, len(recipes))
	for i, r := range recipes {
		all[i] = r.spec
	}
	return all
}

// ParseSpec returns the spec that a text names exactly. The error lists the
// names that there are.
func ParseSpec(text string) (Spec, error) {
	r, err := Spec(text).recipe()
	return r.spec, err
}

// recipe returns how to make the key.
func (s Spec) recipe() (recipe, error) {
	names := make([]string, len(recipes))
	for i, r := range recipes {
		if r.spec == s {
			return r, nil
		}
		names[i] = string(r.spec)
	}
	return recipe{}, fmt.Errorf("cannot make a key of type %q; choose one of %s", string(s), strings.Join(names, ", "))
}

// key makes one.
func (r recipe) key(random io.Reader) (PrivateKey, error) {
	signer, err := r.make(random)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("make a key of type %s: %w", r.spec, err)
	}
	return newPrivateKey(signer)
}

// Generate makes a key at once and on the calling goroutine, for a program
// that makes one: a server uses a [Generator]. The only expected error is a
// spec that is none of [Specs].
func Generate(s Spec) (PrivateKey, error) {
	r, err := s.recipe()
	if err != nil {
		return PrivateKey{}, err
	}
	return r.key(rand.Reader)
}

func makeRSA(bits int) func(io.Reader) (crypto.Signer, error) {
	return func(random io.Reader) (crypto.Signer, error) { return rsa.GenerateKey(random, bits) }
}

func makeECDSA(curve elliptic.Curve) func(io.Reader) (crypto.Signer, error) {
	return func(io.Reader) (crypto.Signer, error) { return ecdsa.GenerateKey(curve, rand.Reader) }
}

func makeEd25519(io.Reader) (crypto.Signer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}
