package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// Project owns instances and shared key pairs. Towards TOAST it has an appkey;
// towards Alibaba it acts as the account.
type Project struct {
	ID          string // 32 hex digits
	AccountID   string
	Name        string // 1 to 64 characters, unique in the account, compared exactly
	Description string
	Enabled     bool
	AppKey      string   // 16 letters and digits; selects the project in TOAST's paths
	Tags        []string // at most [MaxTags]
	CreatedAt   time.Time
	// Attributes are what administrators say of it beyond all this; Options are
	// Keystone's.
	Attributes, Options Properties
}

// Project returns a project: the one in scope, one in which the caller has a
// role, or any for administrators. Faults: Forbidden, NotFound.
func (s *Service) Project(ctx context.Context, c Caller, id string) (Project, error) {
	return read(ctx, s.store, func(tx Tx) (Project, error) {
		if !c.Admin() && id != c.ProjectID() {
			given, err := tx.Assignments(ctx, AssignmentQuery{UserID: c.User.ID, Scope: Scope{ProjectScope, id}})
			if err != nil {
				return Project{}, err
			}
			if len(given) == 0 {
				return Project{}, &fault.Error{Kind: fault.Forbidden, Resource: "project", Name: id}
			}
		}
		return tx.Project(ctx, id)
	})
}

// Projects lists projects: for administrators whatever q selects, for others
// only with q.UserID their own id. Faults: Forbidden.
func (s *Service) Projects(ctx context.Context, c Caller, q ProjectQuery) ([]Project, error) {
	if q.UserID != c.User.ID && !c.Admin() {
		return nil, &fault.Error{Kind: fault.Forbidden, Resource: "project"}
	}
	return read(ctx, s.store, func(tx Tx) ([]Project, error) { return tx.Projects(ctx, q) })
}

// NewProject is what [Service.CreateProject] takes.
type NewProject struct {
	AccountID           string // empty: the default account
	Name                string
	Description         string
	Disabled            bool
	Tags                []string
	Attributes, Options Properties
}

// CreateProject makes a project with a new appkey. Faults: Forbidden, Invalid
// (name, tags, attributes), NotFound (account), Exists.
func (s *Service) CreateProject(ctx context.Context, c Caller, n NewProject) (Project, error) {
	if err := Administrator.Check(c); err != nil {
		return Project{}, err
	}
	if n.AccountID == "" {
		n.AccountID = DefaultAccountID
	}
	if err := errors.Join(checkName("name", n.Name, 64), n.Attributes.check()); err != nil {
		return Project{}, err
	}
	tags, err := tidyTags(n.Tags)
	if err != nil {
		return Project{}, err
	}
	p := Project{
		ID: s.random.id(), AccountID: n.AccountID, Name: n.Name, Description: n.Description, Enabled: !n.Disabled,
		AppKey: s.random.text(16, lettersAndDigits), Tags: tags, CreatedAt: s.now(),
		Attributes: n.Attributes, Options: n.Options.withoutNulls(),
	}
	err = s.store.Write(ctx, func(tx Tx) error {
		if _, err := tx.Account(ctx, p.AccountID); err != nil {
			return err
		}
		if err := tx.InsertProject(ctx, p); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Create, "project", p.Name)
	})
	return p, err
}

// ProjectChange is what to change of a project; nil leaves as it is.
type ProjectChange struct {
	Name        *string
	Description *string
	Enabled     *bool
	Tags        *[]string
	// Attributes and Options are put in beside those that are there; a null
	// takes an option away.
	Attributes, Options Properties
}

func (ch ProjectChange) onlyOptions() bool {
	return ch.Name == nil && ch.Description == nil && ch.Enabled == nil && ch.Tags == nil && len(ch.Attributes) == 0
}

// UpdateProject changes a project. Disabling it ends its tokens for good.
// Faults: Forbidden (not an administrator), NotFound, Invalid (name, tags,
// attributes), Exists (name), Conflict ([ErrImmutable]).
func (s *Service) UpdateProject(ctx context.Context, c Caller, id string, ch ProjectChange) (Project, error) {
	if err := Administrator.Check(c); err != nil {
		return Project{}, err
	}
	if ch.Name != nil {
		if err := checkName("name", *ch.Name, 64); err != nil {
			return Project{}, err
		}
	}
	var p Project
	err := s.store.Write(ctx, func(tx Tx) error {
		var err error
		if p, err = tx.Project(ctx, id); err != nil {
			return err
		}
		if !ch.onlyOptions() || !ch.Options.releases() {
			if err := p.Options.mutable("project", id); err != nil {
				return err
			}
		}
		set(&p.Name, ch.Name)
		set(&p.Description, ch.Description)
		set(&p.Enabled, ch.Enabled)
		p.Attributes, p.Options = p.Attributes.with(ch.Attributes), p.Options.with(ch.Options).withoutNulls()
		if err := p.Attributes.check(); err != nil {
			return err
		}
		if ch.Tags != nil {
			if p.Tags, err = tidyTags(*ch.Tags); err != nil {
				return err
			}
		}
		if err := tx.UpdateProject(ctx, p); err != nil {
			return renamed(err, "project", p.Name)
		}
		if err := s.endTokensUnless(ctx, tx, p.Enabled, TokenQuery{Scope: Scope{ProjectScope, id}}); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Update, "project", p.Name)
	})
	return p, err
}

// DeleteProject removes a project with the roles, credentials and tokens in it,
// and with its private images, shared key pairs, networks and what is on them.
// Faults: Forbidden (not an administrator), NotFound, Conflict (it still has
// instances or volumes, or networks that others use; [ErrImmutable]).
func (s *Service) DeleteProject(ctx context.Context, c Caller, id string) error {
	return s.remove(ctx, c, func(tx Tx) error {
		p, err := tx.Project(ctx, id)
		if err != nil {
			return err
		}
		return s.removeProject(ctx, tx, c, p)
	})
}

func (s *Service) removeProject(ctx context.Context, tx Tx, c Caller, p Project) error {
	if err := p.Options.mutable("project", p.ID); err != nil {
		return err
	}
	holdings, err := tx.ProjectHoldings(ctx, p.ID)
	if err != nil {
		return err
	}
	if len(holdings) > 0 {
		return &fault.Error{Kind: fault.Conflict, Resource: "project", Name: p.ID, Msg: fmt.Sprintf(
			"Cannot delete project %s while it has %s.", p.Name, inWords(holdings))}
	}
	if err := tx.DeleteProject(ctx, p.ID, s.now()); err != nil {
		return err
	}
	return s.audit(ctx, tx, c, audit.Delete, "project", p.Name)
}

// Holding is how many things of a kind a project still has.
type Holding struct {
	What  string // "instance", "volume"
	Count int64
}

// inWords lists holdings: "2 instances and 1 volume".
func inWords(holdings []Holding) string {
	var parts []string
	for _, h := range holdings {
		text := fmt.Sprintf("%d %s", h.Count, h.What)
		if h.Count != 1 {
			text += "s"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " and ")
}
