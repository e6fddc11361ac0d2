package sshkey

import (
	"encoding/binary"
	"math/big"
	mathbits "math/bits"
	"strings"
)

// wireReader takes the fields of a wire blob (RFC 4251 section 5) off its
// front; what it returns are views of the blob. The first flaw sticks: every
// later field is empty.
//
// It takes what OpenSSH takes, which is more than the RFC allows: needless
// zeros before a number, and a NUL at the end of a name. Both are dropped, as
// OpenSSH does before it prints a fingerprint, so that one key has one
// identity; loose says that there were any.
type wireReader struct {
	rest  string
	loose bool
	flaw  flaw
}

// fail records a flaw, unless there is one already.
func (r *wireReader) fail(w Wording, args ...any) {
	if r.flaw.none() {
		r.flaw = flaw{w, args}
		r.rest = ""
	}
}

// take returns the next n bytes.
func (r *wireReader) take(n uint64) string {
	if !r.flaw.none() || uint64(len(r.rest)) < n {
		r.fail(flawCutShort)
		return ""
	}
	field := r.rest[:n]
	r.rest = r.rest[n:]
	return field
}

// uint32 returns a 32-bit number.
func (r *wireReader) uint32() uint32 {
	field := r.take(4)
	if len(field) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32([]byte(field))
}

// uint64 returns a 64-bit number.
func (r *wireReader) uint64() uint64 {
	field := r.take(8)
	if len(field) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64([]byte(field))
}

// text returns a field of the type "string": bytes of any kind with their length before them.
func (r *wireReader) text() string { return r.take(uint64(r.uint32())) }

// name returns a text that OpenSSH reads as a C string, without the NUL that
// may end it.
func (r *wireReader) name() string {
	text := r.text()
	switch nul := strings.IndexByte(text, 0); {
	case nul < 0:
		return text
	case nul < len(text)-1:
		r.fail(flawNUL)
		return ""
	}
	r.loose = true
	return text[:len(text)-1]
}

// maxNumberBits is how long a number may be: OpenSSH's own limit
// (SSHBUF_MAX_BIGNUM, and OpenSSL's for RSA). No sshd could use a longer one,
// and checks that calculate with it would get slow.
const maxNumberBits = 16384

// mpint returns the bytes of a number, the highest first, without zeros before
// them; none for zero.
func (r *wireReader) mpint() string {
	field := r.text()
	if field != "" && field[0]&0x80 != 0 {
		r.fail(flawNegative)
		return ""
	}
	value := withoutZeros(field)
	// The zero before a set highest bit is the only one that belongs there.
	if zeros := len(field) - len(value); zeros > 1 || zeros == 1 && (value == "" || value[0]&0x80 == 0) {
		r.loose = true
	}
	// OpenSSH counts needless zeros too.
	if bitLen(value) > maxNumberBits || len(field) > maxNumberBits/8+1 {
		r.fail(flawNumberBits, maxNumberBits)
		return ""
	}
	return value
}

// integer returns a number to calculate with.
func (r *wireReader) integer() *big.Int { return new(big.Int).SetBytes([]byte(r.mpint())) }

// end demands that nothing is left.
func (r *wireReader) end() {
	if n := len(r.rest); n > 0 {
		r.fail(flawTrailing, n)
	}
}

// withoutZeros returns a number's bytes without the zeros in front.
func withoutZeros(number string) string { return strings.TrimLeft(number, "\x00") }

// bitLen returns the length in bits of a number without zeros in front.
func bitLen(number string) int {
	if number == "" {
		return 0
	}
	return 8*len(number) - mathbits.LeadingZeros8(number[0])
}
