package sshkey

// PrivateReason says why [ParsePrivateKey] refused a text. The zero
// PrivateReason is not valid.
type PrivateReason uint8

// The reasons for refusing a private key.
const (
	NotPrivateKey      PrivateReason = iota + 1 // nothing that is known
	PrivateIsPublic                             // a public key in any format
	PrivateIsCert                               // an OpenSSH or X.509 certificate
	PrivateTooLong                              // more text than any key needs
	PrivateDamaged                              // a part is missing or wrong
	PrivateLine                                 // a line of a PPK is not what it should be
	PrivateMAC                                  // a PPK was changed after it was written
	PrivateMismatch                             // the public half in it is of another key
	PrivateNumbers                              // the numbers of the key contradict each other
	PrivateSize                                 // an RSA key that is too small or too large
	PrivateSeveral                              // more than one private key
	PrivateType                                 // a key type that is not supported
	PrivateOnHardware                           // the handle of a FIDO key, whose private half stays in the authenticator
	PrivateIsDSA                                // DSA
	PrivateFormatOther                          // a format that is known and not read
	PrivateCipher                               // encrypted with a cipher that is not supported
	PrivateKDF                                  // a key derivation that is not supported
	PrivateTooCostly                            // opening it would take too much time or memory
	PassphraseMissing                           // encrypted, and no passphrase given
	PassphraseWrong                             // not its passphrase, or damaged
	lastPrivateReason
)

// The refusals that a program answers by asking for a passphrase; for
// errors.Is.
var (
	ErrPassphraseMissing = &PrivateError{Reason: PassphraseMissing}
	ErrPassphraseWrong   = &PrivateError{Reason: PassphraseWrong}
)

// privateTexts is what each reason says.
var privateTexts = [lastPrivateReason]Wording{
	NotPrivateKey: {"this is not a private key; expected a PEM, OpenSSH or PuTTY (.ppk) private key file",
		"개인 키가 아닙니다. PEM, OpenSSH 또는 PuTTY(.ppk) 개인 키 파일이어야 합니다"},
	PrivateIsPublic: {"this is a public key; give the private key, which is mostly the file without .pub",
		"공개 키입니다. 개인 키를 지정하십시오. 보통 이름에 .pub가 없는 파일입니다"},
	PrivateIsCert: {"this is a certificate; give the private key that belongs to it",
		"인증서입니다. 그 인증서에 해당하는 개인 키를 지정하십시오"},
	PrivateTooLong: {"this has %d bytes; a private key file has at most %d",
		"%d바이트입니다. 개인 키 파일은 최대 %d바이트입니다"},
	PrivateDamaged: {"the private key is damaged: %s", "개인 키가 손상되었습니다: %s"},
	PrivateLine: {"the PuTTY key file is damaged: line %d should be %s",
		"PuTTY 키 파일이 손상되었습니다: %d번째 줄에 올 내용은 %s입니다"},
	PrivateMAC: {"the PuTTY key file was damaged or changed after it was written: its MAC is wrong",
		"PuTTY 키 파일이 저장된 뒤에 손상되거나 바뀌었습니다. MAC이 맞지 않습니다"},
	PrivateMismatch: {"the public key in the file does not belong to its private key",
		"파일 안의 공개 키가 개인 키와 짝이 맞지 않습니다"},
	PrivateNumbers: {"the numbers of the key contradict each other", "키를 이루는 숫자가 서로 맞지 않습니다"},
	PrivateSize: {"RSA keys with %d bits are not supported; %d to %d bits are",
		"%d비트 RSA 키는 지원하지 않습니다. %d~%d비트여야 합니다"},
	PrivateSeveral: {"the file has more than one private key", "파일에 개인 키가 둘 이상 있습니다"},
	PrivateType:    {"private keys of type '%s' are not supported", "'%s' 형식의 개인 키는 지원하지 않습니다"},
	PrivateOnHardware: {"this key lives in a security key (FIDO); the file is only a handle to it and holds no private key",
		"보안 키(FIDO) 안에 있는 키입니다. 이 파일은 그 키를 가리킬 뿐이며 개인 키가 들어 있지 않습니다"},
	PrivateIsDSA: {"DSA keys are not supported; today's sshd refuses them",
		"DSA 키는 지원하지 않습니다. 요즘 sshd는 DSA 키를 거부합니다"},
	PrivateFormatOther: {"%s private keys cannot be read; convert the file with %s",
		"%s 개인 키는 읽을 수 없습니다. 다음으로 변환하십시오: %s"},
	PrivateCipher: {"the private key is encrypted with %s, which is not supported; change its passphrase with the tool that made the file: 'ssh-keygen -p -Z aes256-ctr', openssl or puttygen",
		"개인 키를 암호화한 방식 %s은(는) 지원하지 않습니다. 파일을 만든 도구('ssh-keygen -p -Z aes256-ctr', openssl 또는 puttygen)로 암호를 바꾸십시오"},
	PrivateKDF: {"the private key's passphrase is hashed with %s, which is not supported; change its passphrase with the tool that made the file: 'ssh-keygen -p -Z aes256-ctr', openssl or puttygen",
		"개인 키의 암호를 해시한 방식 %s은(는) 지원하지 않습니다. 파일을 만든 도구('ssh-keygen -p -Z aes256-ctr', openssl 또는 puttygen)로 암호를 바꾸십시오"},
	PrivateTooCostly: {"the file asks for too much work to open it; change its passphrase with lower settings",
		"파일을 여는 데 드는 계산이 너무 많습니다. 설정을 낮추어 암호를 바꾸십시오"},
	PassphraseMissing: {"the private key is protected by a passphrase; give it",
		"개인 키가 암호로 보호되어 있습니다. 암호를 입력하십시오"},
	PassphraseWrong: {"the passphrase is wrong, or the file is damaged",
		"암호가 틀렸거나 파일이 손상되었습니다"},
}

