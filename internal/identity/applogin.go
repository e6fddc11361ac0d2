package identity

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// AppLogin is a program's claim to have an application credential.
type AppLogin struct {
	ID   string // or
	Name string // among those of
	// Owner, of whom only what says who they are is looked at.
	Owner Login

	Secret string

	Origin
}

// LogInByApp checks the secret of an application credential and returns it with
// its user. Failures are the same, and count the same, as those of
// [Service.LogIn]: an unknown, expired or deleted credential, a wrong secret, a
// disabled user.
func (s *Service) LogInByApp(ctx context.Context, l AppLogin) (User, AppCredential, error) {
	var u User
	var k AppCredential
	err := s.store.Read(ctx, func(tx Tx) (err error) {
		if u, k, err = findAppCredential(ctx, tx, l); fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return User{}, AppCredential{}, err
	}
	ok, err := s.hasher.Verify(ctx, k.SecretHash, l.Secret)
	if err != nil {
		return User{}, AppCredential{}, err
	}
	a := attempt{userID: u.ID, resource: "application credential", name: k.ID, Origin: l.Origin}
	if k.ID != "" && !u.Options.isTrue(OptionIgnoreLockout) {
		a.subject = "application credential:" + k.ID
	}
	if err := s.decide(ctx, a, ok && u.Enabled && !k.expired(s.now())); err != nil {
		return User{}, AppCredential{}, err
	}
	k.SecretHash = ""
	return u, k, nil
}

func findAppCredential(ctx context.Context, tx Tx, l AppLogin) (User, AppCredential, error) {
	q := AppCredentialQuery{ID: l.ID}
	if l.ID == "" {
		u, err := findUser(ctx, tx, l.Owner)
		if err != nil {
			return User{}, AppCredential{}, err
		}
		q = AppCredentialQuery{UserID: u.ID, Name: l.Name}
	}
	found, err := tx.AppCredentials(ctx, q)
	if err != nil {
		return User{}, AppCredential{}, err
	}
	if len(found) != 1 {
		return User{}, AppCredential{}, fault.Missing("application credential", l.ID)
	}
	u, err := tx.User(ctx, found[0].UserID)
	return u, found[0], err
}

// IssueAppToken makes a token of an application credential whose secret was
// checked. It ends with the credential. Faults as [Service.IssueToken].
func (s *Service) IssueAppToken(ctx context.Context, k AppCredential, methods []Method, from Origin) (string, Token, Caller, error) {
	t := Token{
		UserID: k.UserID, Scope: Scope{ProjectScope, k.ProjectID}, Methods: methods, AppCredentialID: k.ID,
		AuditIDs: []string{s.random.auditID()}, IssuedAt: s.now(), ExpiresAt: s.now().Add(s.opt.TokenLife),
	}
	if !k.ExpiresAt.IsZero() && k.ExpiresAt.Before(t.ExpiresAt) {
		t.ExpiresAt = k.ExpiresAt
	}
	return s.issue(ctx, t, from)
}

// confine makes of a user's caller that of an application credential: with its
// roles alone, all of which the user must still have.
func (s *Service) confine(ctx context.Context, tx Tx, c Caller, id string) (Caller, error) {
	k, err := appCredential(ctx, tx, c.User.ID, id)
	if err != nil {
		return Caller{}, hidden(err)
	}
	if k.expired(s.now()) {
		return Caller{}, errUnauthenticated()
	}
	for _, r := range k.Roles {
		if !c.Has(r) {
			return Caller{}, errUnauthenticated()
		}
	}
	c.Roles, c.AppCredential = expand(k.Roles), &k
	return c, nil
}
