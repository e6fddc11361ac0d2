package identity

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
)

// Store runs functions over the identity part of the database. The store
// package implements it.
type Store interface {
	// Read runs fn on a reader. Each statement sees a consistent state; fn must not write.
	Read(ctx context.Context, fn func(Tx) error) error
	// Write runs fn in a transaction and commits it when fn returns nil. It runs
	// fn again from the start when the database asks for a retry, so fn must have
	// no other effects. Unavailable when the database stays busy.
	Write(ctx context.Context, fn func(Tx) error) error
}

// read returns what fn reads.
func read[T any](ctx context.Context, s Store, fn func(Tx) (T, error)) (T, error) {
	var v T
	err := s.Read(ctx, func(tx Tx) (err error) { v, err = fn(tx); return err })
	return v, err
}

// Tx is what identity needs of a transaction. Look-ups of what is not there
// give a NotFound fault, inserts of a taken name or id Exists.
type Tx interface {
	audit.Tx

	Account(ctx context.Context, id string) (Account, error)
	AccountByName(ctx context.Context, name string) (Account, error)
	Accounts(ctx context.Context) ([]Account, error)
	InsertAccount(ctx context.Context, a Account) error
	UpdateAccount(ctx context.Context, a Account) error
	// DeleteAccount removes an account that has no users and no projects, with
	// the roles on it and the tokens of it; Conflict while it has some.
	DeleteAccount(ctx context.Context, id string) error

	Project(ctx context.Context, id string) (Project, error)
	ProjectByName(ctx context.Context, accountID, name string) (Project, error)
	// ProjectByAppKey finds no project by an empty appkey.
	ProjectByAppKey(ctx context.Context, appKey string) (Project, error)
	Projects(ctx context.Context, q ProjectQuery) ([]Project, error)
	InsertProject(ctx context.Context, p Project) error
	UpdateProject(ctx context.Context, p Project) error
	// DeleteProject removes a project with all that is in it: roles, credentials
	// and tokens, quotas, private images, shared key pairs, networks and what is on
	// them. It is no longer anyone's default. at is when files are to go.
	DeleteProject(ctx context.Context, id string, at time.Time) error
	// ProjectHoldings tells what a project has that must not go with it.
	ProjectHoldings(ctx context.Context, id string) ([]Holding, error)

	User(ctx context.Context, id string) (User, error)
	UserByName(ctx context.Context, accountID, name string) (User, error)
	Users(ctx context.Context, q UserQuery) ([]User, error)
	InsertUser(ctx context.Context, u User) error
	UpdateUser(ctx context.Context, u User) error
	// DeleteUser removes a user with all of identity's that hangs on them: roles,
	// credentials, access rules and tokens.
	DeleteUser(ctx context.Context, id string) error

	// Role finds a role that administrators made by its id.
	Role(ctx context.Context, id string) (RoleRecord, error)
	// Roles returns all that administrators made, ordered by name.
	Roles(ctx context.Context) ([]RoleRecord, error)
	InsertRole(ctx context.Context, r RoleRecord) error
	UpdateRole(ctx context.Context, r RoleRecord) error
	// DeleteRole removes a role that nobody has.
	DeleteRole(ctx context.Context, id string) error

	// Assignments are ordered by the user's name, the scope and the role.
	Assignments(ctx context.Context, q AssignmentQuery) ([]Assignment, error)
	// InsertAssignment is nil for a role that is given already.
	InsertAssignment(ctx context.Context, a Assignment) error
	DeleteAssignment(ctx context.Context, a Assignment) error

	InsertAccessKey(ctx context.Context, k AccessKey) error
	AccessKey(ctx context.Context, id string) (AccessKey, error)
	// AccessKeys are those of a user, ordered by id.
	AccessKeys(ctx context.Context, userID string) ([]AccessKey, error)
	DeleteAccessKey(ctx context.Context, id string) error

	// InsertAppCredential takes the access rules by their ids.
	InsertAppCredential(ctx context.Context, k AppCredential) error
	// AppCredentials are ordered by user and name.
	AppCredentials(ctx context.Context, q AppCredentialQuery) ([]AppCredential, error)
	// DeleteAppCredentials is nil when there are none; their tokens are not its business.
	DeleteAppCredentials(ctx context.Context, q AppCredentialQuery) error

	// AccessRules are ordered by service, path and method.
	AccessRules(ctx context.Context, userID string) ([]AccessRule, error)
	InsertAccessRule(ctx context.Context, r AccessRule) error
	// DeleteAccessRule is Conflict for a rule that an application credential has.
	DeleteAccessRule(ctx context.Context, id string) error
	DeleteAccessRulesOfUser(ctx context.Context, userID string) error

	InsertToken(ctx context.Context, t Token) error
	Token(ctx context.Context, hash TokenHash) (Token, error)
	DeleteToken(ctx context.Context, hash TokenHash) error
	// DeleteTokens is nil when there are none.
	DeleteTokens(ctx context.Context, q TokenQuery) error
	// DeleteExpiredTokens removes at most limit tokens that expired before now.
	DeleteExpiredTokens(ctx context.Context, now time.Time, limit int) error

	// Epoch counts the changes that can make a valid token invalid or change what
	// it is good for. What was read of a token at one epoch holds until the next.
	Epoch(ctx context.Context) (int64, error)
	// BumpEpoch starts the next epoch when the transaction commits.
	BumpEpoch(ctx context.Context) error

	// Setting returns a small value of the deployment itself.
	Setting(ctx context.Context, name string) ([]byte, error)
	InsertSetting(ctx context.Context, name string, value []byte) error

	// Failures returns how often logins of key failed since the window began, and until when it is locked.
	Failures(ctx context.Context, key string) (Failures, error)
	PutFailures(ctx context.Context, key string, f Failures) error
	DeleteFailures(ctx context.Context, key string) error
}

// Failures counts failed logins of one user or from one address.
type Failures struct {
	Count       int
	Since       time.Time // of the first one counted
	LockedUntil time.Time // zero when not locked
}

// ProjectQuery selects projects, ordered by name; empty fields select all.
type ProjectQuery struct {
	AccountID string
	Name      string
	Enabled   *bool
	// UserID selects the projects in which that user has a role.
	UserID string
}

// UserQuery selects users, ordered by name; empty fields select all.
type UserQuery struct {
	AccountID string
	Name      string
	Email     string
	Enabled   *bool
}
