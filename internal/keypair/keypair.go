// Package keypair keeps key pairs: named public keys with an owner. The private
// half of a pair that is generated here leaves with the answer of its creation
// and is kept nowhere.
package keypair

import (
	"time"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// Type tells what the public half is.
type Type string

// The types, as Nova names them.
const (
	SSH  Type = "ssh"
	X509 Type = "x509"
)

// OwnerKind tells private key pairs from shared ones.
type OwnerKind uint8

// The kinds of owner.
const (
	// User owns private key pairs: only that user sees them.
	User OwnerKind = iota + 1
	// Project owns shared key pairs: every member sees them.
	Project
)

// Owner is a user or a project. A key pair's name is unique for its owner in a region.
type Owner struct {
	Kind OwnerKind
	ID   string
}

// KeyPair is a named public key.
type KeyPair struct {
	ID        string // UUID
	Region    string
	Owner     Owner
	CreatorID string // the user who made it
	Name      string
	Type      Type
	// PublicKey is the text exactly as it was received or made: clients compare
	// it byte for byte, trailing newline and comment included.
	PublicKey string
	// Blob is the parsed key: the SSH wire blob (RFC 4253, section 6.6), or the
	// certificate's DER for x509. It is the key's identity.
	Blob          []byte
	Algorithm     string // "rsa", "ed25519", …, "x509"
	Bits          int    // as ssh-keygen counts them; 0 for x509
	Description   string
	Tags          map[string]string
	ResourceGroup string
	CreatedAt     time.Time
}

// FingerprintMD5 is the MD5 of the wire blob as lower-case hex with colons (RFC
// 4716, section 4), or for x509 the SHA-1 of the certificate in the same form,
// as Nova shows them.
func (k KeyPair) FingerprintMD5() string {
	if k.Type == X509 {
		return sshkey.FingerprintSHA1(k.Blob)
	}
	return sshkey.FingerprintMD5(k.Blob)
}

// FingerprintSHA256 is the fingerprint as ssh-keygen -l shows it: "SHA256:" and
// unpadded base64.
func (k KeyPair) FingerprintSHA256() string { return sshkey.FingerprintSHA256(k.Blob) }
