package store

import (
	"context"
	"database/sql"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// explained passes queries on and keeps their plans.
type explained struct {
	*sql.DB
	t     *testing.T
	plans []string
}

func (e *explained) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := e.DB.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		e.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			e.t.Fatal(err)
		}
		e.plans = append(e.plans, detail)
	}
	return e.DB.QueryContext(ctx, query, args...) //nolint:sqlclosecheck // the caller closes it
}

// TestPlans wants that what requests ask for all the time never reads a whole
// table.
func TestPlans(t *testing.T) {
	ctx := t.Context()
	db, err := Open(ctx, Options{SQLitePath: filepath.Join(t.TempDir(), "k.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	view := keypair.View{Region: "r", UserID: "u", ProjectID: "p", Shared: true, Native: keypair.Project}
	for name, ask := range map[string]func(*Tx) error{
		"token":     func(tx *Tx) error { _, err := tx.Token(ctx, identity.TokenHash{}); return err },
		"epoch":     func(tx *Tx) error { _, err := tx.Epoch(ctx); return err },
		"user":      func(tx *Tx) error { _, err := tx.User(ctx, "u"); return err },
		"user name": func(tx *Tx) error { _, err := tx.UserByName(ctx, "a", "u"); return err },
		"e-mail":    func(tx *Tx) error { _, err := tx.Users(ctx, identity.UserQuery{Email: "u@example.com"}); return err },
		"roles":     func(tx *Tx) error { _, err := tx.Assignments(ctx, identity.AssignmentQuery{UserID: "u"}); return err },
		"roles in a project": func(tx *Tx) error {
			_, err := tx.Assignments(ctx, identity.AssignmentQuery{UserID: "u", Scope: identity.Scope{Kind: identity.ProjectScope, ID: "p"}})
			return err
		},
		"who has a role": func(tx *Tx) error { _, err := tx.Assignments(ctx, identity.AssignmentQuery{Role: "r"}); return err },
		"role":           func(tx *Tx) error { _, err := tx.Role(ctx, "r"); return err },
		"expired":        func(tx *Tx) error { return tx.DeleteExpiredTokens(ctx, time.Now(), 10) },
		"key pair":       func(tx *Tx) error { _, err := tx.KeyPair(ctx, view, "n"); return err },
		"events":         func(tx *Tx) error { _, err := tx.Events(ctx, "i"); return err },
		"events of project": func(tx *Tx) error {
			_, err := tx.ProjectEvents(ctx, "r", "p")
			return err
		},
		"group":     func(tx *Tx) error { _, err := tx.ServerGroup(ctx, "g"); return err },
		"groups":    func(tx *Tx) error { _, err := tx.ServerGroups(ctx, "p"); return err },
		"spells":    func(tx *Tx) error { _, err := tx.Spells(ctx, "p", time.Now(), time.Now()); return err },
		"key pairs": func(tx *Tx) error { _, err := tx.KeyPairs(ctx, view, "n", 10); return err },
		"count":     func(tx *Tx) error { _, err := tx.CountKeyPairs(ctx, "r", keypair.Owner{}); return err },
		"find by MD5": func(tx *Tx) error {
			_, err := tx.FindKeyPairs(ctx, view, sshkey.Fingerprint{Hash: "md5"}, 10)
			return err
		},
		"find by SHA-1": func(tx *Tx) error {
			_, err := tx.FindKeyPairs(ctx, view, sshkey.Fingerprint{Hash: "sha1"}, 10)
			return err
		},
		"find by SHA-256": func(tx *Tx) error {
			_, err := tx.FindKeyPairs(ctx, view, sshkey.Fingerprint{Hash: "sha256"}, 10)
			return err
		},
		"find all": func(tx *Tx) error {
			_, err := tx.AllKeyPairsOf(ctx, sshkey.Fingerprint{Hash: "sha256"}, "", 10)
			return err
		},
		"all key pairs": func(tx *Tx) error { _, err := tx.AllKeyPairs(ctx, "i", 10); return err },
		"instance":      func(tx *Tx) error { _, err := tx.Instance(ctx, "i"); return err },
		"application credential": func(tx *Tx) error {
			_, err := tx.AppCredentials(ctx, identity.AppCredentialQuery{ID: "k", UserID: "u"})
			return err
		},
		"application credential's name": func(tx *Tx) error {
			_, err := tx.AppCredentials(ctx, identity.AppCredentialQuery{UserID: "u", Name: "n"})
			return err
		},
		"access rules": func(tx *Tx) error { _, err := tx.AccessRules(ctx, "u"); return err },
		"of project": func(tx *Tx) error {
			_, err := tx.Instances(ctx, compute.InstanceQuery{Region: "r", ProjectID: "p", Limit: 5})
			return err
		},
		"volume": func(tx *Tx) error { _, err := tx.Volume(ctx, "v"); return err },
		"volumes": func(tx *Tx) error {
			_, err := tx.Volumes(ctx, compute.VolumeQuery{Region: "r", ProjectID: "p"})
			return err
		},
		"volumes of instance": func(tx *Tx) error {
			_, err := tx.Volumes(ctx, compute.VolumeQuery{InstanceID: "i"})
			return err
		},
		"snapshots": func(tx *Tx) error {
			_, err := tx.VolumeSnapshots(ctx, compute.VolumeSnapshotQuery{Region: "r", ProjectID: "p"})
			return err
		},
		"snapshots of volume": func(tx *Tx) error {
			_, err := tx.VolumeSnapshots(ctx, compute.VolumeSnapshotQuery{VolumeID: "v"})
			return err
		},
		"volumes of snapshot": func(tx *Tx) error {
			_, err := tx.Volumes(ctx, compute.VolumeQuery{SnapshotID: "n"})
			return err
		},
		"volume usage": func(tx *Tx) error { _, err := tx.VolumeUsage(ctx, "p"); return err },
		"usage":        func(tx *Tx) error { _, err := tx.Usage(ctx, "p", "u"); return err },
		"quota":        func(tx *Tx) error { _, _, err := tx.Quota(ctx, "p", "r"); return err },
		"user quota":   func(tx *Tx) error { _, _, err := tx.UserQuota(ctx, "p", "u", "r"); return err },
		"user quotas":  func(tx *Tx) error { _, err := tx.UserQuotas(ctx, "p", "r"); return err },
		"first address": func(tx *Tx) error {
			_, err := tx.NextAddress(ctx, "n", netip.AddrFrom4([4]byte{1}), netip.AddrFrom4([4]byte{9}))
			return err
		},
		"address gap": func(tx *Tx) error { return tx.each(ctx, "", nil, addressGap, "n", 1, 2) },
		"port":        func(tx *Tx) error { _, err := tx.Port(ctx, "p"); return err },
		"ports": func(tx *Tx) error {
			_, err := tx.Ports(ctx, compute.PortQuery{ProjectID: "p"})
			return err
		},
		"ports of instance": func(tx *Tx) error {
			_, err := tx.Ports(ctx, compute.PortQuery{DeviceID: "i"})
			return err
		},
		"security group":       func(tx *Tx) error { _, err := tx.SecurityGroup(ctx, "g"); return err },
		"security groups":      func(tx *Tx) error { _, err := tx.SecurityGroups(ctx, "p"); return err },
		"guarded":              func(tx *Tx) error { _, _, err := tx.Guarded(ctx, "g", "h"); return err },
		"floating IPs":         func(tx *Tx) error { _, err := tx.FloatingIPs(ctx, "p"); return err },
		"floating gap":         func(tx *Tx) error { return tx.each(ctx, "", nil, floatingGap, "n", 1, 2) },
		"floating IPs through": func(tx *Tx) error { _, err := tx.FloatingIPsThrough(ctx, "r"); return err },
		"router":               func(tx *Tx) error { _, err := tx.Router(ctx, "r"); return err },
		"routers":              func(tx *Tx) error { _, err := tx.Routers(ctx, "p"); return err },
		"router between":       func(tx *Tx) error { _, err := tx.RouterBetween(ctx, "n", "m", "p"); return err },
		"network usage":        func(tx *Tx) error { _, err := tx.NetworkUsage(ctx, "p"); return err },
		"next job":             func(tx *Tx) error { return tx.each(ctx, "", nil, claimCandidate, 1, "n") },
		"audit entry": func(tx *Tx) error {
			return tx.each(ctx, "", nil, `SELECT id FROM audit WHERE resource = $1 AND name = $2 ORDER BY at DESC, id DESC LIMIT 5`, "r", "n")
		},
	} {
		e := &explained{DB: db.reader, t: t}
		_ = ask(&Tx{db: db, q: e}) // there is nothing to find
		if len(e.plans) == 0 {
			t.Errorf("%s: no query", name)
		}
		t.Logf("%s: %s", name, strings.Join(e.plans, "; "))
		if strings.HasPrefix(name, "find") && !slices.ContainsFunc(e.plans, byFingerprint) {
			t.Errorf("%s: not by a fingerprint: %s", name, strings.Join(e.plans, "; "))
		}
		for _, p := range e.plans {
			if strings.HasPrefix(p, "SCAN") && !fromPart(p) {
				t.Errorf("%s: %s", name, strings.Join(e.plans, "; "))
				break
			}
		}
	}
}

// fromPart holds for scans of what another part of the query has selected.
func fromPart(plan string) bool {
	return plan == "SCAN own" || plan == "SCAN shared" || plan == "SCAN i" || plan == "SCAN f" || plan == "SCAN g" || plan == "SCAN CONSTANT ROW"
}

// byFingerprint holds for searches in an index of fingerprints.
func byFingerprint(plan string) bool {
	return strings.HasPrefix(plan, "SEARCH key_pairs USING") &&
		(strings.Contains(plan, "(md5=?)") || strings.Contains(plan, "(sha1=?)") || strings.Contains(plan, "(sha256=?)"))
}
