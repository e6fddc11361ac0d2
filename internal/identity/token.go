package identity

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// TokenHash is the SHA-256 of a token's text: all that is kept of it. A token
// has 128 random bits or more, so a plain hash cannot be turned back.
type TokenHash [sha256.Size]byte

// HashToken hashes a token's text.
func HashToken(text string) TokenHash { return sha256.Sum256([]byte(text)) }

// Method is a way of logging in, as Keystone names it.
type Method string

// The methods.
const (
	ByPassword      Method = "password"
	ByToken         Method = "token"
	ByAppCredential Method = "application_credential"
)

// Token is proof of a login, good in one scope until it expires or is revoked.
type Token struct {
	Hash      TokenHash
	UserID    string
	Scope     Scope
	Methods   []Method // how it came about, the newest first
	AuditIDs  []string // its own, and that of the token it was made from
	IssuedAt  time.Time
	ExpiresAt time.Time
	// AppCredentialID is set when it was made from an application credential.
	AppCredentialID string
}

// TokenQuery selects tokens; exactly one field is set, or UserID with Scope.
type TokenQuery struct {
	UserID          string
	Scope           Scope
	AppCredentialID string
	// AccountID selects those of the account's users, and those that are good in
	// the account or a project of it.
	AccountID string
}

// errUnauthenticated is the one answer to every failed login and bad token: it
// must not tell a wrong password from an unknown user.
func errUnauthenticated() error {
	return &fault.Error{Kind: fault.Unauthenticated, Msg: "the request needs valid credentials"}
}

// IssueToken makes a token for a user who has logged in, as [Service.LogIn]
// returned them: with another password since, it is Unauthenticated. So it is in
// a scope in which the user has no role, or that is unknown or disabled: what
// one may not see does not exist. And so it is where the methods do not satisfy
// the user's rules (multi_factor_auth_rules). It returns the token's text,
// which exists nowhere else.
func (s *Service) IssueToken(ctx context.Context, u User, scope Scope, methods []Method, from Origin) (string, Token, Caller, error) {
	t := Token{
		UserID: u.ID, Scope: scope, Methods: methods, AuditIDs: []string{s.random.auditID()},
		IssuedAt: s.now(), ExpiresAt: s.now().Add(s.opt.TokenLife),
	}
	return s.issue(ctx, t, from, func(tx Tx) error {
		now, err := tx.User(ctx, u.ID)
		if err != nil {
			return hidden(err)
		}
		if now.PasswordHash != u.PasswordHash || now.APIPasswordHash != u.APIPasswordHash {
			return errUnauthenticated()
		}
		return nil
	})
}

// RescopeToken makes a token of another scope from a valid one; it expires no
// later than that. A token of an application credential makes no other
// (Forbidden): it would be good for more than the credential. Other faults as
// [Service.IssueToken].
func (s *Service) RescopeToken(ctx context.Context, old Token, scope Scope, from Origin) (string, Token, Caller, error) {
	if old.AppCredentialID != "" {
		return "", Token{}, Caller{}, &fault.Error{Kind: fault.Forbidden, Resource: "token",
			Msg: "a token of an application credential makes no other token: log in with the credential again"}
	}
	methods := old.Methods
	if !slices.Contains(methods, ByToken) {
		methods = append([]Method{ByToken}, methods...)
	}
	t := Token{
		UserID: old.UserID, Scope: scope, Methods: methods,
		AuditIDs: []string{s.random.auditID(), old.AuditIDs[0]},
		IssuedAt: s.now(), ExpiresAt: old.ExpiresAt,
	}
	return s.issue(ctx, t, from)
}

func (s *Service) issue(ctx context.Context, t Token, from Origin, still ...func(Tx) error) (string, Token, Caller, error) {
	return s.issueAs(ctx, s.random.token(), t, from, still...)
}

// issueAs makes a token if what was proved of its user still holds: to check a
// secret takes tens of milliseconds, in which it may have been taken away.
func (s *Service) issueAs(ctx context.Context, text string, t Token, from Origin, still ...func(Tx) error) (string, Token, Caller, error) {
	t.Hash = HashToken(text)
	var c Caller
	err := s.store.Write(ctx, func(tx Tx) error {
		// Whoever ends tokens waits until this one is there to be ended, or this
		// one waits and sees why.
		_, err := tx.Epoch(ctx)
		if err != nil {
			return err
		}
		for _, holds := range still {
			if err := holds(tx); err != nil {
				return err
			}
		}
		if c, err = s.resolve(ctx, tx, t); err != nil {
			return err
		}
		if enough, err := c.User.enoughFactors(t.Methods); err != nil {
			return err
		} else if !enough {
			return errUnauthenticated()
		}
		// Issuing pays for clearing away: a little each time keeps the table small.
		if err := tx.DeleteExpiredTokens(ctx, s.now(), 10); err != nil {
			return err
		}
		if err := tx.InsertToken(ctx, t); err != nil {
			return err
		}
		e := c.Audit(audit.Login, "user", c.User.Name)
		e.At, e.Dialect, e.RequestID = t.IssuedAt, from.Dialect, from.RequestID
		if from.Address != "" {
			e.Detail = "from " + from.Address
		}
		if t.AppCredentialID != "" {
			e.Detail = strings.TrimSpace(e.Detail + " with application credential " + t.AppCredentialID)
		}
		return tx.AppendAudit(ctx, e)
	})
	if err != nil {
		return "", Token{}, Caller{}, err
	}
	return text, t, c, nil
}

