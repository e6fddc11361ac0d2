package identity

import (
	"context"
	"crypto/subtle"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// Working returns those of the first users' secrets that still let somebody in,
// and empties the others: passwords that were changed or taken away, an access
// key that is gone, those of users who are gone or disabled.
func (s *Service) Working(ctx context.Context, sec Secrets) (Secrets, error) {
	var admin, demo User
	var key AccessKey
	err := s.store.Read(ctx, func(tx Tx) error {
		for _, look := range []func() error{
			func() (err error) { admin, err = tx.UserByName(ctx, DefaultAccountID, AdminName); return err },
			func() (err error) { demo, err = tx.User(ctx, sec.DemoUserID); return err },
			func() (err error) { key, err = tx.AccessKey(ctx, sec.AccessKeyID); return err },
		} {
			if err := look(); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Secrets{}, err
	}
	for _, p := range []struct {
		of     User
		hash   string
		secret *string
	}{
		{admin, admin.PasswordHash, &sec.AdminPassword},
		{demo, demo.PasswordHash, &sec.DemoPassword},
		{demo, demo.APIPasswordHash, &sec.APIPassword},
	} {
		ok := false
		if p.of.Enabled && p.hash != "" && *p.secret != "" {
			if ok, err = s.hasher.Verify(ctx, p.hash, *p.secret); err != nil {
				return Secrets{}, err
			}
		}
		if !ok {
			*p.secret = ""
		}
	}
	if key.ID == "" || !key.Enabled || key.UserID != demo.ID || !demo.Enabled {
		sec.AccessKeyID, sec.AccessKeySecret = "", ""
		return sec, nil
	}
	right, err := s.AccessKeySecret(key)
	if err != nil {
		return Secrets{}, err
	}
	if subtle.ConstantTimeCompare(right, []byte(sec.AccessKeySecret)) != 1 {
		sec.AccessKeyID, sec.AccessKeySecret = "", ""
	}
	return sec, nil
}
