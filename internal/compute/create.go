package compute

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
)

// maxNICs is how many networks one instance may be on: each takes an address,
// which no other quota counts.
const maxNICs = 16

// CreateRequest is one or more instances to be made.
type CreateRequest struct {
	Name        string // 1 to 255 characters; the dialect checks it
	Description *string
	FlavorID    string
	ImageID     string
	// Networks are where it gets addresses, in order; nil: the default network.
	// An empty list that is not nil means no network at all. At most [maxNICs].
	Networks []NICRequest
	// Groups are ids or names of the security groups that its new ports are in;
	// nil: the default one.
	Groups []string
	Zone   string // empty: the first one
	// KeyName is looked up in Keys, the caller's view of their dialect; empty: no key pair.
	KeyName  string
	Keys     keypair.View
	Metadata map[string]string
	UserData []byte
	Tags     []string
	// Hostname is the guest's; empty: made of the name.
	Hostname               string
	AccessIPv4, AccessIPv6 string
	AutoDisk               bool
	// AdminPass becomes the default user's password; empty: none.
	AdminPass string
	Files     []File
	GroupID   string // of a [ServerGroup]; empty: none
	// Disks are the volumes that each instance gets. One that boots takes the
	// place of ImageID.
	Disks []Disk
	// MinCount and MaxCount are how many to make: as many as the quota allows
	// between the two. Zero means one.
	MinCount, MaxCount int
}

// QuotaExceeded is the detail of a Quota fault.
type QuotaExceeded struct {
	Resource               string // [QuotaInstances], …
	Requested, Used, Limit int
}

// Error says it in Nova's words.
func (q *QuotaExceeded) Error() string {
	return fmt.Sprintf("Quota exceeded for %s: Requested %d, but already used %d of %d %s",
		q.Resource, q.Requested, q.Used, q.Limit, q.Resource)
}

