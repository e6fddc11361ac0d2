package sshkey

import (
	"encoding/asn1"
	"encoding/pem"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	notPKCS1 = Wording{
		"this key is of the type %s; only RSA keys can be written as PKCS#1 (BEGIN RSA PUBLIC KEY)",
		"이 키의 형식은 %s입니다. PKCS#1(BEGIN RSA PUBLIC KEY)로는 RSA 키만 쓸 수 있습니다",
	}
	notPKIX = Wording{
		"this key is of the type %s; only RSA, DSA, ECDSA and Ed25519 keys can be written as SubjectPublicKeyInfo (BEGIN PUBLIC KEY)",
		"이 키의 형식은 %s입니다. SubjectPublicKeyInfo(BEGIN PUBLIC KEY)로는 RSA, DSA, ECDSA, Ed25519 키만 쓸 수 있습니다",
	}
)

// PKCS1 returns an RSA key, or the one that a certificate certifies, as PEM
// "RSA PUBLIC KEY" (RFC 8017 appendix A.1.1), as ssh-keygen -e -m PEM does. For
// other keys the error says, in any language by its method In([Language]),
// which can be written so.
func (k PublicKey) PKCS1() (string, error) {
	if k.alg != RSA {
		return "", refused(notPKCS1, k.kind)
	}
	var der cryptobyte.Builder
	k.addRSA(&der)
	return pemText("RSA PUBLIC KEY", der.BytesOrPanic()), nil
}

// PKIX returns an RSA, DSA, ECDSA or Ed25519 key, or the one that a certificate
// certifies, as PEM "PUBLIC KEY" (RFC 5280 section 4.1.2.7, RFC 3279, RFC 5480,
// RFC 8410), as ssh-keygen -e -m PKCS8 does. For other keys the error says, in
// any language by its method In([Language]), which can be written so: there is
// no such form for keys on an authenticator.
func (k PublicKey) PKIX() (string, error) {
	der, err := k.subjectPublicKeyInfo()
	if err != nil {
		return "", err
	}
	return pemText("PUBLIC KEY", der), nil
}

func pemText(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// The object identifiers of algorithms: RFC 3279 sections 2.3.1 and 2.3.2, RFC
// 5480 section 2.1.1, RFC 8410 section 3.
var (
	oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidDSA     = asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}
	oidECDSA   = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
)

// subjectPublicKeyInfo returns the key's DER: the algorithm with its
// parameters, and the key in a bit string.
func (k PublicKey) subjectPublicKeyInfo() ([]byte, error) {
	var id asn1.ObjectIdentifier
	var parameters, key func(*cryptobyte.Builder)
	switch k.alg {
	case RSA:
		id, key = oidRSA, k.addRSA
		parameters = func(b *cryptobyte.Builder) { b.AddASN1NULL() }
	case DSA:
		p, q, g, y, _ := k.DSANumbers()
		id = oidDSA
		parameters = func(b *cryptobyte.Builder) { addNumbers(b, p, q, g) }
		key = func(b *cryptobyte.Builder) { b.AddASN1BigInt(y) }
	case ECDSA:
		id = oidECDSA
		parameters = func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(formats[k.kind].curve.oid) }
		key = func(b *cryptobyte.Builder) { b.AddBytes(k.curvePoint()) }
	case Ed25519:
		point, _ := k.Ed25519Point()
		id = oidEd25519
		parameters = func(*cryptobyte.Builder) {}
		key = func(b *cryptobyte.Builder) { b.AddBytes(point) }
	default:
		return nil, refused(notPKIX, k.kind)
	}
	var inner, der cryptobyte.Builder
	key(&inner)
	der.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(id)
			parameters(b)
		})
		b.AddASN1BitString(inner.BytesOrPanic())
	})
	return der.Bytes()
}

// addRSA writes an RSAPublicKey: the modulus and the exponent.
func (k PublicKey) addRSA(b *cryptobyte.Builder) {
	n, e, _ := k.RSANumbers()
	addNumbers(b, n, e)
}

func addNumbers(b *cryptobyte.Builder, numbers ...*big.Int) {
	b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, n := range numbers {
			b.AddASN1BigInt(n)
		}
	})
}
