package store

import (
	"context"
	"strconv"

	"github.com/keyreeve/keyreeve/internal/keypair"
)

const keyPairColumns = `id, region, owner_kind, owner_id, creator_id, name, type, public_key, blob,
	algorithm, bits, description, tags, resource_group, created_at`

func scanKeyPair(s scanner) (k keypair.KeyPair, err error) {
	err = s.Scan(&k.ID, &k.Region, &k.Owner.Kind, &k.Owner.ID, &k.CreatorID, &k.Name, &k.Type, &k.PublicKey, &k.Blob,
		&k.Algorithm, &k.Bits, &k.Description, jsonInto{&k.Tags}, &k.ResourceGroup, instant{&k.CreatedAt})
	return k, err
}

// The two halves of a view, each a range of one index. $1 region, $2 user,
// $3 name, $4 project, $5 whether all of the project's are in it.
const (
	private = `SELECT ` + keyPairColumns + ` FROM key_pairs
		WHERE region = $1 AND owner_kind = 1 AND owner_id = $2 AND name `
	shared = `SELECT ` + keyPairColumns + ` FROM key_pairs
		WHERE region = $1 AND owner_kind = 2 AND owner_id = $4 AND ($5 = 1 OR creator_id = $2) AND name `
)

// KeyPair implements [keypair.Finder].
func (t *Tx) KeyPair(ctx context.Context, v keypair.View, name string) (keypair.KeyPair, error) {
	query, args := private+`= $3`, []any{v.Region, v.UserID, name}
	if v.ProjectID != "" {
		query += ` UNION ALL ` + shared + `= $3`
		args = append(args, v.ProjectID, bit(v.Shared))
	}
	found, err := all(ctx, t, "key pair", scanKeyPair, query, args...)
	return single(nativeFirst(found, v.Native), err, "key pair", name)
}

// KeyPairs implements [keypair.Tx].
func (t *Tx) KeyPairs(ctx context.Context, v keypair.View, after string, limit int) ([]keypair.KeyPair, error) {
	if limit <= 0 {
		return nil, nil
	}
	query, args := private+`> $3`, []any{v.Region, v.UserID, after}
	if v.ProjectID != "" {
		query += ` UNION ALL ` + shared + `> $3`
		args = append(args, v.ProjectID, bit(v.Shared))
	}
	// Two may share a name, so that as many as twice the limit are read.
	query += ` ORDER BY name LIMIT $` + strconv.Itoa(len(args)+1)
	args = append(args, 2*limit)
	var found []keypair.KeyPair
	err := t.each(ctx, "reading: key pair", func(s scanner) error {
		k, err := scanKeyPair(s)
		if err != nil {
			return err
		}
		if found = append(found, k); len(found) > limit {
			if found = nativeFirst(found, v.Native); len(found) > limit {
				return errEnough
			}
		}
		return nil
	}, query, args...)
	if err != nil {
		return nil, err
	}
	found = nativeFirst(found, v.Native)
	return found[:min(limit, len(found))], nil
}

// nativeFirst keeps one of neighbours with one name: the one of the native kind.
func nativeFirst(found []keypair.KeyPair, native keypair.OwnerKind) []keypair.KeyPair {
	kept := found[:0]
	for _, k := range found {
		n := len(kept)
		switch {
		case n == 0 || kept[n-1].Name != k.Name:
			kept = append(kept, k)
		case k.Owner.Kind == native:
			kept[n-1] = k
		}
	}
	return kept
}

// CountKeyPairs implements [keypair.Tx].
func (t *Tx) CountKeyPairs(ctx context.Context, region string, o keypair.Owner) (int, error) {
	n, err := t.number(ctx, "key pair",
		`SELECT COUNT(*) FROM key_pairs WHERE region = $1 AND owner_kind = $2 AND owner_id = $3`,
		region, int64(o.Kind), o.ID)
	return int(n), err
}

// AllKeyPairs implements [keypair.Tx].
func (t *Tx) AllKeyPairs(ctx context.Context, afterID string, limit int) ([]keypair.KeyPair, error) {
	return all(ctx, t, "key pair", scanKeyPair,
		`SELECT `+keyPairColumns+` FROM key_pairs WHERE id > $1 ORDER BY id LIMIT $2`, afterID, limit)
}

// InsertKeyPair implements [keypair.Tx].
func (t *Tx) InsertKeyPair(ctx context.Context, k keypair.KeyPair) error {
	f := fingerprintsOf(k)
	return t.insert(ctx, "key pair", k.Name,
		`INSERT INTO key_pairs (`+keyPairColumns+`, md5, sha256, sha1, certified_md5, certified_sha256)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		k.ID, k.Region, int64(k.Owner.Kind), k.Owner.ID, k.CreatorID, k.Name, string(k.Type), k.PublicKey, k.Blob,
		k.Algorithm, k.Bits, k.Description, jsonText(k.Tags), k.ResourceGroup, micros(k.CreatedAt),
		f.md5, f.sha256, f.sha1, f.certMD5, f.certSHA256)
}

// DeleteKeyPair implements [keypair.Tx].
func (t *Tx) DeleteKeyPair(ctx context.Context, id string) error {
	return t.change(ctx, "key pair", id, `DELETE FROM key_pairs WHERE id = $1`, id)
}
