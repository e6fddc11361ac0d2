package sshkey

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// suspect is a line that may or may not be a key.
type suspect struct {
	how  string // what was done to it
	line string // without comment
	key  PublicKey
	err  error // of reading it
}

// allSuspects are made and read once for all tests: to verify the certificates
// takes seconds.
var allSuspects struct {
	once                sync.Once
	plain, certificates []suspect
}

// suspects returns lines of plain keys and of certificates, and what they are
// read as.
func suspects(t *testing.T) (plain, certificates []suspect) {
	t.Helper()
	all := &allSuspects
	all.once.Do(func() {
		all.plain, all.certificates = plainSuspects(t), certificateSuspects(t)
		for _, some := range [][]suspect{all.plain, all.certificates} {
			for i := range some {
				some[i].key, some[i].err = ParsePublicKey(some[i].line)
			}
		}
	})
	return all.plain, all.certificates
}

// exceptions are where the parser deliberately judges otherwise than ssh-keygen -l.
var exceptions = []struct {
	name, why string
	ours      bool // the parser accepts, ssh-keygen refuses; false: the other way round
	applies   func(line string, key PublicKey, err error) bool
}{
	{"RSA of 512 to 1023 bits", "OpenSSH 7.6 stopped reading them; they are parsed so that package weak can say why they are refused", true,
		func(_ string, key PublicKey, _ error) bool {
			return key.Algorithm() == RSA && key.Bits() < minSSHDRSABits
		}},
	{"v00 certificates", "OpenSSH 7.0 dropped them; clouds still list them, and they are kept as unusable", true,
		func(_ string, key PublicKey, _ error) bool { return strings.Contains(key.Type(), "-cert-v00@") }},
	{"base64 without padding", "clouds take it; the clean line has it", true,
		func(line string, _ PublicKey, _ error) bool {
			_, encoded, _ := strings.Cut(line, " ")
			return len(encoded)%4 != 0
		}},
	{"another name of the type inside the blob", "ssh-keygen takes its own short names (RSA) and names of signature algorithms there, which no program writes", false,
		func(_ string, _ PublicKey, err error) bool {
			var refused *ParseError
			return errors.As(err, &refused) && refused.Reason == TypeMismatch || strings.HasSuffix(fmt.Sprint(err), flawNoType.English)
		}},
}

// TestAgainstSSHKeygen holds the parser to ssh-keygen -l, on thousands of keys
// that were damaged in every way: it accepts what ssh-keygen accepts, with the
// same size, type and fingerprint, and nothing else, but for the exceptions.
func TestAgainstSSHKeygen(t *testing.T) {
	t.Parallel()
	plain, certificates := suspects(t)
	all := slices.Concat(plain, certificates)
	if len(all) < 5000 {
		t.Fatalf("only %d suspects", len(all))
	}
	theirs := fingerprintAll(t, "sha256", all)
	theirMD5 := fingerprintAll(t, "md5", plain) // the hash of certified keys is no matter of its own
	dsaProbe := slices.IndexFunc(all, func(s suspect) bool { return s.how == "dsa1024.pub untouched" })
	noDSA := theirs[dsaProbe] == ""
	used := map[string]int{}
	both, neither := 0, 0
	for i, s := range all {
		key, err := s.key, s.err
		if noDSA && (strings.HasPrefix(s.how, "dsa") || strings.Contains(s.how, " dsa")) {
			used["DSA, which this ssh-keygen has none of"]++
			continue
		}
		accepted := theirs[i] != ""
		switch {
		case err == nil && accepted:
			both++
			certified := key.Certified()
			if got := fmt.Sprintf("%d %s (%s)", key.Bits(), certified.FingerprintSHA256(), key.shortType()); got != theirs[i] {
				t.Errorf("%s: is %s, ssh-keygen says %s\n%s", s.how, got, theirs[i], s.line)
			}
			if got := fmt.Sprintf("%d MD5:%s (%s)", key.Bits(), certified.FingerprintMD5(), key.shortType()); i < len(plain) && got != theirMD5[i] {
				t.Errorf("%s: is %s, ssh-keygen says %s\n%s", s.how, got, theirMD5[i], s.line)
			}
			if again, err := ParsePublicKey(key.AuthorizedKey()); err != nil || again != key {
				t.Errorf("%s: its clean line is read as %v, %v\n%s", s.how, again, err, s.line)
			}
		case err != nil && !accepted:
			neither++
		default:
			at := slices.IndexFunc(exceptions, func(e struct {
				name, why string
				ours      bool
				applies   func(line string, key PublicKey, err error) bool
			}) bool {
				return e.ours == (err == nil) && e.applies(s.line, key, err)
			})
			if at < 0 {
				t.Errorf("%s: error %v, ssh-keygen says %q\n%s", s.how, err, theirs[i], s.line)
				continue
			}
			used[exceptions[at].name]++
		}
	}
	for _, e := range exceptions {
		if used[e.name] == 0 {
			t.Errorf("the exception %q was never met", e.name)
		}
	}
	t.Logf("%d suspects: %d accepted by both, %d by neither, exceptions %v", len(all), both, neither, used)
	if both < 1000 || neither < 1000 {
		t.Errorf("%d accepted and %d refused are too few to prove anything", both, neither)
	}
}

