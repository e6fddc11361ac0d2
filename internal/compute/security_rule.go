package compute

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Direction is which way a rule looks, from the instance.
type Direction string

// The directions.
const (
	Ingress Direction = "ingress"
	Egress  Direction = "egress"
)

// EtherType is the family of addresses that a rule is about.
type EtherType string

// The families.
const (
	IPv4 EtherType = "IPv4"
	IPv6 EtherType = "IPv6"
)

// AnyPort stands for no bound in [Rule].
const AnyPort = -1

// Rule lets something through; what no rule lets through stays out.
type Rule struct {
	Direction Direction
	EtherType EtherType
	Protocol  string // "tcp", …, a number up to 255, or empty for any
	// From and To are ports of TCP and its like, both included, or ICMP's type
	// and code; [AnyPort] for any.
	From, To int
	// Remote is the other side's range, with the host bits it was given with; not
	// valid for any. RemoteGroupID lets the ports of a group in instead.
	Remote        netip.Prefix
	RemoteGroupID string
}

// SecurityRule is a rule of a security group.
type SecurityRule struct {
	ID        string // UUID
	GroupID   string
	ProjectID string
	Rule
	Description string
	CreatedAt   time.Time
}

// RuleRequest is a rule to be made.
type RuleRequest struct {
	GroupID string
	Rule
	Description string
}

// Admits tells whether the rule lets a TCP connection from an address to a port
// in; in tells who is in the rule's group.
func (r Rule) Admits(from netip.Addr, port int, in func(groupID string, a netip.Addr) bool) bool {
	if !r.OpensTCP(port) || (r.EtherType == IPv4) != from.Is4() {
		return false
	}
	if r.RemoteGroupID != "" {
		return in(r.RemoteGroupID, from)
	}
	return !r.Remote.IsValid() || r.Remote.Contains(from)
}

// OpensTCP tells whether the rule lets anybody in to a TCP port.
func (r Rule) OpensTCP(port int) bool {
	return r.Direction == Ingress && (r.Protocol == "" || r.Protocol == "tcp" || r.Protocol == "6") &&
		(r.From == AnyPort || r.From <= port) && (r.To == AnyPort || port <= r.To)
}

// protocols are the names of protocols that rules may have
// (neutron_lib.constants.IP_PROTOCOL_MAP).
var protocols = []string{
	"ah", "dccp", "egp", "esp", "gre", "hopopt", "icmp", "icmpv6", "igmp", "ip", "ipip", "ipv6-encap", "ipv6-frag", "ipv6-icmp",
	"ipv6-nonxt", "ipv6-opts", "ipv6-route", "ospf", "pgm", "rsvp", "sctp", "tcp", "udp", "udplite", "vrrp",
}

var (
	withPorts = []string{"tcp", "udp", "udplite", "sctp", "dccp", "6", "17", "136", "132", "33"}
	icmps     = []string{"icmp", "icmpv6", "ipv6-icmp", "1", "58"}
)

// check refuses a rule that makes no sense, in Neutron's words.
func (r Rule) check() error {
	if r.Direction != Ingress && r.Direction != Egress {
		return fault.Invalidf("direction", "Invalid input for direction. Reason: '%s' is not in ['ingress', 'egress'].", r.Direction)
	}
	if r.EtherType != IPv4 && r.EtherType != IPv6 {
		return fault.Invalidf("ethertype", "Invalid input for ethertype. Reason: '%s' is not in ['IPv4', 'IPv6'].", r.EtherType)
	}
	n, err := strconv.Atoi(r.Protocol)
	if r.Protocol != "" && !slices.Contains(protocols, r.Protocol) && (err != nil || n < 0 || n > 255) {
		return fault.Invalidf("protocol", "Security group rule protocol %s not supported. Only protocol values %s and integer representations [0 to 255] are supported.", r.Protocol, quoted(protocols))
	}
	if err := r.checkPorts(); err != nil {
		return err
	}
	if r.Remote.IsValid() && r.RemoteGroupID != "" {
		return fault.Invalidf("remote_group_id", "Only remote_ip_prefix or remote_group_id may be provided.")
	}
	if r.Remote.IsValid() && r.Remote.Addr().Is4() != (r.EtherType == IPv4) {
		return fault.Invalidf("remote_ip_prefix", "Conflicting value ethertype %s for CIDR %s", r.EtherType, r.Remote)
	}
	return nil
}

func (r Rule) checkPorts() error {
	if r.From == AnyPort && r.To == AnyPort {
		return nil
	}
	switch {
	case r.Protocol == "":
		return fault.Invalidf("port_range_min", "Must also specify protocol if port range is given.")
	case slices.Contains(withPorts, r.Protocol):
		for _, n := range []int{r.From, r.To} {
			if n == 0 || n > 65535 {
				return fault.Invalidf("port_range_min", "Invalid value for port %d", n)
			}
		}
		if r.From == AnyPort || r.To == AnyPort || r.From > r.To {
			return fault.Invalidf("port_range_min", "For TCP/UDP protocols, port_range_min must be <= port_range_max")
		}
	case slices.Contains(icmps, r.Protocol):
		for _, b := range []struct {
			field, attr string
			n           int
		}{{"port_range_min", "type", r.From}, {"port_range_max", "code", r.To}} {
			if b.n > 255 {
				return fault.Invalidf(b.field, "Invalid value for ICMP %s (%s) %d. It must be 0 to 255.", b.field, b.attr, b.n)
			}
		}
		if r.From == AnyPort {
			return fault.Invalidf("port_range_max", "ICMP code (port-range-max) %d is provided but ICMP type (port-range-min) is missing.", r.To)
		}
	default:
		return fault.Invalidf("protocol", "Invalid protocol %s for port range, only supported for TCP, UDP, UDPLITE, SCTP and DCCP.", r.Protocol)
	}
	return nil
}

