package sshkey

// Reason says why [ParsePublicKey] or [ParseCertificate] refused a text. The
// zero Reason is not valid.
type Reason uint8

// The reasons for refusing a text. Their order is the order of [Reasons].
const (
	NotPublicKey     Reason = iota + 1 // empty, one word, or words that are no key
	BadStart                           // white space before the type, or not a space after it
	HasOptions                         // authorized_keys options before the type
	UnsupportedType                    // looks like a key, of a type that is not accepted
	Damaged                            // the base64 part is not a whole key
	TypeMismatch                       // the type word and the blob name two types
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
	BadCertificate                     // a certificate that cannot be read
	lastReason
)

// reasonTexts is what each reason says; those that are about a part of the key
// have places for what is wrong with it.
var reasonTexts = [lastReason]Wording{
	NotPublicKey: {"this is not an OpenSSH public key; expected '<type> <base64> [comment]'",
		"OpenSSH 공개 키가 아닙니다. '<형식> <base64> [설명]' 꼴이어야 합니다"},
	BadStart: {"the key must start with its type, followed by one space",
		"키는 형식으로 시작하고 그 뒤에 공백 하나가 있어야 합니다"},
	HasOptions:      {"remove the options before the key type", "키 형식 앞에 있는 옵션을 지우십시오"},
	UnsupportedType: {"key type '%s' is not supported", "'%s' 형식의 키는 지원하지 않습니다"},
	Damaged:         {"the base64 part is damaged: %s", "base64 부분이 손상되었습니다: %s"},
	TypeMismatch:    {"the text says %s but the key is %s", "텍스트에는 %s(이)라고 적혀 있지만 실제 키는 %s입니다"},
	IsPrivateKey: {"this is a private key; send the public key (.pub) only",
		"개인 키입니다. 공개 키(.pub)만 보내십시오"},
	IsRFC4716: {"this is an RFC 4716 (PEM) public key; convert it with 'ssh-keygen -i'",
		"RFC 4716(PEM) 공개 키입니다. 'ssh-keygen -i'로 변환하십시오"},
	IsPKCS1: {"this is an RFC 4716 (PEM) public key; convert it with 'ssh-keygen -i -m PEM'",
		"RFC 4716(PEM) 공개 키입니다. 'ssh-keygen -i -m PEM'으로 변환하십시오"},
	IsPKIX: {"this is an RFC 4716 (PEM) public key; convert it with 'ssh-keygen -i -m PKCS8'",
		"RFC 4716(PEM) 공개 키입니다. 'ssh-keygen -i -m PKCS8'로 변환하십시오"},
	IsCertificate:    {"this is an X.509 certificate; set type to x509", "X.509 인증서입니다. type을 x509로 지정하십시오"},
	ControlCharacter: {"control characters are not allowed", "제어 문자는 사용할 수 없습니다"},
	NotUTF8:          {"the text is not UTF-8", "텍스트가 UTF-8이 아닙니다"},
	MoreThanOneKey:   {"more than one key", "키가 둘 이상입니다"},
	NotCertificate: {"this is not a PEM certificate; expected '-----BEGIN CERTIFICATE-----'",
		"PEM 인증서가 아닙니다. '-----BEGIN CERTIFICATE-----'로 시작해야 합니다"},
	IsSSHKey:       {"this is an SSH public key; set type to ssh", "SSH 공개 키입니다. type을 ssh로 지정하십시오"},
	BadCertificate: {"the certificate cannot be read: %s", "인증서를 읽을 수 없습니다: %s"},
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

var unknownReason = Wording{"the key was refused", "키가 거부되었습니다"}

// refuse returns the error of a reason; args go into its text.
func refuse(r Reason, args ...any) error { return &ParseError{Reason: r, args: args} }

// damaged returns the error of a base64 part with a flaw.
func damaged(w Wording, args ...any) error { return refuse(Damaged, flaw{w, args}) }
