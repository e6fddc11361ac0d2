package sshkey

import (
	"encoding/binary"

	"golang.org/x/crypto/ssh"
)

// readBlob reads a wire blob whose type word the caller has found in formats.
func readBlob(word, blob string) (PublicKey, flaw) {
	f := formats[word]
	r := &wireReader{rest: blob}
	r.text()
	key := PublicKey{kind: word, alg: f.alg, blob: blob, plain: blob, cert: word != f.plain}
	if key.cert {
		key.plain, key.bits = readCertificate(r, f, blob)
	} else {
		key.bits = f.read(r)
	}
	r.end()
	return key, r.flaw
}

// readCertificate takes the fields of a v01 certificate (OpenSSH
// PROTOCOL.certkeys) and checks its signature, as ssh-keygen does: a
// certificate changed anywhere is worth nothing to any server. It returns the
// blob of the certified key.
func readCertificate(r *wireReader, f format, blob string) (plain string, bits int) {
	r.text() // nonce
	before := r.rest
	bits = f.read(r)
	if r.flaw.none() {
		plain = wireText(f.plain) + before[:len(before)-len(r.rest)]
	}
	r.take(8) // serial
	if use := r.uint32(); use != ssh.UserCert && use != ssh.HostCert {
		r.fail(flawCertUse)
	}
	r.text() // key id
	readList(r, 1)
	r.take(16) // valid after, valid before
	readList(r, 2)
	readList(r, 2)
	r.text() // reserved
	authority := r.text()
	signed := blob[:len(blob)-len(r.rest)]
	signature := r.text()
	if r.flaw.none() && !signedBy(authority, signed, signature) {
		r.fail(flawCertSign)
	}
	return plain, bits
}

// readList takes a field that holds any number of entries of so many texts:
// principals (1), options and extensions with their data (2).
func readList(r *wireReader, texts int) {
	list := wireReader{rest: r.text()}
	for list.rest != "" {
		for range texts {
			list.text()
		}
	}
	if !list.flaw.none() {
		r.fail(flawCertList)
	}
}

// signedBy says whether the authority, a plain key's blob, signed the text.
func signedBy(authority, signed, signature string) bool {
	key, err := ssh.ParsePublicKey([]byte(authority))
	if err != nil {
		return false
	}
	if _, nested := key.(*ssh.Certificate); nested {
		return false
	}
	r := wireReader{rest: signature}
	sig := &ssh.Signature{Format: r.text(), Blob: []byte(r.text())}
	sig.Rest = []byte(r.rest) // flags and counter of a FIDO signature
	return r.flaw.none() && key.Verify([]byte(signed), sig) == nil
}

// wireText encodes a field of the type "string".
func wireText(text string) string {
	field := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(text)), uint32(len(text)))
	return string(append(field, text...))
}
