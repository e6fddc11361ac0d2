package identity

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// AppCredential lets a program act as a user in one project, with no more than
// some of the user's roles, until it expires or is deleted: what Keystone calls
// an application credential
// (https://docs.openstack.org/api-ref/identity/v3/#application-credentials).
type AppCredential struct {
	ID          string // 32 hex digits
	UserID      string
	ProjectID   string
	Name        string  // 1 to 255 characters, unique among the user's
	Description *string // nil when none was given
	SecretHash  string  // PHC form; empty outside of the store
	Roles       []Role  // as they were given, without those they imply
	// Unrestricted lets it manage credentials, itself included; nil, for not
	// said, is false.
	Unrestricted *bool
	Rules        []AccessRule // what it may be used for; empty: anything
	ExpiresAt    time.Time    // zero: never
	CreatedAt    time.Time
}

// Restricted reports whether it must not be used to manage credentials.
func (k AppCredential) Restricted() bool { return k.Unrestricted == nil || !*k.Unrestricted }

func (k AppCredential) expired(now time.Time) bool {
	return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt)
}

// AppCredentialQuery selects application credentials; empty fields select all.
type AppCredentialQuery struct{ ID, UserID, ProjectID, Name string }

// ErrRestricted is in the chain of the Forbidden fault of a caller whose
// application credential must not be used to manage credentials.
var ErrRestricted = errors.New("the application credential is restricted: it may not manage credentials")

// ErrRoleNotHeld is in the chain of the Invalid fault for a role that the
// caller's token does not have.
var ErrRoleNotHeld = errors.New("a credential has no role that its maker's token does not have")

// Unrestricted refuses callers who came with a restricted application
// credential. Faults: Forbidden, with [ErrRestricted].
func (c Caller) Unrestricted() error {
	if c.AppCredential == nil || !c.AppCredential.Restricted() {
		return nil
	}
	return &fault.Error{Kind: fault.Forbidden, Resource: "application credential", Name: c.AppCredential.ID, Err: ErrRestricted}
}

// NewAppCredential is what [Service.CreateAppCredential] takes.
type NewAppCredential struct {
	Name         string
	Description  *string
	Secret       string // at most [MaxPassword] bytes; empty: one is drawn
	Roles        []Role // nil: all of the caller's
	Unrestricted *bool
	// Rules are new ones, made where the user has none like them, or have only
	// the ID of one that the user has.
	Rules     []AccessRule
	ExpiresAt time.Time // zero: never
}

// CreateAppCredential makes a credential of the caller's for the project in
// scope and returns its secret, which is shown this once. Faults: Forbidden
// ([ErrRestricted]), Invalid (name, secret, roles, rules, a scope without
// project, a time that is over), NotFound (access rule), Exists.
func (s *Service) CreateAppCredential(ctx context.Context, c Caller, n NewAppCredential) (AppCredential, string, error) {
	k, err := s.newAppCredential(c, n)
	if err != nil {
		return AppCredential{}, "", err
	}
	secret := n.Secret
	if secret == "" {
		secret = s.random.secret()
	}
	hash, err := s.hasher.Hash(ctx, secret)
	if err != nil {
		return AppCredential{}, "", err
	}
	err = s.store.Write(ctx, func(tx Tx) error {
		// Meanwhile roles may have been taken away; from here on they wait.
		if _, err := tx.Epoch(ctx); err != nil {
			return err
		}
		if err := s.holds(ctx, tx, k); err != nil {
			return err
		}
		if k.Rules, err = s.keepRules(ctx, tx, k.UserID, n.Rules); err != nil {
			return err
		}
		stored := k
		stored.SecretHash = hash
		if err := tx.InsertAppCredential(ctx, stored); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Create, "application credential", k.ID)
	})
	if err != nil {
		return AppCredential{}, "", err
	}
	return k, secret, nil
}

func (s *Service) newAppCredential(c Caller, n NewAppCredential) (AppCredential, error) {
	if err := c.Unrestricted(); err != nil {
		return AppCredential{}, err
	}
	if c.Scope.Kind != ProjectScope {
		return AppCredential{}, fault.Invalidf("project", "an application credential is for a project: use a token of one")
	}
	if err := checkName("name", n.Name, 255); err != nil {
		return AppCredential{}, err
	}
	k := AppCredential{
		ID: s.random.id(), UserID: c.User.ID, ProjectID: c.ProjectID(), Name: n.Name, Description: n.Description,
		Roles: n.Roles, Unrestricted: n.Unrestricted, ExpiresAt: n.ExpiresAt.UTC().Truncate(time.Microsecond), CreatedAt: s.now(),
	}
	if k.expired(s.now()) {
		return AppCredential{}, fault.Invalidf("expires_at", "the time has passed already")
	}
	if len(k.Roles) == 0 {
		k.Roles = c.Roles
	}
	for _, r := range k.Roles {
		if !c.Has(r) {
			return AppCredential{}, &fault.Error{Kind: fault.Invalid, Field: "roles", Msg: ErrRoleNotHeld.Error(), Err: ErrRoleNotHeld}
		}
	}
	return k, nil
}