// fingerprintAll returns what ssh-keygen -l says of each line without its
// comment, "" where it says nothing.
func fingerprintAll(t *testing.T, hash string, suspects []suspect) []string {
	t.Helper()
	var file strings.Builder
	for i, s := range suspects {
		fmt.Fprintf(&file, "%s line-%d\n", s.line, i)
	}
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ssh-keygen", "-l", "-E", hash, "-f", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	said := make([]string, len(suspects))
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if len(words) != 4 {
			t.Fatalf("ssh-keygen prints %q", line)
		}
		n, err := strconv.Atoi(strings.TrimPrefix(words[2], "line-"))
		if err != nil {
			t.Fatalf("ssh-keygen prints %q", line)
		}
		said[n] = words[0] + " " + words[1] + " " + words[3]
	}
	return said
}

// plainVectors are the plain keys of testdata/keys, one of each type.
var plainVectors = []string{
	"rsa1024.pub", "rsa2048.pub", "dsa1024.pub", "ecdsa256.pub", "ecdsa384.pub", "ecdsa521.pub",
	"ed25519.pub", "sk-ecdsa256.pub", "sk-ed25519.pub",
}

func plainSuspects(t *testing.T) (all []suspect) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, vector := range plainVectors {
		key := mustParse(t, readVector(t, vector))
		add := func(how, blob string) {
			all = append(all, suspect{how: vector + " " + how, line: lineOf(key.kind, blob)})
		}
		add("untouched", key.blob)
		for range 150 {
			add(damage(random, key.blob))
		}
		fields := splitKey(key.blob)
		for i := range fields {
			for _, c := range changesOf(fields[i].value) {
				add(fmt.Sprintf("field %d %s", i, c.how), fields.with(i, c.value).blob())
			}
		}
		for n := range 60 {
			add(fmt.Sprintf("cut to %d bytes", n), key.blob[:min(n, len(key.blob))])
		}
		for _, more := range []string{"\x00", "x", "\x00\x00\x00\x00", wireText("ssh:")} {
			add("with more", key.blob+more)
		}
		for _, word := range []string{"RSA", "rsa", "dsa", "Ed25519", "ECDSA", "ed25519-sk", "rsa-sha2-256", "rsa-sha2-512", key.kind + "\x00"} {
			add("named "+word, fields.with(0, word).blob())
		}
		all = append(all, suspect{how: vector + " without padding", line: strings.TrimRight(lineOf(key.kind, key.blob), "=")})
	}
	number := func(n *big.Int) wireField { return text(string(appendNumber(nil, string(n.Bytes()))[4:])) }
	bit := func(n int) *big.Int { return new(big.Int).SetBit(big.NewInt(1), n, 1) }
	for _, bits := range []int{1, 511, 512, 513, 768, 1023, 1024, 1025, 2047, 8192, 16383, 16384, 16385, 16392} {
		n := number(bit(bits - 1))
		for _, e := range []wireField{text(""), text("\x01"), text("\x02"), text("\x03"), number(bit(64)), n, number(bit(16383)), number(bit(16384))} {
			all = append(all, suspect{how: fmt.Sprintf("rsa of %d bits", bits), line: lineOf("ssh-rsa", wireFields{text("ssh-rsa"), e, n}.blob())})
		}
		for _, q := range []wireField{text(""), text("\x01"), n} {
			all = append(all, suspect{how: fmt.Sprintf("dsa of %d bits", bits), line: lineOf("ssh-dss", wireFields{text("ssh-dss"), n, q, text("\x02"), q}.blob())})
		}
	}
	return append(all, pointSuspects()...)
}

