package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/server"
)

func (a *app) user() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "Manage users in the data folder", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	a.dataFlag(c)
	a.configFlag(c)
	c.AddCommand(a.userCreate(), a.userAPIPassword())
	return c
}

func (a *app) userCreate() *cobra.Command {
	var project, role, email, passwordFile string
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a user, with a role in a project, and print the id",
		Long: `Make a user in the domain Default and print the user's id. The password is read
from a file, so that it stands in no list of processes. Without --project the
user can log in and keep key pairs, but start no instance. The server may be running.`,
		Example: `  keyreeve user create ann --project demo --password-file ann.txt`,
		Args:    oneName,
		RunE: func(c *cobra.Command, args []string) error {
			if passwordFile == "" {
				return &usageError{c.CommandPath(), errors.New("--password-file is missing; it names the file with the new user's password")}
			}
			password, err := readPassword(passwordFile, c)
			if err != nil {
				return err
			}
			if _, ok := identity.ParseRole(role); !ok {
				return &usageError{c.CommandPath(), fmt.Errorf("there is no role %q; choose admin, member or reader", role)}
			}
			return a.withDomain(c.Context(), func(ctx context.Context, d *server.Domain, op identity.Caller) error {
				var p identity.Project
				if project != "" {
					if p, err = projectByName(ctx, d.Identity, op, project); err != nil {
						return err
					}
				}
				n := identity.NewUser{Name: args[0], Email: email, Password: password, DefaultProjectID: p.ID}
				if p.ID != "" {
					n.Grants = []identity.Assignment{{Scope: identity.Scope{Kind: identity.ProjectScope, ID: p.ID}, Role: identity.Role(role)}}
				}
				u, err := d.Identity.CreateUser(ctx, op, n)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(a.stdout, u.ID)
				return err
			})
		},
	}
	c.Flags().StringVar(&project, "project", "", "give the user a role in the project of this `NAME`")
	c.Flags().StringVar(&role, "role", string(identity.RoleMember), "the `ROLE` there: admin, member or reader")
	c.Flags().StringVar(&email, "email", "", "the user's e-mail `ADDRESS`")
	c.Flags().StringVar(&passwordFile, "password-file", "", "the `FILE` with the password in its first line, - is standard input")
	_ = c.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{"admin", "member", "reader"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) project() *cobra.Command {
	c := &cobra.Command{Use: "project", Short: "Manage projects in the data folder", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	a.dataFlag(c)
	a.configFlag(c)
	c.AddCommand(a.projectCreate())
	return c
}

func (a *app) projectCreate() *cobra.Command {
	var description string
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a project and print its id and appkey",
		Long: `Make a project in the domain Default and print its id and its appkey, with a
space between them. The server may be running.`,
		Example: `  keyreeve project create lab --description 'For trying things'`,
		Args:    oneName,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withDomain(c.Context(), func(ctx context.Context, d *server.Domain, op identity.Caller) error {
				p, err := d.Identity.CreateProject(ctx, op, identity.NewProject{Name: args[0], Description: description})
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(a.stdout, "%s %s\n", p.ID, p.AppKey)
				return err
			})
		},
	}
	c.Flags().StringVar(&description, "description", "", "a `TEXT` that says what the project is for")
	return c
}

// withDomain opens the data folder for one command, which acts as the operator.
func (a *app) withDomain(ctx context.Context, fn func(context.Context, *server.Domain, identity.Caller) error) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	d, err := server.OpenDomain(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err = d.Bootstrap(ctx); err == nil {
		err = fn(ctx, d, identity.Operator(cfg.Region.ID))
	}
	return errors.Join(sentence(err), d.Close())
}

// sentence says a fault in words for the command line.
func sentence(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	switch {
	case f.Kind == fault.Exists:
		return fmt.Errorf("there is a %s %q already", f.Resource, f.Name)
	case f.Kind == fault.NotFound:
		return fmt.Errorf("there is no %s %q", f.Resource, f.Name)
	case f.Kind == fault.Invalid && f.Msg != "":
		return errors.New(f.Msg)
	}
	return err
}

func projectByName(ctx context.Context, s *identity.Service, op identity.Caller, name string) (identity.Project, error) {
	found, err := s.Projects(ctx, op, identity.ProjectQuery{AccountID: identity.DefaultAccountID, Name: name})
	if err != nil {
		return identity.Project{}, err
	}
	if len(found) == 0 {
		return identity.Project{}, fault.Missing("project", name)
	}
	return found[0], nil
}

// readPassword reads the first line of a file, without its end.
func readPassword(file string, c *cobra.Command) (string, error) {
	var text []byte
	var err error
	if file == "-" {
		text = make([]byte, identity.MaxPassword+2)
		n, readErr := c.InOrStdin().Read(text)
		text, err = text[:n], readErr
		if n > 0 {
			err = nil
		}
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the password: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	line = strings.TrimSuffix(line, "\r")
	if line == "" {
		return "", fmt.Errorf("the first line of %s is empty; it must hold the password", file)
	}
	return line, nil
}
