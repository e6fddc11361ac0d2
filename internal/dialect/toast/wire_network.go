package toast

type networksAnswer struct {
	envelope
	Networks []network `json:"networks"`
}

type network struct {
	AdminStateUp bool     `json:"adminStateUp"`
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	External     bool     `json:"router:external"`
	Status       string   `json:"status"`
	Subnets      []string `json:"subnets"`
}

type subnetsAnswer struct {
	envelope
	Subnets []subnet `json:"subnets"`
}

type subnet struct {
	AllocationPools []addressPool `json:"allocationPools"`
	CIDR            string        `json:"cidr"`
	EnableDHCP      bool          `json:"enableDhcp"`
	GatewayIP       *string       `json:"gatewayIp"`
	HostRoutes      []string      `json:"hostRoutes"`
	ID              string        `json:"id"`
	IPVersion       int           `json:"ipVersion"`
	Name            string        `json:"name"`
	NetworkID       string        `json:"networkId"`
}

type addressPool struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

type poolsAnswer struct {
	envelope
	Pools []named `json:"pools"`
}

type floatingIPsAnswer struct {
	envelope
	FloatingIPs []floatingIP `json:"floatingips"`
}

type floatingIPAnswer struct {
	envelope
	FloatingIP floatingIP `json:"floatingip"`
}

type floatingIP struct {
	ID      string `json:"id"`
	Address string `json:"floatingIpAddress"`
	Pool    named  `json:"pool"`
	Status  string `json:"status"`
	*floatingUse
}

// floatingUse is where a floating IP leads to; one that leads nowhere has none of it.
type floatingUse struct {
	FixedAddress string  `json:"fixedIpAddress"`
	PortID       string  `json:"portId"`
	RouterID     *string `json:"routerId"` // null where it has led there since before there were routers
}

type groupsAnswer struct {
	envelope
	Groups []securityGroup `json:"securityGroups"`
}

type groupAnswer struct {
	envelope
	Group securityGroup `json:"securityGroup"`
}

type securityGroup struct {
	groupLabels
	Rules []securityRule `json:"securityGroupRules"`
}

type groupLabels struct {
	Description string `json:"description"`
	ID          string `json:"id"`
	Name        string `json:"name"`
}

// labelsAnswer is what a change of a group is answered with.
type labelsAnswer struct {
	envelope
	Group groupLabels `json:"securityGroup"`
}

type rulesAnswer struct {
	envelope
	Rules []securityRule `json:"securityGroupRules"`
}

type ruleAnswer struct {
	envelope
	Rule securityRule `json:"securityGroupRule"`
}

// securityRule has null for what is not bounded.
type securityRule struct {
	Direction     string  `json:"direction"`
	EtherType     string  `json:"ethertype"`
	ID            string  `json:"id"`
	PortMax       *int    `json:"portRangeMax"`
	PortMin       *int    `json:"portRangeMin"`
	Protocol      *string `json:"protocol"`
	RemoteGroupID *string `json:"remoteGroupId"`
	RemotePrefix  *string `json:"remoteIpPrefix"`
	GroupID       string  `json:"securityGroupId"`
	Description   string  `json:"description"`
}
