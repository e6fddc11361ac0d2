package sshkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// issued is when the pairs of these tests are made.
var issued = time.Date(2026, 11, 22, 1, 2, 3, 456, time.FixedZone("", 9*3600))

const userID = "2d636395ffb844f584be20e7632a360f"

func generateX509(t *testing.T) (Certificate, PrivateKey) {
	t.Helper()
	cert, key, err := NewGenerator(GeneratorSettings{}).GenerateX509(t.Context(), userID, issued)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func TestGenerateX509(t *testing.T) {
	made, key := generateX509(t)
	cert, err := x509.ParseCertificate(made.DER())
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature); err != nil {
		t.Error(err)
	}
	if cert.Version != 3 || cert.SignatureAlgorithm != x509.SHA256WithRSA || cert.IsCA || cert.BasicConstraintsValid {
		t.Errorf("version %d, %s", cert.Version, cert.SignatureAlgorithm)
	}
	if want := "CN=" + userID; cert.Subject.String() != want || cert.Issuer.String() != want {
		t.Errorf("subject %s, issuer %s", cert.Subject, cert.Issuer)
	}
	if n := cert.SerialNumber.BitLen(); cert.SerialNumber.Sign() <= 0 || n > 159 || n < 100 {
		t.Errorf("serial number has %d bits", n)
	}
	if got := cert.NotAfter.Sub(cert.NotBefore); got != 3650*24*time.Hour || !cert.NotBefore.Equal(issued.Truncate(time.Second)) {
		t.Errorf("valid from %s for %s", cert.NotBefore, got)
	}
	var ids []string
	for _, e := range cert.Extensions {
		if ids = append(ids, e.Id.String()); e.Critical {
			t.Errorf("extension %s is critical", e.Id)
		}
	}
	if want := []string{"2.5.29.37", "2.5.29.17", "2.5.29.14"}; !slices.Equal(ids, want) {
		t.Fatalf("extensions %v, want %v", ids, want)
	}
	if !slices.Equal(cert.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}) || len(cert.SubjectKeyId) != 20 {
		t.Errorf("usage %v, key id %x", cert.ExtKeyUsage, cert.SubjectKeyId)
	}
	text := run(t, made.PEM(), "openssl", "x509", "-noout", "-text", "-fingerprint", "-sha1")
	for _, want := range []string{"othername: UPN::" + userID + "@localhost", "TLS Web Client Authentication", "2048 bit", "Exponent: 65537", strings.ToUpper(made.FingerprintSHA1())} {
		if !strings.Contains(text, want) {
			t.Errorf("openssl does not say %q:\n%s", want, text)
		}
	}
	again, err := ParseCertificate(made.PEM())
	if err != nil || again != made || !strings.HasSuffix(made.PEM(), "-----END CERTIFICATE-----\n") {
		t.Errorf("its own PEM is read as %v, %v", again, err)
	}
	if len(made.FingerprintSHA1()) != 59 || !strings.Contains(string(encoded(t, key, FormatPEM, "", "")), "BEGIN RSA PRIVATE KEY") {
		t.Errorf("fingerprint %s", made.FingerprintSHA1())
	}
}

