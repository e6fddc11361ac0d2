package compute

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/job"
	"github.com/keyreeve/keyreeve/internal/keypair"
)

// Store runs functions over the compute part of the database; see
// [identity.Store] for what Read and Write promise.
type Store interface {
	Read(ctx context.Context, fn func(Tx) error) error
	Write(ctx context.Context, fn func(Tx) error) error
}

// read returns what fn reads.
func read[T any](ctx context.Context, s Store, fn func(Tx) (T, error)) (T, error) {
	var v T
	err := s.Read(ctx, func(tx Tx) (err error) { v, err = fn(tx); return err })
	return v, err
}

// Tx is what compute needs of a transaction. Look-ups of what is not there give
// a NotFound fault, inserts of a taken id Exists.
type Tx interface {
	audit.Tx
	job.Tx
	keypair.Finder
	VolumeTx

	Image(ctx context.Context, id string) (Image, error)
	// Images returns all images, ordered by name.
	Images(ctx context.Context) ([]Image, error)
	InsertImage(ctx context.Context, i Image) error
	// UpdateImage writes everything of the image but its id and when it was made.
	UpdateImage(ctx context.Context, i Image) error
	DeleteImage(ctx context.Context, id string) error

	FlavorTx
	NetworkTx

	// Instance returns an instance with its NICs and bindings.
	Instance(ctx context.Context, id string) (Instance, error)
	// Instances returns instances with their NICs and bindings, newest first.
	Instances(ctx context.Context, q InstanceQuery) ([]Instance, error)
	// InsertInstance writes the instance, its NICs and bindings. Exists when an
	// address is taken, Conflict when another instance has a port.
	InsertInstance(ctx context.Context, i Instance) error
	// UpdateInstance writes everything of the instance but its NICs and volumes.
	UpdateInstance(ctx context.Context, i Instance) error
	// DeleteInstance removes the instance, its bindings, and its NICs but for the
	// ports that outlive it.
	DeleteInstance(ctx context.Context, id string) error
	// Usage sums up what a project's instances take, with a user's id those that
	// the user made.
	Usage(ctx context.Context, projectID, userID string) (Usage, error)

	// Events returns what was done to an instance, newest first. It outlives the instance.
	Events(ctx context.Context, instanceID string) ([]Event, error)
	// ProjectEvents returns what was done to the instances that a project has, those
	// of one instance together and newest first.
	ProjectEvents(ctx context.Context, region, projectID string) ([]Event, error)
	InsertEvent(ctx context.Context, e Event) error
	// FinishEvent writes when and how the event of that id ended.
	FinishEvent(ctx context.Context, e Event) error

	ServerGroup(ctx context.Context, id string) (ServerGroup, error)
	// ServerGroups returns a project's, or all with "", oldest first.
	ServerGroups(ctx context.Context, projectID string) ([]ServerGroup, error)
	InsertServerGroup(ctx context.Context, g ServerGroup) error
	// DeleteServerGroup removes the group and leaves its members without one.
	DeleteServerGroup(ctx context.Context, id string) error

	// Spells returns a project's instances, or all with "", that are gone and
	// were there at some time between from and until, oldest first.
	Spells(ctx context.Context, projectID string, from, until time.Time) ([]Spell, error)
	// Spell returns the spell of an instance that is gone.
	Spell(ctx context.Context, instanceID string) (Spell, error)
	InsertSpell(ctx context.Context, s Spell) error

	// Quota returns the limit that is set for a project, else the one that is set
	// for all (which is that of the project ""), or false for none.
	Quota(ctx context.Context, projectID, resource string) (int, bool, error)
	// SetQuota sets a project's limit, or with "" that of all projects which have
	// none of their own; negative means no limit.
	SetQuota(ctx context.Context, projectID, resource string, most int) error
	// DeleteQuota takes a project's own limit away.
	DeleteQuota(ctx context.Context, projectID, resource string) error
	// UserQuota returns the limit that is set for one user in a project, or false for none.
	UserQuota(ctx context.Context, projectID, userID, resource string) (int, bool, error)
	// UserQuotas returns the limits that are set for users in a project, by their ids.
	UserQuotas(ctx context.Context, projectID, resource string) (map[string]int, error)
	// SetUserQuota sets the limit of one user in a project; negative means no limit.
	SetUserQuota(ctx context.Context, projectID, userID, resource string, most int) error
	// DeleteUserQuota takes the limit of one user in a project away, or with "" of all.
	DeleteUserQuota(ctx context.Context, projectID, userID, resource string) error
	// Sow reports whether nobody has said this name before, and remembers it.
	Sow(ctx context.Context, name string) (first bool, err error)
	// Lock makes other transactions that lock the same name wait until this one ends.
	Lock(ctx context.Context, name string) error
}

// InstanceQuery selects instances; empty fields select all.
type InstanceQuery struct {
	Region    string
	ProjectID string
	Node      string
	// Before selects what was made before that instance: the part of a list
	// after it.
	Before *InstanceKey
	Limit  int // at most this many, 0 for all
}

// InstanceKey is an instance's place in lists.
type InstanceKey struct {
	CreatedAt time.Time
	ID        string
}

// Usage is what instances take together.
type Usage struct {
	Instances int
	VCPUs     int
	RAMMiB    int
}
