package identity

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// RoleRecord is a role as administrators see it.
type RoleRecord struct {
	Role        Role   // what assignments and callers hold
	Name        string // 1 to 255 characters, unique in the account, or among those of none
	AccountID   string // of a role that is for one account and its projects, and in no token; else empty
	Description string
	CreatedAt   time.Time // zero for a built-in role
	// Attributes are what administrators say of it beyond all this; Options are
	// Keystone's.
	Attributes, Options Properties
}

func builtIn(r Role) RoleRecord {
	return RoleRecord{Role: r, Name: string(r), Options: Properties{OptionImmutable: "true"}}
}

// RoleRecord returns a role by its id, for administrators. Faults: Forbidden,
// NotFound.
func (s *Service) RoleRecord(ctx context.Context, c Caller, id string) (RoleRecord, error) {
	if err := Administrator.Check(c); err != nil {
		return RoleRecord{}, err
	}
	return read(ctx, s.store, func(tx Tx) (RoleRecord, error) { return roleRecord(ctx, tx, id) })
}

func roleRecord(ctx context.Context, tx Tx, id string) (RoleRecord, error) {
	if r, ok := ParseRole(id); ok {
		if r.ID() != id {
			return RoleRecord{}, fault.Missing("role", id) // by its name
		}
		return builtIn(r), nil
	}
	return tx.Role(ctx, id)
}

// RoleRecords lists the roles for administrators: the built-in ones first, then
// by their names. Faults: Forbidden.
func (s *Service) RoleRecords(ctx context.Context, c Caller) ([]RoleRecord, error) {
	if err := Administrator.Check(c); err != nil {
		return nil, err
	}
	made, err := read(ctx, s.store, func(tx Tx) ([]RoleRecord, error) { return tx.Roles(ctx) })
	if err != nil {
		return nil, err
	}
	var all []RoleRecord
	for _, r := range Roles() {
		all = append(all, builtIn(r))
	}
	return append(all, made...), nil
}

// DescribeRoles tells what somebody's roles are, in their order; those that are
// gone are left out. Nobody is asked for a right to it: who may see that there
// is a role may see its name.
func (s *Service) DescribeRoles(ctx context.Context, roles []Role) ([]RoleRecord, error) {
	return read(ctx, s.store, func(tx Tx) ([]RoleRecord, error) { return describe(ctx, tx, roles) })
}

// describe reads only what administrators made: most people have no such role.
func describe(ctx context.Context, tx Tx, roles []Role) ([]RoleRecord, error) {
	var found []RoleRecord
	for _, r := range roles {
		if r.BuiltIn() {
			found = append(found, builtIn(r))
			continue
		}
		record, err := tx.Role(ctx, string(r))
		switch {
		case err == nil:
			found = append(found, record)
		case !fault.Is(err, fault.NotFound):
			return nil, err
		}
	}
	return found, nil
}

// NewRole is what [Service.CreateRole] takes.
type NewRole struct {
	Name                string
	AccountID           string // empty: for every account
	Description         string
	Attributes, Options Properties
}

// CreateRole makes a role that gives no rights here. Faults: Forbidden (not an
// administrator), Invalid (name, attributes), NotFound (account), Exists.
func (s *Service) CreateRole(ctx context.Context, c Caller, n NewRole) (RoleRecord, error) {
	if err := Administrator.Check(c); err != nil {
		return RoleRecord{}, err
	}
	r := RoleRecord{
		Role: Role(s.random.id()), Name: n.Name, AccountID: n.AccountID, Description: n.Description,
		Attributes: n.Attributes, Options: n.Options.withoutNulls(), CreatedAt: s.now(),
	}
	if err := r.check(); err != nil {
		return RoleRecord{}, err
	}
	err := s.store.Write(ctx, func(tx Tx) error {
		if r.AccountID != "" {
			if _, err := tx.Account(ctx, r.AccountID); err != nil {
				return err
			}
		}
		if err := tx.InsertRole(ctx, r); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Create, "role", r.Name)
	})
	return r, err
}

