package keypair

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// everyForm is what any dialect may take at import.
var everyForm = sshkey.Accept{
	RFC4716: true, PEM: true, Blob: true, FamilyWords: true, Options: true, Space: true, Wrapped: true,
}

// ReadText reads the SSH public key of a text that some dialect's rules took: in
// any form that [sshkey.Accept] knows, without the options before it. Every
// error is a [*sshkey.ParseError].
func ReadText(text string) (sshkey.PublicKey, error) {
	r, err := everyForm.Read(text)
	return r.Key, err
}

// Key returns the SSH key of the pair, without a comment: for x509 the key that
// the certificate certifies. The error says why there is none: a certificate may
// certify a key that SSH does not know.
func (k KeyPair) Key() (sshkey.PublicKey, error) {
	if k.Type == X509 {
		return sshkey.KeyOfX509(k.Blob)
	}
	return keyOfBlob(k.Blob)
}

// Certified returns the wire blob of the SSH key that the pair's certificate,
// be it OpenSSH's or X.509, certifies, and nil where there is none. Such a pair
// has the fingerprints of both: Nova shows that of the whole certificate,
// ssh-keygen -l and Alibaba that of the certified key.
func (k KeyPair) Certified() []byte {
	// A plain key, which most are, need not be read for that.
	if k.Type == SSH && !bytes.Contains(typeWord(k.Blob), []byte("-cert-v0")) {
		return nil
	}
	key, err := k.Key()
	if err != nil {
		return nil
	}
	return key.Certified().Blob()
}

func keyOfBlob(blob []byte) (sshkey.PublicKey, error) {
	r, err := sshkey.Accept{Blob: true}.Read(base64.StdEncoding.EncodeToString(blob))
	return r.Key, err
}

// typeWord returns the first field of a wire blob (RFC 4251, section 5), or nil
// when it is cut short.
func typeWord(blob []byte) []byte {
	if len(blob) < 4 {
		return nil
	}
	n := binary.BigEndian.Uint32(blob)
	if rest := blob[4:]; uint64(n) <= uint64(len(rest)) {
		return rest[:n:n]
	}
	return nil
}
