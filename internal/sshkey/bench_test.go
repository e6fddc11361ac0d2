package sshkey

import (
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func benchVectors(b *testing.B, run func(b *testing.B, text string)) {
	b.Helper()
	files, err := filepath.Glob("testdata/keys/*.pub")
	if err != nil || len(files) == 0 {
		b.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strings.TrimSuffix(filepath.Base(file), ".pub"), func(b *testing.B) {
			b.ReportAllocs()
			run(b, string(text))
		})
	}
}

func BenchmarkParsePublicKey(b *testing.B) {
	benchVectors(b, func(b *testing.B, text string) {
		for b.Loop() {
			if _, err := ParsePublicKey(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkParseXCrypto is the measure for BenchmarkParsePublicKey. x/crypto
// does not check the signatures of certificates.
func BenchmarkParseXCrypto(b *testing.B) {
	benchVectors(b, func(b *testing.B, text string) {
		line := []byte(text)
		for b.Loop() {
			if _, _, _, _, err := ssh.ParseAuthorizedKey(line); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkFingerprintMD5(b *testing.B) {
	benchVectors(b, func(b *testing.B, text string) {
		key := mustParse(b, text)
		for b.Loop() {
			key.FingerprintMD5()
		}
	})
}

func BenchmarkFingerprintSHA256(b *testing.B) {
	benchVectors(b, func(b *testing.B, text string) {
		key := mustParse(b, text)
		for b.Loop() {
			key.FingerprintSHA256()
		}
	})
}

// BenchmarkFingerprintXCrypto is the measure for BenchmarkFingerprintSHA256.
func BenchmarkFingerprintXCrypto(b *testing.B) {
	benchVectors(b, func(b *testing.B, text string) {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			ssh.FingerprintSHA256(key)
		}
	})
}

func BenchmarkGenerate(b *testing.B) {
	for _, spec := range Specs() {
		b.Run(string(spec), func(b *testing.B) {
			for b.Loop() {
				if _, err := Generate(spec); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRawRSA2048 is the measure for BenchmarkGenerate/rsa-2048.
func BenchmarkRawRSA2048(b *testing.B) {
	for b.Loop() {
		if _, err := rsa.GenerateKey(rand.Reader, 2048); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGenerator makes keys from many goroutines behind the limit.
func BenchmarkGenerator(b *testing.B) {
	g := NewGenerator(GeneratorSettings{})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := g.Generate(b.Context(), SpecRSA2048); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
