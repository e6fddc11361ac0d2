package weak

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// field encodes a string of the wire format.
func field(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// number encodes an mpint of the wire format.
func number(n *big.Int) []byte {
	b := n.Bytes()
	if n.BitLen()%8 == 0 {
		b = append([]byte{0}, b...)
	}
	return field(b)
}

func parse(t testing.TB, text string) sshkey.PublicKey {
	t.Helper()
	key, err := sshkey.ParsePublicKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t testing.TB, n *big.Int, e int64) sshkey.PublicKey {
	t.Helper()
	blob := append(append(field([]byte("ssh-rsa")), number(big.NewInt(e))...), number(n)...)
	return parse(t, "ssh-rsa "+base64.StdEncoding.EncodeToString(blob))
}

func edKey(t testing.TB, kind string, point []byte) sshkey.PublicKey {
	t.Helper()
	blob := append(field([]byte(kind)), field(point)...)
	if strings.HasPrefix(kind, "sk-") {
		blob = append(blob, field([]byte("ssh:"))...)
	}
	return parse(t, kind+" "+base64.StdEncoding.EncodeToString(blob))
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// keyIn returns the first key of a file.
func keyIn(t testing.TB, path string) sshkey.PublicKey {
	t.Helper()
	line, _, _ := strings.Cut(readFile(t, path), "\n")
	return parse(t, line)
}

// vector returns a key of package sshkey's test data.
func vector(t testing.TB, name string) sshkey.PublicKey {
	t.Helper()
	return keyIn(t, filepath.Join("..", "testdata", "keys", name))
}

func prime(t testing.TB, bits int) *big.Int {
	t.Helper()
	p, err := rand.Prime(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func nextPrime(n *big.Int) *big.Int {
	p := new(big.Int).SetBit(n, 0, 1)
	for p.Add(p, big.NewInt(2)); !p.ProbablyPrime(20); p.Add(p, big.NewInt(2)) {
	}
	return p
}

// expect demands that the named check, or none, finds the key weak.
func expect(t *testing.T, what string, key sshkey.PublicKey, policy Policy, want string) {
	t.Helper()
	err := Check(key, policy)
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case want != "" && (err == nil || err.Check != want):
		t.Errorf("%s: error %v, want one of check %s", what, err, want)
	case want != "" && !strings.HasSuffix(err.Error(), "; make a new key with 'ssh-keygen -t ed25519'"):
		t.Errorf("%s: %q does not say what to do", what, err)
	}
}

func TestSoundKeys(t *testing.T) {
	for _, name := range []string{
		"rsa2048.pub", "rsa3072.pub", "rsa4096.pub", "rsa2048-cert.pub", "dsa1024.pub", "ecdsa256.pub", "ecdsa384.pub", "ecdsa521.pub",
		"ed25519.pub", "ed25519-cert.pub", "sk-ecdsa256.pub", "sk-ed25519.pub", "ca.pub",
	} {
		expect(t, name, vector(t, name), DefaultPolicy(), "")
	}
	for _, spec := range []sshkey.Spec{sshkey.SpecRSA2048, sshkey.SpecEd25519, sshkey.SpecECDSA256} {
		key, err := sshkey.Generate(spec)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, string(spec), key.Public(""), DefaultPolicy(), "")
	}
}

func TestPolicy(t *testing.T) {
	short, floor, dsa := vector(t, "rsa1024.pub"), rsaKey(t, new(big.Int).Mul(prime(t, 384), prime(t, 384)), 65537), vector(t, "dsa1024.pub")
	expect(t, "1024 bits by default", short, DefaultPolicy(), "rsa-size")
	expect(t, "1024 bits allowed", short, Policy{MinRSABits: 1024}, "")
	expect(t, "1024 bits under the zero policy", short, Policy{}, "")
	expect(t, "768 bits allowed", floor, Policy{MinRSABits: 512}, "rsa-size")
	expect(t, "768 bits under the zero policy", floor, Policy{}, "rsa-size")
	expect(t, "3072 bits wanted", vector(t, "rsa2048-cert.pub"), Policy{MinRSABits: 3072}, "rsa-size")
	expect(t, "DSA refused", dsa, Policy{RefuseDSA: true}, "dsa")
	expect(t, "DSA certificate refused", vector(t, "dsa1024-cert.pub"), Policy{RefuseDSA: true}, "dsa")
	expect(t, "Ed25519 is no DSA", vector(t, "ed25519.pub"), Policy{RefuseDSA: true}, "")
	const want = "an RSA key of 1024 bits is too short, at least 2048 are needed; make a new key with 'ssh-keygen -t ed25519'"
	if got := Check(short, DefaultPolicy()).Error(); got != want {
		t.Errorf("says %q, want %q", got, want)
	}
}

func TestRSAWeaknesses(t *testing.T) {
	p, q := prime(t, 1024), prime(t, 1024)
	sound := new(big.Int).Mul(p, q)
	expect(t, "sound", rsaKey(t, sound, 3), Policy{}, "")
	for _, e := range []int64{1, 2, 4, 65536} {
		expect(t, "exponent", rsaKey(t, sound, e), Policy{}, "rsa-exponent")
	}
	for what, e := range map[string]*big.Int{
		"zero": new(big.Int), "n": sound, "n+2": new(big.Int).Add(sound, big.NewInt(2)), "even beyond n": new(big.Int).Lsh(big1, 16383),
	} {
		if findRSAExponent(subject{n: sound, e: e}, Policy{}) == nil {
			t.Errorf("exponent %s is not found", what)
		}
	}
	for _, factor := range []int64{2, 3, 5, 251, 257, 32749, 65521} {
		n := new(big.Int).Mul(sound, big.NewInt(factor))
		expect(t, "factor "+big.NewInt(factor).String(), rsaKey(t, n, 65537), Policy{}, "rsa-factor")
	}
	beyond := new(big.Int).Mul(sound, big.NewInt(65537))
	expect(t, "factor beyond the bound", rsaKey(t, beyond, 3), Policy{}, "")
	expect(t, "modulus is a power of two", rsaKey(t, new(big.Int).Lsh(big.NewInt(1), 2047), 3), Policy{}, "rsa-factor")

	expect(t, "neighbouring primes", rsaKey(t, new(big.Int).Mul(p, nextPrime(new(big.Int).Set(p))), 65537), Policy{}, "rsa-fermat")
	expect(t, "square", rsaKey(t, new(big.Int).Mul(p, p), 65537), Policy{}, "rsa-fermat")
	// As far apart as 100 rounds reach: a few times the fourth root of n.
	near := nextPrime(new(big.Int).Add(p, new(big.Int).Lsh(big.NewInt(1), 514)))
	expect(t, "primes half the same", rsaKey(t, new(big.Int).Mul(p, near), 65537), Policy{}, "rsa-fermat")
	far := nextPrime(new(big.Int).Add(p, new(big.Int).Lsh(big.NewInt(1), 900)))
	expect(t, "primes apart", rsaKey(t, new(big.Int).Mul(p, far), 65537), Policy{}, "")
}

func TestIsSquare(t *testing.T) {
	squares := map[int64]bool{}
	for i := range int64(100) {
		squares[i*i] = true
	}
	for i := range int64(99 * 99) {
		if isSquare(big.NewInt(i)) != squares[i] {
			t.Errorf("isSquare(%d) is %t", i, !squares[i])
		}
	}
}

func TestSmallOrderPoints(t *testing.T) {
	found := 0
	for _, kind := range []string{"ssh-ed25519", "sk-ssh-ed25519@openssh.com"} {
		for _, p := range smallOrder {
			for _, sign := range []byte{0, 0x80} {
				encoded := append([]byte(nil), p...)
				encoded[31] |= sign
				expect(t, "small order", edKey(t, kind, encoded), Policy{}, "ed25519-order")
				found++
			}
			near := append([]byte(nil), p...)
			near[7] ^= 1
			expect(t, "next to small order", edKey(t, kind, near), Policy{}, "")
		}
	}
	if found != 2*2*7 {
		t.Errorf("%d points", found)
	}
	// Why it matters: the neutral element takes a signature that needs no key.
	neutral := smallOrder[1]
	forged := append(append([]byte(nil), neutral...), make([]byte, 32)...)
	if !ed25519.Verify(neutral, []byte("any message"), forged) {
		t.Error("the forged signature is refused")
	}
}

// Each y in the table belongs to a point on the curve that three doublings
// bring to the neutral element.
func TestSmallOrderTable(t *testing.T) {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	mod := func(x *big.Int) *big.Int { return x.Mod(x, p) }
	mul := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Mul(a, b)) }
	div := func(a, b *big.Int) *big.Int { return mul(a, new(big.Int).ModInverse(b, p)) }
	one := big.NewInt(1)
	d := mod(new(big.Int).Neg(div(big.NewInt(121665), big.NewInt(121666))))
	for _, encoded := range smallOrder {
		reversed := append([]byte(nil), encoded...)
		for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
			reversed[i], reversed[j] = reversed[j], reversed[i]
		}
		y := mod(new(big.Int).SetBytes(reversed))
		yy := mul(y, y)
		// x² = (y² − 1) / (dy² + 1)
		xx := div(mod(new(big.Int).Sub(yy, one)), mod(new(big.Int).Add(mul(d, yy), one)))
		x := new(big.Int).ModSqrt(xx, p)
		if x == nil {
			t.Errorf("%x is not on the curve", encoded)
			continue
		}
		for range 3 {
			xx, yy, xy := mul(x, x), mul(y, y), mul(x, y)
			k := mul(d, mul(xx, yy))
			x = div(mod(new(big.Int).Lsh(xy, 1)), mod(new(big.Int).Add(one, k)))
			y = div(mod(new(big.Int).Add(yy, xx)), mod(new(big.Int).Sub(one, k)))
		}
		if x.Sign() != 0 || y.Cmp(one) != 0 {
			t.Errorf("%x is not of small order", encoded)
		}
	}
}

func TestZeroKey(t *testing.T) {
	if err := Check(sshkey.PublicKey{}, DefaultPolicy()); err != nil {
		t.Errorf("the zero key: %v", err)
	}
}