// pointSuspects are keys whose points lie on the curve and are odd otherwise:
// very small or large coordinates, and other encodings.
func pointSuspects() (all []suspect) {
	for _, c := range curves {
		word, p := "ecdsa-sha2-"+c.name, c.elliptic.Params()
		size := (p.BitSize + 7) / 8
		add := func(how, point string) {
			all = append(all, suspect{how: c.name + " " + how, line: lineOf(word, wireFields{text(word), text(c.name), text(point)}.blob())})
		}
		encode := func(x, y *big.Int) string {
			return "\x04" + string(x.FillBytes(make([]byte, size))) + string(y.FillBytes(make([]byte, size)))
		}
		// onCurve returns y for an x of a point, or nil.
		onCurve := func(x *big.Int) *big.Int {
			y := new(big.Int).Exp(x, big.NewInt(3), p.P)
			y.Sub(y, new(big.Int).Mul(x, big.NewInt(3))).Add(y, p.B).Mod(y, p.P)
			return y.ModSqrt(y, p.P)
		}
		half := new(big.Int).Lsh(big.NewInt(1), uint(p.BitSize/2))
		for name, from := range map[string]*big.Int{
			"small x": big.NewInt(0), "x near half": new(big.Int).Sub(half, big.NewInt(9)),
			"x near the order": new(big.Int).Sub(p.N, big.NewInt(9)), "x near the prime": new(big.Int).Sub(p.P, big.NewInt(9)),
		} {
			for n := range int64(18) {
				x := new(big.Int).Add(from, big.NewInt(n))
				if x.Cmp(p.P) >= 0 {
					continue
				}
				if y := onCurve(x); y != nil {
					add(fmt.Sprintf("%s %d", name, n), encode(x, y))
					add(fmt.Sprintf("%s %d, -y", name, n), encode(x, y.Sub(p.P, y)))
				}
			}
		}
		odd := byte(p.Gy.Bit(0))
		x := string(p.Gx.FillBytes(make([]byte, size)))
		good := encode(p.Gx, p.Gy)
		add("generator", good)
		add("generator, compressed", string([]byte{2 + odd})+x)
		add("generator, hybrid", string([]byte{6 + odd})+good[1:])
		add("infinity", "\x00")
		add("off the curve", encode(p.Gx, p.Gx))
		add("x above the prime", "\x04"+string(new(big.Int).Add(big.NewInt(5), p.P).FillBytes(make([]byte, size)))+good[1+size:])
		add("empty", "")
		add("with more", good+"\x00")
	}
	slices.SortFunc(all, func(a, b suspect) int { return strings.Compare(a.how, b.how) })
	return all
}

func certificateSuspects(t *testing.T) (all []suspect) {
	random := rand.New(rand.NewPCG(3, 4))
	signers := authorities()
	// The quickest to verify for ssh-keygen signs what is changed.
	quick := signers[slices.IndexFunc(signers, func(a authority) bool { return a.name == "nistp256" })]
	add := func(how, word, blob string) { all = append(all, suspect{how: how, line: lineOf(word, blob)}) }
	for _, version := range []certVersion{certV01, certV00} {
		for _, vector := range plainVectors {
			plain := mustParse(t, readVector(t, vector))
			if version == certV00 && plain.alg != RSA && plain.alg != DSA {
				continue
			}
			for _, a := range signers {
				word, fields := certBody(plain, version, a)
				whole := a.signed(fields)
				name := fmt.Sprintf("%s certificate %d of %s", vector, version, a.name)
				add(name, word, whole)
				add(name+" damaged", word, second(damage(random, whole)))
			}
			a := quick // one change of each field, signed again
			word, fields := certBody(plain, version, a)
			name := fmt.Sprintf("%s certificate %d", vector, version)
			for i := range fields {
				for _, c := range changesOf(fields[i].value) {
					if fields[i].fixed && len(c.value) != len(fields[i].value) {
						continue
					}
					add(fmt.Sprintf("%s field %d %s", name, i, c.how), word, a.signed(fields.with(i, c.value)))
				}
				if i > 0 {
					add(fmt.Sprintf("%s without field %d", name, i), word, a.signed(slices.Delete(slices.Clone(fields), i, i+1)))
				}
			}
			for use := range uint32(4) {
				at := slices.IndexFunc(fields, func(f wireField) bool { return f.fixed && len(f.value) == 4 })
				add(fmt.Sprintf("%s use %d", name, use), word, a.signed(fields.with(at, u32(use).value)))
				principals := at + 2
				for _, n := range []int{255, 256, 257} {
					add(fmt.Sprintf("%s with %d principals", name, n), word, a.signed(fields.with(principals, strings.Repeat(wireText("a"), n))))
				}
			}
			for range 60 {
				add(name+" damaged", word, second(damage(random, a.signed(fields))))
			}
			whole := a.signed(fields)
			add(name+" with more", word, whole+"\x00")
			for _, more := range []string{"x", wireText("")} {
				body := fields.blob()
				add(name+" signature with more", word, body+wireText(a.sign(body)+more))
			}
			body := fields.blob()
			for i, c := range changesOf(a.sign(body)) {
				add(fmt.Sprintf("%s signature changed %d", name, i), word, body+wireText(c.value))
			}
		}
	}
	return all
}

