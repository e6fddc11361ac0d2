package sshkey

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/keyreeve/keyreeve/internal/sshkey/ppk"
)

// PrivateFormat is a format of private key files, in the text that people
// write.
type PrivateFormat string

// The formats of private key files.
const (
	// FormatPEM is what each algorithm's oldest tools read: PKCS#1 for RSA
	// (RFC 8017 appendix A.1.2), which every cloud hands out, SEC 1 for ECDSA
	// (RFC 5915), and for Ed25519, which has no such form, [FormatOpenSSH].
	// With a passphrase it is always FormatOpenSSH: PEM's own encryption hashes
	// the passphrase once with MD5. It holds no comment.
	FormatPEM PrivateFormat = "pem"
	// FormatOpenSSH is ssh-keygen's own format (PROTOCOL.key), with a
	// passphrase bcrypt with 24 rounds and AES-256 in counter mode.
	FormatOpenSSH PrivateFormat = "openssh"
	// FormatPKCS8 is RFC 5208, with a passphrase PBES2 (RFC 8018) with
	// PBKDF2-HMAC-SHA-256, 600,000 iterations and AES-256-CBC. It holds no
	// comment. OpenSSH reads no Ed25519 key in it.
	FormatPKCS8 PrivateFormat = "pkcs8"
	// FormatPPK is PuTTY's since 0.75, with a passphrase Argon2id and
	// AES-256-CBC.
	FormatPPK PrivateFormat = "ppk"
	// FormatPPK2 is PuTTY's before 0.75. It hashes the passphrase only once, so
	// that a short one is soon guessed.
	FormatPPK2 PrivateFormat = "ppk2"
)

// privateFormats has how each format is written; an empty passphrase means
// that the file is not encrypted.
var privateFormats = []struct {
	name   PrivateFormat
	encode func(m material, comment string, passphrase []byte) ([]byte, error)
}{
	{FormatPEM, encodePEM},
	{FormatOpenSSH, encodeOpenSSH},
	{FormatPKCS8, encodePKCS8},
	{FormatPPK, encodePPK(ppk.V3)},
	{FormatPPK2, encodePPK(ppk.V2)},
}

// cost is how much work it takes to make a key of a passphrase.
type cost struct {
	bcryptRounds     uint32
	pbkdf2Iterations int
}

// writing is the cost of what is written: ssh-keygen's default since OpenSSH
// 9.4, and what OWASP's password storage cheat sheet asks of
// PBKDF2-HMAC-SHA-256; a tenth of a second each. It is a variable for this
// package's tests, which write hundreds of files.
var writing = cost{bcryptRounds: 24, pbkdf2Iterations: 600_000}

// PrivateFormats returns every format.
func PrivateFormats() []PrivateFormat {
	all := make([]PrivateFormat, len(privateFormats))
	for i, f := range privateFormats {
		all[i] = f.name
	}
	return all
}

// ParsePrivateFormat returns the format that a text names exactly. The error
// lists the names that there are.
func ParsePrivateFormat(text string) (PrivateFormat, error) {
	for _, f := range privateFormats {
		if string(f.name) == text {
			return f.name, nil
		}
	}
	return "", noFormat(PrivateFormat(text))
}

func noFormat(f PrivateFormat) error {
	var names []string
	for _, known := range privateFormats {
		names = append(names, string(known.name))
	}
	return fmt.Errorf("there is no private key format %q; choose one of %s", string(f), strings.Join(names, ", "))
}

// Encode returns the key as a file in a format, encrypted if the passphrase is
// not empty. Control characters in the comment become spaces, as in
// [PrivateKey.Public]. A passphrase costs about a tenth of a second and, for
// [FormatPPK], 8 MiB. Expected errors are a format that is none of
// [PrivateFormats], and a comment that makes the file longer than
// [ParsePrivateKey] reads.
func (k PrivateKey) Encode(f PrivateFormat, comment string, passphrase []byte) ([]byte, error) {
	comment = cleanComment(comment)
	for _, known := range privateFormats {
		if known.name != f {
			continue
		}
		text, err := known.encode(k.open(), comment, passphrase)
		if err != nil {
			return nil, fmt.Errorf("write a private key as %s: %w", f, err)
		}
		if len(text) > maxPrivateText {
			return nil, fmt.Errorf("write a private key as %s: the comment of %d bytes is too long", f, len(comment))
		}
		return text, nil
	}
	return nil, noFormat(f)
}

// encodePEM writes [FormatPEM].
func encodePEM(m material, comment string, passphrase []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		switch key := m.signer.(type) {
		case *rsa.PrivateKey:
			return pem.EncodeToMemory(&pem.Block{Type: pemPKCS1, Bytes: x509.MarshalPKCS1PrivateKey(key)}), nil
		case *ecdsa.PrivateKey:
			der, err := x509.MarshalECPrivateKey(key)
			return pem.EncodeToMemory(&pem.Block{Type: pemSEC1, Bytes: der}), err
		}
	}
	return encodeOpenSSH(m, comment, passphrase)
}
