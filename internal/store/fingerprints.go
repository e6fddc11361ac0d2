package store

import (
	"context"
	"crypto/md5"  //nolint:gosec // the clouds' APIs show MD5 fingerprints
	"crypto/sha1" //nolint:gosec // and SHA-1 ones for X.509
	"crypto/sha256"
	"strings"

	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// fingerprintColumns are where a sum of each hash is looked for. Each column
// has an index.
var fingerprintColumns = map[string][]string{
	"md5":    {"md5", "certified_md5"},
	"sha1":   {"sha1"},
	"sha256": {"sha256", "certified_sha256"},
}

// fingerprints are the columns of one key pair. Those that certificates alone
// have are nil for others.
type fingerprints struct {
	md5, sha256               []byte
	sha1, certMD5, certSHA256 any // []byte or nil
}

//nolint:gosec // these hashes are looked up by, not relied on
func fingerprintsOf(k keypair.KeyPair) fingerprints {
	whole5, whole256 := md5.Sum(k.Blob), sha256.Sum256(k.Blob)
	f := fingerprints{md5: whole5[:], sha256: whole256[:]}
	if k.Type == keypair.X509 {
		sum := sha1.Sum(k.Blob)
		f.sha1 = sum[:]
	}
	if key := k.Certified(); key != nil {
		sum5, sum256 := md5.Sum(key), sha256.Sum256(key)
		f.certMD5, f.certSHA256 = sum5[:], sum256[:]
	}
	return f
}

// having returns the condition that a key pair has a fingerprint, whose sum is
// $1: the beginning of a FROM clause. CROSS JOIN keeps SQLite from reading all
// that an owner has instead of the few that have the fingerprint.
func having(f sshkey.Fingerprint) string {
	var found []string
	for _, column := range fingerprintColumns[f.Hash] {
		found = append(found, `SELECT id AS found FROM key_pairs WHERE `+column+` = $1`)
	}
	return ` FROM (` + strings.Join(found, ` UNION `) + `) AS f CROSS JOIN key_pairs AS k WHERE k.id = f.found AND `
}

// FindKeyPairs implements [keypair.Tx]. Hidden are those whose name another in
// the view has that is of the native kind.
func (t *Tx) FindKeyPairs(ctx context.Context, v keypair.View, f sshkey.Fingerprint, limit int) ([]keypair.KeyPair, error) {
	native := v.UserID
	if v.Native == keypair.Project {
		native = v.ProjectID
	}
	return all(ctx, t, "key pair", scanKeyPair, `SELECT `+keyPairColumns+having(f)+`region = $2
		AND (owner_kind = 1 AND owner_id = $3 OR owner_kind = 2 AND owner_id = $4 AND ($5 = 1 OR creator_id = $3))
		AND (owner_kind = $6 OR NOT EXISTS (SELECT 1 FROM key_pairs AS n
			WHERE n.region = $2 AND n.owner_kind = $6 AND n.owner_id = $7 AND n.name = k.name
			AND (n.owner_kind = 1 OR $5 = 1 OR n.creator_id = $3)))
		ORDER BY name LIMIT $8`,
		[]byte(f.Sum), v.Region, v.UserID, v.ProjectID, bit(v.Shared), int64(v.Native), native, limit)
}

// AllKeyPairsOf implements [keypair.Tx].
func (t *Tx) AllKeyPairsOf(ctx context.Context, f sshkey.Fingerprint, afterID string, limit int) ([]keypair.KeyPair, error) {
	return all(ctx, t, "key pair", scanKeyPair,
		`SELECT `+keyPairColumns+having(f)+`id > $2 ORDER BY id LIMIT $3`, []byte(f.Sum), afterID, limit)
}

// fillFingerprints calculates, for key pairs of schema 1, the columns that
// schema 2 brings.
func fillFingerprints(ctx context.Context, t *Tx) error {
	for after := ""; ; {
		page, err := all(ctx, t, "key pair", func(s scanner) (k keypair.KeyPair, err error) {
			return k, s.Scan(&k.ID, &k.Type, &k.Blob)
		}, `SELECT id, type, blob FROM key_pairs WHERE id > $1 ORDER BY id LIMIT 500`, after)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, k := range page {
			f := fingerprintsOf(k)
			if f.sha1 == nil && f.certMD5 == nil {
				continue
			}
			if err := t.change(ctx, "key pair", k.ID,
				`UPDATE key_pairs SET sha1 = $1, certified_md5 = $2, certified_sha256 = $3 WHERE id = $4`,
				f.sha1, f.certMD5, f.certSHA256, k.ID); err != nil {
				return err
			}
		}
		after = page[len(page)-1].ID
	}
}