// holds refuses a credential whose user no longer has its roles. Faults:
// Unauthenticated.
func (s *Service) holds(ctx context.Context, tx Tx, k AppCredential) error {
	given, err := tx.Assignments(ctx, AssignmentQuery{UserID: k.UserID, Scope: Scope{ProjectScope, k.ProjectID}})
	if err != nil {
		return err
	}
	roles := expand(rolesOf(given))
	for _, r := range k.Roles {
		if !slices.Contains(roles, r) {
			return errUnauthenticated()
		}
	}
	return nil
}

// keepRules returns the user's rules that are wanted, each once, and makes
// those that are new.
func (s *Service) keepRules(ctx context.Context, tx Tx, userID string, wanted []AccessRule) ([]AccessRule, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	known, err := tx.AccessRules(ctx, userID)
	if err != nil {
		return nil, err
	}
	var kept []AccessRule
	for _, w := range wanted {
		w.UserID = userID
		i := slices.IndexFunc(known, func(r AccessRule) bool {
			if w.ID != "" {
				return r.ID == w.ID
			}
			return r.Service == w.Service && r.Method == w.Method && r.Path == w.Path
		})
		switch {
		case i >= 0:
			w = known[i]
		case w.ID != "":
			return nil, fault.Missing("access rule", w.ID)
		default:
			if err := checkAccessRule(w); err != nil {
				return nil, err
			}
			w.ID = s.random.id()
			if err := tx.InsertAccessRule(ctx, w); err != nil {
				return nil, err
			}
			known = append(known, w)
		}
		if !slices.Contains(kept, w) {
			kept = append(kept, w)
		}
	}
	return kept, nil
}

// AppCredentials lists a user's application credentials in the order of their
// names: one's own, or anyone's for administrators. Faults: Forbidden.
func (s *Service) AppCredentials(ctx context.Context, c Caller, userID string) ([]AppCredential, error) {
	if err := ownOrAdmin(c, userID); err != nil {
		return nil, err
	}
	all, err := read(ctx, s.store, func(tx Tx) ([]AppCredential, error) {
		return tx.AppCredentials(ctx, AppCredentialQuery{UserID: userID})
	})
	for i := range all {
		all[i].SecretHash = ""
	}
	return all, err
}

// AppCredential returns one of a user's. Faults: Forbidden, NotFound.
func (s *Service) AppCredential(ctx context.Context, c Caller, userID, id string) (AppCredential, error) {
	if err := ownOrAdmin(c, userID); err != nil {
		return AppCredential{}, err
	}
	return read(ctx, s.store, func(tx Tx) (AppCredential, error) { return appCredential(ctx, tx, userID, id) })
}

func appCredential(ctx context.Context, tx Tx, userID, id string) (AppCredential, error) {
	found, err := tx.AppCredentials(ctx, AppCredentialQuery{ID: id, UserID: userID})
	if err != nil {
		return AppCredential{}, err
	}
	if len(found) != 1 {
		return AppCredential{}, fault.Missing("application credential", id)
	}
	found[0].SecretHash = ""
	return found[0], nil
}

// DeleteAppCredential removes one of a user's application credentials and ends
// its tokens. Its access rules stay. Faults: Forbidden ([ErrRestricted]),
// NotFound.
func (s *Service) DeleteAppCredential(ctx context.Context, c Caller, userID, id string) error {
	if err := ownOrAdmin(c, userID); err != nil {
		return err
	}
	if err := c.Unrestricted(); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		if _, err := appCredential(ctx, tx, userID, id); err != nil {
			return err
		}
		if err := s.endTokens(ctx, tx, TokenQuery{AppCredentialID: id}); err != nil {
			return err
		}
		if err := tx.DeleteAppCredentials(ctx, AppCredentialQuery{ID: id}); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Delete, "application credential", id)
	})
}

// dropAppCredentials removes credentials for a reason that is not their own,
// and tells of each. Their tokens end by what gave the reason.
func (s *Service) dropAppCredentials(ctx context.Context, tx Tx, c Caller, q AppCredentialQuery) error {
	found, err := tx.AppCredentials(ctx, q)
	if err != nil || len(found) == 0 {
		return err
	}
	for _, k := range found {
		if err := s.audit(ctx, tx, c, audit.Delete, "application credential", k.ID); err != nil {
			return err
		}
	}
	return tx.DeleteAppCredentials(ctx, q)
}