// Create makes instances and binds the key pair to them: what they get is a
// snapshot. It returns when the wish is on record; jobs do the work. Quota,
// addresses and the key pair are decided in the transaction that writes.
//
// Faults, in the order in which they are looked for: Forbidden (a reader),
// Invalid (adminPass), NotFound (flavor, image), Forbidden ([ErrDiskless]), Conflict ([ErrInactive]), Invalid (flavor.ram, flavor.disk: too small for
// the image; zone), NotFound (key pair), Invalid (networks: too many),
// NotFound (network, port), Invalid and Conflict (a port or an address that
// cannot be had), NotFound (security group), Quota with a [TooMany] (metadata,
// files) or a [QuotaExceeded], NotFound (server group), Quota with a [TooMany]
// (members of the group), NoCapacity (no node that the group's policy allows;
// no address).
func (s *Service) Create(ctx context.Context, c identity.Caller, req CreateRequest) ([]Instance, error) {
	if err := mayChange(c); err != nil {
		return nil, err
	}
	if c.ProjectID() == "" {
		return nil, &fault.Error{Kind: fault.Forbidden, Resource: "instance", Msg: "an instance needs a project"}
	}
	req.MinCount, req.MaxCount = max(req.MinCount, 1), max(req.MaxCount, req.MinCount, 1)
	passwordHash, err := s.hash(req.AdminPass)
	if err != nil {
		return nil, err
	}
	var made []Instance
	err = s.store.Write(ctx, func(tx Tx) error {
		made = nil
		proto, err := s.prototype(ctx, tx, c, req)
		if err != nil {
			return err
		}
		plans, err := s.plans(ctx, tx, c, req.Networks)
		if err != nil {
			return err
		}
		if err := s.lockGroups(ctx, tx, c.ProjectID()); err != nil {
			return err
		}
		groups, err := findGroups(ctx, tx, c.ProjectID(), req.Groups)
		if err != nil {
			return err
		}
		if err := s.equip(ctx, tx, &proto, req, passwordHash); err != nil {
			return err
		}
		n, err := s.reserve(ctx, tx, proto.holder(), req.MinCount, req.MaxCount, proto.Claim())
		if err != nil {
			return err
		}
		if err := s.join(ctx, tx, &proto, n); err != nil {
			return err
		}
		taken := map[netip.Addr]bool{}
		for k := range n {
			i := proto
			i.ID, i.LaunchIndex = s.opt.NewID(), k
			i.Metadata, i.Bindings = maps.Clone(proto.Metadata), slices.Clone(proto.Bindings)
			if n > 1 {
				i.Name += "-" + strconv.Itoa(k+1)
				if i.Hostname != "" {
					i.Hostname += "-" + strconv.Itoa(k+1)
				}
			}
			i.Hostname = i.HostLabel()
			if err := s.sealPassword(&i, req.AdminPass); err != nil {
				return err
			}
			if i.NICs, err = s.nics(ctx, tx, plans, groups, taken); err != nil {
				return err
			}
			volumes, err := s.plugDisks(ctx, tx, c, &i, req.Disks)
			if err != nil {
				return err
			}
			if err := tx.InsertInstance(ctx, i); err != nil {
				return err
			}
			if err := s.writeDisks(ctx, tx, req.Disks, volumes); err != nil {
				return err
			}
			if err := s.begin(ctx, tx, c, i, ActionCreate); err != nil {
				return err
			}
			for _, b := range i.Bindings {
				e := s.audit(c, audit.Bind, i, b.Name+" "+b.Fingerprint)
				if err := tx.AppendAudit(ctx, e); err != nil {
					return err
				}
			}
			made = append(made, i)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.opt.Wake()
	return made, nil
}

// prototype is what the instances of a request have in common.
func (s *Service) prototype(ctx context.Context, tx Tx, c identity.Caller, req CreateRequest) (Instance, error) {
	now := s.now()
	i := Instance{
		Region: c.Region, ProjectID: c.ProjectID(), UserID: c.User.ID,
		Name: req.Name, Description: req.Description, Zone: req.Zone, Node: s.opt.Node,
		State:    State{VM: Building, Task: Spawning},
		Hostname: req.Hostname, AccessIPv4: req.AccessIPv4, AccessIPv6: req.AccessIPv6, AutoDisk: req.AutoDisk,
		GroupID:  req.GroupID,
		Metadata: maps.Clone(req.Metadata), UserData: req.UserData, Tags: req.Tags,
		ReservationID: "r-" + s.opt.NewID()[:8], CreatedAt: now, UpdatedAt: now,
	}
	info := s.driver.Info()
	if i.Zone == "" {
		i.Zone = info.Zones[0]
	} else if !slices.Contains(info.Zones, i.Zone) {
		return i, fault.Invalidf("availability_zone", "there is no availability zone %q", i.Zone)
	}
	var err error
	if i.Flavor, err = visibleFlavor(ctx, tx, c, req.FlavorID); err != nil {
		return i, err
	}
	var diskGiB int
	if i.Image, diskGiB, err = s.bootImage(ctx, tx, c, req, i.Flavor); err != nil {
		return i, err
	}
	if err := i.Image.mustBeActive(); err != nil {
		return i, err
	}
	if i.Image.Node != "" {
		i.Node = i.Image.Node
	}
	if _, onVolume := req.bootDisk(); onVolume && diskGiB < i.Image.MinDiskGiB {
		return i, fault.Invalidf("disks.size", "Volume is smaller than the minimum size specified in image metadata. Volume size is %d bytes, minimum size is %d bytes.", int64(diskGiB)<<30, int64(i.Image.MinDiskGiB)<<30)
	}
	if err := fits(i.Flavor, i.Image, diskGiB); err != nil {
		return i, err
	}
	if req.KeyName != "" {
		k, err := tx.KeyPair(ctx, req.Keys, req.KeyName)
		if err != nil {
			return i, err
		}
		i.Bindings = []Binding{bind(k, i)}
	}
	// A guest that does not answer at SSH's own port says where it does.
	if info.SSHPort != 22 && i.Image.OSType != Windows {
		if i.Metadata == nil {
			i.Metadata = map[string]string{}
		}
		if _, ok := i.Metadata["ssh_port"]; !ok {
			i.Metadata["ssh_port"] = strconv.Itoa(info.SSHPort)
		}
	}
	return i, nil
}

func bind(k keypair.KeyPair, i Instance) Binding {
	return Binding{
		KeyPairID: k.ID, Name: k.Name, Type: string(k.Type), PublicKey: k.PublicKey,
		Fingerprint: k.FingerprintMD5(), State: BindingPending, Since: i.CreatedAt,
	}
}
