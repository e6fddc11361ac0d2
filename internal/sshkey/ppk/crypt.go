package ppk

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // PuTTY's choice for version 2, and for padding
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"

	"golang.org/x/crypto/argon2"
)

// The two words for how the private half is kept.
const (
	plain  = "none"
	sealed = "aes256-cbc"
)

// derivation is how version 3 makes keys of a passphrase.
type derivation struct {
	flavour     string
	memory      uint32 // KiB
	passes      uint32
	parallelism uint32
	salt        []byte
}

// flavours are the functions for the key derivation. Argon2d is the third that
// PuTTY has; x/crypto lacks it, and puttygen writes it only when told to.
var flavours = map[string]func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte{
	"Argon2id": argon2.IDKey,
	"Argon2i":  argon2.Key,
}

// What puttygen writes: 8 MiB, and as many passes as take about 100 ms.
const (
	ownFlavour     = "Argon2id"
	ownMemory      = 8192
	ownPasses      = 21
	ownParallelism = 1
	ownSalt        = 16
)

// A file says itself what it costs to open it, up to 4 TiB and 2^32 passes. A
// pass over a MiB takes about half a millisecond.
const (
	// maxMemory is 32 times puttygen's default, in KiB: 256 MiB, which small
	// machines have.
	maxMemory = 32 * ownMemory
	// maxWork is 24 times what puttygen's default comes to, in KiB passed
	// over: 4 GiB, about two seconds.
	maxWork = 1 << 22
	// maxParallelism is more threads than any puttygen is asked for, and fits
	// Argon2's 8 bits here.
	maxParallelism = 64
	// A salt of 8 bytes is the least of RFC 9106 section 3.1; puttygen makes 16.
	minSalt, maxSalt = 8, 64
)

// check refuses what cannot be computed, or not in reasonable time and memory.
func (d derivation) check() error {
	switch {
	case flavours[d.flavour] == nil:
		return ErrKeyDerivation
	case d.memory > maxMemory, d.parallelism > maxParallelism, uint64(d.memory)*uint64(d.passes) > maxWork:
		return ErrTooCostly
	}
	return nil
}

// keys are what encrypts and authenticates a file. The zero cipher means none.
type keys struct {
	cipher, iv []byte
	mac        []byte
	hash       func() hash.Hash
}

// keysOf derives the keys of a file; without encryption the passphrase is empty.
func keysOf(v Version, encryption string, d derivation, passphrase []byte) keys {
	if v == V2 {
		k := keys{mac: sum1([]byte("putty-private-key-file-mac-key"), passphrase), hash: sha1.New}
		if encryption != plain {
			k.cipher = slices.Concat(sum1([]byte{0, 0, 0, 0}, passphrase), sum1([]byte{0, 0, 0, 1}, passphrase))[:32]
			k.iv = make([]byte, aes.BlockSize)
		}
		return k
	}
	k := keys{hash: sha256.New}
	if encryption != plain {
		all := flavours[d.flavour](passphrase, d.salt, d.passes, d.memory, uint8(d.parallelism), 32+aes.BlockSize+32)
		k.cipher, k.iv, k.mac = all[:32], all[32:48], all[48:]
	}
	return k
}

func sum1(parts ...[]byte) []byte {
	sum := sha1.Sum(slices.Concat(parts...)) //nolint:gosec // PuTTY's choice
	return sum[:]
}

// crypt returns the blob encrypted or decrypted, or unchanged without a cipher.
// The blob must be whole cipher blocks.
func (k keys) crypt(mode func(cipher.Block, []byte) cipher.BlockMode, blob []byte) []byte {
	if k.cipher == nil {
		return blob
	}
	block, err := aes.NewCipher(k.cipher)
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	out := make([]byte, len(blob))
	mode(block, k.iv).CryptBlocks(out, blob)
	return out
}

// sign returns the MAC in hexadecimal over everything that the file says, the
// private half in the clear and with its padding.
func (k keys) sign(kind, encryption, comment string, public, private []byte) string {
	mac := hmac.New(k.hash, k.mac)
	for _, field := range [][]byte{[]byte(kind), []byte(encryption), []byte(comment), public, private} {
		_ = binary.Write(mac, binary.BigEndian, uint32(len(field))) // a hash takes everything
		mac.Write(field)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// pad fills the last cipher block with the beginning of the blob's SHA-1, as
// PuTTY does. The fields inside say themselves where they end.
func pad(blob []byte) []byte {
	missing := -len(blob) & (aes.BlockSize - 1)
	return append(slices.Clip(blob), sum1(blob)[:missing]...)
}
