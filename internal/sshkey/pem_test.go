package sshkey

import (
	"encoding/base64"
	"slices"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"
)

// der encodes a value of a tag.
func der(tag tags.Tag, contents ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(contents...)) })
	return b.BytesOrPanic()
}

func sequence(contents ...[]byte) []byte { return der(tags.SEQUENCE, contents...) }
func integer(contents ...byte) []byte    { return der(tags.INTEGER, contents) }
func bitString(contents []byte) []byte   { return der(tags.BIT_STRING, []byte{0}, contents) }

// One key has one PEM: every other way to write the same numbers is refused.
func TestPEMIsExact(t *testing.T) {
	n := append([]byte{0x00, 0xff}, make([]byte, 126)...)
	n = append(n, 1)
	e := integer(1, 0, 1)
	rsa := sequence(integer(n...), e)
	null := der(tags.NULL)
	rsaID := []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1}
	dsaID := []byte{6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1}
	ecID := []byte{6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1}
	p256 := []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}
	edID := []byte{6, 3, 0x2b, 0x65, 0x70}
	point := make([]byte, 32)
	one := integer(1)

	pemOf := func(begin string, body []byte) string {
		return begin + "\n" + base64.StdEncoding.EncodeToString(body) + "\n" + endOf(begin) + "\n"
	}
	accept := Accept{PEM: true}
	mustRead(t, accept, pemOf(beginPKCS1, rsa), FormPKCS1)
	mustRead(t, accept, pemOf(beginSPKI, sequence(sequence(rsaID, null), bitString(rsa))), FormSPKI)
	mustRead(t, accept, pemOf(beginSPKI, sequence(sequence(edID), bitString(point))), FormSPKI)

	notDER := "the base64 part is damaged: it is not the DER encoding of a public key"
	for name, body := range map[string][]byte{
		"nothing":                  nil,
		"an empty sequence":        sequence(),
		"a needless zero":          sequence(integer(append([]byte{0}, n...)...), e),
		"a negative modulus":       sequence(integer(n[1:]...), e),
		"a negative exponent":      sequence(integer(n...), integer(0x81)),
		"an empty number":          sequence(integer(n...), integer()),
		"a third number":           sequence(integer(n...), e, e),
		"bytes behind":             append(slices.Clone(rsa), 0),
		"a length in a long form":  append([]byte{0x30, 0x83, 0, 0, byte(len(rsa) - 3)}, rsa[3:]...),
		"an indefinite length":     slices.Concat([]byte{0x30, 0x80}, rsa[3:], []byte{0, 0}),
		"a set for a sequence":     der(tags.SET, integer(n...), e),
		"an octet string in place": sequence(der(tags.OCTET_STRING, n), e),
		"cut":                      rsa[:len(rsa)-1],
	} {
		if _, err := accept.Read(pemOf(beginPKCS1, body)); err == nil || err.Error() != notDER {
			t.Errorf("PKCS#1 with %s: %v", name, err)
		}
		if _, err := accept.Read(pemOf(beginSPKI, sequence(sequence(rsaID, null), bitString(body)))); err == nil || err.Error() != notDER {
			t.Errorf("SPKI around PKCS#1 with %s: %v", name, err)
		}
	}
	for name, body := range map[string][]byte{
		"no parameters for RSA":       sequence(sequence(rsaID), bitString(rsa)),
		"two parameters for RSA":      sequence(sequence(rsaID, null, null), bitString(rsa)),
		"a full NULL":                 sequence(sequence(rsaID, der(tags.NULL, []byte{0})), bitString(rsa)),
		"NULL for Ed25519":            sequence(sequence(edID, null), bitString(point)),
		"unused bits":                 sequence(sequence(edID), der(tags.BIT_STRING, []byte{1}, point)),
		"a key behind the key":        sequence(sequence(edID), bitString(point), bitString(point)),
		"no parameters for DSA":       sequence(sequence(dsaID), bitString(one)),
		"two parameters for DSA":      sequence(sequence(dsaID, sequence(one, one)), bitString(one)),
		"two numbers for a DSA key":   sequence(sequence(dsaID, sequence(one, one, one)), bitString(slices.Concat(one, one))),
		"no algorithm":                sequence(sequence(), bitString(point)),
		"bytes behind the whole":      append(sequence(sequence(edID), bitString(point)), 0),
		"an octet string for the key": sequence(sequence(edID), der(tags.OCTET_STRING, point)),
	} {
		if _, err := accept.Read(pemOf(beginSPKI, body)); err == nil || err.Error() != notDER {
			t.Errorf("SPKI with %s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		body []byte
		want string
	}{
		"31 bytes of Ed25519": {sequence(sequence(edID), bitString(point[1:])), "the base64 part is damaged: its Ed25519 key has 31 bytes, not 32"},
		"a compressed point":  {sequence(sequence(ecID, p256), bitString(append([]byte{2}, point...))), "the base64 part is damaged: its point is not on the curve nistp256"},
		"an unknown curve":    {sequence(sequence(ecID, edID), bitString(point)), "SSH has no key type for this PEM public key; use Ed25519, ECDSA on P-256, P-384 or P-521, or RSA"},
		"no curve":            {sequence(sequence(ecID), bitString(point)), "SSH has no key type for this PEM public key; use Ed25519, ECDSA on P-256, P-384 or P-521, or RSA"},
		"RSA of 16 bits":      {sequence(sequence(rsaID, null), bitString(sequence(integer(0x7f, 0xff), integer(3)))), "the base64 part is damaged: its RSA modulus has 15 bits, not 512 to 16384"},
	} {
		if _, err := accept.Read(pemOf(beginSPKI, c.body)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
