package identity

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// CreateAccount makes an account. Faults: Forbidden (not an administrator),
// Invalid (name), Exists.
func (s *Service) CreateAccount(ctx context.Context, c Caller, name, description string, enabled bool) (Account, error) {
	if err := Administrator.Check(c); err != nil {
		return Account{}, err
	}
	if err := checkName("name", name, 64); err != nil {
		return Account{}, err
	}
	a := Account{ID: s.random.id(), Name: name, Description: description, Enabled: enabled, CreatedAt: s.now()}
	err := s.store.Write(ctx, func(tx Tx) error {
		if err := tx.InsertAccount(ctx, a); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Create, "domain", a.Name)
	})
	return a, err
}

// AccountChange is what to change of an account; nil leaves as it is.
type AccountChange struct {
	Name        *string
	Description *string
	Enabled     *bool
}

// UpdateAccount changes an account. Disabling it ends the tokens of its users,
// and those of its projects and itself, for good. The default account stays
// enabled: nobody could enable it again. Faults: Forbidden (not an
// administrator), NotFound, Invalid (name), Exists (name), Conflict (disabling
// the default account).
func (s *Service) UpdateAccount(ctx context.Context, c Caller, id string, ch AccountChange) (Account, error) {
	if err := Administrator.Check(c); err != nil {
		return Account{}, err
	}
	if ch.Name != nil {
		if err := checkName("name", *ch.Name, 64); err != nil {
			return Account{}, err
		}
	}
	var a Account
	err := s.store.Write(ctx, func(tx Tx) error {
		var err error
		if a, err = tx.Account(ctx, id); err != nil {
			return err
		}
		set(&a.Name, ch.Name)
		set(&a.Description, ch.Description)
		set(&a.Enabled, ch.Enabled)
		if id == DefaultAccountID && !a.Enabled {
			return &fault.Error{Kind: fault.Conflict, Resource: "domain", Name: id,
				Msg: "The default domain cannot be disabled: nobody could enable it again."}
		}
		if err := tx.UpdateAccount(ctx, a); err != nil {
			return renamed(err, "domain", a.Name)
		}
		if err := s.endTokensUnless(ctx, tx, a.Enabled, TokenQuery{AccountID: id}); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Update, "domain", a.Name)
	})
	return a, err
}
