package sshkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"strings"

	"github.com/keyreeve/keyreeve/internal/sshkey/ppk"
)

// encodePPK writes [FormatPPK] or [FormatPPK2].
func encodePPK(v ppk.Version) func(m material, comment string, passphrase []byte) ([]byte, error) {
	return func(m material, comment string, passphrase []byte) ([]byte, error) {
		fields, err := ppkFields(m.signer)
		if err != nil {
			return nil, err
		}
		return ppk.File{
			Version: v,
			Type:    m.public.Type(),
			Comment: comment,
			Public:  m.public.Marshal(),
			Private: ppk.Hide([]byte(fields)),
		}.Encode(passphrase)
	}
}

// ppkFields returns the private half as PuTTY keeps it: what the public half
// does not say already.
func ppkFields(signer crypto.Signer) (string, error) {
	switch key := signer.(type) {
	case *rsa.PrivateKey:
		return wireNumbers(key.D, key.Primes[0], key.Primes[1], key.Precomputed.Qinv), nil
	case *ecdsa.PrivateKey:
		d, err := scalar(key)
		return wireNumbers(d), err
	case ed25519.PrivateKey:
		// PuTTY takes it for a little-endian number, and drops its leading zeros.
		return wireText(strings.TrimRight(string(key.Seed()), "\x00")), nil
	}
	return "", errAlgorithm
}

// readPPK reads a file that begins as PuTTY's do.
func readPPK(text, passphrase []byte) (opened, PrivateFormat, error) {
	sealed, err := ppk.Parse(text)
	if err != nil {
		return opened{}, "", refusePPK(err)
	}
	format := FormatPPK
	if sealed.Version == ppk.V2 {
		format = FormatPPK2
	}
	parse, known := ppkParsers[sealed.Type]
	if !known {
		return opened{}, "", refuseType(sealed.Type)
	}
	public, err := publicHalf(sealed.Type, string(sealed.Public), sealed.Comment)
	if err != nil {
		return opened{}, "", err
	}
	file, err := sealed.Open(passphrase)
	switch {
	case errors.Is(err, ppk.ErrPassphraseMissing):
		return opened{}, "", &PrivateError{Reason: PassphraseMissing, Public: public}
	case errors.Is(err, ppk.ErrPassphraseWrong):
		return opened{}, "", &PrivateError{Reason: PassphraseWrong, Public: public}
	case err != nil:
		return opened{}, "", refusePPK(err)
	}
	r := &wireReader{rest: string(file.Private.Bytes())}
	signer, err := parse(r, public)
	if err != nil {
		return opened{}, "", err
	}
	// Padding, whose bytes are for the writer to choose.
	if sealed.Encrypted() && len(r.rest) < 16 {
		r.rest = ""
	}
	if r.end(); !r.flaw.none() {
		return opened{}, "", refusePrivate(PrivateDamaged, r.flaw)
	}
	return opened{signer, sealed.Comment, sealed.Encrypted()}, format, nil
}

// ppkParsers takes the private fields of each type; the public half has been
// checked by itself.
var ppkParsers = map[string]func(r *wireReader, public PublicKey) (crypto.Signer, error){
	"ssh-rsa":             parsePPKRSA,
	"ecdsa-sha2-nistp256": parsePPKECDSA,
	"ecdsa-sha2-nistp384": parsePPKECDSA,
	"ecdsa-sha2-nistp521": parsePPKECDSA,
	"ssh-ed25519":         parsePPKEd25519,
}

func parsePPKRSA(r *wireReader, public PublicKey) (crypto.Signer, error) {
	n, e, _ := public.RSANumbers()
	numbers := rsaNumbers{n: n, e: e, d: r.integer(), p: r.integer(), q: r.integer(), qInv: r.integer()}
	if !r.flaw.none() {
		return nil, refusePrivate(PrivateDamaged, r.flaw)
	}
	return numbers.key()
}

func parsePPKECDSA(r *wireReader, public PublicKey) (crypto.Signer, error) {
	d := r.integer()
	if !r.flaw.none() {
		return nil, refusePrivate(PrivateDamaged, r.flaw)
	}
	return ecdsaSigner(formats[public.kind].curve.elliptic, d, string(public.curvePoint()))
}

func parsePPKEd25519(r *wireReader, public PublicKey) (crypto.Signer, error) {
	number := r.text()
	if !r.flaw.none() {
		return nil, refusePrivate(PrivateDamaged, r.flaw)
	}
	if len(number) > ed25519.SeedSize {
		return nil, refusePrivate(PrivateNumbers)
	}
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, number)
	point, _ := public.Ed25519Point()
	return ed25519Signer(seed, point)
}

// ppkRefusals says what each error of package ppk means here.
var ppkRefusals = []struct {
	err     error
	refusal error
}{
	{ppk.ErrVersion, refusePrivate(PrivateFormatOther, flaw{wording: Wording{"PuTTY (of other versions than 2 and 3)", "PuTTY(버전 2와 3이 아닌)"}}, "puttygen -O private")},
	{ppk.ErrEncryption, refusePrivate(PrivateCipher, flaw{wording: Wording{"another cipher than aes256-cbc", "(aes256-cbc가 아닌 암호)"}})},
	{ppk.ErrKeyDerivation, refusePrivate(PrivateKDF, flaw{wording: Wording{"neither Argon2id nor Argon2i", "(Argon2id도 Argon2i도 아닌 함수)"}})},
	{ppk.ErrTooCostly, refusePrivate(PrivateTooCostly)},
	{ppk.ErrMAC, refusePrivate(PrivateMAC)},
}

// refusePPK returns the refusal of an error of package ppk.
func refusePPK(err error) error {
	if at := (*ppk.SyntaxError)(nil); errors.As(err, &at) {
		return refusePrivate(PrivateLine, at.Line, at.Want)
	}
	for _, r := range ppkRefusals {
		if errors.Is(err, r.err) {
			return r.refusal
		}
	}
	return damagedPrivate(flawHeader)
}
