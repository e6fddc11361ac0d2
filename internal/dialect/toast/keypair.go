package toast

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// Key pairs are the user's own, so every role will do.
var keypairRoutes = []Route{
	{Method: http.MethodGet, Path: "keypairs", Access: identity.ProjectReader, about: ofKeyPair, handle: (*Dialect).listKeyPairs},
	{Method: http.MethodPost, Path: "keypairs", Access: identity.ProjectReader, about: ofKeyPair, secret: true, handle: (*Dialect).createKeyPair},
	{Method: http.MethodDelete, Path: "keypairs", Access: identity.ProjectReader, about: ofKeyPair, handle: (*Dialect).deleteKeyPair},
}

func (d *Dialect) listKeyPairs(c *call) (answer, error) {
	out := &keypairsAnswer{KeyPairs: []keyPair{}}
	if name := c.query.get("name"); name != "" {
		k, err := d.opt.KeyPairs.Get(c.Context(), c.caller, d.rules, "", name)
		if err != nil {
			return nil, aboutKeyPair(err, name, c.caller)
		}
		v := viewKeyPair(k)
		v.CreatedAt = stamp(k.CreatedAt)
		out.KeyPairs = append(out.KeyPairs, v)
		return out, nil
	}
	for page := (keypair.Page{Limit: keypair.MaxList}); ; {
		some, err := d.opt.KeyPairs.List(c.Context(), c.caller, d.rules, "", page)
		if err != nil {
			return nil, err
		}
		for _, k := range some {
			out.KeyPairs = append(out.KeyPairs, viewKeyPair(k))
		}
		if len(some) < keypair.MaxList {
			return out, nil
		}
		page.After = some[len(some)-1].Name
	}
}

func viewKeyPair(k keypair.KeyPair) keyPair {
	return keyPair{Name: k.Name, PublicKey: k.PublicKey, Fingerprint: k.FingerprintMD5()}
}

// createKeyPair keeps the public key that is sent, byte for byte, or makes a pair.
func (d *Dialect) createKeyPair(c *call) (answer, error) {
	in := c.body.object("keypair")
	req := keypair.Request{Name: in.text("name"), Type: keypair.SSH}
	public, imported := in.textIf("publicKey")
	if err := c.body.err(); err != nil {
		return nil, err
	}
	var k keypair.KeyPair
	var private string
	var err error
	if imported {
		k, _, err = d.opt.KeyPairs.Import(c.Context(), c.caller, d.rules, req, public)
	} else {
		var p sshkey.PrivateKey
		if k, p, err = d.opt.KeyPairs.Generate(c.Context(), c.caller, d.rules, req); err == nil {
			private = p.Text()
		}
	}
	if err != nil {
		return nil, aboutNewKeyPair(err, req.Name, d.rules)
	}
	v := viewKeyPair(k)
	v.PrivateKey = private
	return &keypairAnswer{KeyPair: v}, nil
}

func (d *Dialect) deleteKeyPair(c *call) (answer, error) {
	name, err := c.query.required("name")
	if err != nil {
		return nil, err
	}
	return done(aboutKeyPair(d.opt.KeyPairs.Delete(c.Context(), c.caller, d.rules, "", name), name, c.caller))
}

// aboutKeyPair says in Nova's words that a key pair is not there.
func aboutKeyPair(err error, name string, c identity.Caller) error {
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	return &failure{code: ofKeyPair.code(http.StatusNotFound), detail: fmt.Sprintf("Keypair %s not found for user %s", name, c.User.ID)}
}

// aboutNewKeyPair says in Nova's words why a key pair cannot be made.
func aboutNewKeyPair(err error, name string, rules keypair.Rules) error {
	var e *fault.Error
	if !errors.As(err, &e) {
		return err
	}
	var flaw *keypair.NameFlaw
	switch {
	case e.Kind == fault.Exists:
		return &failure{code: ofKeyPair.code(http.StatusConflict), detail: fmt.Sprintf("Key pair '%s' already exists.", name)}
	case e.Kind == fault.Quota:
		return &failure{code: ofKeyPair.code(http.StatusForbidden), detail: "Quota exceeded, too many key pairs."}
	case errors.As(err, &flaw):
		return &failure{code: ofKeyPair.code(http.StatusBadRequest), detail: nameText(flaw, name)}
	case e.Kind == fault.Invalid && e.Field == "public_key":
		return &failure{code: ofKeyPair.code(http.StatusBadRequest), detail: "Keypair data is invalid: " + keyText(e, rules)}
	}
	return err
}

func nameText(flaw *keypair.NameFlaw, name string) string {
	const must = "An invalid 'name' value was provided. The name must be: "
	switch {
	case flaw.Reason == keypair.NameLength && name == "":
		return "Invalid input for field/attribute name. Value: . '' is too short"
	case flaw.Reason == keypair.NameLength:
		return fmt.Sprintf("Invalid input for field/attribute name. Value: %s. '%s' is too long", name, name)
	case flaw.Reason == keypair.NameChars:
		return must + "Only expected characters: [" + flaw.Rule.Chars + "]"
	}
	return must + "printable characters. Can not start or end with whitespace."
}

// keyText never repeats anything of the text that was sent.
func keyText(e *fault.Error, rules keypair.Rules) string {
	var parse *sshkey.ParseError
	switch {
	case e.Err == nil:
		return fmt.Sprintf("longer than %d bytes", rules.MaxPublicKey)
	case !errors.As(e.Err, &parse):
		return e.Msg // why it is weak
	case parse.Reason.Private():
		return "a private key was given, send the public key"
	}
	return "failed to generate fingerprint"
}
