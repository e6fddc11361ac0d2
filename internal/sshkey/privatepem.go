package sshkey

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
)

// exactDER decodes a value and says whether nothing follows after it.
func exactDER(der []byte, value any) bool {
	rest, err := asn1.Unmarshal(der, value)
	return err == nil && len(rest) == 0
}

// readTraditional returns the reader of a PEM block that may be encrypted by
// PEM's own means (RFC 1421 section 4.6.1, and OpenSSL's PEM_read(3)), which
// ssh-keygen -m PEM still writes.
func readTraditional(parse func(der []byte) (crypto.Signer, error)) func(*pem.Block, []byte) (opened, error) {
	return func(block *pem.Block, passphrase []byte) (opened, error) {
		der, encrypted := block.Bytes, block.Headers["Proc-Type"] == "4,ENCRYPTED"
		if encrypted {
			var err error
			if der, err = decryptPEM(block, passphrase); err != nil {
				return opened{}, err
			}
		}
		signer, err := parse(der)
		return opened{signer: signer, encrypted: encrypted}, err
	}
}

// pemCiphers are those that crypto/x509 decrypts.
var pemCiphers = map[string]bool{"DES-CBC": true, "DES-EDE3-CBC": true, "AES-128-CBC": true, "AES-192-CBC": true, "AES-256-CBC": true}

// decryptPEM returns the content of an encrypted block. Nothing authenticates
// it, so what is no DER afterwards counts as a wrong passphrase.
func decryptPEM(block *pem.Block, passphrase []byte) ([]byte, error) {
	name, _, _ := strings.Cut(block.Headers["DEK-Info"], ",")
	switch {
	case name == "":
		return nil, damagedPrivate(flawHeader)
	case !pemCiphers[name]:
		return nil, refusePrivate(PrivateCipher, printable(name))
	case len(passphrase) == 0:
		return nil, refusePrivate(PassphraseMissing)
	}
	der, err := x509.DecryptPEMBlock(block, passphrase) //nolint:staticcheck // to read what others have written so
	switch {
	case errors.Is(err, x509.IncorrectPasswordError):
		return nil, refusePrivate(PassphraseWrong)
	case err != nil:
		return nil, damagedPrivate(flawHeader)
	case !exactDER(der, new(asn1.RawValue)):
		return nil, refusePrivate(PassphraseWrong)
	}
	return der, nil
}

// parsePKCS1 reads an RSA key (RFC 8017 appendix A.1.2) of two primes.
func parsePKCS1(der []byte) (crypto.Signer, error) {
	var numbers struct {
		Version                     int
		N, E, D, P, Q, DP, DQ, QInv *big.Int
	}
	if !exactDER(der, &numbers) || numbers.Version != 0 {
		return nil, damagedPrivate(flawDER)
	}
	key, err := rsaNumbers{numbers.N, numbers.E, numbers.D, numbers.P, numbers.Q, numbers.QInv}.key()
	if err != nil {
		return nil, err
	}
	// The same numbers have one encoding, so this compares the two exponents,
	// and whatever else there may be.
	if !bytes.Equal(x509.MarshalPKCS1PrivateKey(key), der) {
		return nil, refusePrivate(PrivateNumbers)
	}
	return key, nil
}

// oidNames has the names of key types, curves and ways to encrypt that are
// refused: RFC 8018 appendix C, RFC 7292 appendix C, RFC 7914 section 7.
var oidNames = map[string]string{
	"1.2.840.113549.1.5.1":      "pbeWithMD2AndDES-CBC",
	"1.2.840.113549.1.5.3":      "pbeWithMD5AndDES-CBC",
	"1.2.840.113549.1.5.10":     "pbeWithSHA1AndDES-CBC",
	"1.2.840.113549.1.12.1.1":   "pbeWithSHAAnd128BitRC4",
	"1.2.840.113549.1.12.1.3":   "pbeWithSHAAnd3-KeyTripleDES-CBC",
	"1.2.840.113549.1.12.1.6":   "pbeWithSHAAnd40BitRC2-CBC",
	"1.3.6.1.4.1.11591.4.11":    "scrypt",
	"1.2.392.200011.61.1.1.1.4": "camellia256-cbc",

	"1.2.840.113549.1.1.10": "RSA-PSS",
	"1.3.101.110":           "X25519",
	"1.3.101.111":           "X448",
	"1.3.101.113":           "Ed448",
	"1.3.132.0.10":          "secp256k1",
	"1.3.132.0.33":          "nistp224",
}

// nameOf returns the name of what is refused, or its numbers.
func nameOf(id asn1.ObjectIdentifier) string {
	if name, known := oidNames[id.String()]; known {
		return name
	}
	return id.String()
}

// explicitCurve is what keys are called here that say all the numbers of their
// curve instead of its name.
const explicitCurve = "ecdsa (explicit curve)"

// parseSEC1File reads an ECDSA key that names its curve itself.
func parseSEC1File(der []byte) (crypto.Signer, error) { return parseSEC1(der, nil) }

// parseSEC1 reads an ECDSA key (RFC 5915 section 3), whose curve may have been
// named outside.
func parseSEC1(der []byte, outside asn1.ObjectIdentifier) (crypto.Signer, error) {
	var key struct {
		Version int
		D       []byte
		Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
		Point   asn1.BitString        `asn1:"optional,explicit,tag:1"`
	}
	// The numbers of a curve may stand in the place of its name.
	var explicit struct {
		Version int
		D       []byte
		Curve   struct{ Version int } `asn1:"explicit,tag:0"`
	}
	switch {
	case exactDER(der, &explicit):
		return nil, refusePrivate(PrivateType, explicitCurve)
	case !exactDER(der, &key) || key.Version != 1:
		return nil, damagedPrivate(flawDER)
	case key.Curve == nil:
		key.Curve = outside
	case outside != nil && !key.Curve.Equal(outside):
		return nil, refusePrivate(PrivateMismatch)
	}
	for _, c := range curves {
		if c.oid.Equal(key.Curve) {
			return ecdsaSigner(c.elliptic, new(big.Int).SetBytes(key.D), string(key.Point.RightAlign()))
		}
	}
	return nil, refusePrivate(PrivateType, "ecdsa "+nameOf(key.Curve))
}
