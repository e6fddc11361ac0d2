package sshkey

import (
	"crypto/md5"  //nolint:gosec // the clouds' APIs show MD5 fingerprints
	"crypto/sha1" //nolint:gosec // and SHA-1 ones for X.509
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// Fingerprint is a hash of a key or of a certificate, whichever way it was
// spelled. Fingerprints are equal (==) when they are of the same bytes by the
// same hash. The zero Fingerprint is none.
type Fingerprint struct {
	Hash string // "md5", "sha1" or "sha256"
	Sum  string // the hash's 16, 20 or 32 bytes
}

// The prefixes of the spellings that name their hash, as ssh-keygen writes them.
const (
	prefixMD5    = "MD5:"
	prefixSHA1   = "SHA1:"
	prefixSHA256 = "SHA256:"
)

// hashes are the known hashes by the length of their sums in bytes.
var hashes = map[int]struct{ name, prefix string }{
	md5.Size:    {"md5", prefixMD5},
	sha1.Size:   {"sha1", prefixSHA1},
	sha256.Size: {"sha256", prefixSHA256},
}

var badFingerprint = Wording{
	"this is not a fingerprint; expected SHA256:<43 base64 characters>, or MD5 (16 bytes) or SHA-1 (20 bytes) in hex with or without colons",
	"핑거프린트가 아닙니다. SHA256:<base64 43자>이거나 MD5(16바이트) 또는 SHA-1(20바이트)의 16진수(콜론 유무 무관)여야 합니다",
}

// ParseFingerprint reads a fingerprint in any spelling that clouds and
// ssh-keygen show, with white space around it:
//
//   - SHA-256 in base64, with or without its padding and the prefix "SHA256:";
//   - MD5, SHA-1 (of an X.509 certificate) and SHA-256 in hex, in pairs with
//     colons between them or without any, with or without "MD5:", "SHA1:", "SHA256:".
//
// Hex digits and prefixes may be of either case. The error lists the
// spellings, and says so in any language by its method In([Language]).
func ParseFingerprint(text string) (Fingerprint, error) {
	text = strings.TrimSpace(text)
	prefix, digits := "", text
	if at := strings.IndexByte(text, ':'); at > 2 { // hex pairs have their first colon at 2
		prefix, digits = strings.ToUpper(text[:at+1]), text[at+1:]
	}
	sum, ok := hexSum(digits)
	if !ok && (prefix == "" || prefix == prefixSHA256) {
		sum, ok = base64Sum(digits)
	}
	hash, known := hashes[len(sum)]
	if !ok || !known || prefix != "" && prefix != hash.prefix {
		return Fingerprint{}, refused(badFingerprint)
	}
	return Fingerprint{Hash: hash.name, Sum: string(sum)}, nil
}

// hexSum reads hex digits, either all in pairs with colons between or with no colon.
func hexSum(text string) (sum []byte, ok bool) {
	if strings.Contains(text, ":") {
		pairs := strings.Split(text, ":")
		for _, pair := range pairs {
			if len(pair) != 2 {
				return nil, false
			}
		}
		text = strings.Join(pairs, "")
	}
	sum, err := hex.DecodeString(text)
	return sum, err == nil
}

// base64Sum reads the base64 of a SHA-256, the only hash that is shown so.
func base64Sum(text string) (sum []byte, ok bool) {
	// The decoder passes over line ends.
	if len(text) > base64.StdEncoding.EncodedLen(sha256.Size) || strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	sum, err := unpadded.DecodeString(strings.TrimSuffix(text, "="))
	return sum, err == nil && len(sum) == sha256.Size
}

// String returns the spelling of ssh-keygen ("SHA256:…", "MD5:aa:bb:…"), and
// for SHA-1, which ssh-keygen has none of, the clouds' colon pairs. It is
// empty for the zero Fingerprint.
func (f Fingerprint) String() string {
	switch f.Hash {
	case "md5":
		return prefixMD5 + colonHex([]byte(f.Sum))
	case "sha1":
		return colonHex([]byte(f.Sum))
	case "sha256":
		return prefixSHA256 + base64.RawStdEncoding.EncodeToString([]byte(f.Sum))
	}
	return ""
}

// FingerprintMD5 returns the MD5 of a wire blob in lower-case hex with colons
// (47 characters), as ssh-keygen -l -E md5 prints it after "MD5:" (RFC 4716
// section 4). For a certificate it covers the whole certificate, as Nova's does.
func FingerprintMD5(blob []byte) string {
	sum := md5.Sum(blob) //nolint:gosec // a fingerprint that the API prescribes
	return colonHex(sum[:])
}

// FingerprintSHA256 returns "SHA256:" and the SHA-256 of a wire blob in base64
// without padding (50 characters), as ssh-keygen -l prints it.
func FingerprintSHA256(blob []byte) string {
	sum := sha256.Sum256(blob)
	text := make([]byte, len(prefixSHA256)+43)
	base64.RawStdEncoding.Encode(text[copy(text, prefixSHA256):], sum[:])
	return string(text)
}

// FingerprintSHA1 returns the SHA-1 of a certificate's DER in lower-case hex
// with colons (59 characters).
func FingerprintSHA1(der []byte) string {
	sum := sha1.Sum(der) //nolint:gosec // a fingerprint that the API prescribes
	return colonHex(sum[:])
}

// colonHex writes a sum as lower-case hex pairs joined by colons.
func colonHex(sum []byte) string {
	const digits = "0123456789abcdef"
	var text [3 * sha256.Size]byte
	pairs := text[:0]
	for _, b := range sum {
		pairs = append(pairs, digits[b>>4], digits[b&0xf], ':')
	}
	return string(pairs[:max(len(pairs)-1, 0)])
}
