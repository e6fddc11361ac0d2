package sshkey

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"
)

// readPKCS1 reads the body of a PEM "RSA PUBLIC KEY" (RFC 8017 appendix A.1.1).
func readPKCS1(body string) (PublicKey, error) { return readDER(body, rsaBlob) }

// readSPKI reads the body of a PEM "PUBLIC KEY": a SubjectPublicKeyInfo (RFC
// 5280 section 4.1.2.7).
func readSPKI(body string) (PublicKey, error) { return readDER(body, spkiBlob) }

// readDER decodes the base64 of a PEM block and reads the wire blob that holds
// the same numbers as its DER. What the numbers must be is checked there, once
// for every form.
func readDER(body string, toBlob func(der cryptobyte.String) (blob string, err error)) (PublicKey, error) {
	der, wrong := decodeBase64(joinLines(body))
	if !wrong.none() {
		return PublicKey{}, refuse(Damaged, wrong)
	}
	blob, err := toBlob(cryptobyte.String(der))
	if err != nil {
		return PublicKey{}, err
	}
	return keyOfBlob(blob)
}

var (
	errNotDER = damaged(flawNotDER)
	errNotSSH = refuse(UnsupportedPEM)
)

// rsaBlob turns a PKCS#1 RSAPublicKey into a wire blob. The contents of a DER
// INTEGER and of an mpint are the same bytes.
func rsaBlob(der cryptobyte.String) (blob string, err error) {
	var fields, n, e cryptobyte.String
	if !der.ReadASN1(&fields, tags.SEQUENCE) || !der.Empty() ||
		!readNumber(&fields, &n) || !readNumber(&fields, &e) || !fields.Empty() {
		return "", errNotDER
	}
	return wireBlob("ssh-rsa", e, n), nil
}

// readNumber takes a number that is not negative and written in its shortest
// form, as DER has it (X.690 section 8.3.2).
func readNumber(from, number *cryptobyte.String) bool {
	if !from.ReadASN1(number, tags.INTEGER) || len(*number) == 0 {
		return false
	}
	n := *number
	return n[0]&0x80 == 0 && (n[0] != 0 || len(n) == 1 || n[1]&0x80 != 0)
}

// spkiAlgorithms are the algorithms of a SubjectPublicKeyInfo that SSH has too.
var spkiAlgorithms = []struct {
	id   asn1.ObjectIdentifier
	blob func(params, key cryptobyte.String) (blob string, err error)
}{
	{oidRSA, spkiRSA},
	{oidDSA, spkiDSA},
	{oidECDSA, spkiECDSA},
	{oidEd25519, spkiEd25519},
}

// spkiBlob turns a SubjectPublicKeyInfo into a wire blob.
func spkiBlob(der cryptobyte.String) (blob string, err error) {
	var info, algorithm cryptobyte.String
	var id asn1.ObjectIdentifier
	var key []byte
	if !der.ReadASN1(&info, tags.SEQUENCE) || !der.Empty() ||
		!info.ReadASN1(&algorithm, tags.SEQUENCE) || !info.ReadASN1BitStringAsBytes(&key) || !info.Empty() ||
		!algorithm.ReadASN1ObjectIdentifier(&id) {
		return "", errNotDER
	}
	for _, a := range spkiAlgorithms {
		if a.id.Equal(id) {
			return a.blob(algorithm, key)
		}
	}
	return "", errNotSSH
}

func spkiRSA(params, key cryptobyte.String) (blob string, err error) {
	var null cryptobyte.String
	if !params.ReadASN1(&null, tags.NULL) || !null.Empty() || !params.Empty() {
		return "", errNotDER
	}
	return rsaBlob(key)
}

func spkiDSA(params, key cryptobyte.String) (blob string, err error) {
	var group, p, q, g, y cryptobyte.String
	if !params.ReadASN1(&group, tags.SEQUENCE) || !params.Empty() ||
		!readNumber(&group, &p) || !readNumber(&group, &q) || !readNumber(&group, &g) || !group.Empty() ||
		!readNumber(&key, &y) || !key.Empty() {
		return "", errNotDER
	}
	return wireBlob("ssh-dss", p, q, g, y), nil
}

func spkiECDSA(params, key cryptobyte.String) (blob string, err error) {
	var id asn1.ObjectIdentifier
	if !params.ReadASN1ObjectIdentifier(&id) || !params.Empty() {
		// Explicit parameters and the twisted curves of some tools end here.
		return "", errNotSSH
	}
	for _, curve := range curves {
		if curve.oid.Equal(id) {
			return wireBlob("ecdsa-sha2-"+curve.name, []byte(curve.name), key), nil
		}
	}
	return "", errNotSSH
}

func spkiEd25519(params, key cryptobyte.String) (blob string, err error) {
	if !params.Empty() {
		return "", errNotDER
	}
	return wireBlob("ssh-ed25519", key), nil
}
