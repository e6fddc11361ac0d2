package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// publicSuffix makes the name of the public half's file from the private one's.
const publicSuffix = ".pub"

func (a *app) keyGenerate() *cobra.Command {
	var algorithm, format, comment, passphraseFile, out string
	c := &cobra.Command{
		Use:   "generate --out FILE",
		Short: "Make a key pair: the private half in FILE, the public one in FILE.pub",
		Long: `Make a key pair on this machine: the private half in FILE, which only its owner
may read, and the public one in FILE.pub, which every cloud takes. Neither is
overwritten. With --out - the private half goes to standard output, and there
is no FILE.pub. The fingerprint is printed.

  openssh  what ssh-keygen writes, the default
  pem      what clouds hand out: PKCS#1 for RSA, SEC 1 for ECDSA; the same as openssh for Ed25519 and with a passphrase
  pkcs8    PKCS#8, which most libraries read
  ppk      PuTTY, version 3; ppk2 is version 2 for PuTTY before 0.75`,
		Example: `  keyreeve key generate --out ~/.ssh/lab --comment ann@laptop
  keyreeve key generate --algorithm rsa-4096 --format ppk --passphrase-file secret.txt --out lab.ppk`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			spec, err := sshkey.ParseSpec(algorithm)
			if err == nil && out == "" {
				err = errors.New("--out is missing; it names the file for the private key")
			}
			if err == nil && strings.HasSuffix(out, publicSuffix) {
				err = fmt.Errorf("--out names the file for the private key, so it must not end in %s; the public one gets that ending", publicSuffix)
			}
			var as sshkey.PrivateFormat
			if err == nil {
				as, err = sshkey.ParsePrivateFormat(format)
			}
			if err != nil {
				return &usageError{c.CommandPath(), err}
			}
			return a.generate(c.Context(), spec, as, comment, passphraseFile, out)
		},
	}
	specs, formats := specNames(), privateFormatNames()
	c.Flags().StringVar(&algorithm, "algorithm", string(sshkey.SpecEd25519), "the `ALGORITHM`: "+strings.Join(specs, ", "))
	c.Flags().StringVar(&format, "format", string(sshkey.FormatOpenSSH), "the `FORMAT` of the private half: "+strings.Join(formats, ", "))
	c.Flags().StringVar(&comment, "comment", "", "a `TEXT` to know the key by, such as ann@laptop")
	c.Flags().StringVar(&passphraseFile, "passphrase-file", "", "encrypt the private half with the first line of this `FILE`")
	c.Flags().StringVar(&out, "out", "", "the `FILE` for the private half, - is standard output")
	_ = c.RegisterFlagCompletionFunc("algorithm", cobra.FixedCompletions(specs, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func specNames() []string {
	var names []string
	for _, s := range sshkey.Specs() {
		names = append(names, string(s))
	}
	return names
}

func (a *app) generate(ctx context.Context, spec sshkey.Spec, format sshkey.PrivateFormat, comment, passphraseFile, out string) error {
	if out != stdinName {
		if err := allNew(out, out+publicSuffix); err != nil {
			return err
		}
	}
	passphrase, err := a.readPassphrase(ctx, passphraseFile)
	if err != nil {
		return err
	}
	// Not sshkey.Generate, which an interrupt does not stop.
	key, err := sshkey.NewGenerator(sshkey.GeneratorSettings{}).Generate(ctx, spec)
	if ctx.Err() != nil {
		return refuse(interrupted)
	}
	if err != nil {
		return err
	}
	public := key.Public(comment)
	text, err := key.Encode(format, public.Comment(), passphrase)
	if err != nil {
		return err
	}
	private := newFile{out, privateMode, text}
	if out == stdinName {
		return a.deliver(private)
	}
	if err := writeNew(private, newFile{out + publicSuffix, publicMode, []byte(public.AuthorizedKey() + "\n")}); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(a.stderr, "The private key is in %s, the public one in %s.\n", printable(out), printable(out+publicSuffix))
	_, err = fmt.Fprintln(a.stdout, public.FingerprintSHA256())
	return err
}
