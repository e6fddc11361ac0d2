package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/server"
)

func (a *app) accessKey() *cobra.Command {
	c := &cobra.Command{Use: "accesskey", Short: "Manage users' access keys in the data folder", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	a.dataFlag(c)
	a.configFlag(c)
	c.AddCommand(a.accessKeyCreate(), a.accessKeyList(), a.accessKeyDelete())
	return c
}

func (a *app) accessKeyCreate() *cobra.Command {
	var project string
	c := &cobra.Command{
		Use:   "create USER",
		Short: "Make an access key of a user, and print its id and secret",
		Long: `Make an access key with which a user of the domain Default works in one project,
and print its id and its secret, with a space between them: the secret is shown
this once. It is good for what the user's role there is good for. The server may
be running.`,
		Example: `  keyreeve accesskey create ann --project lab`,
		Args:    only("user"),
		RunE: func(c *cobra.Command, args []string) error {
			if project == "" {
				return &usageError{c.CommandPath(), errors.New("--project is missing; it names the project that the access key works in")}
			}
			return a.withDomain(c.Context(), func(ctx context.Context, d *server.Domain, op identity.Caller) error {
				u, err := userByName(ctx, d.Identity, op, args[0])
				if err != nil {
					return err
				}
				p, err := projectByName(ctx, d.Identity, op, project)
				if err != nil {
					return err
				}
				k, secret, err := d.Identity.CreateAccessKey(ctx, op, u.ID, p.ID)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(a.stdout, "%s %s\n", k.ID, secret)
				return err
			})
		},
	}
	c.Flags().StringVar(&project, "project", "", "the `NAME` of the project that it works in")
	return c
}

func (a *app) accessKeyList() *cobra.Command {
	return &cobra.Command{
		Use:     "list USER",
		Short:   "List the access keys of a user: id and project, without the secret",
		Example: `  keyreeve accesskey list ann`,
		Args:    only("user"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withDomain(c.Context(), func(ctx context.Context, d *server.Domain, op identity.Caller) error {
				u, err := userByName(ctx, d.Identity, op, args[0])
				if err != nil {
					return err
				}
				keys, err := d.Identity.AccessKeys(ctx, op, u.ID)
				if err != nil {
					return err
				}
				for _, k := range keys {
					p, err := d.Identity.Project(ctx, op, k.ProjectID)
					if err != nil {
						return err
					}
					if _, err := fmt.Fprintf(a.stdout, "%s %s\n", k.ID, p.Name); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

func (a *app) accessKeyDelete() *cobra.Command {
	return &cobra.Command{
		Use:   "delete ID",
		Short: "Delete an access key",
		Long: `Delete an access key. It lets nobody in from then on, and the user's tokens in
its project end. The server may be running.`,
		Example: `  keyreeve accesskey delete KRX3J5Z0QG4N8T2W6YBC`,
		Args:    only("access key"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withDomain(c.Context(), func(ctx context.Context, d *server.Domain, op identity.Caller) error {
				return d.Identity.DeleteAccessKey(ctx, op, args[0])
			})
		},
	}
}

// only takes one argument, which names what.
func only(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return fmt.Errorf("the %s is missing", what)
		case 1:
			return nil
		}
		return fmt.Errorf("%d arguments are too many; quote a name that has spaces", len(args))
	}
}
