package cli

import (
	"crypto/x509"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// certificateReport tells what a certificate says of its key; its field names
// are documented in docs/keys.md. A time that is missing is no limit.
type certificateReport struct {
	Use                string              `json:"use"`    // "user", "host" or "x509"
	Serial             string              `json:"serial"` // decimal: a number in JSON loses what is above 2^53
	KeyID              string              `json:"keyId"`  // the subject of an X.509 certificate
	Principals         []string            `json:"principals,omitempty"`
	ValidAfter         *time.Time          `json:"validAfter,omitempty"`
	ValidBefore        *time.Time          `json:"validBefore,omitempty"`
	CriticalOptions    []certificateOption `json:"criticalOptions,omitempty"`
	Extensions         []certificateOption `json:"extensions,omitempty"`
	Authority          *certificateSigner  `json:"authority,omitempty"` // of an OpenSSH certificate
	SignatureAlgorithm string              `json:"signatureAlgorithm"`
}

type certificateOption struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

type certificateSigner struct {
	Type        string `json:"type"`
	Fingerprint string `json:"fingerprint"`
}

// certificateOf returns what a certificate says, or nil for a plain key.
func certificateOf(e entry) *certificateReport {
	if e.isX509() {
		return x509Report(e.certificate)
	}
	c, ok := e.key.Certification()
	if !ok {
		return nil
	}
	return &certificateReport{
		Use: string(c.Use), Serial: strconv.FormatUint(c.Serial, 10), KeyID: c.KeyID, Principals: c.Principals,
		ValidAfter: limit(c.ValidAfter), ValidBefore: limit(c.ValidBefore),
		CriticalOptions: optionsOf(c.CriticalOptions), Extensions: optionsOf(c.Extensions),
		Authority:          &certificateSigner{c.Authority.Type(), c.Authority.FingerprintSHA256()},
		SignatureAlgorithm: c.SignatureAlgorithm,
	}
}

func x509Report(c sshkey.Certificate) *certificateReport {
	parsed, err := x509.ParseCertificate(c.DER())
	if err != nil { // sshkey has parsed it already
		return nil
	}
	return &certificateReport{
		Use: "x509", Serial: parsed.SerialNumber.String(), KeyID: parsed.Subject.String(),
		ValidAfter: limit(parsed.NotBefore), ValidBefore: limit(parsed.NotAfter),
		SignatureAlgorithm: parsed.SignatureAlgorithm.String(),
	}
}

// limit returns the time, or nil for the zero one, which is no limit.
func limit(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func optionsOf(all []sshkey.CertificateOption) []certificateOption {
	var told []certificateOption
	for _, o := range all {
		value, ok := o.Value()
		if !ok { // of an option that is not OpenSSH's own
			value = fmt.Sprintf("0x%x", o.Data)
		}
		told = append(told, certificateOption{o.Name, value})
	}
	return told
}

// facts are the certificate's lines for a person.
func (r *certificateReport) facts(fact func(name, value string)) {
	fact("certificate", fmt.Sprintf("%s, %s, serial %s", r.Use, strconv.Quote(r.KeyID), r.Serial))
	if r.Use != "x509" {
		principals := "everyone"
		if len(r.Principals) > 0 {
			var quoted []string
			for _, p := range r.Principals {
				quoted = append(quoted, printable(p))
			}
			principals = strings.Join(quoted, ", ")
		}
		fact("principals", principals)
	}
	fact("valid", validity(r.ValidAfter, r.ValidBefore))
	fact("options", listOptions(r.CriticalOptions))
	fact("extensions", listOptions(r.Extensions))
	signed := r.SignatureAlgorithm
	if r.Authority != nil {
		signed = fmt.Sprintf("%s %s, with %s", r.Authority.Type, r.Authority.Fingerprint, printable(r.SignatureAlgorithm))
	}
	fact("signed by", signed)
}

func validity(after, before *time.Time) string {
	if after == nil && before == nil {
		return "forever"
	}
	said := func(t *time.Time, none string) string {
		if t == nil {
			return none
		}
		return t.Format(time.RFC3339)
	}
	return fmt.Sprintf("from %s to %s", said(after, "always"), said(before, "forever"))
}

func listOptions(all []certificateOption) string {
	var told []string
	for _, o := range all {
		if o.Value == "" {
			told = append(told, printable(o.Name))
		} else {
			told = append(told, printable(o.Name)+"="+strconv.Quote(o.Value))
		}
	}
	return strings.Join(told, ", ")
}

// printable is a text that others have chosen, in quotes where a terminal could
// take it for more than a text.
func printable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return text
	}
	return strconv.Quote(text)
}
