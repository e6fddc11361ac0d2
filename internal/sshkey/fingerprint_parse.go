package sshkey

import (
	"crypto/md5"  //nolint:gosec // the clouds' APIs show MD5 fingerprints
	"crypto/sha1" //nolint:gosec // and SHA-1 ones for X.509
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// Fingerprint is a fingerprint without any spelling: comparable, so that it can
// be looked up.
type Fingerprint struct {
	Hash string // "md5", "sha1" or "sha256"
	Sum  string // the raw bytes: 16, 20 or 32
}

// fingerprintSizes has the sum's length in bytes of each hash. No two are the
// same, so that hex tells its hash by its length.
var fingerprintSizes = map[string]int{"md5": md5.Size, "sha1": sha1.Size, "sha256": sha256.Size}

var errFingerprint = errors.New("this is not a fingerprint; expected MD5 as 32 hex digits with or without colons, " +
	"SHA256 as 'SHA256:' and base64, or SHA-1 of an X.509 certificate as 40 hex digits with or without colons")

// ParseFingerprint reads a fingerprint in the spellings that tools and clouds
// show: MD5, SHA-1 and SHA-256 as hex in any case, with or without a colon
// between each two digits, and as base64 with or without its padding, as
// ssh-keygen -l prints SHA256 and SHA1. The hash's name and a colon may stand
// in front, in any case; without it base64 is SHA-256. White space around it
// does not count. The error tells these spellings and repeats nothing of the text.
func ParseFingerprint(text string) (Fingerprint, error) {
	text = strings.TrimSpace(text)
	hash := ""
	if name, rest, ok := strings.Cut(text, ":"); ok {
		if name = strings.ToLower(name); fingerprintSizes[name] > 0 {
			hash, text = name, rest
		}
	}
	for name, size := range fingerprintSizes {
		if hash != "" && hash != name {
			continue
		}
		if sum, ok := hexSum(text, size); ok {
			return Fingerprint{Hash: name, Sum: sum}, nil
		}
	}
	if hash == "" {
		hash = "sha256"
	}
	if sum, ok := base64Sum(text, fingerprintSizes[hash]); ok {
		return Fingerprint{Hash: hash, Sum: sum}, nil
	}
	return Fingerprint{}, errFingerprint
}

// hexSum reads pairs of hex digits that have a colon between all of them or none.
func hexSum(text string, size int) (sum string, ok bool) {
	if len(text) == 3*size-1 {
		for i := 2; i < len(text); i += 3 {
			if text[i] != ':' {
				return "", false
			}
		}
		text = strings.ReplaceAll(text, ":", "")
	}
	if len(text) != 2*size {
		return "", false
	}
	raw, err := hex.DecodeString(text)
	return string(raw), err == nil
}

// base64Sum reads base64 whose padding is complete or left out.
func base64Sum(text string, size int) (sum string, ok bool) {
	if len(text) > base64.StdEncoding.EncodedLen(size) || strings.ContainsAny(text, "\r\n") {
		return "", false
	}
	if body := strings.TrimRight(text, "="); len(text) == base64.StdEncoding.EncodedLen(size) {
		text = body
	}
	raw, err := unpadded.DecodeString(text)
	return string(raw), err == nil && len(raw) == size
}
