package sshkey

import (
	"bytes"
	"crypto/rsa"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// Numbers that make no RSA key are refused, whatever is wrong with them, and
// nothing is calculated that takes long.
func TestRSANumbers(t *testing.T) {
	good := made(t, SpecRSA2048).Signer().(*rsa.PrivateKey)
	e, p, q := big.NewInt(int64(good.E)), good.Primes[0], good.Primes[1]
	add := func(n *big.Int, more int64) *big.Int { return new(big.Int).Add(n, big.NewInt(more)) }
	huge := new(big.Int).Lsh(big.NewInt(1), 300_000)
	base := rsaNumbers{good.N, e, good.D, p, q, good.Precomputed.Qinv}
	if _, err := base.key(); err != nil {
		t.Fatal(err)
	}
	for what, tc := range map[string]struct {
		change func(k *rsaNumbers)
		want   PrivateReason
	}{
		"n of 300,000 bits": {func(k *rsaNumbers) { k.n = huge }, PrivateSize},
		"n of 1023 bits":    {func(k *rsaNumbers) { k.n = new(big.Int).Rsh(good.N, 1025) }, PrivateSize},
		"negative n":        {func(k *rsaNumbers) { k.n = new(big.Int).Neg(good.N) }, PrivateNumbers},
		"another n":         {func(k *rsaNumbers) { k.n = add(good.N, 2) }, PrivateNumbers},
		"even n":            {func(k *rsaNumbers) { k.n = add(good.N, 1) }, PrivateNumbers},
		"huge d":            {func(k *rsaNumbers) { k.d = huge }, PrivateNumbers},
		"d as large as n":   {func(k *rsaNumbers) { k.d = good.N }, PrivateNumbers},
		"another d":         {func(k *rsaNumbers) { k.d = add(good.D, 2) }, PrivateNumbers},
		"zero d":            {func(k *rsaNumbers) { k.d = new(big.Int) }, PrivateNumbers},
		"huge p":            {func(k *rsaNumbers) { k.p = huge }, PrivateNumbers},
		"p of 1":            {func(k *rsaNumbers) { k.p, k.q = big.NewInt(1), add(good.N, -1) }, PrivateNumbers},
		"p of 2":            {func(k *rsaNumbers) { k.p = big.NewInt(2) }, PrivateNumbers},
		"negative p and q":  {func(k *rsaNumbers) { k.p, k.q = new(big.Int).Neg(p), new(big.Int).Neg(q) }, PrivateNumbers},
		"p twice":           {func(k *rsaNumbers) { k.q = p }, PrivateNumbers},
		"zero q":            {func(k *rsaNumbers) { k.q = new(big.Int) }, PrivateNumbers},
		"another exponent":  {func(k *rsaNumbers) { k.e = big.NewInt(3) }, PrivateNumbers},
		"exponent 1":        {func(k *rsaNumbers) { k.e, k.d = big.NewInt(1), big.NewInt(1) }, PrivateNumbers},
		"even exponent":     {func(k *rsaNumbers) { k.e = big.NewInt(4) }, PrivateNumbers},
		"negative exponent": {func(k *rsaNumbers) { k.e = big.NewInt(-65537) }, PrivateNumbers},
		"huge exponent":     {func(k *rsaNumbers) { k.e = new(big.Int).Lsh(big.NewInt(1), 64) }, PrivateNumbers},
		"another qInv":      {func(k *rsaNumbers) { k.qInv = add(k.qInv, 1) }, PrivateNumbers},
		"qInv and p":        {func(k *rsaNumbers) { k.qInv = new(big.Int).Add(k.qInv, p) }, PrivateNumbers},
		"primes turned":     {func(k *rsaNumbers) { k.p, k.q = q, p }, PrivateNumbers},
	} {
		k := base
		tc.change(&k)
		_, err := k.key()
		wantRefusal(t, what, err, tc.want)
	}
}

// Files that ask for more than a few seconds of work are refused at once.
func TestPrivateCosts(t *testing.T) {
	key := made(t, SpecEd25519)
	block, _ := pem.Decode(encoded(t, key, FormatOpenSSH, "", "x"))
	rounds := bytes.Index(block.Bytes, []byte(opensshBcrypt)) + len(opensshBcrypt) + 4 + 4 + opensshSalt
	for n, want := range map[uint32]PrivateReason{0: PrivateDamaged, maxBcryptRounds + 1: PrivateTooCostly, 1<<32 - 1: PrivateTooCostly} {
		binary.BigEndian.PutUint32(block.Bytes[rounds:], n)
		_, err := ParsePrivateKey(pem.EncodeToMemory(block), []byte("x"))
		wantRefusal(t, fmt.Sprint(n, " rounds"), err, want)
	}

	for n, want := range map[int]PrivateReason{0: PrivateDamaged, maxIterations: PassphraseMissing, maxIterations + 1: PrivateTooCostly, 1<<31 - 1: PrivateTooCostly} {
		_, err := openPKCS8(sealedWith(t, n), nil)
		wantRefusal(t, fmt.Sprint(n, " iterations"), err, want)
	}

	ppk := string(encoded(t, key, FormatPPK, "", "x"))
	for _, change := range [][2]string{
		{"Argon2-Memory: 8192", "Argon2-Memory: 4194304"},
		{"Argon2-Passes: 21", "Argon2-Passes: 4294967295"},
		{"Argon2-Parallelism: 1", "Argon2-Parallelism: 65"},
	} {
		_, err := ParsePrivateKey([]byte(strings.Replace(ppk, change[0], change[1], 1)), []byte("x"))
		wantRefusal(t, change[1], err, PrivateTooCostly)
	}
	_, err := ParsePrivateKey([]byte(strings.Replace(ppk, "Argon2id", "Argon2d", 1)), []byte("x"))
	wantRefusal(t, "Argon2d", err, PrivateKDF)
}

// sealedWith returns an encrypted PKCS#8 key that asks for so many iterations.
func sealedWith(t *testing.T, iterations int) []byte {
	t.Helper()
	w := derWriter{}
	kdf := w.algorithm(oidPBKDF2, pbkdf2Params{Salt: []byte("salt"), Iterations: iterations})
	scheme := w.algorithm(oidPBES2, pbes2Params{kdf, w.algorithm(oidAES256CBC, make([]byte, 16))})
	der := w.value(sealedKey{scheme, make([]byte, 16)})
	if w.err != nil {
		t.Fatal(w.err)
	}
	return der
}