// PrivateError says why a private key was refused, in a sentence for the
// person who gave it. It holds neither private key material nor a passphrase:
// of the text it repeats at most names of types, ciphers and key derivations.
type PrivateError struct {
	Reason PrivateReason
	// Public is the public half of an encrypted key for [PassphraseMissing]
	// and [PassphraseWrong], where the format keeps it in the clear; otherwise
	// the zero PublicKey. Nobody has vouched for it.
	Public PublicKey
	args   []any // what goes into the reason's text
}

// Error returns the sentence in English.
func (e *PrivateError) Error() string { return e.In(English) }

// In returns the sentence in a language.
func (e *PrivateError) In(l Language) string {
	if e.Reason == 0 || e.Reason >= lastPrivateReason {
		return unknownReason.In(l)
	}
	return privateTexts[e.Reason].In(l, e.args...)
}

// Is says whether the target is a PrivateError for the same reason.
func (e *PrivateError) Is(target error) bool {
	t, is := target.(*PrivateError)
	return is && t.Reason == e.Reason
}

// refusePrivate returns the error of a reason; args go into its text.
func refusePrivate(r PrivateReason, args ...any) error {
	return &PrivateError{Reason: r, args: args}
}

// damagedPrivate returns the error of a private key with a flaw.
func damagedPrivate(w Wording, args ...any) error {
	return refusePrivate(PrivateDamaged, flaw{w, args})
}

// refuseType returns the error of a key type whose private keys are not read,
// by its name in SSH.
func refuseType(word string) error {
	f, known := formats[word]
	switch {
	case known && (f.alg == SKECDSA || f.alg == SKEd25519):
		return refusePrivate(PrivateOnHardware)
	case known && f.alg == DSA:
		return refusePrivate(PrivateIsDSA)
	case !looksLikeType(word):
		return damagedPrivate(flawNoKeyType)
	}
	return refusePrivate(PrivateType, word)
}

// The flaws of a private key's parts, beside those that public keys have.
var (
	flawNoKeyType = Wording{"it names no key type", "키 형식의 이름이 들어 있지 않습니다"}
	flawDER       = Wording{"its DER encoding is wrong", "DER 인코딩이 올바르지 않습니다"}
	flawHeader    = Wording{"its header is wrong", "헤더가 올바르지 않습니다"}
	flawEnd       = Wording{"its end is wrong", "끝부분이 올바르지 않습니다"}
)