// check holds for roles that administrators make or change. Faults: Invalid,
// Exists (the name of a built-in role, in letters of any case: others who read
// the token's roles compare them so).
func (r RoleRecord) check() error {
	if err := errors.Join(checkName("name", r.Name, 255), r.Attributes.check()); err != nil {
		return err
	}
	if r.AccountID == "" && Role(strings.ToLower(r.Name)).BuiltIn() {
		return fault.Taken("role", r.Name)
	}
	return nil
}

// RoleChange is what to change of a role; nil leaves as it is.
type RoleChange struct {
	Name        *string
	Description *string
	// Attributes and Options are put in beside those that are there; a null
	// takes an option away.
	Attributes, Options Properties
}

func (ch RoleChange) onlyOptions() bool {
	return ch.Name == nil && ch.Description == nil && len(ch.Attributes) == 0
}

// UpdateRole changes a role that administrators made. Faults: Forbidden (not an
// administrator), NotFound, Invalid (name, attributes), Exists (name), Conflict
// ([ErrImmutable], which every built-in role is for good).
func (s *Service) UpdateRole(ctx context.Context, c Caller, id string, ch RoleChange) (RoleRecord, error) {
	if err := Administrator.Check(c); err != nil {
		return RoleRecord{}, err
	}
	var r RoleRecord
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		if r, err = roleRecord(ctx, tx, id); err != nil {
			return err
		}
		if r.Role.BuiltIn() || !ch.onlyOptions() || !ch.Options.releases() {
			if err := r.Options.mutable("role", id); err != nil {
				return err
			}
		}
		set(&r.Name, ch.Name)
		set(&r.Description, ch.Description)
		r.Attributes, r.Options = r.Attributes.with(ch.Attributes), r.Options.with(ch.Options).withoutNulls()
		if err := r.check(); err != nil {
			return err
		}
		if err := tx.UpdateRole(ctx, r); err != nil {
			return renamed(err, "role", r.Name)
		}
		// Its name is in what is known of tokens.
		if err := tx.BumpEpoch(ctx); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Update, "role", r.Name)
	})
	return r, err
}

// DeleteRole removes a role that administrators made and takes it away from
// whoever has it, as [Service.Ungrant] does. Faults: Forbidden (not an
// administrator), NotFound, Conflict ([ErrImmutable], which every built-in role
// is for good).
func (s *Service) DeleteRole(ctx context.Context, c Caller, id string) error {
	return s.remove(ctx, c, func(tx Tx) error {
		r, err := roleRecord(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := r.Options.mutable("role", id); err != nil {
			return err
		}
		return s.removeRole(ctx, tx, c, r)
	})
}

func (s *Service) removeRole(ctx context.Context, tx Tx, c Caller, r RoleRecord) error {
	given, err := tx.Assignments(ctx, AssignmentQuery{Role: r.Role})
	if err != nil {
		return err
	}
	for _, a := range given {
		if err := s.assignIn(ctx, tx, c, a, audit.Ungrant); err != nil {
			return err
		}
	}
	if err := tx.DeleteRole(ctx, r.Role.ID()); err != nil {
		return err
	}
	return s.audit(ctx, tx, c, audit.Delete, "role", r.Name)
}

// reaches refuses a role of one account in a project of another, and on the
// system, as Keystone does. Faults: Forbidden, Invalid.
func (r RoleRecord) reaches(ctx context.Context, tx Tx, in Scope) error {
	switch {
	case r.AccountID == "":
		return nil
	case in.Kind == SystemScope:
		return fault.Invalidf("role", "Role %s is a domain-specific role. Unable to use a domain-specific role in a system assignment.", r.Role.ID())
	case in.Kind == ProjectScope:
		p, err := tx.Project(ctx, in.ID)
		if err != nil {
			return err
		}
		if p.AccountID != r.AccountID {
			return &fault.Error{Kind: fault.Forbidden, Resource: "role", Name: r.Role.ID()}
		}
	}
	return nil
}

// inTokens are the roles that a token shows: those of one account alone are in
// none, as in Keystone.
func inTokens(records []RoleRecord) (roles []Role, names map[Role]string) {
	for _, r := range records {
		if r.AccountID != "" {
			continue
		}
		roles = append(roles, r.Role)
		if !r.Role.BuiltIn() {
			if names == nil {
				names = map[Role]string{}
			}
			names[r.Role] = r.Name
		}
	}
	return roles, names
}
