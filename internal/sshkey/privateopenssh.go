package sshkey

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"encoding/pem"
	"math/big"
	"strings"
)

// The OpenSSH private key format, as PROTOCOL.key in OpenSSH's source has it:
//
//	"openssh-key-v1" NUL
//	string  cipher
//	string  key derivation
//	string  its options: for bcrypt a string, the salt, and a uint32, the rounds
//	uint32  number of keys, always 1
//	string  public key
//	string  private half, encrypted
//	        (and for AES-GCM its tag)
//
// where the private half is
//
//	uint32  check, and the same again: equal if the passphrase was right
//	string  key type
//	        its fields
//	string  comment
//	bytes   1, 2, 3, … up to whole cipher blocks
const opensshMagic = "openssh-key-v1\x00"

const (
	opensshPlain  = "none"
	opensshBcrypt = "bcrypt"
	// opensshCipher and opensshSalt are ssh-keygen's defaults.
	opensshCipher = "aes256-ctr"
	opensshSalt   = 16
	// maxBcryptRounds is 42 times the default, about ten seconds: a file may
	// ask for 2^32.
	maxBcryptRounds = 1024
)

// opensshCiphers has how a private half is decrypted; tagged is what follows
// after it. OpenSSH also knows 3des-cbc and chacha20-poly1305@openssh.com,
// which ssh-keygen writes only when told to with -Z.
var opensshCiphers = map[string]struct {
	key, iv, tag int // sizes in bytes
	open         func(block cipher.Block, iv, sealed []byte) ([]byte, error)
}{
	"aes128-ctr":             {16, 16, 0, openCTR},
	"aes192-ctr":             {24, 16, 0, openCTR},
	"aes256-ctr":             {32, 16, 0, openCTR},
	"aes128-cbc":             {16, 16, 0, openCBC},
	"aes192-cbc":             {24, 16, 0, openCBC},
	"aes256-cbc":             {32, 16, 0, openCBC},
	"aes128-gcm@openssh.com": {16, 12, 16, openGCM},
	"aes256-gcm@openssh.com": {32, 12, 16, openGCM},
}

func openCTR(block cipher.Block, iv, sealed []byte) ([]byte, error) {
	out := make([]byte, len(sealed))
	cipher.NewCTR(block, iv).XORKeyStream(out, sealed)
	return out, nil
}

func openCBC(block cipher.Block, iv, sealed []byte) ([]byte, error) {
	out := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, sealed)
	return out, nil
}

func openGCM(block cipher.Block, iv, sealed []byte) ([]byte, error) {
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return gcm.Open(nil, iv, sealed, nil)
}

// encodeOpenSSH writes [FormatOpenSSH].
func encodeOpenSSH(m material, comment string, passphrase []byte) ([]byte, error) {
	fields, err := opensshFields(m.signer)
	if err != nil {
		return nil, err
	}
	check := make([]byte, 4)
	_, _ = rand.Read(check) // never fails
	half := []byte(string(check) + string(check) + wireText(m.public.Type()) + fields + wireText(comment))
	name, kdf, options, size := opensshPlain, opensshPlain, "", 8
	if len(passphrase) > 0 {
		name, kdf, size = opensshCipher, opensshBcrypt, aes.BlockSize
	}
	for i := byte(1); len(half)%size != 0; i++ {
		half = append(half, i)
	}
	if len(passphrase) > 0 {
		salt := make([]byte, opensshSalt)
		_, _ = rand.Read(salt) // never fails
		options = string(binary.BigEndian.AppendUint32([]byte(wireText(string(salt))), writing.bcryptRounds))
		how := opensshCiphers[name]
		keys := bcryptPBKDF(passphrase, salt, int(writing.bcryptRounds), how.key+how.iv)
		block, err := aes.NewCipher(keys[:how.key])
		if err != nil {
			return nil, err
		}
		cipher.NewCTR(block, keys[how.key:]).XORKeyStream(half, half) //nolint:gosec // the nonce is derived with a random salt
	}
	file := opensshMagic + wireText(name) + wireText(kdf) + wireText(options) + "\x00\x00\x00\x01" +
		wireText(string(m.public.Marshal())) + wireText(string(half))
	return pem.EncodeToMemory(&pem.Block{Type: pemOpenSSH, Bytes: []byte(file)}), nil
}

// opensshFields returns both halves of a key, apart from its type.
func opensshFields(signer crypto.Signer) (string, error) {
	switch key := signer.(type) {
	case *rsa.PrivateKey:
		return wireNumbers(key.N, big.NewInt(int64(key.E)), key.D, key.Precomputed.Qinv, key.Primes[0], key.Primes[1]), nil
	case *ecdsa.PrivateKey:
		d, err := scalar(key)
		if err != nil {
			return "", err
		}
		point, err := key.PublicKey.Bytes()
		return wireText(curveOf(key.Curve).name) + wireText(string(point)) + wireNumbers(d), err
	case ed25519.PrivateKey:
		return wireText(string(key[ed25519.SeedSize:])) + wireText(string(key)), nil
	}
	return "", errAlgorithm
}

