package identity

import (
	"context"
	"crypto/rand"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// Options say how a [Service] works. Zero values take the defaults.
type Options struct {
	TokenLife           time.Duration // how long a token is good, default 1 h
	PasswordConcurrency int           // password hashes at once, default the number of processors
	LockoutAttempts     int           // failed logins of a user before a lock; 0 never locks
	LockoutDuration     time.Duration // how long a lock holds and failures count, default 5 min
	Region              string        // the region's id, put on every caller
	Now                 func() time.Time
	Rand                io.Reader
}

// Service is identity's one entrance. Its methods are safe for concurrent use.
type Service struct {
	store  Store
	sealer *Sealer
	hasher *Hasher
	opt    Options
	random random
	cache  *tokenCache
}

// New makes a service over a store; sealer guards the secrets that must be read again.
func New(store Store, sealer *Sealer, opt Options) *Service {
	if opt.TokenLife <= 0 {
		opt.TokenLife = time.Hour
	}
	if opt.LockoutDuration <= 0 {
		opt.LockoutDuration = 5 * time.Minute
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Rand == nil {
		opt.Rand = rand.Reader
	}
	return &Service{
		store: store, sealer: sealer, hasher: NewHasher(opt.PasswordConcurrency),
		opt: opt, random: random{opt.Rand}, cache: newTokenCache(),
	}
}

// NewUser is what [Service.CreateUser] takes.
type NewUser struct {
	AccountID        string // empty: the default account
	Name             string
	Email            string
	Description      string
	Password         string // empty: cannot log in by password
	APIPassword      string // TOAST's; empty: none
	DefaultProjectID string
	Disabled         bool
	// Grants are roles that come with the user; their UserID is filled in.
	Grants []Assignment
}

// CreateUser makes a user, with the roles that come with it. Faults: Forbidden
// (not an administrator), Invalid (name, password, role, scope), NotFound
// (account, project), Exists.
func (s *Service) CreateUser(ctx context.Context, c Caller, n NewUser) (User, error) {
	if err := Administrator.Check(c); err != nil {
		return User{}, err
	}
	u, err := s.newUser(ctx, n)
	if err != nil {
		return User{}, err
	}
	err = s.store.Write(ctx, func(tx Tx) error {
		if _, err := tx.Account(ctx, u.AccountID); err != nil {
			return err
		}
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		for _, g := range n.Grants {
			g.UserID = u.ID
			if err := s.assignIn(ctx, tx, c, g, audit.Grant); err != nil {
				return err
			}
		}
		return s.audit(ctx, tx, c, audit.Create, "user", u.Name)
	})
	return u, err
}

func (s *Service) newUser(ctx context.Context, n NewUser) (User, error) {
	if n.AccountID == "" {
		n.AccountID = DefaultAccountID
	}
	if err := checkName("name", n.Name, 255); err != nil {
		return User{}, err
	}
	u := User{
		ID: s.random.id(), AccountID: n.AccountID, Name: n.Name, Email: n.Email,
		Description: n.Description, Enabled: !n.Disabled, DefaultProjectID: n.DefaultProjectID,
		CreatedAt: s.now(),
	}
	var err error
	if n.Password != "" {
		if u.PasswordHash, err = s.hasher.Hash(ctx, n.Password); err != nil {
			return User{}, err
		}
	}
	if n.APIPassword != "" {
		if u.APIPasswordHash, err = s.hasher.Hash(ctx, n.APIPassword); err != nil {
			return User{}, err
		}
	}
	return u, nil
}

// CreateProject makes a project with a new appkey. Faults: Forbidden, Invalid
// (name), NotFound (account), Exists.
func (s *Service) CreateProject(ctx context.Context, c Caller, accountID, name, description string) (Project, error) {
	if err := Administrator.Check(c); err != nil {
		return Project{}, err
	}
	if accountID == "" {
		accountID = DefaultAccountID
	}
	if err := checkName("name", name, 64); err != nil {
		return Project{}, err
	}
	p := Project{
		ID: s.random.id(), AccountID: accountID, Name: name, Description: description,
		Enabled: true, AppKey: s.random.text(16, lettersAndDigits), CreatedAt: s.now(),
	}
	err := s.store.Write(ctx, func(tx Tx) error {
		if _, err := tx.Account(ctx, accountID); err != nil {
			return err
		}
		if err := tx.InsertProject(ctx, p); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Create, "project", p.Name)
	})
	return p, err
}

// Grant gives a user a role. Giving it again is fine. Faults: Forbidden,
// NotFound (user, project, account), Invalid (role).
func (s *Service) Grant(ctx context.Context, c Caller, a Assignment) error {
	return s.assign(ctx, c, a, audit.Grant)
}

// Ungrant takes a role away. It ends the user's tokens in that scope and
// removes their application credentials there, as Keystone does: neither comes
// back with the role. Faults as [Service.Grant].
func (s *Service) Ungrant(ctx context.Context, c Caller, a Assignment) error {
	return s.assign(ctx, c, a, audit.Ungrant)
}

func (s *Service) assign(ctx context.Context, c Caller, a Assignment, action audit.Action) error {
	if err := Administrator.Check(c); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error { return s.assignIn(ctx, tx, c, a, action) })
}

