package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/server"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

func (a *app) keyPairAudit() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "audit",
		Short: "Look for weak keys among all stored key pairs",
		Long: `Look for weak keys among the key pairs of all users and projects, by the policy
of [keypair] in the configuration: keys that count as weak, keys that an sshd
with its default settings refuses, and RSA keys that share a prime with another
stored one, so that anybody can break both. The server may be running.

The exit status is 1 when a key is weak or shares a prime. A key that is only of
no use with sshd is told and leaves it at 0.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withKeyPairs(c.Context(), func(ctx context.Context, d *server.Domain, op identity.Caller) error {
				policy, err := server.LoadWeakPolicy(d.Config.Keypair)
				if err != nil {
					return err
				}
				r := auditReport{app: a, owners: newOwnerNames(d, op), print: a.printFinding, weak: map[string]bool{}}
				if asJSON {
					r.print = func(f storedFinding) error { return a.printJSON(f) }
				}
				looked, err := d.KeyPairs.Audit(ctx, op, policy, func(f keypair.Finding) error { return r.add(ctx, f) })
				if err != nil {
					return err
				}
				if len(r.weak) > 0 {
					return refuse(auditFailed, len(r.weak), looked.KeyPairs)
				}
				_, _ = fmt.Fprintln(a.stderr, auditPassed.In(a.lang.Language, looked.KeyPairs))
				return nil
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a finding, each on a line")
	return c
}

var (
	auditFailed = sshkey.Wording{English: "weak: %d of %d key pairs", Korean: "키 쌍 %[2]d개 가운데 %[1]d개가 취약합니다"}
	auditPassed = sshkey.Wording{English: "None of %d key pairs is weak.", Korean: "키 쌍 %d개 가운데 취약한 것이 없습니다."}

	isUnusable   = sshkey.Wording{English: "an sshd with its default settings refuses this key", Korean: "기본 설정의 sshd가 이 키를 거부합니다"}
	isUnreadable = sshkey.Wording{English: "the stored key cannot be read: %s", Korean: "저장된 키를 읽을 수 없습니다: %s"}
	sharesPrime  = sshkey.Wording{English: "shares a prime with: %s", Korean: "소수를 공유하는 키 쌍: %s"}
)

// storedFinding is what the audit prints of a key pair; its field names are
// documented in docs/keys.md.
type storedFinding struct {
	KeyPair     storedKeyPair   `json:"keyPair"`
	Weaknesses  []weakness      `json:"weaknesses,omitempty"`
	Unusable    bool            `json:"unusable,omitempty"`
	Unreadable  string          `json:"unreadable,omitempty"`
	SharesPrime []storedKeyPair `json:"sharesPrime,omitempty"`
}

// auditReport prints findings and counts.
type auditReport struct {
	app    *app
	owners *ownerNames
	print  func(storedFinding) error
	weak   map[string]bool // by id: a weak key pair may share a prime too
}

func (r *auditReport) add(ctx context.Context, f keypair.Finding) error {
	about, err := r.owners.describe(ctx, f.KeyPair)
	if err != nil {
		return err
	}
	if len(f.Weaknesses) > 0 || len(f.SharesPrime) > 0 || f.Unreadable != nil {
		r.weak[f.KeyPair.ID] = true
	}
	told := storedFinding{KeyPair: about, Weaknesses: r.app.weaknesses(f.Weaknesses), Unusable: f.Unusable}
	if f.Unreadable != nil {
		told.Unreadable = say(f.Unreadable, r.app.lang.Language)
	}
	for _, other := range f.SharesPrime {
		about, err := r.owners.describe(ctx, other)
		if err != nil {
			return err
		}
		told.SharesPrime = append(told.SharesPrime, about)
	}
	return r.print(told)
}

// printFinding prints a line for each thing that is wrong with a key pair.
func (a *app) printFinding(f storedFinding) error {
	var lines, others []string
	for _, w := range f.Weaknesses {
		lines = append(lines, w.Check+": "+w.Reason)
	}
	for _, other := range f.SharesPrime {
		others = append(others, other.String())
	}
	if others != nil {
		lines = append(lines, "rsa-shared: "+sharesPrime.In(a.lang.Language, strings.Join(others, ", ")))
	}
	if f.Unusable {
		lines = append(lines, "unusable: "+isUnusable.In(a.lang.Language))
	}
	if f.Unreadable != "" {
		lines = append(lines, "unreadable: "+isUnreadable.In(a.lang.Language, f.Unreadable))
	}
	for _, line := range lines {
		if _, err := fmt.Fprintf(a.stdout, "%v: %s\n", f.KeyPair, line); err != nil {
			return err
		}
	}
	return nil
}
