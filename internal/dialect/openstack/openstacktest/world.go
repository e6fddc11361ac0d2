package openstacktest

import (
	"context"
	"net/netip"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Tokens are the callers by the text of their tokens, in the place of the
// identity service.
type Tokens map[string]identity.Caller

// CheckToken returns the caller whose token has this text; any other is
// [fault.Unauthenticated].
func (t Tokens) CheckToken(_ context.Context, text string, _ identity.Use) (identity.Token, identity.Caller, error) {
	c, ok := t[text]
	if !ok {
		return identity.Token{}, identity.Caller{}, &fault.Error{Kind: fault.Unauthenticated, Msg: "no such token"}
	}
	return identity.Token{UserID: c.User.ID, Scope: c.Scope}, c, nil
}

// Networking is the part of a driver that is about networks, with nothing to do.
type Networking struct{}

// FloatingRange is a range that nobody uses.
func (Networking) FloatingRange() netip.Prefix { return netip.MustParsePrefix("10.99.0.0/24") }

// SetForwards succeeds.
func (Networking) SetForwards(context.Context, string, []compute.Forward) error { return nil }

// SetRules succeeds.
func (Networking) SetRules(context.Context, string, []compute.NICRules) error { return nil }

// SetNICs succeeds.
func (Networking) SetNICs(context.Context, string, []compute.NIC) error { return nil }

// CheckRange takes every range but 10.0.0.0/24.
func (Networking) CheckRange(p netip.Prefix) error {
	if p == netip.MustParsePrefix("10.0.0.0/24") {
		return fault.Invalidf("cidr", "%s is the driver's own", p)
	}
	return nil
}

// Idle is a driver without machines, which has networks; only its Info may be
// asked for beside them.
type Idle struct {
	compute.Driver
	Networking
}

// Info has the network of the recordings.
func (Idle) Info() compute.DriverInfo {
	return compute.DriverInfo{Name: "idle", Network: netip.MustParsePrefix("10.77.0.0/16"), Zones: []string{"nova"}}
}
