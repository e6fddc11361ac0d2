package sim

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// Resize implements [compute.Resizer].
func (d *Driver) Resize(_ context.Context, spec compute.Spec) error {
	if err := d.check(spec); err != nil {
		return err
	}
	m, err := d.machine(spec.ID)
	if err != nil {
		return err
	}
	m.op.Lock()
	defer m.op.Unlock()
	if m.running() {
		return &fault.Error{Kind: fault.Conflict, Resource: "instance", Name: spec.ID, Msg: "it must be stopped first"}
	}
	return m.configure(spec)
}
