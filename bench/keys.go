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
	"text/tabwriter"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// keyVectors is where there is a public key of each type.
const keyVectors = "internal/sshkey/testdata/keys/*.pub"

// measureKeys reads a public key of each type and takes its fingerprint, and
// has x/crypto/ssh do the same, which checks less: not a certificate's
// signature, nor whether the text is canonical.
func measureKeys(ctx context.Context, p plan, _ *target) error {
	if err := flag.Set("test.benchtime", (p.time / 20).String()); err != nil {
		return err
	}
	files, err := filepath.Glob(keyVectors)
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no keys in %s, is this the repository? %w", keyVectors, err)
	}
	fmt.Println("Reading a public key and taking its SHA-256 fingerprint, beside x/crypto/ssh alone")
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(form string, cells ...any) { _, _ = fmt.Fprintf(table, form+"\n", cells...) }
	row("\tparse\t\tx/crypto\t\tfingerprint\t\tx/crypto\t\tboth\t")
	row("\tns/op\tallocs\tns/op\tallocs\tns/op\tallocs\tns/op\tallocs\tof x/crypto\t")
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
		ns := func(b testing.BenchmarkResult) float64 { return float64(b.T.Nanoseconds()) / float64(b.N) }
		row("%s\t%.0f\t%d\t%.0f\t%d\t%.0f\t%d\t%.0f\t%d\t%.2f\t", strings.TrimSuffix(filepath.Base(file), ".pub"),
			ns(c.parse), c.parse.AllocsPerOp(), ns(c.bareParse), c.bareParse.AllocsPerOp(),
			ns(c.print), c.print.AllocsPerOp(), ns(c.barePrint), c.barePrint.AllocsPerOp(),
			(ns(c.parse)+ns(c.print))/(ns(c.bareParse)+ns(c.barePrint)))
	}
	return table.Flush()
}

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
		return testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
	return keyResult{
		parse:     bench(func() { _, _ = sshkey.ParsePublicKey(text) }),
		bareParse: bench(func() { _, _, _, _, _ = ssh.ParseAuthorizedKey(line) }),
		print:     bench(func() { _ = ours.FingerprintSHA256() }),
		barePrint: bench(func() { _ = ssh.FingerprintSHA256(theirs) }),
	}, nil
}
