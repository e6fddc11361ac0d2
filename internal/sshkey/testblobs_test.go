package sshkey

import (
	"crypto"
	"crypto/dsa" //nolint:staticcheck // authorities of old certificates
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"strings"
	"sync"
)

// wireFields are the fields of a blob, so that a test can change one and keep
// the others whole. Those of the type "string" are without their lengths.
type wireFields []wireField

type wireField struct {
	value string
	fixed bool // an integer of 4 or 8 bytes, with no length before it
}

func text(value string) wireField { return wireField{value: value} }

func (fields wireFields) blob() string {
	var blob []byte
	for _, f := range fields {
		if !f.fixed {
			blob = binary.BigEndian.AppendUint32(blob, uint32(len(f.value)))
		}
		blob = append(blob, f.value...)
	}
	return string(blob)
}

// with returns a copy in which field i has another value.
func (fields wireFields) with(i int, value string) wireFields {
	changed := append(wireFields(nil), fields...)
	changed[i].value = value
	return changed
}

// splitKey takes a plain key's blob apart.
func splitKey(blob string) (fields wireFields) {
	for blob != "" {
		n := binary.BigEndian.Uint32([]byte(blob))
		fields = append(fields, text(blob[4:4+n]))
		blob = blob[4+n:]
	}
	return fields
}

func u32(n uint32) wireField {
	return wireField{string(binary.BigEndian.AppendUint32(nil, n)), true}
}

func u64(n uint64) wireField {
	return wireField{string(binary.BigEndian.AppendUint64(nil, n)), true}
}

// authority signs the certificates of tests.
type authority struct {
	name string // of the kind, for test names
	blob string
	sign func(message string) (signature string)
}

// body returns the fields of an ordinary certificate of a plain key up to its
// signature, for authority a.
func certBody(plain PublicKey, version certVersion, a authority) (word string, fields wireFields) {
	key := splitKey(plain.blob)[1:]
	options := wireFields{text("force-command"), text(wireText("true"))}.blob()
	if version == certV00 {
		word = plain.kind + "-cert-v00@openssh.com"
		fields = append(wireFields{text(word)}, key...)
		return word, append(fields, u32(useUser), text("id"), text(wireText("alice")+wireText("bob")), u64(0), u64(^uint64(0)),
			text(options), text("a nonce of this test"), text(""), text(a.blob))
	}
	word = certWord(plain.kind)
	fields = append(wireFields{text(word), text("a nonce of this test")}, key...)
	return word, append(fields, u64(9), u32(useUser), text("id"), text(wireText("alice")+wireText("bob")), u64(1700000000), u64(1800000000),
		text(options), text(wireText("permit-pty")+wireText("")), text(""), text(a.blob))
}

// signed returns the blob of a certificate with these fields.
func (a authority) signed(fields wireFields) string {
	body := fields.blob()
	return body + wireText(a.sign(body))
}

// authorities are made from fixed seeds, once: one of each kind that can sign,
// and some at the edges of what OpenSSH takes.
var authorities = sync.OnceValue(makeAuthorities)

