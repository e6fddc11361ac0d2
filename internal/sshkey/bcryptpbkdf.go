package sshkey

import (
	"crypto/sha512"
	"encoding/binary"
	"slices"

	"golang.org/x/crypto/blowfish" //nolint:staticcheck // ssh-keygen's key derivation is built on it
)

// bcryptPBKDF makes a key of a passphrase as OpenBSD's bcrypt_pbkdf(3) does:
// PBKDF2 with bcrypt's expensive setup of Blowfish in the place of a hash. The
// passphrase, the salt and the number of rounds must not be empty or zero.
func bcryptPBKDF(passphrase, salt []byte, rounds, size int) []byte {
	pass := sha512.Sum512(passphrase)
	count := (size + bcryptSize - 1) / bcryptSize
	key := make([]byte, count*bcryptSize)
	for i := range count {
		turn := sha512.Sum512(binary.BigEndian.AppendUint32(slices.Clone(salt), uint32(i+1)))
		hash := bcryptHash(pass, turn)
		sum := hash
		for range rounds - 1 {
			hash = bcryptHash(pass, sha512.Sum512(hash[:]))
			for j := range sum {
				sum[j] ^= hash[j]
			}
		}
		// The blocks are not put one after the other but interleaved, so that
		// every part of the key takes all of the work.
		for j, b := range sum {
			key[j*count+i] = b
		}
	}
	return key[:size]
}

// bcryptSize is how many bytes bcryptHash makes.
const bcryptSize = 32

// bcryptHash sets Blowfish up with a passphrase and a salt, 64 times over, and
// encrypts a fixed text with it 64 times.
func bcryptHash(pass, salt [sha512.Size]byte) (out [bcryptSize]byte) {
	state, err := blowfish.NewSaltedCipher(pass[:], salt[:])
	if err != nil {
		panic(err) // it takes keys of any length but zero
	}
	for range 64 {
		blowfish.ExpandKey(salt[:], state)
		blowfish.ExpandKey(pass[:], state)
	}
	copy(out[:], "OxychromaticBlowfishSwatDynamite")
	for at := 0; at < bcryptSize; at += blowfish.BlockSize {
		for range 64 {
			state.Encrypt(out[at:], out[at:])
		}
	}
	// The text is read as big-endian words and written as little-endian ones.
	for at := 0; at < bcryptSize; at += 4 {
		slices.Reverse(out[at : at+4])
	}
	return out
}
