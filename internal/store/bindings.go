package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// bindingRow is a binding of an instance, or nothing where it has none.
type bindingRow struct {
	keyPairID, name, kind, publicKey, fingerprint, state sql.NullString
	since                                                sql.NullInt64
}

func (r bindingRow) binding() compute.Binding {
	b := compute.Binding{
		KeyPairID: r.keyPairID.String, Name: r.name.String, Type: r.kind.String, PublicKey: r.publicKey.String,
		Fingerprint: r.fingerprint.String, State: compute.BindingState(r.state.String),
	}
	if r.since.Int64 != 0 {
		b.Since = time.UnixMicro(r.since.Int64).UTC()
	}
	return b
}

// putBindings makes the instance's bindings those of i, in their order.
func (t *Tx) putBindings(ctx context.Context, i compute.Instance) error {
	for seq, b := range i.Bindings {
		_, err := t.exec(ctx, "binding a key pair",
			`INSERT INTO bindings (instance_id, seq, key_pair_id, name, type, public_key, fingerprint, state, since)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (instance_id, seq) DO UPDATE SET key_pair_id = excluded.key_pair_id, name = excluded.name,
			type = excluded.type, public_key = excluded.public_key, fingerprint = excluded.fingerprint,
			state = excluded.state, since = excluded.since`,
			i.ID, seq, b.KeyPairID, b.Name, b.Type, b.PublicKey, b.Fingerprint, string(b.State), micros(b.Since))
		if err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, "unbinding key pairs",
		`DELETE FROM bindings WHERE instance_id = $1 AND seq >= $2`, i.ID, len(i.Bindings))
	return err
}
