package identity

import (
	"context"
	"crypto/cipher"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// MasterKeySize is the size of the master key in bytes.
const MasterKeySize = chacha20poly1305.KeySize

// Sealer encrypts the secrets that the server must be able to read again, such
// as those of access keys, with XChaCha20-Poly1305 under the master key.
type Sealer struct {
	aead   cipher.AEAD
	source io.Reader
}

// NewSealer takes a master key of [MasterKeySize] bytes. Nonces come from
// source, which is crypto/rand.Reader but in tests.
func NewSealer(masterKey []byte, source io.Reader) (*Sealer, error) {
	aead, err := chacha20poly1305.NewX(masterKey)
	if err != nil {
		return nil, fmt.Errorf("the master key has %d bytes, not %d", len(masterKey), MasterKeySize)
	}
	return &Sealer{aead, source}, nil
}

// Seal encrypts secret for the thing named by name: it opens under no other name.
func (s *Sealer) Seal(name string, secret []byte) ([]byte, error) {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(secret)+s.aead.Overhead())
	if _, err := io.ReadFull(s.source, nonce); err != nil {
		return nil, fault.Wrap(err, "making a nonce")
	}
	return s.aead.Seal(nonce, nonce, secret, []byte(name)), nil
}

// Open decrypts what Seal made for the same name. A wrong master key, another
// name or damaged bytes give Internal.
func (s *Sealer) Open(name string, sealed []byte) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, &fault.Error{Kind: fault.Internal, Resource: "secret", Name: name, Msg: "too short to be a sealed secret"}
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(name))
	if err != nil {
		return nil, &fault.Error{Kind: fault.Internal, Resource: "secret", Name: name, Msg: "does not open with this master key"}
	}
	return plain, nil
}

// masterKeyCheck is the setting that tells whether a database was made with
// this master key.
const masterKeyCheck = "master key check"

// CheckMasterKey holds the master key against the one that the database was
// made with, and takes it for that one in a database that has none yet. Faults:
// Conflict when it is another key.
func (s *Service) CheckMasterKey(ctx context.Context) error {
	sealed, err := s.sealer.Seal(masterKeyCheck, []byte(masterKeyCheck))
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		kept, err := tx.Setting(ctx, masterKeyCheck)
		if fault.Is(err, fault.NotFound) {
			return tx.InsertSetting(ctx, masterKeyCheck, sealed)
		}
		if err != nil {
			return err
		}
		if _, err := s.sealer.Open(masterKeyCheck, kept); err != nil {
			return &fault.Error{Kind: fault.Conflict, Resource: "master key", Msg: "it is not the one that the database was made with"}
		}
		return nil
	})
}
