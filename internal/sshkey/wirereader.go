package sshkey

import (
	"encoding/binary"
	"math/big"
)

// wireReader takes the fields of a wire blob (RFC 4251 section 5) off its
// front. The first flaw sticks: every later field is empty.
//
// It is stricter than OpenSSH, which drops needless zeros from numbers and
// then prints the fingerprint of the corrected key: here a blob is a key's
// identity, so one key must have one blob.
type wireReader struct {
	rest string
	flaw flaw
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

// text returns a field of the type "string": bytes of any kind with their length before them.
func (r *wireReader) text() string { return r.take(uint64(r.uint32())) }

// mpint returns a number that is above zero and written in its shortest form.
func (r *wireReader) mpint() *big.Int {
	field := r.text()
	switch {
	case !r.flaw.none():
	case field == "":
		r.fail(flawZero)
	case field[0]&0x80 != 0:
		r.fail(flawNegative)
	case field[0] == 0 && (len(field) == 1 || field[1]&0x80 == 0):
		r.fail(flawNeedlessZero)
	}
	if !r.flaw.none() {
		return new(big.Int)
	}
	return new(big.Int).SetBytes([]byte(field))
}

// end demands that nothing is left.
func (r *wireReader) end() {
	if n := len(r.rest); n > 0 {
		r.fail(flawTrailing, n)
	}
}
