package sshkey

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // to read what old OpenSSL versions have written
	"crypto/ed25519"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the default of RFC 8018 appendix A.2
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"hash"
)

const (
	// maxIterations is a few seconds: a file may ask for 2^31.
	maxIterations = 10_000_000
	pkcs8Salt     = 16
)

var (
	oidPBES2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA1   = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 7}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidAES256CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// pseudorandom returns the hash of a function of PBKDF2 (RFC 8018 appendix
// B.1), or nil when there is none.
func pseudorandom(id asn1.ObjectIdentifier) func() hash.Hash {
	for _, f := range []struct {
		id   asn1.ObjectIdentifier
		hash func() hash.Hash
	}{
		{oidHMACSHA1, sha1.New},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 8}, sha256.New224},
		{oidHMACSHA256, sha256.New},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 10}, sha512.New384},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 11}, sha512.New},
	} {
		if f.id.Equal(id) {
			return f.hash
		}
	}
	return nil
}

// pkcs8Cipher returns a cipher of PBES2 (RFC 8018 appendix B.2), all of which
// are for CBC, and the size of its key in bytes; or nil when there is none.
func pkcs8Cipher(id asn1.ObjectIdentifier) (size int, block func(key []byte) (cipher.Block, error)) {
	for _, c := range []struct {
		id    asn1.ObjectIdentifier
		size  int
		block func(key []byte) (cipher.Block, error)
	}{
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 3, 7}, 24, des.NewTripleDESCipher},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}, 16, aes.NewCipher},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 22}, 24, aes.NewCipher},
		{oidAES256CBC, 32, aes.NewCipher},
	} {
		if c.id.Equal(id) {
			return c.size, c.block
		}
	}
	return 0, nil
}

// sealedKey is RFC 5958's EncryptedPrivateKeyInfo.
type sealedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

// pbes2Params is what PBES2 is told (RFC 8018 appendix A.4).
type pbes2Params struct {
	KDF, Cipher pkix.AlgorithmIdentifier
}

// pbkdf2Params is what PBKDF2 is told (RFC 8018 appendix A.2).
type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	Size       int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

// encodePKCS8 writes [FormatPKCS8].
func encodePKCS8(m material, _ string, passphrase []byte) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(m.signer)
	if err != nil {
		return nil, err
	}
	kind := pemPKCS8
	if len(passphrase) > 0 {
		kind = pemEncrypted
		if der, err = sealPKCS8(der, passphrase); err != nil {
			return nil, err
		}
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), nil
}

// sealPKCS8 encrypts with PBES2.
func sealPKCS8(der, passphrase []byte) ([]byte, error) {
	salt, iv := make([]byte, pkcs8Salt), make([]byte, aes.BlockSize)
	_, _ = rand.Read(salt) // never fails
	_, _ = rand.Read(iv)
	key, err := pbkdf2.Key(sha256.New, string(passphrase), salt, writing.pbkdf2Iterations, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	missing := aes.BlockSize - len(der)%aes.BlockSize
	der = append(der, bytes.Repeat([]byte{byte(missing)}, missing)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(der, der)

	w := derWriter{}
	kdf := w.algorithm(oidPBKDF2, pbkdf2Params{Salt: salt, Iterations: writing.pbkdf2Iterations, PRF: pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256, Parameters: asn1.NullRawValue}})
	scheme := w.algorithm(oidPBES2, pbes2Params{KDF: kdf, Cipher: w.algorithm(oidAES256CBC, iv)})
	return w.value(sealedKey{scheme, der}), w.err
}

// derWriter encodes values. The first error sticks.
type derWriter struct{ err error }

func (w *derWriter) value(v any) []byte {
	der, err := asn1.Marshal(v)
	if w.err == nil {
		w.err = err
	}
	return der
}

func (w *derWriter) algorithm(id asn1.ObjectIdentifier, parameters any) pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: id, Parameters: asn1.RawValue{FullBytes: w.value(parameters)}}
}

// readEncryptedPKCS8 reads the content of an ENCRYPTED PRIVATE KEY block.
func readEncryptedPKCS8(block *pem.Block, passphrase []byte) (opened, error) {
	der, err := openPKCS8(block.Bytes, passphrase)
	if err != nil {
		return opened{}, err
	}
	signer, err := parsePKCS8(der)
	return opened{signer: signer, encrypted: true}, err
}

