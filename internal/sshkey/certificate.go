package sshkey

import (
	"crypto/x509"
	"encoding/pem"
	"strings"
)

// Certificate is an X.509 certificate, which is the public half of a key pair
// for Windows. It is immutable and comparable, and is made by
// [ParseCertificate] or [Generator.GenerateX509]; the zero Certificate is none.
type Certificate struct {
	der string
}

// certArmours are the PEM labels of a certificate (RFC 7468 section 5.1).
var certArmours = []string{"CERTIFICATE", "X509 CERTIFICATE"}

// ParseCertificate reads the first PEM certificate of a text, which may stand
// between any other text. Its key, its dates and who signed it do not matter;
// what follows it does not count. A private key anywhere is refused, for the
// text is stored as it was sent.
//
// Every error is a [*ParseError].
func ParseCertificate(text string) (Certificate, error) {
	if private := privateKeyIn(text); private != 0 {
		return Certificate{}, refuse(private)
	}
	block := firstCertBlock(text)
	if block == "" {
		return Certificate{}, diagnoseCertificate(text)
	}
	decoded, _ := pem.Decode([]byte(block))
	if decoded == nil {
		return Certificate{}, refuse(BadCertificate, flaw{wording: flawPEMBlock})
	}
	if _, err := x509.ParseCertificate(decoded.Bytes); err != nil {
		why := strings.TrimPrefix(err.Error(), "x509: ")
		if why == flawMalformed.English {
			return Certificate{}, refuse(BadCertificate, flaw{wording: flawMalformed})
		}
		return Certificate{}, refuse(BadCertificate, why)
	}
	return Certificate{der: string(decoded.Bytes)}, nil
}

// certRecognisers find out what people send instead of a certificate, as
// recognisers do for keys.
var certRecognisers = []func(pasted) error{
	when(IsMarkup, isMarkup),
	when(IsJSON, isJSON),
	recogniseRequestOrContainer,
	recogniseBareCertificate,
	when(IsURL, isURL),
	when(IsFileName, isFileName),
	when(IsCommand, isCommand),
}

// diagnoseCertificate returns why a text has no PEM certificate in it.
func diagnoseCertificate(text string) error {
	p := newPasted(text)
	if p.text == "" {
		return refuse(NotCertificate)
	}
	for line := range strings.Lines(p.text) {
		if keyInside(line) != "" {
			return refuse(IsSSHKey)
		}
	}
	for _, recognise := range certRecognisers {
		if err := recognise(p); err != nil {
			return err
		}
	}
	return refuse(NotCertificate)
}

// recogniseRequestOrContainer finds other PEM that has to do with certificates.
func recogniseRequestOrContainer(p pasted) error {
	switch reason := armourOf(p.text); reason {
	case IsCertificateRequest, IsPKCS7:
		return refuse(reason)
	}
	return nil
}

// recogniseBareCertificate finds a certificate without its first and last line.
func recogniseBareCertificate(p pasted) error {
	der, ok := bareDER(p.text)
	if !ok {
		return nil
	}
	if _, err := x509.ParseCertificate(der); err == nil {
		return refuse(BareDER, "CERTIFICATE")
	}
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		return refuse(IsCertificateRequest)
	}
	return nil
}

// firstCertBlock returns the text from the first line that begins a PEM
// certificate up to the line that ends it, or to where it breaks off; "" means
// that there is none. It is cut out because pem.Decode passes over a damaged
// block to a later one.
func firstCertBlock(text string) string {
	first, end := len(text), ""
	for _, label := range certArmours {
		if at := strings.Index(text, "-----BEGIN "+label+"-----"); at >= 0 && at < first {
			first, end = at, "-----END "+label+"-----"
		}
	}
	block := text[first:]
	if n := strings.Index(block, end); n >= 0 {
		block = block[:n+len(end)]
	}
	if block == "" {
		return ""
	}
	if next := strings.Index(block[1:], "-----BEGIN "); next >= 0 {
		block = block[:1+next] // it has no end of its own
	}
	return block
}

// KeyOfX509 returns the key that an X.509 certificate, in DER, certifies, without
// a comment. The error says why there is none: the certificate cannot be read, or
// its key is of a kind or a size that SSH does not know.
func KeyOfX509(der []byte) (PublicKey, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return PublicKey{}, err
	}
	blob, err := spkiBlob(cert.RawSubjectPublicKeyInfo)
	if err != nil {
		return PublicKey{}, err
	}
	return keyOfBlob(blob)
}

// DER returns a copy of the certificate's encoding.
func (c Certificate) DER() []byte { return []byte(c.der) }

// PEM returns the certificate as one PEM block with 64 columns and a line feed
// at its end.
func (c Certificate) PEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(c.der)}))
}

// FingerprintSHA1 returns the SHA-1 of the DER in lower-case hex with colons
// (59 characters), as openssl x509 -fingerprint prints it in upper case.
func (c Certificate) FingerprintSHA1() string { return FingerprintSHA1([]byte(c.der)) }
