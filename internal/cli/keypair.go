package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/server"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// keyPair is the command over those that look at everybody's key pairs.
func (a *app) keyPair() *cobra.Command {
	c := &cobra.Command{
		Use: "keypair", Short: "Examine the stored key pairs of all users, as the operator", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	a.dataFlag(c)
	a.configFlag(c)
	a.langFlag(c)
	c.AddCommand(a.keyPairAudit(), a.keyPairFind())
	return c
}

// withKeyPairs opens the data folder as [app.withDomain] does, but makes none
// where there is none: an empty one would say that all is well.
func (a *app) withKeyPairs(ctx context.Context, fn func(context.Context, *server.Domain, identity.Caller) error) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if dir := server.DataDir(cfg.Data.Dir); !dir.InUse() {
		return fmt.Errorf("there is no keyreeve data in %s: name the server's data folder with --data", dir)
	}
	return a.withDomain(ctx, fn)
}

// ownerNames gives owners their names, each looked up once.
type ownerNames struct {
	identity *identity.Service
	caller   identity.Caller
	known    map[keypair.Owner]string
}

func newOwnerNames(d *server.Domain, c identity.Caller) *ownerNames {
	return &ownerNames{d.Identity, c, map[keypair.Owner]string{}}
}

// of returns the owner's name; where there is no such user any more, the id.
func (o *ownerNames) of(ctx context.Context, owner keypair.Owner) (string, error) {
	if name, ok := o.known[owner]; ok {
		return name, nil
	}
	var name string
	var err error
	if owner.Kind == keypair.Project {
		var p identity.Project
		p, err = o.identity.Project(ctx, o.caller, owner.ID)
		name = p.Name
	} else {
		var u identity.User
		u, err = o.identity.User(ctx, o.caller, owner.ID)
		name = u.Name
	}
	if fault.Is(err, fault.NotFound) {
		name, err = owner.ID, nil
	}
	if err == nil {
		o.known[owner] = name
	}
	return name, err
}

// storedKeyPair is how results tell a key pair; its field names are documented
// in docs/keys.md.
type storedKeyPair struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	OwnerKind   string `json:"ownerKind"` // "user" or "project"
	OwnerID     string `json:"ownerId"`
	Owner       string `json:"owner"`
	Region      string `json:"region"`
	Type        string `json:"type"`
	Fingerprint string `json:"fingerprint"`
}

// describe tells a key pair.
func (o *ownerNames) describe(ctx context.Context, k keypair.KeyPair) (storedKeyPair, error) {
	name, err := o.of(ctx, k.Owner)
	kind := "user"
	if k.Owner.Kind == keypair.Project {
		kind = "project"
	}
	return storedKeyPair{
		ID: k.ID, Name: k.Name, OwnerKind: kind, OwnerID: k.Owner.ID, Owner: name,
		Region: k.Region, Type: string(k.Type), Fingerprint: k.FingerprintSHA256(),
	}, err
}

// String is how a line begins that is about the key pair. The name, which a
// user chose, may hold anything printable.
func (k storedKeyPair) String() string {
	return fmt.Sprintf("%s %s in %s: %q", k.OwnerKind, printable(k.Owner), k.Region, k.Name)
}

var noSuchFingerprint = sshkey.Wording{English: "no key pair has the fingerprint %s", Korean: "핑거프린트가 %s인 키 쌍이 없습니다"}

func (a *app) keyPairFind() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "find FINGERPRINT",
		Short: "Print whose key has a fingerprint",
		Long: `Print the key pairs of all users and projects whose key has a fingerprint, in any
spelling that a cloud or a tool shows: SHA256:…, MD5 with colons or without,
SHA-1 of a certificate. The exit status is 1 when there is none.`,
		Example: `  keyreeve keypair find SHA256:nFQuqwrcoMjn9gMYnGcPO2LvjOxIu9uQeO7fWsSVTpg
  keyreeve keypair find 51:5a:3b:1c:c7:24:77:dd:d1:7a:50:f8:23:b9:18:0e`,
		Args: oneFingerprint,
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := sshkey.ParseFingerprint(args[0]); err != nil {
				return &usageError{c.CommandPath(), err}
			}
			return a.withKeyPairs(c.Context(), func(ctx context.Context, d *server.Domain, op identity.Caller) error {
				owners, found := newOwnerNames(d, op), 0
				err := d.KeyPairs.FindAll(ctx, op, args[0], func(k keypair.KeyPair) error {
					found++
					about, err := owners.describe(ctx, k)
					switch {
					case err != nil:
						return err
					case asJSON:
						return a.printJSON(about)
					}
					_, err = fmt.Fprintf(a.stdout, "%v: %s %s\n", about, about.Type, about.Fingerprint)
					return err
				})
				if err == nil && found == 0 {
					err = refuse(noSuchFingerprint, args[0])
				}
				return err
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a key pair, each on a line")
	return c
}

// oneFingerprint takes one argument.
func oneFingerprint(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return errors.New("the fingerprint is missing")
	case 1:
		return nil
	}
	return fmt.Errorf("%d fingerprints are too many; give one", len(args))
}
