package sshkey

// flaw is what is wrong with a part of a key: a clause of the sentence that
// refuses it. The zero flaw is none.
type flaw struct {
	wording Wording
	args    []any
}

// In returns the clause in a language.
func (f flaw) In(l Language) string { return f.wording.In(l, f.args...) }

// none says that there is no flaw.
func (f flaw) none() bool { return f.wording == Wording{} }

// The flaws of a key's base64 part. In English each ends the sentence that
// begins "the base64 part is damaged: ", in Korean each is a sentence.
var (
	flawBrokenLines   = Wording{"it is broken into several lines", "여러 줄로 나뉘어 있습니다"}
	flawCutShort      = Wording{"it is cut short", "중간에 끊겨 있습니다"}
	flawPadding       = Wording{"it has the wrong number of = at its end", "끝에 있는 = 문자의 개수가 맞지 않습니다"}
	flawLastChar      = Wording{"its last character is wrong", "마지막 문자가 올바르지 않습니다"}
	flawChar          = Wording{"character %d of it is not base64", "%d번째 문자는 base64 문자가 아닙니다"}
	flawNoType        = Wording{"it names no key type", "키 형식의 이름이 들어 있지 않습니다"}
	flawRSABits       = Wording{"its RSA modulus has %d bits, not %d to %d", "RSA 모듈러스가 %d비트입니다. %d~%d비트여야 합니다"}
	flawCurve         = Wording{"its curve is not %s", "곡선이 %s이(가) 아닙니다"}
	flawPoint         = Wording{"its point is not on the curve %s", "점이 곡선 %s 위에 있지 않습니다"}
	flawEd25519Size   = Wording{"its Ed25519 key has %d bytes, not %d", "Ed25519 키가 %d바이트입니다. %d바이트여야 합니다"}
	flawCertUse       = Wording{"it is neither a user nor a host certificate", "사용자 인증서도 호스트 인증서도 아닙니다"}
	flawCertSign      = Wording{"the signature of its certificate is wrong", "인증서의 서명이 올바르지 않습니다"}
	flawCertList      = Wording{"a list in its certificate is cut short", "인증서 안의 목록이 중간에 끊겨 있습니다"}
	flawNegative      = Wording{"a number in it is negative", "음수가 들어 있습니다"}
	flawNumberBits    = Wording{"a number in it has more than %d bits", "%d비트를 넘는 숫자가 들어 있습니다"}
	flawNUL           = Wording{"a name in it holds a NUL character", "이름 안에 NUL 문자가 들어 있습니다"}
	flawCertAuthority = Wording{"the key that signed its certificate is damaged or too short", "인증서에 서명한 키가 손상되었거나 너무 짧습니다"}
	flawPrincipals    = Wording{"its certificate has more than %d principals", "인증서의 주체(principal)가 %d개를 넘습니다"}
	flawTrailing      = Wording{"%d bytes follow after its end", "끝난 뒤에 %d바이트가 더 있습니다"}
	flawPEMBlock      = Wording{"its PEM block is damaged", "PEM 블록이 손상되었습니다"}
)
