package ppk

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

// maxText bounds a file, in bytes. The longest key that SSH knows, RSA with
// 16384 bits, makes one of 14 KiB.
const maxText = 64 << 10

// Sealed is a file whose private half has not been opened. Nothing vouches for
// its public part before [Sealed.Open] has checked the MAC.
type Sealed struct {
	Version Version
	Type    string
	Comment string
	Public  []byte

	encryption string
	derivation derivation
	blob       []byte // as it stands in the file
	mac        string // in hexadecimal
}

// Parse reads a file of at most 64 KiB with any of the three sorts of line
// ends, and nothing but the file. It does none of the work that a passphrase
// makes. It fails with [ErrNotPPK], [ErrTooLong], [ErrVersion],
// [ErrEncryption], [ErrKeyDerivation], [ErrTooCostly] or a [*SyntaxError].
func Parse(text []byte) (Sealed, error) {
	if len(text) > maxText {
		return Sealed{}, ErrTooLong
	}
	r := newReader(text)
	var s Sealed
	version, kind, _ := strings.Cut(r.lines[0], ": ")
	version, is := strings.CutPrefix(version, "PuTTY-User-Key-File-")
	switch {
	case !is:
		return Sealed{}, ErrNotPPK
	case version == "2":
		s.Version = V2
	case version == "3":
		s.Version = V3
	default:
		return Sealed{}, ErrVersion
	}
	r.at++
	if kind == "" {
		r.fail(1, "PuTTY-User-Key-File-"+version)
	}
	s.Type = kind
	s.encryption = r.header("Encryption")
	if r.err == nil && s.encryption != plain && s.encryption != sealed {
		return Sealed{}, ErrEncryption
	}
	s.Comment = r.header("Comment")
	s.Public = r.blob("Public-Lines")
	if s.Version == V3 && s.encryption != plain {
		s.derivation = r.derivation()
	}
	s.blob = r.blob("Private-Lines")
	if s.Encrypted() && len(s.blob)%aes.BlockSize != 0 {
		r.fail(r.at, "whole cipher blocks in base64")
	}
	s.mac = r.header("Private-MAC")
	r.end()
	if r.err != nil {
		return Sealed{}, r.err
	}
	if s.Version == V3 && s.Encrypted() {
		return s, s.derivation.check()
	}
	return s, nil
}

// Encrypted says whether it takes a passphrase to open the file.
func (s Sealed) Encrypted() bool { return s.encryption != plain }

// Open decrypts the private half and checks the MAC. Without encryption the
// passphrase does not count. The private half of an encrypted file is followed
// by up to 15 bytes of padding. It fails with [ErrPassphraseMissing],
// [ErrPassphraseWrong] or [ErrMAC].
func (s Sealed) Open(passphrase []byte) (File, error) {
	wrong := ErrMAC
	if s.Encrypted() {
		if len(passphrase) == 0 {
			return File{}, ErrPassphraseMissing
		}
		wrong = ErrPassphraseWrong
	} else {
		passphrase = nil
	}
	k := keysOf(s.Version, s.encryption, s.derivation, passphrase)
	private := k.crypt(cipher.NewCBCDecrypter, s.blob)
	if mac := k.sign(s.Type, s.encryption, s.Comment, s.Public, private); !hmac.Equal([]byte(mac), []byte(s.mac)) {
		return File{}, wrong
	}
	return File{Version: s.Version, Type: s.Type, Comment: s.Comment, Public: s.Public, Private: Hide(private)}, nil
}

// reader takes the lines of a file. Its first error sticks.
type reader struct {
	lines []string
	at    int // lines taken
	err   error
}

// newReader divides a text into lines: LF, which PuTTY writes, CR LF and CR,
// which it reads.
func newReader(text []byte) *reader {
	unix := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(text))
	return &reader{lines: strings.Split(unix, "\n")}
}

// fail records that a line, counted from 1, is not what it should be.
func (r *reader) fail(line int, want string) {
	if r.err == nil {
		r.err = &SyntaxError{Line: line, Want: want}
	}
}

// next returns the next line, and an empty one after the last.
func (r *reader) next() string {
	r.at++
	if r.at > len(r.lines) {
		return ""
	}
	return r.lines[r.at-1]
}

// header returns the value of the header that has to come next. Only a comment
// may be empty.
func (r *reader) header(name string) string {
	value, is := strings.CutPrefix(r.next(), name+": ")
	if !is || value == "" && name != "Comment" {
		r.fail(r.at, name)
	}
	return value
}

// number returns the value of a header that is a decimal number above zero.
func (r *reader) number(name string) uint32 {
	text := r.header(name)
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 || text[0] == '0' {
		r.fail(r.at, name)
	}
	return uint32(n)
}

// lineWidth is how much base64 stands on a line: 48 bytes.
const lineWidth = 64

// blob returns the bytes of so many lines of base64 as the header before them
// says. All lines but the last are full.
func (r *reader) blob(name string) []byte {
	count := int(r.number(name))
	if count > len(r.lines)-r.at {
		r.fail(r.at, name)
	}
	if r.err != nil {
		return nil
	}
	var encoded strings.Builder
	for left := count; left > 0; left-- {
		line := r.next()
		if left > 1 && len(line) != lineWidth || len(line) == 0 || len(line) > lineWidth {
			r.fail(r.at, "base64")
		}
		encoded.WriteString(line)
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(encoded.String())
	if err != nil {
		r.fail(r.at-count+1, "base64")
	}
	return decoded
}

// derivation takes the headers about Argon2.
func (r *reader) derivation() derivation {
	d := derivation{
		flavour:     r.header("Key-Derivation"),
		memory:      r.number("Argon2-Memory"),
		passes:      r.number("Argon2-Passes"),
		parallelism: r.number("Argon2-Parallelism"),
	}
	salt, err := hex.DecodeString(r.header("Argon2-Salt"))
	if err != nil || len(salt) < minSalt || len(salt) > maxSalt {
		r.fail(r.at, "Argon2-Salt")
	}
	d.salt = salt
	return d
}

// end demands that nothing but empty lines is left.
func (r *reader) end() {
	for r.at < len(r.lines) {
		if r.next() != "" {
			r.fail(r.at, "nothing")
		}
	}
}
