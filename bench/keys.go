package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// keyVectors is where there is a public key of each type.
const keyVectors = "internal/sshkey/testdata/keys/*.pub"

// tries is how often each operation is measured; the best result counts, which
// other work on the machine disturbed least.
const tries = 3

// measureKeys reads a public key of each type and takes its fingerprint, and
// has x/crypto/ssh do the same, which checks less: not a certificate's
// signature, nor whether the text is canonical.
func measureKeys(ctx context.Context, p plan, _ *target) error {
	if err := flag.Set("test.benchtime", (p.time / (20 * tries)).String()); err != nil {
		return err
	}
	files, err := filepath.Glob(keyVectors)
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no keys in %s, is this the repository? %w", keyVectors, err)
	}
	fmt.Println("Reading a public key and taking its SHA-256 fingerprint, beside x/crypto/ssh alone")
	rows := newTable()
	rows.row("\tparse\t\tx/crypto\t\tfingerprint\t\tx/crypto\t\tboth\t")
	rows.row("\tns/op\tallocs\tns/op\tallocs\tns/op\tallocs\tns/op\tallocs\tof x/crypto\t")
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		c, err := compareKey(text)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		rows.row("%s\t%.0f\t%d\t%.0f\t%d\t%.0f\t%d\t%.0f\t%d\t%.2f\t", strings.TrimSuffix(filepath.Base(file), ".pub"),
			nanos(c.parse), c.parse.AllocsPerOp(), nanos(c.bareParse), c.bareParse.AllocsPerOp(),
			nanos(c.print), c.print.AllocsPerOp(), nanos(c.barePrint), c.barePrint.AllocsPerOp(),
			(nanos(c.parse)+nanos(c.print))/(nanos(c.bareParse)+nanos(c.barePrint)))
	}
	return rows.Flush()
}

// nanos is the time of one operation.
func nanos(b testing.BenchmarkResult) float64 { return float64(b.T.Nanoseconds()) / float64(b.N) }

type keyResult struct{ parse, bareParse, print, barePrint testing.BenchmarkResult }

// compareKey measures one authorized_keys line.
func compareKey(line []byte) (keyResult, error) {
	text := string(line)
	ours, err := sshkey.ParsePublicKey(text)
	if err != nil {
		return keyResult{}, err
	}
	theirs, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		return keyResult{}, err
	}
	if ours.FingerprintSHA256() != ssh.FingerprintSHA256(theirs) {
		return keyResult{}, errors.New("the fingerprints differ")
	}
	bench := func(do func()) testing.BenchmarkResult {
		var best testing.BenchmarkResult
		for n := range tries {
			r := testing.Benchmark(func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					do()
				}
			})
			if n == 0 || nanos(r) < nanos(best) {
				best = r
			}
		}
		return best
	}
	return keyResult{
		parse:     bench(func() { _, _ = sshkey.ParsePublicKey(text) }),
		bareParse: bench(func() { _, _, _, _, _ = ssh.ParseAuthorizedKey(line) }),
		print:     bench(func() { _ = ours.FingerprintSHA256() }),
		barePrint: bench(func() { _ = ssh.FingerprintSHA256(theirs) }),
	}, nil
}
