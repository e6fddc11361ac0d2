package compute

import (
	"context"
	"net/netip"
)

// The abilities of drivers whose networks can be changed. Their calls are
// idempotent, take the whole of what is wanted, return soon, and may come while
// another call for the instance is under way. What they change counts for new
// connections at once.

// RuleSetter is a [Driver] that enforces security groups.
type RuleSetter interface {
	// SetRules says what the instance's filtered NICs let in. A filtered NIC that
	// is not named lets nothing in; nor does one of which nothing was said since
	// the driver began. Connections that are open stay. Faults: NotFound.
	SetRules(ctx context.Context, id string, rules []NICRules) error
}

// NICRules are the rules of one NIC: the sum of its groups'.
type NICRules struct {
	PortID string
	Rules  []Rule
}

// Forwarder is a [Driver] that has floating addresses.
type Forwarder interface {
	// FloatingRange is where floating addresses come from.
	FloatingRange() netip.Prefix
	// SetForwards says which floating addresses lead to the instance. Faults:
	// NotFound, Unavailable when an address is still somebody else's.
	SetForwards(ctx context.Context, id string, forwards []Forward) error
}

// Forward is a floating address that leads to a fixed one.
type Forward struct{ Floating, Fixed netip.Addr }

// Plugger is a [Driver] that puts instances on networks beside its own, and
// changes the NICs of those that run.
type Plugger interface {
	// CheckRange refuses the range of a network that the driver cannot have.
	// Faults: Invalid.
	CheckRange(p netip.Prefix) error
	// SetNICs gives the instance these NICs. Faults: NotFound, Unavailable when an
	// address is somebody else's.
	SetNICs(ctx context.Context, id string, nics []NIC) error
}
