package compute

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// ReleaseIdleFloatingIP is [Service.ReleaseFloatingIP] for those who must not
// cut an instance off by it: Conflict for an address that leads somewhere.
func (s *Service) ReleaseIdleFloatingIP(ctx context.Context, c identity.Caller, id string) error {
	if err := mayChange(c); err != nil {
		return err
	}
	return s.changeFloating(ctx, c, id, audit.Delete, func(tx Tx, f *FloatingIP) ([]Placed, error) {
		if f.PortID != "" {
			return nil, &fault.Error{Kind: fault.Conflict, Resource: "floating IP", Name: id, Msg: "Floating IP " + f.Addr.String() + " is in use."}
		}
		return nil, tx.DeleteFloatingIP(ctx, id)
	})
}
