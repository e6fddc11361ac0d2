package identity

import (
	"context"
	"time"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// AccessKey signs requests of the dialects that sign. Its secret is sealed with
// the master key, because the server must be able to compute the signature.
type AccessKey struct {
	ID           string // what the client sends: 20 upper-case letters and digits
	UserID       string
	ProjectID    string // the project it acts in
	SealedSecret []byte
	Enabled      bool
	CreatedAt    time.Time
}

// CreateAccessKey makes an access key for a user in a project and returns its
// secret, which is shown this once. Users make their own, administrators
// anyone's. Faults: Forbidden ([ErrRestricted] too), NotFound (user, project).
func (s *Service) CreateAccessKey(ctx context.Context, c Caller, userID, projectID string) (AccessKey, string, error) {
	if err := c.Unrestricted(); err != nil {
		return AccessKey{}, "", err
	}
	if userID != c.User.ID && !c.Admin() {
		return AccessKey{}, "", &fault.Error{Kind: fault.Forbidden, Resource: "user", Name: userID}
	}
	k, secret, err := s.newAccessKey(userID, projectID)
	if err != nil {
		return AccessKey{}, "", err
	}
	err = s.store.Write(ctx, func(tx Tx) error {
		if _, err := tx.User(ctx, userID); err != nil {
			return err
		}
		if _, err := tx.Project(ctx, projectID); err != nil {
			return err
		}
		if err := tx.InsertAccessKey(ctx, k); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Create, "access key", k.ID)
	})
	return k, secret, err
}

func (s *Service) newAccessKey(userID, projectID string) (AccessKey, string, error) {
	id, secret := "KR"+s.random.text(18, upperAndDigits), s.random.text(40, lettersAndDigits)
	sealed, err := s.sealer.Seal(id, []byte(secret))
	if err != nil {
		return AccessKey{}, "", err
	}
	return AccessKey{
		ID: id, UserID: userID, ProjectID: projectID,
		SealedSecret: sealed, Enabled: true, CreatedAt: s.now(),
	}, secret, nil
}

// AccessKeySecret opens the secret of an access key, for checking a signature.
// Faults: Internal when it was sealed with another master key.
func (s *Service) AccessKeySecret(k AccessKey) ([]byte, error) {
	return s.sealer.Open(k.ID, k.SealedSecret)
}

// AccessKeys lists a user's access keys by their ids: one's own, or anyone's
// for administrators. Faults: Forbidden.
func (s *Service) AccessKeys(ctx context.Context, c Caller, userID string) ([]AccessKey, error) {
	if userID != c.User.ID && !c.Admin() {
		return nil, &fault.Error{Kind: fault.Forbidden, Resource: "user", Name: userID}
	}
	var all []AccessKey
	err := s.store.Read(ctx, func(tx Tx) (err error) { all, err = tx.AccessKeys(ctx, userID); return err })
	return all, err
}

// DeleteAccessKey removes an access key: one's own, or anyone's for
// administrators. It ends the user's tokens in the key's project, because those
// that the key was good for do not say so. Faults: NotFound (there is none, or
// it is another's), Forbidden ([ErrRestricted]).
func (s *Service) DeleteAccessKey(ctx context.Context, c Caller, id string) error {
	if err := c.Unrestricted(); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		k, err := tx.AccessKey(ctx, id)
		if err != nil {
			return err
		}
		if k.UserID != c.User.ID && !c.Admin() {
			return fault.Missing("access key", id)
		}
		if err := s.endTokens(ctx, tx, TokenQuery{UserID: k.UserID, Scope: Scope{ProjectScope, k.ProjectID}}); err != nil {
			return err
		}
		if err := tx.DeleteAccessKey(ctx, id); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Delete, "access key", id)
	})
}
