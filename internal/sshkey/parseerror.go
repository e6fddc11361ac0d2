package sshkey

import "errors"

// Reason says why [Accept.Read], [ParsePublicKey] or [ParseCertificate]
// refused a text. The zero Reason is not valid.
type Reason uint8

// The reasons for refusing a text.
const (
	NotPublicKey     Reason = iota + 1 // empty, one word, or words that are no key
	BadStart                           // white space before the type, or not a space after it
	HasOptions                         // authorized_keys options before the type
	UnsupportedType                    // looks like a key, of a type that is not accepted
	Damaged                            // the base64 part is not a whole key
	TypeMismatch                       // the type word and the blob name two types
	IsPrivateKey                       // private key material in any format but PuTTY's
	IsPuTTY                            // a PuTTY private key file
	IsRFC4716                          // an RFC 4716 public key where none is accepted
	IsPKCS1                            // a PKCS#1 PEM public key where none is accepted
	IsPKIX                             // a SubjectPublicKeyInfo PEM public key, which ssh-keygen calls PKCS8, where none is accepted
	IsCertificate                      // an X.509 certificate where an SSH key is wanted
	ControlCharacter                   // NUL or another control character
	NotUTF8                            // bytes that are not UTF-8
	MoreThanOneKey                     // two keys
	SeveralKeys                        // more than two keys
	TextAfter                          // lines after the key that are no key
	NotCertificate                     // no PEM certificate in the text
	IsSSHKey                           // an SSH public key where a certificate is wanted
	BadCertificate                     // a certificate that cannot be read

	// What the text of a key lacks, or has too much of.
	MissingSpace       // no space between type and base64
	MissingSpaces      // nor between base64 and comment
	MissingType        // base64 without its type
	MisspelledType     // a word that was meant to be a type
	InvisibleCharacter // a byte order mark, zero-width or no-break space at the type
	InQuotes           // quotation marks around the key
	TextBefore         // other text before the type
	EncodedTwice       // the base64 of a whole line
	BadArmour          // RFC 4716 or PEM whose first and last line do not stand around it
	BareDER            // PEM without its first and last line
	UnsupportedPEM     // a PEM public key of an algorithm or curve that SSH has no type for

	// What was sent instead of a key.
	IsComment            // a line that begins with #
	IsKnownHost          // a line of known_hosts
	IsFingerprint        // a fingerprint, or what ssh-keygen -l prints
	IsFileName           // the name of a file
	IsURL                // the address of a web page
	IsCommand            // a shell command
	IsMarkup             // HTML or XML
	IsJSON               // JSON
	IsSSH1               // a public key of SSH protocol 1
	IsPGP                // an OpenPGP public key
	IsCertificateRequest // a PKCS#10 request
	IsPKCS7              // a PKCS#7 or CMS container
	lastReason
)

// Private says whether the text held private key material. Then whoever sent
// it should think about making a new key.
func (r Reason) Private() bool { return r == IsPrivateKey || r == IsPuTTY }

// ParseError says why a text was refused, in a sentence for the person who
// sent it. It never holds private key material: of the text it repeats at most
// a word that has the shape of a key type, and one character.
type ParseError struct {
	Reason Reason
	args   []any // what goes into the reason's text
}

// Error returns the sentence in English.
func (e *ParseError) Error() string { return e.In(English) }

// In returns the sentence in a language.
func (e *ParseError) In(l Language) string {
	if e.Reason == 0 || e.Reason >= lastReason {
		return unknownReason.In(l)
	}
	return reasonTexts[e.Reason].In(l, e.args...)
}

// refuse returns the error of a reason; args go into its text.
func refuse(r Reason, args ...any) error { return &ParseError{Reason: r, args: args} }

// damaged returns the error of a base64 part with a flaw.
func damaged(w Wording, args ...any) error { return refuse(Damaged, flaw{w, args}) }

// reasonOf returns the reason of a refusal, or 0 for any other error.
func reasonOf(err error) Reason {
	var refused *ParseError
	if errors.As(err, &refused) {
		return refused.Reason
	}
	return 0
}
