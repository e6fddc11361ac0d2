package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/server"
)

func (a *app) userAPIPassword() *cobra.Command {
	var passwordFile string
	var remove bool
	c := &cobra.Command{
		Use:   "api-password NAME",
		Short: "Give a user an API password for TOAST clients, or take it away",
		Long: `Give a user of the domain Default a new API password and print it: it is shown
this once. With --password-file the password is read and nothing is printed. The
TOAST ID is the user's e-mail address or name. What the API password was before
ends, and so do all of the user's tokens. The server may be running.`,
		Example: `  keyreeve user api-password ann
  keyreeve user api-password ann --remove`,
		Args: oneName,
		RunE: func(c *cobra.Command, args []string) error {
			if remove && passwordFile != "" {
				return &usageError{c.CommandPath(), errors.New("--remove takes no --password-file")}
			}
			var given string
			if passwordFile != "" {
				var err error
				if given, err = readPassword(passwordFile, c); err != nil {
					return err
				}
			}
			return a.withDomain(c.Context(), func(ctx context.Context, d *server.Domain, op identity.Caller) error {
				u, err := userByName(ctx, d.Identity, op, args[0])
				if err != nil {
					return err
				}
				password, shown := given, false
				switch {
				case remove && u.APIPasswordHash == "":
					return fmt.Errorf("the user %q has no API password", u.Name)
				case !remove && given == "":
					password, shown = d.Identity.NewAPIPassword(), true
				}
				if _, err := d.Identity.UpdateUser(ctx, op, u.ID, identity.UserChange{APIPassword: &password}); err != nil || !shown {
					return err
				}
				_, err = fmt.Fprintln(a.stdout, password)
				return err
			})
		},
	}
	c.Flags().StringVar(&passwordFile, "password-file", "", "take the password in the first line of this `FILE`, - is standard input")
	c.Flags().BoolVar(&remove, "remove", false, "take the API password away")
	return c
}

func userByName(ctx context.Context, s *identity.Service, op identity.Caller, name string) (identity.User, error) {
	found, err := s.Users(ctx, op, identity.UserQuery{AccountID: identity.DefaultAccountID, Name: name})
	if err == nil && len(found) == 0 {
		err = fault.Missing("user", name)
	}
	if err != nil {
		return identity.User{}, err
	}
	return found[0], nil
}