// readOpenSSH reads the content of an OPENSSH PRIVATE KEY block.
func readOpenSSH(block *pem.Block, passphrase []byte) (opened, error) {
	rest, is := strings.CutPrefix(string(block.Bytes), opensshMagic)
	if !is {
		return opened{}, damagedPrivate(flawHeader)
	}
	r := &wireReader{rest: rest}
	name, kdf, options := r.text(), r.text(), r.text()
	count, blob, half := r.uint32(), r.text(), r.text()
	switch {
	case !r.flaw.none():
		return opened{}, refusePrivate(PrivateDamaged, r.flaw)
	case count != 1:
		return opened{}, refusePrivate(PrivateSeveral)
	}
	inner := wireReader{rest: blob}
	word := inner.text()
	parse, known := opensshParsers[word]
	if !known {
		return opened{}, refuseType(word)
	}
	public, err := publicHalf(word, blob, "")
	if err != nil {
		return opened{}, err
	}
	encrypted := name != opensshPlain || kdf != opensshPlain
	if encrypted {
		half, err = decryptOpenSSH(r, name, kdf, options, half, passphrase, public)
		if err != nil {
			return opened{}, err
		}
	} else if options != "" {
		return opened{}, damagedPrivate(flawHeader)
	}
	if r.end(); !r.flaw.none() {
		return opened{}, refusePrivate(PrivateDamaged, r.flaw)
	}

	r = &wireReader{rest: half}
	if check, again := r.uint32(), r.uint32(); check != again {
		if encrypted {
			return opened{}, &PrivateError{Reason: PassphraseWrong, Public: public}
		}
		return opened{}, damagedPrivate(flawHeader)
	}
	if r.text() != word {
		return opened{}, refusePrivate(PrivateMismatch)
	}
	signer, err := parse(r, public)
	if err != nil {
		return opened{}, err
	}
	comment := r.text()
	for i, b := range []byte(r.rest) {
		if i > 254 || int(b) != i+1 {
			r.fail(flawEnd)
		}
	}
	if !r.flaw.none() {
		return opened{}, refusePrivate(PrivateDamaged, r.flaw)
	}
	return opened{signer, comment, encrypted}, nil
}

// decryptOpenSSH returns the private half in the clear. It takes the tag of
// AES-GCM off the file, which r reads.
func decryptOpenSSH(r *wireReader, name, kdf, options, half string, passphrase []byte, public PublicKey) (string, error) {
	how, known := opensshCiphers[name]
	switch {
	case kdf != opensshBcrypt:
		return "", refusePrivate(PrivateKDF, printable(kdf))
	case !known:
		return "", refusePrivate(PrivateCipher, printable(name))
	}
	o := wireReader{rest: options}
	salt, rounds := o.text(), o.uint32()
	o.end()
	half += r.take(uint64(how.tag))
	switch {
	case !o.flaw.none() || salt == "" || rounds == 0:
		return "", damagedPrivate(flawHeader)
	case !r.flaw.none():
		return "", refusePrivate(PrivateDamaged, r.flaw)
	case len(half) < how.tag || (len(half)-how.tag)%aes.BlockSize != 0:
		return "", damagedPrivate(flawCutShort)
	case rounds > maxBcryptRounds:
		return "", refusePrivate(PrivateTooCostly)
	case len(passphrase) == 0:
		return "", &PrivateError{Reason: PassphraseMissing, Public: public}
	}
	keys := bcryptPBKDF(passphrase, []byte(salt), int(rounds), how.key+how.iv)
	block, err := aes.NewCipher(keys[:how.key])
	if err != nil {
		return "", refusePrivate(PrivateCipher, name)
	}
	clear, err := how.open(block, keys[how.key:], []byte(half))
	if err != nil {
		return "", &PrivateError{Reason: PassphraseWrong, Public: public}
	}
	return string(clear), nil
}

// printable returns a name from a file as far as it may be repeated.
func printable(name string) string {
	const longest = 64 // RFC 4251 section 6
	if len(name) > longest || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "?"
	}
	return name
}

// opensshParsers takes the fields of each type; the public half has been
// checked by itself.
var opensshParsers = map[string]func(r *wireReader, public PublicKey) (crypto.Signer, error){
	"ssh-rsa":             parseOpenSSHRSA,
	"ecdsa-sha2-nistp256": parseOpenSSHECDSA,
	"ecdsa-sha2-nistp384": parseOpenSSHECDSA,
	"ecdsa-sha2-nistp521": parseOpenSSHECDSA,
	"ssh-ed25519":         parseOpenSSHEd25519,
}

func parseOpenSSHRSA(r *wireReader, public PublicKey) (crypto.Signer, error) {
	numbers := rsaNumbers{n: r.integer(), e: r.integer(), d: r.integer(), qInv: r.integer(), p: r.integer(), q: r.integer()}
	if !r.flaw.none() {
		return nil, refusePrivate(PrivateDamaged, r.flaw)
	}
	if n, e, _ := public.RSANumbers(); n.Cmp(numbers.n) != 0 || e.Cmp(numbers.e) != 0 {
		return nil, refusePrivate(PrivateMismatch)
	}
	return numbers.key()
}

func parseOpenSSHECDSA(r *wireReader, public PublicKey) (crypto.Signer, error) {
	curve, point, d := r.text(), r.text(), r.integer()
	if !r.flaw.none() {
		return nil, refusePrivate(PrivateDamaged, r.flaw)
	}
	if !strings.HasSuffix(public.kind, "-"+curve) || point != string(public.curvePoint()) {
		return nil, refusePrivate(PrivateMismatch)
	}
	return ecdsaSigner(formats[public.kind].curve.elliptic, d, point)
}

func parseOpenSSHEd25519(r *wireReader, public PublicKey) (crypto.Signer, error) {
	point, both := r.text(), r.text()
	if !r.flaw.none() {
		return nil, refusePrivate(PrivateDamaged, r.flaw)
	}
	own, _ := public.Ed25519Point()
	if point != string(own) || len(both) != ed25519.PrivateKeySize || both[ed25519.SeedSize:] != point {
		return nil, refusePrivate(PrivateMismatch)
	}
	return ed25519Signer([]byte(both[:ed25519.SeedSize]), own)
}