// openPKCS8 decrypts what PBES2 encrypted. Nothing authenticates it, so what
// is no DER afterwards counts as a wrong passphrase.
func openPKCS8(der, passphrase []byte) ([]byte, error) {
	var (
		sealed sealedKey
		scheme pbes2Params
		kdf    pbkdf2Params
		iv     []byte
	)
	if !exactDER(der, &sealed) {
		return nil, damagedPrivate(flawDER)
	}
	if !sealed.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, refusePrivate(PrivateCipher, nameOf(sealed.Algorithm.Algorithm))
	}
	if !exactDER(sealed.Algorithm.Parameters.FullBytes, &scheme) {
		return nil, damagedPrivate(flawDER)
	}
	if !scheme.KDF.Algorithm.Equal(oidPBKDF2) {
		return nil, refusePrivate(PrivateKDF, nameOf(scheme.KDF.Algorithm))
	}
	if !exactDER(scheme.KDF.Parameters.FullBytes, &kdf) || kdf.Iterations < 1 {
		return nil, damagedPrivate(flawDER)
	}
	prf := kdf.PRF.Algorithm
	if prf == nil {
		prf = oidHMACSHA1
	}
	newHash := pseudorandom(prf)
	size, newBlock := pkcs8Cipher(scheme.Cipher.Algorithm)
	switch {
	case newHash == nil:
		return nil, refusePrivate(PrivateKDF, nameOf(prf))
	case newBlock == nil:
		return nil, refusePrivate(PrivateCipher, nameOf(scheme.Cipher.Algorithm))
	case !exactDER(scheme.Cipher.Parameters.FullBytes, &iv) || kdf.Size != 0 && kdf.Size != size:
		return nil, damagedPrivate(flawDER)
	case kdf.Iterations > maxIterations:
		return nil, refusePrivate(PrivateTooCostly)
	case len(passphrase) == 0:
		return nil, refusePrivate(PassphraseMissing)
	}
	key, err := pbkdf2.Key(newHash, string(passphrase), kdf.Salt, kdf.Iterations, size)
	if err != nil {
		return nil, refusePrivate(PrivateKDF, nameOf(prf))
	}
	block, err := newBlock(key)
	if err != nil {
		return nil, refusePrivate(PrivateCipher, nameOf(scheme.Cipher.Algorithm))
	}
	return unpadCBC(block, iv, sealed.Data)
}

// unpadCBC decrypts DER with the padding of RFC 8018 section 6.1.1.
func unpadCBC(block cipher.Block, iv, data []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(data) == 0 || len(data)%size != 0 {
		return nil, damagedPrivate(flawDER)
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	n := int(out[len(out)-1])
	if n < 1 || n > size || !bytes.HasSuffix(out, bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, refusePrivate(PassphraseWrong)
	}
	if out = out[:len(out)-n]; !exactDER(out, new(asn1.RawValue)) {
		return nil, refusePrivate(PassphraseWrong)
	}
	return out, nil
}

// readPKCS8 reads the content of a PRIVATE KEY block.
func readPKCS8(block *pem.Block, _ []byte) (opened, error) {
	signer, err := parsePKCS8(block.Bytes)
	return opened{signer: signer}, err
}

// parsePKCS8 reads a key in the form of RFC 5208, or of RFC 5958, which may
// hold the public half too.
func parsePKCS8(der []byte) (crypto.Signer, error) {
	var info struct {
		Version    int
		Algorithm  pkix.AlgorithmIdentifier
		Key        []byte
		Attributes []asn1.RawValue `asn1:"optional,set,tag:0"`
		Public     asn1.BitString  `asn1:"optional,tag:1"`
	}
	if !exactDER(der, &info) || info.Version < 0 || info.Version > 1 {
		return nil, damagedPrivate(flawDER)
	}
	id := info.Algorithm.Algorithm
	switch {
	case id.Equal(oidRSA):
		return parsePKCS1(info.Key)
	case id.Equal(oidECDSA):
		var curve asn1.ObjectIdentifier
		if !exactDER(info.Algorithm.Parameters.FullBytes, &curve) {
			return nil, refusePrivate(PrivateType, explicitCurve)
		}
		return parseSEC1(info.Key, curve)
	case id.Equal(oidEd25519):
		var seed []byte
		if !exactDER(info.Key, &seed) || len(seed) != ed25519.SeedSize {
			return nil, damagedPrivate(flawDER)
		}
		point := info.Public.RightAlign()
		if len(point) == 0 {
			point = ed25519.NewKeyFromSeed(seed)[ed25519.SeedSize:]
		}
		return ed25519Signer(seed, point)
	case id.Equal(oidDSA):
		return nil, refusePrivate(PrivateIsDSA)
	}
	return nil, refusePrivate(PrivateType, nameOf(id))
}
