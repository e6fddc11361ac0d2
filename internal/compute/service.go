package compute

import (
	"context"
	"crypto/rand"
	"hash/fnv"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// Options say how a [Service] works.
type Options struct {
	Now   func() time.Time
	NewID func() string // a UUID
	// NewMAC returns a MAC address of the range that OpenStack uses, fa:16:3e.
	NewMAC func() string
	// Node is this machine's id: whose driver runs what is placed here.
	Node string
	// Wake is called after a job was committed.
	Wake func()
	// Quota is what a project may have where nothing else is set; negative for no limit.
	Quota Usage
	// VolumeQuota is the same for volumes.
	VolumeQuota VolumeUsage
	// Limits are what else a project may have where nothing else is set, by the
	// name of the quota; what is missing is as in Nova.
	Limits map[string]int
	// Random is where salts and guests' sealed passwords come from, default crypto/rand.
	Random io.Reader
	// StopGrace is how long a guest may take to shut down, default 10 s.
	StopGrace time.Duration
}

// Service is the one entrance to instances. Its methods are safe for concurrent use.
type Service struct {
	store  Store
	driver Driver
	opt    Options
	// standard is what a project may have where nothing else is set.
	standard map[string]int

	wiring [64]sync.Mutex // by instance
	after  *afterwards    // in [Service.AllOrNone] only
}

// New makes a service that has the driver make real what the store says.
func New(store Store, driver Driver, opt Options) *Service {
	if opt.StopGrace <= 0 {
		opt.StopGrace = 10 * time.Second
	}
	if opt.Random == nil {
		opt.Random = rand.Reader
	}
	if opt.Wake == nil {
		opt.Wake = func() {}
	}
	return &Service{store: store, driver: driver, opt: opt, standard: opt.limits()}
}

// Driver returns what the instances run on.
func (s *Service) Driver() DriverInfo { return s.driver.Info() }

// Node is the id of the machine that this process's driver runs instances on.
func (s *Service) Node() string { return s.opt.Node }

// Instance returns an instance of the caller's project, or any for
// administrators. Faults: NotFound.
func (s *Service) Instance(ctx context.Context, c identity.Caller, id string) (Instance, error) {
	return read(ctx, s.store, func(tx Tx) (Instance, error) { return visibleInstance(ctx, tx, c, id) })
}

func visibleInstance(ctx context.Context, tx Tx, c identity.Caller, id string) (Instance, error) {
	i, err := tx.Instance(ctx, id)
	return visible(i, err, sees(c, i.Region, i.ProjectID), "instance", id)
}

// lockedInstance is visibleInstance that nobody else changes until the
// transaction ends. Faults: NotFound.
func lockedInstance(ctx context.Context, tx Tx, c identity.Caller, id string) (Instance, error) {
	if err := tx.Lock(ctx, "instance "+id); err != nil {
		return Instance{}, err
	}
	return visibleInstance(ctx, tx, c, id)
}

// ListRequest says which instances are wanted.
type ListRequest struct {
	// AllProjects lists every project's, for administrators.
	AllProjects bool
	// Match keeps the instances for which it is true; nil keeps all.
	Match func(Instance) bool
	// After lists what comes after the instance of that id.
	After string
	Limit int // at most this many; negative for all
}

// Instances lists the instances of the caller's project, newest first. Faults:
// Forbidden (AllProjects by others than administrators), Invalid (marker).
func (s *Service) Instances(ctx context.Context, c identity.Caller, req ListRequest) ([]Instance, error) {
	q := InstanceQuery{Region: c.Region, ProjectID: c.ProjectID()}
	if req.AllProjects {
		if !c.Admin() {
			return nil, &fault.Error{Kind: fault.Forbidden, Resource: "instance", Msg: "only administrators list all projects"}
		}
		q.ProjectID = ""
	} else if q.ProjectID == "" {
		return nil, nil
	}
	if req.Limit == 0 {
		return nil, nil
	}
	const batch = 500
	q.Limit = batch
	if req.Match == nil && req.Limit > 0 {
		q.Limit = min(req.Limit, batch)
	}
	var out []Instance
	err := s.store.Read(ctx, func(tx Tx) error {
		if req.After != "" {
			i, err := visibleInstance(ctx, tx, c, req.After)
			if fault.Is(err, fault.NotFound) {
				return fault.Invalidf("marker", "there is no instance %s to list after", req.After)
			} else if err != nil {
				return err
			}
			q.Before = &InstanceKey{CreatedAt: i.CreatedAt, ID: i.ID}
		}
		for {
			some, err := tx.Instances(ctx, q)
			if err != nil {
				return err
			}
			for _, i := range some {
				if req.Match == nil || req.Match(i) {
					out = append(out, i)
					if len(out) == req.Limit {
						return nil
					}
				}
			}
			if len(some) < q.Limit {
				return nil
			}
			last := some[len(some)-1]
			q.Before = &InstanceKey{CreatedAt: last.CreatedAt, ID: last.ID}
		}
	})
	return out, err
}

// Act asks for something to be done to an instance: [ActionStart],
// [ActionStop], [ActionReboot], [ActionHardReboot], [ActionPause],
// [ActionUnpause], [ActionRevert] or [ActionDelete]. It returns when the wish
// is on record; a job does the work. Faults: NotFound, Forbidden (a reader),
// Conflict with a [Locked] or [WrongState], Unsupported.
func (s *Service) Act(ctx context.Context, c identity.Caller, id string, a Action) (Instance, error) {
	if a == ActionPause || a == ActionUnpause {
		if _, ok := s.driver.(Pauser); !ok {
			return Instance{}, s.cannot("pause")
		}
	}
	return s.ask(ctx, c, id, a, nil)
}

var auditActions = map[Action]audit.Action{
	ActionCreate: audit.Create, ActionStart: audit.Start, ActionStop: audit.Stop,
	ActionReboot: audit.Reboot, ActionHardReboot: audit.Reboot, ActionDelete: audit.Delete,
	ActionRebuild: audit.Rebuild, ActionResize: audit.Resize, ActionRevert: audit.Revert,
	ActionPause: audit.Pause, ActionUnpause: audit.Unpause,
	ActionSnapshot: audit.Snapshot, ActionPassword: audit.Password,
}

// Console returns the last lines of the instance's console log, all of it for
// lines <= 0. Faults: NotFound, and what the driver says.
func (s *Service) Console(ctx context.Context, c identity.Caller, id string, lines int) (string, error) {
	i, err := s.Instance(ctx, c, id)
	if err != nil {
		return "", err
	}
	return s.driver.Console(ctx, i.ID, lines)
}

// Observe returns what the driver sees of an instance now. Faults: NotFound,
// and what the driver says.
func (s *Service) Observe(ctx context.Context, c identity.Caller, id string) (Observed, error) {
	i, err := s.Instance(ctx, c, id)
	if err != nil {
		return Observed{}, err
	}
	return s.driver.Get(ctx, i.ID)
}

// address finds a free address of the network. Faults: NoCapacity.
func (s *Service) address(ctx context.Context, tx Tx, n Network, taken map[netip.Addr]bool) (netip.Addr, error) {
	next := tx.NextAddress
	if n.External {
		next = tx.NextFloatingIP
	}
	return s.search(n, taken, func(from, to netip.Addr) (netip.Addr, error) { return next(ctx, n.ID, from, to) })
}

// search finds a free address of the network's pools; next finds the lowest
// that is on record as free. In the driver's own ranges it begins at a place
// that depends on the node, and skips what others on this machine use: several
// servers on one machine share the loopback range.
func (s *Service) search(n Network, taken map[netip.Addr]bool, next func(from, to netip.Addr) (netip.Addr, error)) (netip.Addr, error) {
	var parts []AddressPool
	for _, p := range n.Subnet.GivenOut() {
		if n.ProjectID != "" || n.Subnet.Range.Bits() > 16 {
			parts = append(parts, p)
			continue
		}
		h := fnv.New32a()
		h.Write([]byte(s.opt.Node))
		b := p.From.As4()
		b[2] = byte(h.Sum32() % 255)
		start := netip.AddrFrom4(b)
		parts = append(parts, AddressPool{start, p.To}, AddressPool{p.From, start})
	}
	for _, part := range parts {
		for from := part.From; from.Compare(part.To) <= 0; {
			a, err := next(from, part.To)
			if fault.Is(err, fault.NoCapacity) {
				break
			}
			if err != nil {
				return netip.Addr{}, err
			}
			if !taken[a] && s.probe(a) {
				return a, nil
			}
			from = a.Next()
		}
	}
	return netip.Addr{}, &fault.Error{Kind: fault.NoCapacity, Resource: "network", Name: n.Name, Msg: "No more IP addresses available on network " + n.ID + "."}
}

// mayChange lets members and administrators change instances.
func mayChange(c identity.Caller) error {
	if c.Admin() {
		return nil
	}
	return identity.ProjectMember.Check(c)
}

func (s *Service) audit(c identity.Caller, a audit.Action, i Instance, detail string) audit.Entry {
	e := c.Audit(a, "instance", i.ID)
	e.At, e.OwnerID, e.Detail = s.now(), i.ProjectID, i.Name
	if detail != "" {
		e.Detail += "; " + detail
	}
	return e
}

func (s *Service) now() time.Time { return s.opt.Now().UTC().Truncate(time.Microsecond) }
