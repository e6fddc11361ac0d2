package identity

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// Secrets are the credentials of the first users. They are made before they
// are stored, so that they can be put in a safe place first.
type Secrets struct {
	AdminPassword   string
	DemoPassword    string
	APIPassword     string
	AccessKeyID     string
	AccessKeySecret string
	AppKey          string
	DemoUserID      string
	DemoProjectID   string
}

// Names of the first users and projects.
const (
	AdminName = "admin" // user, and project
	DemoName  = "demo"  // user, and project
	DemoEmail = "demo@example.com"
)

// NewSecrets draws the secrets for [Service.Bootstrap].
func (s *Service) NewSecrets() Secrets {
	return Secrets{
		AdminPassword:   s.random.text(20, lettersAndDigits),
		DemoPassword:    s.random.text(20, lettersAndDigits),
		APIPassword:     s.NewAPIPassword(),
		AccessKeyID:     "KR" + s.random.text(18, upperAndDigits),
		AccessKeySecret: s.random.text(40, lettersAndDigits),
		AppKey:          s.random.text(16, lettersAndDigits),
		DemoUserID:      s.random.id(),
		DemoProjectID:   s.random.id(),
	}
}

// Bootstrapped reports whether there is an account already.
func (s *Service) Bootstrapped(ctx context.Context) (bool, error) {
	err := s.store.Read(ctx, func(tx Tx) error { _, err := tx.Account(ctx, DefaultAccountID); return err })
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Bootstrap makes, in one transaction, the default account, an administrator
// in the project admin, and a member with every kind of credential in the
// project demo. Exists when somebody else did so first.
func (s *Service) Bootstrap(ctx context.Context, sec Secrets) error {
	admin, err := s.newUser(ctx, NewUser{Name: AdminName, Password: sec.AdminPassword})
	if err != nil {
		return err
	}
	demo, err := s.newUser(ctx, NewUser{
		Name: DemoName, Email: DemoEmail, Password: sec.DemoPassword,
		APIPassword: sec.APIPassword, DefaultProjectID: sec.DemoProjectID,
	})
	if err != nil {
		return err
	}
	demo.ID = sec.DemoUserID
	sealed, err := s.sealer.Seal(sec.AccessKeyID, []byte(sec.AccessKeySecret))
	if err != nil {
		return err
	}
	now := s.now()
	account := Account{ID: DefaultAccountID, Name: "Default", Description: "The default domain", Enabled: true, CreatedAt: now}
	adminProject := Project{
		ID: s.random.id(), AccountID: account.ID, Name: AdminName, Description: "Administrators",
		Enabled: true, AppKey: s.random.text(16, lettersAndDigits), CreatedAt: now,
	}
	demoProject := Project{
		ID: sec.DemoProjectID, AccountID: account.ID, Name: DemoName, Description: "A first project",
		Enabled: true, AppKey: sec.AppKey, CreatedAt: now,
	}
	admin.DefaultProjectID = adminProject.ID
	key := AccessKey{
		ID: sec.AccessKeyID, UserID: demo.ID, ProjectID: demoProject.ID,
		SealedSecret: sealed, Enabled: true, CreatedAt: now,
	}
	given := []Assignment{
		{admin.ID, Scope{ProjectScope, adminProject.ID}, RoleAdmin},
		{admin.ID, Scope{AccountScope, account.ID}, RoleAdmin},
		{admin.ID, Scope{Kind: SystemScope}, RoleAdmin},
		{demo.ID, Scope{ProjectScope, demoProject.ID}, RoleMember},
	}
	return s.store.Write(ctx, func(tx Tx) error {
		if err := tx.InsertAccount(ctx, account); err != nil {
			return err
		}
		for _, p := range []Project{adminProject, demoProject} {
			if err := tx.InsertProject(ctx, p); err != nil {
				return err
			}
		}
		for _, u := range []User{admin, demo} {
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
		}
		for _, a := range given {
			if err := tx.InsertAssignment(ctx, a); err != nil {
				return err
			}
		}
		if err := tx.InsertAccessKey(ctx, key); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, audit.Entry{
			At: now, Dialect: "bootstrap", Region: s.opt.Region, UserID: admin.ID,
			Action: audit.Create, Resource: "domain", Name: account.Name,
		})
	})
}

// Operator is the caller that stands for whoever can open the data folder:
// the commands that work on it act as this.
func Operator(region string) Caller {
	return Caller{
		User:  User{Name: "operator", Enabled: true},
		Scope: Scope{Kind: SystemScope}, Roles: expand([]Role{RoleAdmin}),
		Region: region, Dialect: "cli",
	}
}
