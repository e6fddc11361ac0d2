package compute

import (
	"context"
	"net/netip"
)

// NetworkTx is the part of [Tx] that is about networks.
type NetworkTx interface {
	// Network returns a network with its subnet.
	Network(ctx context.Context, id string) (Network, error)
	// Networks returns all networks with their subnets, ordered by name.
	Networks(ctx context.Context) ([]Network, error)
	// InsertNetwork writes the network and its subnet.
	InsertNetwork(ctx context.Context, n Network) error
	// UpdateNetwork writes everything of the network and of its subnet, which it
	// makes or removes. When and by whom they were made stays.
	UpdateNetwork(ctx context.Context, n Network) error
	// DeleteNetwork removes the network and its subnet.
	DeleteNetwork(ctx context.Context, id string) error

	// NextAddress returns the lowest address in [from, to] that no port of
	// the network has, NoCapacity when there is none.
	NextAddress(ctx context.Context, networkID string, from, to netip.Addr) (netip.Addr, error)

	Port(ctx context.Context, id string) (Port, error)
	// Ports returns ports, newest first.
	Ports(ctx context.Context, q PortQuery) ([]Port, error)
	// InsertPort writes the port. Exists when its address is taken.
	InsertPort(ctx context.Context, p Port) error
	// UpdatePort writes everything of the port but its project, its network and
	// when it was made. Given to an instance it becomes its last NIC; taken away,
	// those after it move up.
	UpdatePort(ctx context.Context, p Port) error
	DeletePort(ctx context.Context, id string) error

	// SecurityGroup returns a group with its rules.
	SecurityGroup(ctx context.Context, id string) (SecurityGroup, error)
	// SecurityGroups returns a project's groups with their rules, or all with "",
	// oldest first; rules too.
	SecurityGroups(ctx context.Context, projectID string) ([]SecurityGroup, error)
	// InsertSecurityGroup writes the group and its rules.
	InsertSecurityGroup(ctx context.Context, g SecurityGroup) error
	// UpdateSecurityGroup writes what is said about the group, not its rules.
	UpdateSecurityGroup(ctx context.Context, g SecurityGroup) error
	// DeleteSecurityGroup removes the group, its rules and those that let it in.
	DeleteSecurityGroup(ctx context.Context, id string) error
	SecurityRule(ctx context.Context, id string) (SecurityRule, error)
	// InsertSecurityRule writes the rule. Exists when the group has the same.
	InsertSecurityRule(ctx context.Context, r SecurityRule) error
	DeleteSecurityRule(ctx context.Context, id string) error
	// Guarded returns the instances whose NICs are in one of the groups, and how
	// many ports are, those of no instance too.
	Guarded(ctx context.Context, groupIDs ...string) (instances []Placed, ports int, err error)

	FloatingIP(ctx context.Context, id string) (FloatingIP, error)
	// FloatingIPs returns a project's, or all with "", newest first.
	FloatingIPs(ctx context.Context, projectID string) ([]FloatingIP, error)
	// InsertFloatingIP writes the address. Exists when it is taken.
	InsertFloatingIP(ctx context.Context, f FloatingIP) error
	// UpdateFloatingIP writes its description and where it leads to. Exists when
	// another leads there.
	UpdateFloatingIP(ctx context.Context, f FloatingIP) error
	DeleteFloatingIP(ctx context.Context, id string) error
	// NextFloatingIP is NextAddress for a pool: it returns what is neither a
	// floating address nor that of a port on the network.
	NextFloatingIP(ctx context.Context, networkID string, from, to netip.Addr) (netip.Addr, error)
	// FloatingIPsThrough returns those that lead to a port through the router.
	FloatingIPsThrough(ctx context.Context, routerID string) ([]FloatingIP, error)

	// Router returns a router with its ports.
	Router(ctx context.Context, id string) (Router, error)
	// Routers returns a project's with their ports, or all with "", newest first.
	Routers(ctx context.Context, projectID string) ([]Router, error)
	// InsertRouter and UpdateRouter write what is said about the router, not its ports.
	InsertRouter(ctx context.Context, r Router) error
	UpdateRouter(ctx context.Context, r Router) error
	// DeleteRouter removes a router without ports.
	DeleteRouter(ctx context.Context, id string) error
	// InsertRouterPort makes a port that is there a router's, Exists when it or
	// another of that network is one already.
	InsertRouterPort(ctx context.Context, routerID string, p RouterPort) error
	// DeleteRouterPort leaves the port without the router.
	DeleteRouterPort(ctx context.Context, portID string) error
	// RouterBetween returns the id of a router with a gateway on the pool and an
	// interface on the network, one of the project's first.
	RouterBetween(ctx context.Context, poolID, networkID, projectID string) (string, error)

	// NetworkUsage counts what a project has, by the names of [NetworkQuota].
	// Ports that were made with an instance and go with it are not counted.
	NetworkUsage(ctx context.Context, projectID string) (map[string]int, error)
	// QuotaProjects returns the projects that have limits of their own on one of
	// the resources, in order.
	QuotaProjects(ctx context.Context, resources ...string) ([]string, error)
}

// PortQuery selects ports; empty fields select all.
type PortQuery struct {
	ProjectID string
	NetworkID string
	DeviceID  string // of an instance, or of what else says that it has the port
}

// Placed is an instance and the node whose driver runs it.
type Placed struct{ ID, Node string }