func makeAuthorities() []authority {
	random := rand.New(rand.NewPCG(7, 7))
	edwardsKey := ed25519.NewKeyFromSeed([]byte(strings.Repeat("a", ed25519.SeedSize)))
	edwardsPublic := string(edwardsKey.Public().(ed25519.PublicKey))
	all := []authority{{"ed25519", wireText("ssh-ed25519") + wireText(edwardsPublic), func(m string) string {
		return wireText("ssh-ed25519") + wireText(string(ed25519.Sign(edwardsKey, []byte(m))))
	}}, {"sk-ed25519", wireText("sk-ssh-ed25519@openssh.com") + wireText(edwardsPublic) + wireText("ssh:"), func(m string) string {
		const counter = "\x01\x00\x00\x00\x07"
		proof := ed25519.Sign(edwardsKey, authenticatorMessage("ssh:", counter, m))
		return wireText("sk-ssh-ed25519@openssh.com") + wireText(string(proof)) + counter
	}}}
	for _, c := range []struct {
		name  string
		curve elliptic.Curve
		hash  crypto.Hash
	}{{"nistp256", elliptic.P256(), crypto.SHA256}, {"nistp384", elliptic.P384(), crypto.SHA384}, {"nistp521", elliptic.P521(), crypto.SHA512}} {
		key, err := ecdsa.ParseRawPrivateKey(c.curve, []byte("\x00"+strings.Repeat("k", (c.curve.Params().BitSize+7)/8-1)))
		if err != nil {
			panic(err)
		}
		point, err := key.PublicKey.Bytes()
		if err != nil {
			panic(err)
		}
		word := "ecdsa-sha2-" + c.name
		sign := func(m string) string {
			der, err := key.Sign(nil, sum(c.hash, m), c.hash) // deterministic, RFC 6979
			if err != nil {
				panic(err)
			}
			r, s := splitECDSA(der)
			return string(appendNumber(appendNumber(nil, r), s))
		}
		all = append(all, authority{c.name, wireText(word) + wireText(c.name) + wireText(string(point)), func(m string) string {
			return wireText(word) + wireText(sign(m))
		}})
		if c.name == "nistp256" {
			all = append(all, authority{"sk-ecdsa", wireText("sk-"+word+"@openssh.com") + wireText(c.name) + wireText(string(point)) + wireText("ssh:"), func(m string) string {
				const counter = "\x05\x00\x00\x00\x01"
				return wireText("sk-"+word+"@openssh.com") + wireText(sign(string(authenticatorMessage("ssh:", counter, m)))) + counter
			}})
		}
	}
	for _, c := range []struct {
		name, algorithm string
		hash            crypto.Hash
		bits            int
		exponent        *big.Int
	}{
		{"rsa sha1", "ssh-rsa", crypto.SHA1, 1024, big.NewInt(65537)},
		{"rsa sha256", "rsa-sha2-256", crypto.SHA256, 1024, big.NewInt(35)},
		{"rsa sha512", "rsa-sha2-512", crypto.SHA512, 1024, big.NewInt(65537)},
		{"rsa odd size", "rsa-sha2-512", crypto.SHA512, 1029, big.NewInt(65537)},
		{"rsa of 1022 bits", "rsa-sha2-256", crypto.SHA256, 1022, big.NewInt(65537)},
		{"rsa exponent of 33 bits", "rsa-sha2-256", crypto.SHA256, 1024, big.NewInt(1<<32 + 15)},
		{"rsa exponent of 900 bits", "rsa-sha2-256", crypto.SHA256, 1024, new(big.Int).SetBit(big.NewInt(3), 900, 1)},
		{"rsa named as a certificate", "rsa-sha2-256-cert-v01@openssh.com", crypto.SHA256, 1024, big.NewInt(65537)},
		{"rsa with another's name", "ssh-ed25519", crypto.SHA256, 1024, big.NewInt(65537)},
		{"rsa without a name", "", crypto.SHA256, 1024, big.NewInt(65537)},
	} {
		key := newTestRSA(random, c.bits, c.exponent)
		all = append(all, authority{c.name, key.blob(), func(m string) string {
			return wireText(c.algorithm) + wireText(string(key.sign(c.hash, m)))
		}})
	}
	short := newTestRSA(random, 1024, big.NewInt(65537))
	all = append(all, authority{"rsa without zeros", short.blob(), func(m string) string {
		return wireText("rsa-sha2-256") + wireText(withoutZeros(string(short.sign(crypto.SHA256, m))))
	}}, authority{"rsa with a zero too many", short.blob(), func(m string) string {
		return wireText("rsa-sha2-256") + wireText("\x00"+string(short.sign(crypto.SHA256, m)))
	}}, authority{"rsa and more", short.blob(), func(m string) string {
		return wireText("rsa-sha2-256") + wireText(string(short.sign(crypto.SHA256, m))) + "x"
	}}, authority{"rsa with needless zeros", strings.Replace(short.blob(), wireText("\x01\x00\x01"), wireText("\x00\x00\x01\x00\x01"), 1), func(m string) string {
		return wireText("rsa-sha2-256") + wireText(string(short.sign(crypto.SHA256, m)))
	}})
	for _, c := range []struct {
		name string
		p, q int
	}{{"dsa", 1024, 160}, {"dsa of 704 bits", 704, 160}, {"dsa with a q of 168 bits", 704, 168}} {
		key := newTestDSA(random, c.p, c.q)
		all = append(all, authority{c.name, key.blob(), func(m string) string {
			return wireText("ssh-dss") + wireText(key.sign(m))
		}})
	}
	plain, _ := readBlob("ssh-ed25519", all[0].blob)
	_, nested := certBody(plain, certV01, all[0])
	return append(all, authority{"a certificate", all[0].signed(nested), all[0].sign})
}