// assignIn changes an assignment within a transaction.
func (s *Service) assignIn(ctx context.Context, tx Tx, c Caller, a Assignment, action audit.Action) error {
	if _, ok := ParseRole(string(a.Role)); !ok {
		return fault.Invalidf("role", "there is no role %q; the roles are admin, member and reader", a.Role)
	}
	u, err := tx.User(ctx, a.UserID)
	if err != nil {
		return err
	}
	switch a.Scope.Kind {
	case ProjectScope:
		_, err = tx.Project(ctx, a.Scope.ID)
	case AccountScope:
		_, err = tx.Account(ctx, a.Scope.ID)
	case SystemScope:
	default:
		err = fault.Invalidf("scope", "a role is given on a project, an account or the system")
	}
	if err != nil {
		return err
	}
	if action == audit.Ungrant {
		err = s.take(ctx, tx, c, a)
	} else if err = tx.InsertAssignment(ctx, a); err == nil {
		err = tx.BumpEpoch(ctx)
	}
	if err != nil {
		return err
	}
	e := c.Audit(action, "user", u.Name)
	e.Detail = string(a.Role) + " on " + a.Scope.ID
	e.At = s.now()
	return tx.AppendAudit(ctx, e)
}

func (s *Service) take(ctx context.Context, tx Tx, c Caller, a Assignment) error {
	if err := tx.DeleteAssignment(ctx, a); err != nil {
		return err
	}
	if err := s.endTokens(ctx, tx, TokenQuery{UserID: a.UserID, Scope: a.Scope}); err != nil {
		return err
	}
	if a.Scope.Kind != ProjectScope {
		return nil
	}
	return s.dropAppCredentials(ctx, tx, c, AppCredentialQuery{UserID: a.UserID, ProjectID: a.Scope.ID})
}

// User returns a user: oneself, or anyone for administrators. Faults:
// Forbidden, NotFound.
func (s *Service) User(ctx context.Context, c Caller, id string) (User, error) {
	if id != c.User.ID && !c.Admin() {
		return User{}, &fault.Error{Kind: fault.Forbidden, Resource: "user", Name: id}
	}
	var u User
	err := s.store.Read(ctx, func(tx Tx) (err error) { u, err = tx.User(ctx, id); return err })
	return u, err
}

// Users lists users for administrators. Faults: Forbidden.
func (s *Service) Users(ctx context.Context, c Caller, q UserQuery) ([]User, error) {
	if err := Administrator.Check(c); err != nil {
		return nil, err
	}
	var all []User
	err := s.store.Read(ctx, func(tx Tx) (err error) { all, err = tx.Users(ctx, q); return err })
	return all, err
}

// Project returns a project: the one in scope, one in which the caller has a
// role, or any for administrators. Faults: Forbidden, NotFound.
func (s *Service) Project(ctx context.Context, c Caller, id string) (Project, error) {
	var p Project
	err := s.store.Read(ctx, func(tx Tx) error {
		if !c.Admin() && id != c.ProjectID() {
			given, err := tx.Assignments(ctx, c.User.ID)
			if err != nil {
				return err
			}
			if len(rolesIn(given, Scope{ProjectScope, id})) == 0 {
				return &fault.Error{Kind: fault.Forbidden, Resource: "project", Name: id}
			}
		}
		var err error
		p, err = tx.Project(ctx, id)
		return err
	})
	return p, err
}

// Projects lists projects: for administrators whatever q selects, for others
// only with q.UserID their own id. Faults: Forbidden.
func (s *Service) Projects(ctx context.Context, c Caller, q ProjectQuery) ([]Project, error) {
	if q.UserID != c.User.ID && !c.Admin() {
		return nil, &fault.Error{Kind: fault.Forbidden, Resource: "project"}
	}
	var all []Project
	err := s.store.Read(ctx, func(tx Tx) (err error) { all, err = tx.Projects(ctx, q); return err })
	return all, err
}

// Account returns an account by its id, for administrators and for members of
// it. Faults: Forbidden, NotFound.
func (s *Service) Account(ctx context.Context, c Caller, id string) (Account, error) {
	if id != c.Account.ID && !c.Admin() {
		return Account{}, &fault.Error{Kind: fault.Forbidden, Resource: "domain", Name: id}
	}
	var a Account
	err := s.store.Read(ctx, func(tx Tx) (err error) { a, err = tx.Account(ctx, id); return err })
	return a, err
}

// Accounts lists all accounts for administrators. Faults: Forbidden.
func (s *Service) Accounts(ctx context.Context, c Caller) ([]Account, error) {
	if err := Administrator.Check(c); err != nil {
		return nil, err
	}
	var all []Account
	err := s.store.Read(ctx, func(tx Tx) (err error) { all, err = tx.Accounts(ctx); return err })
	return all, err
}

// Ready reports whether the store answers; the error says what is wrong with it.
func (s *Service) Ready(ctx context.Context) error {
	return s.store.Read(ctx, func(tx Tx) error { _, err := tx.Epoch(ctx); return err })
}

func (s *Service) audit(ctx context.Context, tx Tx, c Caller, a audit.Action, resource, name string) error {
	e := c.Audit(a, resource, name)
	e.At = s.now()
	return tx.AppendAudit(ctx, e)
}

// now is the time to store: databases keep microseconds.
func (s *Service) now() time.Time { return s.opt.Now().UTC().Truncate(time.Microsecond) }

// checkName holds for names of users, projects and accounts.
func checkName(field, name string, most int) error {
	n := utf8.RuneCountInString(name)
	if n == 0 || n > most || !utf8.ValidString(name) {
		return fault.Invalidf(field, "a %s has 1 to %d characters", field, most)
	}
	if strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fault.Invalidf(field, "a %s has printable characters only and no white space at its ends", field)
	}
	return nil
}
