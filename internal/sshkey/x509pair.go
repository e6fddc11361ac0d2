package sshkey

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the key identifier of RFC 5280 section 4.2.1.2
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// x509Lifetime is how long a certificate that Nova makes is valid.
const x509Lifetime = 3650 * 24 * time.Hour

var (
	oidSubjectKeyID = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidSubjectAlt   = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidExtKeyUsage  = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidClientAuth   = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2}
	oidUPN          = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3} // Microsoft's user principal name
)

// GenerateX509 makes the pair with which a user logs in to Windows over WinRM,
// as Nova does: an RSA-2048 key, and a self-signed client certificate for
// CN=userID and the principal userID@localhost, valid from now for 3650 days.
// The key's Text is a PKCS#12 with both and an empty password. It fails with
// ctx's error as [Generator.Generate] does.
func (g *Generator) GenerateX509(ctx context.Context, userID string, now time.Time) (Certificate, PrivateKey, error) {
	key, err := g.Generate(ctx, SpecRSA2048)
	if err != nil {
		return Certificate{}, PrivateKey{}, err
	}
	cert, text, err := selfSign(key.Signer(), userID, now)
	if err != nil {
		return Certificate{}, PrivateKey{}, fmt.Errorf("make a certificate for user %q: %w", userID, err)
	}
	return Certificate{der: string(cert.Raw)}, key.withText(text), nil
}

// selfSign returns the certificate, and the PKCS#12 in base64 on one line.
func selfSign(signer crypto.Signer, userID string, now time.Time) (*x509.Certificate, string, error) {
	extensions, err := clientExtensions(signer.Public(), userID)
	if err != nil {
		return nil, "", err
	}
	serial := make([]byte, 20)
	_, _ = rand.Read(serial) // never fails
	serial[0] &= 0x7f        // positive in 20 bytes, the most that RFC 5280 section 4.1.2.2 allows
	template := &x509.Certificate{
		SerialNumber:       new(big.Int).SetBytes(serial),
		Subject:            pkix.Name{CommonName: userID},
		NotBefore:          now.UTC(),
		NotAfter:           now.UTC().Add(x509Lifetime),
		SignatureAlgorithm: x509.SHA256WithRSA,
		ExtraExtensions:    extensions,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	if err != nil {
		return nil, "", err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, "", err
	}
	// PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC, and a SHA-256 MAC, each
	// with 2048 iterations, is what OpenSSL 3 reads and writes by default.
	bundle, err := pkcs12.Modern2023.Encode(signer, cert, nil, "")
	if err != nil {
		return nil, "", err
	}
	return cert, base64.StdEncoding.EncodeToString(bundle), nil
}

// clientExtensions returns the extensions in Nova's order, none of them critical.
func clientExtensions(public crypto.PublicKey, userID string) ([]pkix.Extension, error) {
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	var info struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(spki, &info); err != nil {
		return nil, err
	}
	keyID := sha1.Sum(info.Key.Bytes) //nolint:gosec // an identifier, not a signature
	type otherName struct {
		Type  asn1.ObjectIdentifier
		Value string `asn1:"explicit,tag:0,utf8"`
	}
	type generalNames struct {
		Name otherName `asn1:"tag:0"`
	}
	values := []struct {
		id    asn1.ObjectIdentifier
		value any
	}{
		{oidExtKeyUsage, []asn1.ObjectIdentifier{oidClientAuth}},
		{oidSubjectAlt, generalNames{otherName{oidUPN, userID + "@localhost"}}},
		{oidSubjectKeyID, keyID[:]},
	}
	extensions := make([]pkix.Extension, len(values))
	for i, v := range values {
		der, err := asn1.Marshal(v.value)
		if err != nil {
			return nil, err
		}
		extensions[i] = pkix.Extension{Id: v.id, Value: der}
	}
	return extensions, nil
}
