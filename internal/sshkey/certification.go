package sshkey

import (
	"math"
	"time"
)

// CertificateUse is what a certificate lets its key do.
type CertificateUse string

// The uses of OpenSSH certificates.
const (
	UserCertificate CertificateUse = "user" // log in as a user
	HostCertificate CertificateUse = "host" // prove to be a host
)

// Certification is what an OpenSSH certificate says of the key in it
// (OpenSSH's PROTOCOL.certkeys). Its texts hold any bytes that the authority
// signed: escape them before showing them.
type Certification struct {
	Use        CertificateUse
	Serial     uint64 // 0 for none, and for v00 certificates, which have none
	KeyID      string
	Principals []string // user or host names, at most 256; none means every name
	// ValidAfter is the first second at which it counts; the zero Time is always.
	ValidAfter time.Time
	// ValidBefore is the first second at which it counts no more; the zero Time
	// is forever. A time after the year 9999 is given as that year's last second.
	ValidBefore     time.Time
	CriticalOptions []CertificateOption // the constraints of a v00 certificate
	Extensions      []CertificateOption
	Authority       PublicKey // the key that signed it, without comment
	// SignatureAlgorithm is how it was signed, for example "rsa-sha2-512".
	SignatureAlgorithm string
}

// CertificateOption is a critical option or an extension of a certificate,
// for example force-command or permit-pty.
type CertificateOption struct {
	Name string
	Data string // mostly empty, or one wire text, see Value
}

// Value returns the text that the data of an option holds, as that of
// force-command and source-address does; ok is false for data of another form.
// No data is the empty text.
func (o CertificateOption) Value() (text string, ok bool) {
	if o.Data == "" {
		return "", true
	}
	r := wireReader{rest: o.Data}
	text = r.text()
	r.end()
	return text, r.flaw.none()
}

// certificate reads the certificate again that the blob was found to be.
func (k PublicKey) certificate() (certificate, *format) {
	f := formats[k.kind]
	r := wireReader{rest: k.blob}
	r.text()
	return readCertificate(&r, f, k.blob), f
}

// Certification returns what a certificate says, as ssh-keygen -L prints it;
// ok is false for a plain key. The signature is the authority's; whether the
// authority is one to trust, and the time right, is for the caller to judge.
func (k PublicKey) Certification() (c Certification, ok bool) {
	if !k.cert {
		return Certification{}, false
	}
	cert, _ := k.certificate()
	authority, _ := readAuthority(cert.authority)
	c = Certification{
		Use:                UserCertificate,
		Serial:             cert.serial,
		KeyID:              cert.keyID,
		CriticalOptions:    readOptions(cert.critical),
		Extensions:         readOptions(cert.extensions),
		Authority:          authority,
		SignatureAlgorithm: signatureName(cert.signature),
	}
	if cert.use == useHost {
		c.Use = HostCertificate
	}
	for names := (wireReader{rest: cert.principals}); names.rest != ""; {
		c.Principals = append(c.Principals, names.name())
	}
	if cert.validAfter != 0 {
		c.ValidAfter = certificateTime(cert.validAfter)
	}
	if cert.validBefore != math.MaxUint64 {
		c.ValidBefore = certificateTime(cert.validBefore)
	}
	return c, true
}

// readOptions takes a list of options apart that was found to be whole.
func readOptions(list string) (options []CertificateOption) {
	for r := (wireReader{rest: list}); r.rest != ""; {
		options = append(options, CertificateOption{Name: r.text(), Data: r.text()})
	}
	return options
}

// certificateTime returns the time of so many Unix seconds, up to the last
// that RFC 3339 can write.
func certificateTime(seconds uint64) time.Time {
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	if seconds > uint64(last.Unix()) {
		return last
	}
	return time.Unix(int64(seconds), 0).UTC()
}
