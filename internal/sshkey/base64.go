package sshkey

import (
	"encoding/base64"
	"strings"
)

// readBase64 reads the blob of a line that names a type. The empty word takes
// every known type.
func readBase64(word, encoded string) (PublicKey, error) {
	blob, wrong := decodeBase64(encoded)
	if !wrong.none() {
		return PublicKey{}, refuse(Damaged, wrong)
	}
	r := wireReader{rest: blob}
	inner := r.text()
	switch {
	case !r.flaw.none():
		return PublicKey{}, refuse(Damaged, r.flaw)
	case names(word, inner):
	case !looksLikeType(inner):
		return PublicKey{}, damaged(flawNoType)
	case word == "":
		return PublicKey{}, refuse(UnsupportedType, inner)
	default:
		return PublicKey{}, refuse(TypeMismatch, word, inner)
	}
	key, wrong := readBlob(inner, blob)
	if !wrong.none() {
		return PublicKey{}, refuse(Damaged, wrong)
	}
	return key, nil
}

// unpadded refuses bits beyond the last byte, as OpenSSH does: one blob has
// one base64.
var unpadded = base64.RawStdEncoding.Strict()

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// decodeBase64 decodes base64 with or without padding.
func decodeBase64(encoded string) (string, flaw) {
	body := strings.TrimRight(encoded, "=")
	padding := len(encoded) - len(body)
	padded := padding == 0 || padding <= 2 && len(encoded)%4 == 0
	if padded && len(body)%4 != 1 {
		// The decoder would skip line ends, which a caller joins before.
		var stack [onStack]byte
		if decoded, err := unpadded.AppendDecode(stack[:0], []byte(body)); err == nil {
			return string(decoded), flaw{}
		}
	}
	switch bad := len(body) - len(strings.TrimLeft(body, base64Alphabet)); {
	case bad < len(body):
		return "", characterFlaw(body, bad)
	case len(body)%4 == 1:
		return "", flaw{wording: flawCutShort}
	case !padded:
		return "", flaw{wording: flawPadding}
	}
	return "", flaw{wording: flawLastChar}
}
