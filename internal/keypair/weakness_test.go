package keypair_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey/weak"
)

// TestWeakPolicy takes sound and weak keys under every action.
func TestWeakPolicy(t *testing.T) {
	ctx := context.Background()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	const broken, weakly, sound = "broken", "weak", "sound"
	keys := []struct {
		name, strength string
		kind           keypair.Type
		text           string
	}{
		{"ed25519", sound, keypair.SSH, vector(t, "ed25519.pub")},
		{"rsa2048", sound, keypair.SSH, vector(t, "rsa2048.pub")},
		{"rsa2048-cert", sound, keypair.SSH, vector(t, "rsa2048-cert.pub")},
		{"rsa1024", weakly, keypair.SSH, vector(t, "rsa1024.pub")},
		{"rsa1024-cert", weakly, keypair.SSH, line(certify(t, rsaKey(t, small.Primes[0], small.Primes[1])))},
		{"rsa1024-x509", weakly, keypair.X509, windowsCertificate(t, small)},
		{"vagrant", weakly, keypair.SSH, vagrant},
		{"rsa512", broken, keypair.SSH, line(rsaKey(t, prime(t, 256), prime(t, 256)))},
		{"rsa1020", broken, keypair.SSH, line(rsaKey(t, prime(t, 510), prime(t, 510)))},
		{"rsa512-cert", broken, keypair.SSH, line(certify(t, rsaKey(t, prime(t, 256), prime(t, 256))))},
	}
	var log bytes.Buffer
	r := newRig(t, slog.New(slog.NewTextHandler(&log, nil)))
	for _, c := range []struct {
		action keypair.WeakAction
		takes  map[string]bool
		warns  bool
	}{
		{keypair.RefuseWeak, map[string]bool{sound: true}, false},
		{keypair.WarnWeak, map[string]bool{sound: true, weakly: true}, true},
		{keypair.AllowWeak, map[string]bool{sound: true, weakly: true}, false},
		{"", map[string]bool{sound: true}, false},
		{"Allow", map[string]bool{sound: true}, false},
	} {
		rules := anything(keypair.User)
		rules.Weak.Action = c.action
		for _, key := range keys {
			log.Reset()
			name := fmt.Sprintf("%s by %q", key.name, c.action)
			k, warnings, err := r.Import(ctx, user("alice", ""), rules, keypair.Request{Name: name, Type: key.kind}, key.text)
			if !c.takes[key.strength] {
				if !fault.Is(err, fault.Invalid) || !errors.As(err, new(*weak.Error)) || len(warnings) > 0 {
					t.Errorf("%s: got %v, warnings %v", name, err, warnings)
				}
				if _, err := r.Get(ctx, user("alice", ""), rules, "", name); !fault.Is(err, fault.NotFound) {
					t.Errorf("%s: a refused key is kept: %v", name, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			entries, err := r.db.AuditEntries(ctx, audit.Query{Resource: "key pair", Name: name, Limit: 1})
			if err != nil || len(entries) != 1 {
				t.Fatalf("%s: audit entries %v, %v", name, entries, err)
			}
			detail := entries[0].Detail
			if !c.warns || key.strength == sound {
				if len(warnings) > 0 || log.Len() > 0 || detail != k.FingerprintSHA256() {
					t.Errorf("%s: warnings %v, log %q, audit %q", name, warnings, &log, detail)
				}
				continue
			}
			var w *weak.Error
			if len(warnings) != 1 || !errors.As(warnings[0], &w) {
				t.Errorf("%s: warnings %v", name, warnings)
				continue
			}
			for where, text := range map[string]string{"log": log.String(), "audit log": detail} {
				if !strings.Contains(text, w.Error()) && !strings.Contains(text, fmt.Sprintf("%q", w.Error())) || !strings.Contains(text, k.FingerprintSHA256()) {
					t.Errorf("%s: the %s says %q", name, where, text)
				}
				if strings.Contains(text, "AAAA") || strings.Contains(text, "CERTIFICATE") {
					t.Errorf("%s: the %s has the key in it: %q", name, where, text)
				}
			}
		}
	}
}
