package store

import (
	"context"
	"hash/fnv"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// lockSlots bounds the table of locks. Names share its rows: two that meet on
// one wait for each other without need, or at worst are run again.
const lockSlots = 1 << 16

// Lock implements [keypair.Tx] and [compute.Tx]. It holds a row that the
// transaction has written, which works on every database that writes rows.
func (t *Tx) Lock(ctx context.Context, name string) error {
	if !t.write {
		return &fault.Error{Kind: fault.Internal, Resource: "lock", Name: name, Msg: "only a write can hold it"}
	}
	if t.db.engine.oneWriter {
		return nil
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	_, err := t.exec(ctx, "waiting for others",
		`INSERT INTO locks (slot, taken) VALUES ($1, 1) ON CONFLICT (slot) DO UPDATE SET taken = locks.taken + 1`,
		int64(h.Sum32()%lockSlots))
	return err
}