func sum(hash crypto.Hash, message string) []byte {
	h := hash.New()
	h.Write([]byte(message))
	return h.Sum(nil)
}

// splitECDSA returns the two numbers of an ASN.1 signature.
func splitECDSA(der []byte) (r, s string) {
	number := func(at int) (string, int) {
		end := at + 2 + int(der[at+1])
		return withoutZeros(string(der[at+2 : end])), end
	}
	at := 2
	if der[1] == 0x81 {
		at = 3
	}
	r, at = number(at)
	s, _ = number(at)
	return r, s
}

// testNumber returns an odd number of so many bits, the two highest set, that a
// seed determines.
func testNumber(random *rand.Rand, bits int) *big.Int {
	n := new(big.Int)
	for range bits/32 + 1 {
		n.Lsh(n, 32).Or(n, big.NewInt(int64(random.Uint32())))
	}
	n.Rsh(n, uint(n.BitLen()-min(n.BitLen(), bits)))
	return n.SetBit(n, bits-1, 1).SetBit(n, bits-2, 1).SetBit(n, 0, 1)
}

func testPrime(random *rand.Rand, bits int) *big.Int {
	for {
		if n := testNumber(random, bits); n.ProbablyPrime(1) {
			return n
		}
	}
}

// testRSA is an RSA key of any size and exponent, which crypto/rsa is not.
type testRSA struct{ n, e, d *big.Int }

func newTestRSA(random *rand.Rand, bits int, e *big.Int) testRSA {
	for {
		p, q := testPrime(random, bits/2), testPrime(random, bits-bits/2)
		one := big.NewInt(1)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		if d := new(big.Int).ModInverse(e, phi); d != nil {
			return testRSA{new(big.Int).Mul(p, q), e, d}
		}
	}
}

func (k testRSA) blob() string {
	blob := appendText(nil, "ssh-rsa")
	return string(appendNumber(appendNumber(blob, string(k.e.Bytes())), string(k.n.Bytes())))
}

func (k testRSA) sign(hash crypto.Hash, message string) []byte {
	size := (k.n.BitLen() + 7) / 8
	tail := "\x00" + digestInfos[hash] + string(sum(hash, message))
	padded := "\x00\x01" + strings.Repeat("\xff", size-2-len(tail)) + tail
	s := new(big.Int).SetBytes([]byte(padded))
	return s.Exp(s, k.d, k.n).FillBytes(make([]byte, size))
}

type testDSA struct{ dsa.PrivateKey }

func newTestDSA(random *rand.Rand, pBits, qBits int) (k testDSA) {
	one := big.NewInt(1)
	k.Q = testPrime(random, qBits)
	for k.P = new(big.Int); k.P.BitLen() != pBits || !k.P.ProbablyPrime(1); {
		k.P = testNumber(random, pBits)
		k.P.Sub(k.P, new(big.Int).Mod(k.P, new(big.Int).Lsh(k.Q, 1))).Add(k.P, one) // 1 modulo 2q
	}
	cofactor := new(big.Int).Div(new(big.Int).Sub(k.P, one), k.Q)
	k.G = new(big.Int).Exp(big.NewInt(2), cofactor, k.P)
	k.X = big.NewInt(123456789)
	k.Y = new(big.Int).Exp(k.G, k.X, k.P)
	return k
}

func (k testDSA) blob() string {
	blob := appendText(nil, "ssh-dss")
	for _, n := range []*big.Int{k.P, k.Q, k.G, k.Y} {
		blob = appendNumber(blob, string(n.Bytes()))
	}
	return string(blob)
}

// sign is DSA with the secret number 1, which tells the private key and so
// serves tests only.
func (k testDSA) sign(message string) string {
	r := new(big.Int).Mod(k.G, k.Q)
	s := new(big.Int).SetBytes(sum(crypto.SHA1, message))
	s.Add(s, new(big.Int).Mul(k.X, r)).Mod(s, k.Q)
	if len(r.Bytes()) > sha1.Size || len(s.Bytes()) > sha1.Size {
		return strings.Repeat("\x01", 2*sha1.Size)
	}
	return string(append(r.FillBytes(make([]byte, sha1.Size)), s.FillBytes(make([]byte, sha1.Size))...))
}

// lineOf returns the line of a blob.
func lineOf(word, blob string) string {
	return word + " " + base64.StdEncoding.EncodeToString([]byte(blob))
}