// CheckToken returns what a token stands for. An unknown, expired or revoked
// token, one whose user or project is gone or disabled or who lost the role,
// and one of an application credential whose access rules do not admit the use
// that is made of it, is Unauthenticated. The zero [Use] is admitted by no
// access rule.
func (s *Service) CheckToken(ctx context.Context, text string, u Use) (Token, Caller, error) {
	t, c, err := s.LookUpToken(ctx, text)
	if err == nil && c.AppCredential != nil && !c.AppCredential.admits(u) {
		return Token{}, Caller{}, errUnauthenticated()
	}
	return t, c, err
}

// LookUpToken is [Service.CheckToken] for a token that is not used, but asked
// about: what it may be used for does not matter.
func (s *Service) LookUpToken(ctx context.Context, text string) (Token, Caller, error) {
	if text == "" || len(text) > 255 {
		return Token{}, Caller{}, errUnauthenticated()
	}
	hash := HashToken(text)
	now := s.now()
	var t Token
	var c Caller
	err := s.store.Read(ctx, func(tx Tx) error {
		epoch, err := tx.Epoch(ctx)
		if err != nil {
			return err
		}
		if kept, ok := s.cache.get(hash, epoch, now); ok {
			t, c = kept.token, kept.caller
			return nil
		}
		if t, err = tx.Token(ctx, hash); err != nil {
			return hidden(err)
		}
		if c, err = s.resolve(ctx, tx, t); err != nil {
			return err
		}
		s.cache.put(hash, epoch, now, t, c)
		return nil
	})
	if err != nil {
		return Token{}, Caller{}, err
	}
	if !now.Before(t.ExpiresAt) {
		return Token{}, Caller{}, errUnauthenticated()
	}
	return t, c, nil
}

// RevokeToken ends a token at once, in every process. One's own tokens may be
// revoked by oneself, others' by administrators: else Forbidden. An unknown
// token is NotFound.
func (s *Service) RevokeToken(ctx context.Context, c Caller, text string) error {
	hash := HashToken(text)
	return s.store.Write(ctx, func(tx Tx) error {
		t, err := tx.Token(ctx, hash)
		if err != nil {
			return err
		}
		if t.UserID != c.User.ID && !c.Admin() {
			return &fault.Error{Kind: fault.Forbidden, Resource: "token"}
		}
		if err := tx.BumpEpoch(ctx); err != nil {
			return err
		}
		if err := tx.DeleteToken(ctx, hash); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Revoke, "token", t.AuditIDs[0])
	})
}

// endTokens ends tokens for good, in every process. The epoch comes first: a
// token that is being issued meanwhile holds it, and so is there to be ended.
func (s *Service) endTokens(ctx context.Context, tx Tx, q TokenQuery) error {
	if err := tx.BumpEpoch(ctx); err != nil {
		return err
	}
	return tx.DeleteTokens(ctx, q)
}

// endTokensUnless ends tokens of what is no longer good for any: disabled, or
// without a role. What is known of them is looked at again in any case.
func (s *Service) endTokensUnless(ctx context.Context, tx Tx, good bool, q TokenQuery) error {
	if good {
		return tx.BumpEpoch(ctx)
	}
	return s.endTokens(ctx, tx, q)
}

// hidden makes of what is not there what a login may be told of it.
func hidden(err error) error {
	if fault.Is(err, fault.NotFound) {
		return errUnauthenticated()
	}
	return err
}

// resolve reads who a token stands for and what they may do now.
func (s *Service) resolve(ctx context.Context, tx Tx, t Token) (Caller, error) {
	c := Caller{Scope: t.Scope, Region: s.opt.Region}
	var err error
	if c.User, err = tx.User(ctx, t.UserID); err != nil {
		return Caller{}, hidden(err)
	}
	c.User.PasswordHash, c.User.APIPasswordHash = "", ""
	if c.Account, err = tx.Account(ctx, c.User.AccountID); err != nil {
		return Caller{}, hidden(err)
	}
	enabled := c.User.Enabled && c.Account.Enabled
	switch t.Scope.Kind {
	case ProjectScope:
		if c.Project, err = tx.Project(ctx, t.Scope.ID); err != nil {
			return Caller{}, hidden(err)
		}
		if c.ProjectAccount, err = tx.Account(ctx, c.Project.AccountID); err != nil {
			return Caller{}, hidden(err)
		}
		enabled = enabled && c.Project.Enabled && c.ProjectAccount.Enabled
	case AccountScope:
		if c.ScopeAccount, err = tx.Account(ctx, t.Scope.ID); err != nil {
			return Caller{}, hidden(err)
		}
		enabled = enabled && c.ScopeAccount.Enabled
	}
	if !enabled {
		return Caller{}, errUnauthenticated()
	}
	if t.Scope.Kind == Unscoped {
		return c, nil
	}
	given, err := tx.Assignments(ctx, AssignmentQuery{UserID: t.UserID, Scope: t.Scope})
	if err != nil {
		return Caller{}, err
	}
	records, err := describe(ctx, tx, rolesOf(given))
	if err != nil {
		return Caller{}, err
	}
	c.Roles, c.RoleNames = inTokens(records)
	c.Roles = expand(c.Roles)
	if len(c.Roles) == 0 {
		return Caller{}, errUnauthenticated()
	}
	if t.AppCredentialID != "" {
		return s.confine(ctx, tx, c, t.AppCredentialID)
	}
	return c, nil
}

func rolesOf(given []Assignment) []Role {
	var roles []Role
	for _, a := range given {
		roles = append(roles, a.Role)
	}
	return roles
}
