package sshkey

// Reason says why [ParsePublicKey] or [ParseCertificate] refused a text. The
// zero Reason is not valid.
type Reason uint8

// The reasons for refusing a text. Their order is the order of [Reasons].
const (
	NotPublicKey     Reason = iota + 1 // empty, one word, or words that are no key
	BadStart                           // white space before the type, or not a space after it
	HasOptions                         // authorized_keys options before the type
	UnsupportedType                    // looks like a key, of a type that is not accepted; Detail is the type
	Damaged                            // the base64 part is not a whole key; Detail says what is wrong with it
	TypeMismatch                       // the type word and the blob name two types; Detail is the clause that names both
	IsPrivateKey                       // private key material in any format
	IsRFC4716                          // an RFC 4716 public key
	IsPKCS1                            // a PKCS#1 PEM public key
	IsPKIX                             // a SubjectPublicKeyInfo PEM public key, which ssh-keygen calls PKCS8
	IsCertificate                      // an X.509 certificate where an SSH key is wanted
	ControlCharacter                   // NUL or another control character
	NotUTF8                            // bytes that are not UTF-8
	MoreThanOneKey                     // text on a second line
	NotCertificate                     // no PEM certificate in the text
	IsSSHKey                           // an SSH public key where a certificate is wanted
	BadCertificate                     // a certificate that cannot be read; Detail says why
	lastReason
)

// reasonTexts is what Error says, or how it begins where the Detail follows.
var reasonTexts = [lastReason]string{
	NotPublicKey:     "this is not an OpenSSH public key; expected '<type> <base64> [comment]'",
	BadStart:         "the key must start with its type, followed by one space",
	HasOptions:       "remove the options before the key type",
	UnsupportedType:  "key type ",
	Damaged:          "the base64 part is damaged: ",
	TypeMismatch:     "the text says ",
	IsPrivateKey:     "this is a private key; send the public key (.pub) only",
	IsRFC4716:        "this is an RFC 4716 (PEM) public key; convert it with 'ssh-keygen -i'",
	IsPKCS1:          "this is an RFC 4716 (PEM) public key; convert it with 'ssh-keygen -i -m PEM'",
	IsPKIX:           "this is an RFC 4716 (PEM) public key; convert it with 'ssh-keygen -i -m PKCS8'",
	IsCertificate:    "this is an X.509 certificate; set type to x509",
	ControlCharacter: "control characters are not allowed",
	NotUTF8:          "the text is not UTF-8",
	MoreThanOneKey:   "more than one key",
	NotCertificate:   "this is not a PEM certificate; expected '-----BEGIN CERTIFICATE-----'",
	IsSSHKey:         "this is an SSH public key; set type to ssh",
	BadCertificate:   "the certificate cannot be read: ",
}

// Reasons returns every reason, for tests that walk them.
func Reasons() []Reason {
	all := make([]Reason, 0, lastReason-1)
	for r := NotPublicKey; r < lastReason; r++ {
		all = append(all, r)
	}
	return all
}

// ParseError says why a text was refused, in a sentence for the person who
// sent it. It never holds private key material: of the text it repeats at most
// a word that has the shape of a key type.
type ParseError struct {
	Reason Reason
	Detail string // what exactly, for the reasons that say so; else empty
}

// Error returns the sentence of the reason, with the detail in its place.
func (e *ParseError) Error() string {
	if e.Reason == 0 || e.Reason >= lastReason {
		return "the key was refused"
	}
	text := reasonTexts[e.Reason]
	switch e.Reason {
	case UnsupportedType:
		return text + "'" + e.Detail + "' is not supported"
	case Damaged, TypeMismatch, BadCertificate:
		return text + e.Detail
	default:
		return text
	}
}

// refuse returns the error of a reason that needs no detail.
func refuse(r Reason) error { return &ParseError{Reason: r} }