func second[A, B any](_ A, b B) B { return b }

// change is another value for a field.
type change struct{ how, value string }

// changesOf returns values that a field should not or need not have.
func changesOf(value string) []change {
	repeat := func(n int) string { return strings.Repeat("\x00", n) + value }
	changes := []change{
		{"empty", ""}, {"zero", "\x00"}, {"two zeros", "\x00\x00"}, {"one", "\x01"}, {"negative", "\x80"}, {"minus", "\xff" + value},
		{"zero before", repeat(1)}, {"two zeros before", repeat(2)}, {"1900 zeros before", repeat(1900)}, {"3000 zeros before", repeat(3000)},
		{"NUL behind", value + "\x00"}, {"two NUL behind", value + "\x00\x00"}, {"byte behind", value + "a"},
		{"twice", value + value}, {"another curve", "nistp384"}, {"a list", wireText("a") + wireText("b")}, {"a list with NUL", wireText("a\x00") + wireText("b")},
		{"a list with NUL inside", wireText("a\x00b") + wireText("c")}, {"an odd list", wireText("a") + wireText("b") + wireText("c")}, {"half a list", wireText("ab")[:5]},
		{"zeros", strings.Repeat("\x00", len(value))}, {"ones", strings.Repeat("\xff", len(value))},
		{"2048 bytes", "\x7f" + strings.Repeat("\x55", 2047)}, {"2049 bytes", "\x00" + strings.Repeat("\xff", 2048)}, {"2050 bytes", "\x00\x00" + strings.Repeat("\xff", 2048)},
		{"long", "\x01" + strings.Repeat("\x55", 2048)},
	}
	if n := len(value); n > 0 {
		changes = append(changes, change{"cut at the end", value[:n-1]}, change{"cut in front", value[1:]},
			change{"NUL inside", value[:n/2] + "\x00" + value[n/2:]}, change{"NUL for the last", value[:n-1] + "\x00"},
			change{"last bit", value[:n-1] + string([]byte{value[n-1] ^ 1})}, change{"first bit", string([]byte{value[0] ^ 0x80}) + value[1:]})
	}
	return changes
}

// damage changes a blob somewhere by chance.
func damage(random *rand.Rand, blob string) (how, damaged string) {
	b := []byte(blob)
	at := random.IntN(len(b))
	switch random.IntN(7) {
	case 0:
		b[at] ^= 1 << random.IntN(8)
		return fmt.Sprintf("bit flipped in byte %d", at), string(b)
	case 1:
		b[at] = byte(random.Uint32())
		return fmt.Sprintf("byte %d changed", at), string(b)
	case 2:
		return fmt.Sprintf("byte inserted at %d", at), string(slices.Insert(b, at, byte(random.Uint32())))
	case 3:
		return fmt.Sprintf("byte %d deleted", at), string(slices.Delete(b, at, at+1))
	case 4:
		return fmt.Sprintf("cut to %d bytes", at), string(b[:at])
	case 5:
		other := random.IntN(len(b))
		b[at], b[other] = b[other], b[at]
		return fmt.Sprintf("bytes %d and %d swapped", at, other), string(b)
	}
	from, to := min(at, len(b)-1), min(at+random.IntN(16), len(b))
	return fmt.Sprintf("bytes %d to %d zeroed", from, to), string(b[:from]) + strings.Repeat("\x00", to-from) + string(b[to:])
}
