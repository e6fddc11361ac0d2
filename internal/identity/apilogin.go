package identity

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// APILogin is a TOAST client's claim to be a user, in the project of an appkey
// (https://docs.toast.com/ko/Compute/Instance/ko/api-guide/).
type APILogin struct {
	AppKey string
	// Name is the id of an access key, or else a user's name in the default account,
	// or else an e-mail address that one user alone has, in whatever account.
	Name string
	// Secret is the user's API password, never their own; or the access key's secret.
	Secret string

	Origin
}

// TooManyFailures is the detail of an Unavailable fault: so many logins under a
// name, or from an address, have failed that no more are looked at for a while.
// It is said of names that nobody has, too, so it tells nothing about a name.
type TooManyFailures struct{ Until time.Time }

// Error says until when.
func (e *TooManyFailures) Error() string {
	return fmt.Sprintf("too many failed logins; try again after %s", e.Until.UTC().Format(time.RFC3339))
}

// LogInByAPI checks an API password or the secret of an access key and makes a
// token of 32 hex digits for the appkey's project. Every failure is the same
// Unauthenticated fault and costs about the same time: an unknown appkey, an
// unknown or disabled user, a wrong secret, an access key of another project, no
// role in the project. Other faults: Unavailable, with a [TooManyFailures] or
// when too many logins are under way.
func (s *Service) LogInByAPI(ctx context.Context, l APILogin) (string, Token, Caller, error) {
	k, err := read(ctx, s.store, func(tx Tx) (apiClaim, error) { return findAPIClaim(ctx, tx, l) })
	if err != nil {
		return "", Token{}, Caller{}, err
	}
	right, err := s.provesClaim(ctx, k, l.Secret)
	if err != nil {
		return "", Token{}, Caller{}, err
	}
	// Guesses count against the name as it was given, so that a name that somebody
	// has is locked as one that nobody has.
	sum := sha256.Sum256([]byte(l.Name))
	a := attempt{
		subject: "api login:" + hex.EncodeToString(sum[:16]),
		userID:  k.user.ID, resource: "user", name: k.user.Name, Origin: l.Origin,
	}
	if k.user.Options.isTrue(OptionIgnoreLockout) {
		a.subject = ""
	}
	until, err := s.lockedUntil(ctx, a)
	if err != nil {
		return "", Token{}, Caller{}, err
	}
	if s.now().Before(until) {
		e := &TooManyFailures{Until: until}
		return "", Token{}, Caller{}, &fault.Error{Kind: fault.Unavailable, Resource: "user", Msg: e.Error(), Err: e}
	}
	if err := s.decide(ctx, a, right && k.user.Enabled && k.project.ID != ""); err != nil {
		return "", Token{}, Caller{}, err
	}
	t := Token{
		UserID: k.user.ID, Scope: Scope{ProjectScope, k.project.ID}, Methods: []Method{ByPassword},
		AuditIDs: []string{s.random.auditID()}, IssuedAt: s.now(), ExpiresAt: s.now().Add(s.opt.TokenLife),
	}
	return s.issueAs(ctx, s.random.id(), t, l.Origin, func(tx Tx) error {
		now, err := findAPIClaim(ctx, tx, l)
		if err == nil && !now.proves(k) {
			err = errUnauthenticated()
		}
		return err
	})
}

// apiClaim is what is on record for an [APILogin]; what is unknown is zero.
type apiClaim struct {
	project Project
	user    User
	key     *AccessKey // nil for a password
}

// proves reports whether what was proved of old still holds: that it is the same
// user's, and that the secret was not changed or taken away.
func (k apiClaim) proves(old apiClaim) bool {
	switch {
	case k.user.ID != old.user.ID || k.project.ID != old.project.ID || (k.key == nil) != (old.key == nil):
		return false
	case k.key == nil:
		return k.user.APIPasswordHash == old.user.APIPasswordHash
	}
	return k.key.Enabled && k.key.ProjectID == k.project.ID && bytes.Equal(k.key.SealedSecret, old.key.SealedSecret)
}

func findAPIClaim(ctx context.Context, tx Tx, l APILogin) (k apiClaim, err error) {
	if k.project, err = tx.ProjectByAppKey(ctx, l.AppKey); err != nil && !fault.Is(err, fault.NotFound) {
		return k, err
	}
	key, err := tx.AccessKey(ctx, l.Name)
	switch {
	case err == nil:
		k.key = &key
		k.user, err = tx.User(ctx, key.UserID)
	case fault.Is(err, fault.NotFound):
		k.user, err = findUser(ctx, tx, Login{Name: l.Name, AccountID: DefaultAccountID, Email: l.Name})
	}
	if fault.Is(err, fault.NotFound) {
		return k, nil
	}
	return k, err
}

// provesClaim checks the secret. An access key's takes the time of a password,
// so that nobody learns which ids are in use.
func (s *Service) provesClaim(ctx context.Context, k apiClaim, secret string) (bool, error) {
	hash := k.user.APIPasswordHash
	if k.key != nil {
		hash = ""
	}
	ok, err := s.hasher.Verify(ctx, hash, secret)
	if err != nil || k.key == nil {
		return ok, err
	}
	right, err := s.AccessKeySecret(*k.key)
	if err != nil {
		return false, err
	}
	same := subtle.ConstantTimeCompare(right, []byte(secret)) == 1
	return same && k.key.Enabled && k.key.ProjectID == k.project.ID, nil
}

// NewAPIPassword draws an API password for [Service.UpdateUser]: 20 letters and digits.
func (s *Service) NewAPIPassword() string { return s.random.text(20, lettersAndDigits) }