func TestKeyOfX509(t *testing.T) {
	certify := func(signer crypto.Signer) []byte {
		t.Helper()
		template := &x509.Certificate{SerialNumber: big.NewInt(1)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	for _, spec := range []Spec{SpecRSA2048, SpecECDSA384, SpecEd25519} {
		private, err := Generate(spec)
		if err != nil {
			t.Fatal(err)
		}
		if key, err := KeyOfX509(certify(private.Signer())); err != nil || key != private.Public("") {
			t.Errorf("%s: %v, %v", spec, key, err)
		}
	}
	odd, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for what, der := range map[string][]byte{"a curve that SSH has no type for": certify(odd), "no certificate": {0x30, 0}, "nothing": nil} {
		if key, err := KeyOfX509(der); err == nil || key != (PublicKey{}) {
			t.Errorf("%s: %v, %v", what, key, err)
		}
	}
}

func TestPKCS12(t *testing.T) {
	cert, key := generateX509(t)
	text := key.Text()
	if strings.ContainsAny(text, " \r\n") {
		t.Error("the PKCS#12 is not one line")
	}
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	info := run(t, string(der), "openssl", "pkcs12", "-passin", "pass:", "-nodes", "-info")
	for want, times := range map[string]int{
		"MAC: sha256, Iteration 2048":                                    1,
		"PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256": 2,
		"localKeyID: ": 2,
	} {
		if n := strings.Count(info, want); n != times {
			t.Errorf("openssl says %q %d times, want %d", want, n, times)
		}
	}
	if got, err := ParseCertificate(info[strings.Index(info, "-----BEGIN CERTIFICATE"):strings.Index(info, "-----END CERTIFICATE")] + "-----END CERTIFICATE-----\n"); err != nil || got != cert {
		t.Errorf("openssl takes out another certificate: %v", err)
	}
	var block *pem.Block
	for rest := []byte(info); ; {
		if block, rest = pem.Decode(rest); block == nil || block.Type == "PRIVATE KEY" {
			break
		}
	}
	if block == nil {
		t.Fatal("openssl takes out no private key")
	}
	opened, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !key.Signer().(*rsa.PrivateKey).Equal(opened.(*rsa.PrivateKey)) {
		t.Error("openssl takes out another key")
	}
	if _, _, err := pkcs12.Decode(der, "x"); !errors.Is(err, pkcs12.ErrIncorrectPassword) {
		t.Errorf("another password: %v", err)
	}
	// Its text is as private as a PEM.
	if _, err := ParsePublicKey(text); err == nil || err.Error() != "this is a private key; send the public key (.pub) only" {
		t.Errorf("pasted as a public key: %v", err)
	}
}

func TestParseCertificate(t *testing.T) {
	first, key := generateX509(t)
	second, _ := generateX509(t)
	one, two := first.PEM(), second.PEM()
	for name, text := range map[string]string{
		"plain":           one,
		"text before":     "subject=CN = alice\n\nBag Attributes\n" + one,
		"two":             one + two,
		"damaged second":  one + two[:200],
		"CRLF":            strings.ReplaceAll(one, "\n", "\r\n"),
		"no line end":     strings.TrimSpace(one),
		"X509 label":      strings.ReplaceAll(one, "CERTIFICATE", "X509 CERTIFICATE"),
		"X509 label next": one + strings.ReplaceAll(two, "CERTIFICATE", "X509 CERTIFICATE"),
	} {
		if got, err := ParseCertificate(text); err != nil || got != first {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := ParseCertificate(strings.ReplaceAll(two, "CERTIFICATE", "X509 CERTIFICATE") + one); err != nil || got != second {
		t.Errorf("the first of two labels: %v", err)
	}
	const (
		none   = "this is not a PEM certificate; expected '-----BEGIN CERTIFICATE-----'"
		broken = "the certificate cannot be read: its PEM block is damaged"
	)
	private := string(encoded(t, key, FormatPEM, "", ""))
	lines := strings.Split(one, "\n")
	short := strings.Join(slices.Concat(lines[:4], lines[len(lines)-2:]), "\n")
	for name, c := range map[string]struct{ text, want string }{
		"empty":         {"", none},
		"words":         {"hello world", none},
		"SSH key":       {ed25519Line, "this is an SSH public key; set type to ssh"},
		"public key":    {readVector(t, "rsa2048.spki.pem"), none},
		"private key":   {private, "this is a private key; send the public key (.pub) only"},
		"with a key":    {one + private, "this is a private key; send the public key (.pub) only"},
		"PKCS#12":       {key.Text(), "this is a private key; send the public key (.pub) only"},
		"bad base64":    {"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", broken},
		"no end":        {one[:300], broken},
		"damaged first": {strings.Replace(one, "M", "!", 1) + two, broken},
		"no end, next":  {strings.Join(lines[:5], "\n") + "\n" + two, broken},
		"cut":           {short, "the certificate cannot be read: malformed certificate"},
		"not DER":       {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "the certificate cannot be read: malformed certificate"},
	} {
		_, err := ParseCertificate(c.text)
		var refused *ParseError
		if !errors.As(err, &refused) || err.Error() != c.want {
			t.Errorf("%s: error %q, want %q", name, err, c.want)
		}
	}
	if rest, err := asn1.Unmarshal(first.DER(), new(asn1.RawValue)); err != nil || len(rest) != 0 {
		t.Error("DER is not one value")
	}
}