func quoted(words []string) string { return fmt.Sprintf("%q", words) }

func (s *Service) newRule(g SecurityGroup, r Rule, description string) SecurityRule {
	return SecurityRule{ID: s.opt.NewID(), GroupID: g.ID, ProjectID: g.ProjectID, Rule: r, Description: description, CreatedAt: s.now()}
}

// CreateSecurityRules adds rules to groups, all or none. They count for new
// connections when it returns, on instances of this node; jobs see to the rest.
// Faults: Forbidden, Unsupported, Invalid, NotFound (a group), Exists, Quota
// with a [QuotaExceeded].
func (s *Service) CreateSecurityRules(ctx context.Context, c identity.Caller, reqs ...RuleRequest) ([]SecurityRule, error) {
	if err := s.mayFilter(c); err != nil {
		return nil, err
	}
	for _, req := range reqs {
		if err := req.check(); err != nil {
			return nil, err
		}
	}
	var made []SecurityRule
	var touched []Placed
	err := s.store.Write(ctx, func(tx Tx) error {
		made, touched = nil, nil
		for _, req := range reqs {
			r, err := s.addRule(ctx, tx, c, req)
			if err != nil {
				return err
			}
			made = append(made, r)
		}
		var err error
		if touched, err = s.afterRules(ctx, tx, c, audit.Create, made); err != nil {
			return err
		}
		return s.enqueueWiring(ctx, tx, touched)
	})
	if err != nil {
		return nil, err
	}
	s.rewire(ctx, touched)
	return made, nil
}

func (s *Service) addRule(ctx context.Context, tx Tx, c identity.Caller, req RuleRequest) (SecurityRule, error) {
	g, err := s.lockedGroup(ctx, tx, c, req.GroupID)
	if err != nil {
		return SecurityRule{}, err
	}
	if id := req.RemoteGroupID; id != "" {
		if remote, err := visibleSecurityGroup(ctx, tx, c, id); err != nil {
			return SecurityRule{}, err
		} else if remote.ProjectID != g.ProjectID {
			return SecurityRule{}, fault.Missing("security group", id)
		}
	}
	if err := s.room(ctx, tx, g.ProjectID, QuotaSecurityRules, 1); err != nil {
		return SecurityRule{}, err
	}
	for _, o := range g.Rules {
		if o.Rule == req.Rule {
			return SecurityRule{}, &fault.Error{Kind: fault.Exists, Resource: "security group rule", Name: o.ID,
				Msg: "Security group rule already exists. Rule id is " + o.ID + "."}
		}
	}
	r := s.newRule(g, req.Rule, req.Description)
	return r, tx.InsertSecurityRule(ctx, r)
}

// afterRules records that groups have other rules now, and returns the
// instances that have to hear of it.
func (s *Service) afterRules(ctx context.Context, tx Tx, c identity.Caller, a audit.Action, rules []SecurityRule) ([]Placed, error) {
	var ids []string
	for _, r := range rules {
		if err := tx.AppendAudit(ctx, s.networkAudit(c, a, "security group rule", r.ID, r.ProjectID, "group "+r.GroupID)); err != nil {
			return nil, err
		}
		if slices.Contains(ids, r.GroupID) {
			continue
		}
		ids = append(ids, r.GroupID)
		g, err := tx.SecurityGroup(ctx, r.GroupID)
		if err != nil {
			return nil, err
		}
		g.UpdatedAt, g.Revision = s.now(), g.Revision+1
		if err := tx.UpdateSecurityGroup(ctx, g); err != nil {
			return nil, err
		}
	}
	placed, _, err := tx.Guarded(ctx, ids...)
	return placed, err
}

// SecurityRule returns a rule by its id. Faults: NotFound.
func (s *Service) SecurityRule(ctx context.Context, c identity.Caller, id string) (SecurityRule, error) {
	return read(ctx, s.store, func(tx Tx) (SecurityRule, error) { return visibleRule(ctx, tx, c, id) })
}

func visibleRule(ctx context.Context, tx Tx, c identity.Caller, id string) (SecurityRule, error) {
	r, err := tx.SecurityRule(ctx, id)
	return visible(r, err, owns(c, r.ProjectID), "security group rule", id)
}

// DeleteSecurityRule takes a rule out of its group. Connections that it let in
// stay; new ones stay out when it returns, on instances of this node. Faults:
// NotFound, Forbidden, Unsupported.
func (s *Service) DeleteSecurityRule(ctx context.Context, c identity.Caller, id string) error {
	if err := s.mayFilter(c); err != nil {
		return err
	}
	var touched []Placed
	err := s.store.Write(ctx, func(tx Tx) error {
		touched = nil
		r, err := visibleRule(ctx, tx, c, id)
		if err != nil {
			return err
		}
		if err := tx.Lock(ctx, "security groups of "+r.ProjectID); err != nil {
			return err
		}
		if err := tx.DeleteSecurityRule(ctx, id); err != nil {
			return err
		}
		if touched, err = s.afterRules(ctx, tx, c, audit.Delete, []SecurityRule{r}); err != nil {
			return err
		}
		return s.enqueueWiring(ctx, tx, touched)
	})
	if err == nil {
		s.rewire(ctx, touched)
	}
	return err
}
