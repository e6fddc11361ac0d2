package sshkey

import "crypto/ed25519"

// readBlob reads a wire blob whose type word the caller has found in formats.
func readBlob(word, blob string) (PublicKey, flaw) {
	f := formats[word]
	r := wireReader{rest: blob}
	r.text()
	key := PublicKey{kind: word, alg: f.alg, blob: blob, plain: blob, cert: f.cert != noCert}
	if key.cert {
		c := readCertificate(&r, f, blob)
		r.end()
		c.check(&r)
		key.bits, key.plain = c.key.bits, f.encode(c.key)
		return key, r.flaw
	}
	v := readKey(&r, f)
	r.end()
	if key.bits = v.bits; r.loose {
		key.blob = f.encode(v)
		key.plain = key.blob
	}
	return key, r.flaw
}

// keyOfBlob reads a blob that was made here, of a type that is known; what is
// wrong with its numbers is a refusal.
func keyOfBlob(blob string) (PublicKey, error) {
	r := wireReader{rest: blob}
	key, wrong := readBlob(r.text(), blob)
	if !wrong.none() {
		return PublicKey{}, refuse(Damaged, wrong)
	}
	return key, nil
}

// minRSABits is the least that any SSH software has ever generated or accepted
// (ssh-keygen 1.x); anything shorter is a damaged blob. Which sizes are strong
// enough is the matter of package weak.
const minRSABits = 512

// values are the fields of a key, numbers without zeros in front, and its size.
type values struct {
	of   [mostFields]string
	bits int
}

// readKey takes a key's own fields.
//
// It takes every key that ssh-keygen -l reads, however senseless its numbers
// are: even zeros, which package weak refuses.
func readKey(r *wireReader, f *format) (v values) {
	for i, kind := range f.fields {
		switch kind {
		case number:
			v.of[i] = r.mpint()
		case modulus:
			v.of[i] = r.mpint()
			if v.bits = bitLen(v.of[i]); r.flaw.none() && v.bits < minRSABits {
				r.fail(flawRSABits, v.bits, minRSABits, maxNumberBits)
			}
		case prime:
			v.of[i] = r.mpint()
			v.bits = bitLen(v.of[i])
		case curveName:
			v.of[i] = r.name()
			if r.flaw.none() && v.of[i] != f.curve.name {
				r.fail(flawCurve, f.curve.name)
			}
		case curvePoint:
			v.of[i], v.bits = r.text(), f.curve.bits
			if r.flaw.none() && !f.curve.holds(v.of[i]) {
				r.fail(flawPoint, f.curve.name)
			}
		case edwards:
			v.of[i], v.bits = r.text(), 8*ed25519.PublicKeySize
			if n := len(v.of[i]); r.flaw.none() && n != ed25519.PublicKeySize {
				r.fail(flawEd25519Size, n, ed25519.PublicKeySize)
			}
		case name:
			v.of[i] = r.name()
		}
	}
	return v
}

// encode returns the one blob of a plain key with these fields.
func (f *format) encode(v values) string {
	size := 4 + len(f.plain)
	for i := range f.fields {
		size += 4 + 1 + len(v.of[i])
	}
	blob := appendText(make([]byte, 0, size), f.plain)
	for i, kind := range f.fields {
		switch kind {
		case number, modulus, prime:
			blob = appendNumber(blob, v.of[i])
		default:
			blob = appendText(blob, v.of[i])
		}
	}
	return string(blob)
}
