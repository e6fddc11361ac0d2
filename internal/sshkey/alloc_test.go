package sshkey

import (
	"encoding/base64"
	"runtime"
	"strings"
	"testing"
)

// hugeTexts returns texts of about this many bytes that lead a parser into
// each of its corners.
func hugeTexts(size int) map[string]string {
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	encode := func(fields ...string) string {
		var blob string
		for _, f := range fields {
			blob += wireText(f)
		}
		return base64.StdEncoding.EncodeToString([]byte(blob))
	}
	number := "\x7f" + strings.Repeat("\xff", size*3/4)
	return map[string]string{
		"words":             fill("a "),
		"types":             fill("ssh-rsa "),
		"options":           "x " + fill("ssh-rsa AAA"),
		"many options":      fill("no-pty,"),
		"a long option":     `command="` + fill(`\"`),
		"base64":            "ssh-rsa " + fill("A"),
		"bare base64":       fill("A"),
		"bare DER":          "MII" + fill("C"),
		"spaces":            fill(" ") + "x",
		"lines":             fill("\n") + "x",
		"wrapped":           "ssh-rsa " + fill("AAAA\n"),
		"wrapped key":       "ssh-ed25519 " + ed25519Base64 + fill("A\n"),
		"wrapped words":     "ssh-rsa AAAA\n" + fill("a b\n"),
		"a wrapped comment": ed25519Line[:30] + "\n" + ed25519Line[30:] + fill("\nx"),
		"returns":           "ssh-rsa " + fill("AAAA\r"),
		"keys":              fill(ed25519Line + "\n"),
		"damaged and words": "ssh-ed25519 AAAA " + fill("AAAA "),
		"glued":             "ssh-ed25519" + ed25519Base64 + fill("x") + "-",
		"URL-safe":          "ssh-rsa " + fill("AAA-"),
		"non-ASCII":         "ssh-rsa AAAA" + fill("é"),
		"armour":            fill("-----BEGIN "),
		"many armours":      fill(beginSPKI + "\n"),
		"RFC 4716":          beginRFC4716 + "\n" + fill("AAAA\n") + endOf(beginRFC4716),
		"headers":           beginRFC4716 + "\n" + fill("a: b\n") + endOf(beginRFC4716),
		"a long header":     beginRFC4716 + "\nComment: " + fill("x\\\n") + endOf(beginRFC4716),
		"a long comment":    beginRFC4716 + "\nComment: " + fill("x\\\n") + "\n" + ed25519Base64 + "\n" + endOf(beginRFC4716),
		"PEM":               beginSPKI + "\n" + fill("MIIB\n") + endOf(beginSPKI),
		"PKCS#1":            beginPKCS1 + "\n" + fill("MIIB\n") + endOf(beginPKCS1),
		"quotes":            fill(`"`),
		"marks":             fill("PRIVATE "),
		"hosts":             fill("a,") + " " + ed25519Line,
		"markup":            fill("<"),
		"number":            "ssh-rsa " + encode("ssh-rsa", "\x03", number),
		"bare number":       encode("ssh-rsa", "\x03", number),
		"DSA numbers":       "ssh-dss " + encode("ssh-dss", number[:size/8], number[:size/8], number[:size/8], number[:size/8]),
		"key and comment":   ed25519Line + fill("x"),
	}
}

// TestAllocation holds every way through the parsers to memory in proportion
// to the text. The most is needed where lines are joined: two attempts, each
// with a copy of the text, its decoding, and a search for what is wrong.
func TestAllocation(t *testing.T) {
	const perByte, fixed = 16, 32 << 10
	for _, size := range []int{16 << 10, 256 << 10} {
		for name, text := range hugeTexts(size) {
			limit := uint64(perByte*len(text) + fixed)
			for _, a := range []Accept{{}, {Blob: true, FamilyWords: true}, {Wrapped: true}, everyForm} {
				if n := allocatedBy(limit, func() { _, _ = a.Read(text) }); n > limit {
					t.Errorf("%s of %d bytes with %+v: %d bytes allocated, more than %d", name, len(text), a, n, limit)
				}
			}
			if n := allocatedBy(limit, func() { _, _ = ParseCertificate(text) }); n > limit {
				t.Errorf("%s of %d bytes as a certificate: %d bytes allocated, more than %d", name, len(text), n, limit)
			}
		}
	}
}

// allocatedBy returns how many bytes a function allocates, also what is freed
// again. What is over the limit is measured again, because other goroutines
// allocate too.
func allocatedBy(limit uint64, f func()) (n uint64) {
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		if n = after.TotalAlloc - before.TotalAlloc; n <= limit {
			return n
		}
	}
	return n
}

// BenchmarkHugeTexts shows a way through the parsers that takes more than its
// share: the work is linear in the text, whatever it holds.
func BenchmarkHugeTexts(b *testing.B) {
	for name, text := range hugeTexts(1 << 20) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_, _ = everyForm.Read(text)
			}
		})
	}
}
