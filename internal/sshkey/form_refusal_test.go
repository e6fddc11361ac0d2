package sshkey

import (
	"strings"
	"testing"
)

const (
	rfc4716Text = `---- BEGIN SSH2 PUBLIC KEY ----
Comment: "256-bit ECDSA, converted by root@vm from OpenSSH"
AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHnJYQcwvv9T1O9lQM
Rx0sIkqPJcNmilIf/uCM459duJFhXBhsWddUgW79dKeXdVH/CabXnVembp4SNw7qWHng8=
---- END SSH2 PUBLIC KEY ----
`
	spkiText = beginSPKI + "\n" + bareSPKI + "\n-----END PUBLIC KEY-----\n"
	// k256PEM is on secp256k1, for which SSH has no type.
	k256PEM = `-----BEGIN PUBLIC KEY-----
MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEuQ3sqMDfTPJ8rOtx70elkKyNX2LpqMNY
d1VfTsdsGzcUq5yTlrz64l780PElDKrPhuGhE2x8VnA5HUTMKzMb6w==
-----END PUBLIC KEY-----
`
)

// formRefusals are what is said where every form is accepted, and the text is
// a damaged one of these forms.
var formRefusals = []refusal{
	{"RFC 4716 without its end", strings.Replace(rfc4716Text, endOf(beginRFC4716), "", 1), BadArmour,
		"the armour around the key is damaged: the last line '---- END SSH2 PUBLIC KEY ----' is missing",
		"키의 처음이나 마지막 줄이 손상되었습니다: 마지막 줄 '---- END SSH2 PUBLIC KEY ----'이(가) 없습니다"},
	{"PEM with its end in another spelling", strings.Replace(spkiText, "END PUBLIC", "END RSA PUBLIC", 1), BadArmour,
		"the armour around the key is damaged: the last line '-----END PUBLIC KEY-----' is missing",
		"키의 처음이나 마지막 줄이 손상되었습니다: 마지막 줄 '-----END PUBLIC KEY-----'이(가) 없습니다"},
	{"text after PEM", spkiText + "hello", BadArmour,
		"the armour around the key is damaged: text follows after the line '-----END PUBLIC KEY-----'",
		"키의 처음이나 마지막 줄이 손상되었습니다: '-----END PUBLIC KEY-----' 줄 뒤에 다른 텍스트가 있습니다"},
	{"text after RFC 4716", rfc4716Text + ed25519Line, BadArmour,
		"the armour around the key is damaged: text follows after the line '---- END SSH2 PUBLIC KEY ----'",
		"키의 처음이나 마지막 줄이 손상되었습니다: '---- END SSH2 PUBLIC KEY ----' 줄 뒤에 다른 텍스트가 있습니다"},
	{"two in RFC 4716", rfc4716Text + rfc4716Text, MoreThanOneKey,
		"more than one key",
		"키가 둘 이상입니다"},
	{"PEM twice", spkiText + spkiText, MoreThanOneKey,
		"more than one key",
		"키가 둘 이상입니다"},
	{"a line short", strings.Replace(spkiText, "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeclhBzC+/1PU72VAxHHSwiSo8lw2\n", "", 1), Damaged,
		"the base64 part is damaged: it is not the DER encoding of a public key",
		"base64 부분이 손상되었습니다: 공개 키의 DER 인코딩이 아닙니다"},
	{"PKCS#1 that is SPKI", strings.ReplaceAll(spkiText, " PUBLIC KEY", " RSA PUBLIC KEY"), Damaged,
		"the base64 part is damaged: it is not the DER encoding of a public key",
		"base64 부분이 손상되었습니다: 공개 키의 DER 인코딩이 아닙니다"},
	{"PEM headers", strings.Replace(spkiText, "MFkw", "Comment: x\n\nMFkw", 1), Damaged,
		"the base64 part is damaged: character 8 of it, ':', is not base64",
		"base64 부분이 손상되었습니다: 8번째 문자 ':'은(는) base64 문자가 아닙니다"},
	{"a wrong character in PEM", strings.Replace(spkiText, "aKUh", "aKU!", 1), Damaged,
		"the base64 part is damaged: character 68 of it, '!', is not base64",
		"base64 부분이 손상되었습니다: 68번째 문자 '!'은(는) base64 문자가 아닙니다"},
	{"a point off the curve in PEM", strings.Replace(spkiText, "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeclh", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeclg", 1), Damaged,
		"the base64 part is damaged: its point is not on the curve nistp256",
		"base64 부분이 손상되었습니다: 점이 곡선 nistp256 위에 있지 않습니다"},
	{"a curve without a type", k256PEM, UnsupportedPEM,
		"SSH has no key type for this PEM public key; use Ed25519, ECDSA on P-256, P-384 or P-521, or RSA",
		"이 PEM 공개 키에 해당하는 SSH 키 형식이 없습니다. Ed25519, ECDSA(P-256, P-384, P-521) 또는 RSA 키를 사용하십시오"},
	{"NUL in PEM", strings.Replace(spkiText, "\n", "\x00\n", 1), ControlCharacter,
		"control characters are not allowed",
		"제어 문자는 사용할 수 없습니다"},
	{"Latin 1 in RFC 4716", strings.Replace(rfc4716Text, "root", "r\xf6\xf6t", 1), NotUTF8,
		"the text is not UTF-8",
		"텍스트가 UTF-8이 아닙니다"},
	{"a cut blob in RFC 4716", strings.Replace(rfc4716Text, "FhXBhsWd", "", 1), Damaged,
		"the base64 part is damaged: it is cut short",
		"base64 부분이 손상되었습니다: 중간에 끊겨 있습니다"},
}

func TestFormRefusals(t *testing.T) {
	for _, r := range formRefusals {
		_, err := everyForm.Read(r.text)
		r.check(t, err)
	}
}

// A person can get to see every reason, and its exact words are held above.
func TestEveryReasonHasACase(t *testing.T) {
	seen := map[Reason]bool{}
	for _, table := range [][]refusal{refusals, formRefusals, certRefusals} {
		for _, r := range table {
			seen[r.reason] = true
		}
	}
	for r := NotPublicKey; r < lastReason; r++ {
		if !seen[r] {
			t.Errorf("no text is refused for reason %d, %q", r, &ParseError{Reason: r})
		}
	}
}
