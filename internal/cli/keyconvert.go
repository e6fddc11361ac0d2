package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// conversion is what the person wants of keyreeve key convert.
type conversion struct {
	in, out, to, comment          string
	setComment                    bool
	passphraseFile, newPassphrase string // names of files
}

func (a *app) keyConvert() *cobra.Command {
	var v conversion
	c := &cobra.Command{
		Use:   "convert --in FILE --to FORMAT --out FILE",
		Short: "Write a key in another format",
		Long: `Write a key in another format. What is read may be in any format that Keyreeve
knows; without --in it is standard input. A private key becomes a private key in
openssh, pem, pkcs8, ppk and ppk2, and in all other formats the public half of
it comes out. An encrypted key needs --passphrase-file, and what is written is
encrypted only with --new-passphrase-file. FILE is not overwritten; only its
owner may read it when it is private.`,
		Example: `  keyreeve key convert --in lab.ppk --to openssh --out lab
  keyreeve key convert --in lab --to authorized-keys --out - >> authorized_keys`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			v.setComment = c.Flags().Changed("comment")
			if err := v.check(); err != nil {
				return &usageError{c.CommandPath(), err}
			}
			return a.convert(c.Context(), v)
		},
	}
	f := c.Flags()
	f.StringVar(&v.in, "in", stdinName, "the `FILE` with the key, - is standard input")
	f.StringVar(&v.to, "to", "", "the `FORMAT`: "+strings.Join(targets(), ", "))
	f.StringVar(&v.out, "out", "", "the `FILE` to make, - is standard output")
	f.StringVar(&v.comment, "comment", "", "a `TEXT` instead of the key's comment, in formats that have one")
	f.StringVar(&v.passphraseFile, "passphrase-file", "", "the passphrase of what is read is the first line of this `FILE`")
	f.StringVar(&v.newPassphrase, "new-passphrase-file", "", "encrypt what is written with the first line of this `FILE`")
	_ = c.RegisterFlagCompletionFunc("to", cobra.FixedCompletions(targets(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

// check refuses what is not understood.
func (v conversion) check() error {
	_, isPublic := publicFormats[v.to]
	switch {
	case v.to == "":
		return fmt.Errorf("--to is missing; it names the format: %s", strings.Join(targets(), ", "))
	case !slices.Contains(targets(), v.to):
		return fmt.Errorf("there is no format %q; choose one of %s", v.to, strings.Join(targets(), ", "))
	case v.out == "":
		return errors.New("--out is missing; it names the file to make")
	case isPublic && v.newPassphrase != "":
		return fmt.Errorf("%s is a format of public keys, which are not encrypted; leave out --new-passphrase-file", v.to)
	}
	return oneStdin(v.in, v.passphraseFile, v.newPassphrase)
}

var (
	onlyPublic = sshkey.Wording{
		English: "%s holds no private key, and %s is a format of private keys; choose one of %s",
		Korean:  "%s: 개인 키가 없습니다. %s은(는) 개인 키의 형식이므로 다음에서 고르십시오: %s",
	}
	unknownKey = sshkey.Wording{
		English: "this is a certificate for a key of a kind that SSH does not know",
		Korean:  "SSH에 없는 종류의 키에 대한 인증서입니다",
	}
)

func (a *app) convert(ctx context.Context, v conversion) error {
	if v.out != stdinName {
		if err := allNew(v.out); err != nil {
			return err
		}
	}
	e, err := a.readKey(ctx, v.in, v.passphraseFile)
	if err != nil {
		return err
	}
	if !e.hasKey() {
		return &located{e.where(), refuse(unknownKey)}
	}
	if e.options != "" {
		_, _ = fmt.Fprintf(a.stderr, "The options %s are left out.\n", printable(e.options))
	}
	if write, isPublic := publicFormats[v.to]; isPublic {
		key := e.key
		if v.setComment {
			if key, err = withComment(key, v.comment); err != nil {
				return err
			}
		}
		text, err := write(key)
		if err != nil {
			return &located{fileName(v.in), err}
		}
		return a.deliver(newFile{v.out, publicMode, []byte(text)})
	}
	return a.convertPrivate(ctx, e, v)
}

// withComment returns the key with another comment.
func withComment(k sshkey.PublicKey, comment string) (sshkey.PublicKey, error) {
	return sshkey.ParsePublicKey(k.Type() + " " + base64.StdEncoding.EncodeToString(k.Blob()) + " " + comment)
}

func (a *app) convertPrivate(ctx context.Context, e entry, v conversion) error {
	switch {
	case !e.isPrivate:
		return refuse(onlyPublic, fileName(v.in), v.to, strings.Join(publicFormatNames(), ", "))
	case !e.opened:
		return &located{fileName(v.in), refuse(isEncrypted)}
	}
	passphrase, err := a.readPassphrase(ctx, v.newPassphrase)
	if err != nil {
		return err
	}
	comment := e.key.Comment()
	if v.setComment {
		comment = v.comment
	}
	text, err := e.private.Encode(sshkey.PrivateFormat(v.to), comment, passphrase)
	if err != nil {
		return err
	}
	if err := a.deliver(newFile{v.out, privateMode, text}); err != nil {
		return err
	}
	if e.encrypted && passphrase == nil {
		_, _ = fmt.Fprintf(a.stderr, "%s has no passphrase; --new-passphrase-file would give it one.\n", outName(v.out))
	}
	return nil
}

// outName is how messages name a FILE that was written.
func outName(name string) string {
	if name == stdinName {
		return "What was written"
	}
	return printable(name)
}
