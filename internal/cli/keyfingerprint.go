package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

func (a *app) keyFingerprint() *cobra.Command {
	var passphraseFile string
	var asJSON bool
	c := &cobra.Command{
		Use:   "fingerprint [FILE]",
		Short: "Print a key's fingerprints, as each cloud and tool shows them",
		Long: `Print the fingerprints of a key, or of each key of a file such as authorized_keys:
SHA256 and MD5 as ssh-keygen shows them, then what each cloud shows; Alibaba's is
the MD5 in plain hexadecimal. Of a certificate some show the fingerprint of the
whole, some that of the key in it. Without FILE it is standard input.`,
		Example: `  keyreeve key fingerprint ~/.ssh/id_ed25519.pub
  keyreeve key fingerprint --json lab.pem | jq -r '.fingerprints[] | select(.name == "MD5") | .value'`,
		ValidArgsFunction: completeFiles,
		Args:              oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			print := a.printFingerprints
			if asJSON {
				print = func(e entry) error { return a.printJSON(fingerprintReport{report(e), fingerprints(e)}) }
			}
			return a.eachKey(c, fileArg(args), passphraseFile, print)
		},
	}
	a.readFlags(c, &passphraseFile, &asJSON)
	return c
}

// readFlags gives a command that only reads keys the flags that it needs.
func (a *app) readFlags(c *cobra.Command, passphraseFile *string, asJSON *bool) {
	c.Flags().StringVar(passphraseFile, "passphrase-file", "", "the passphrase of an encrypted private key is the first line of this `FILE`")
	c.Flags().BoolVar(asJSON, "json", false, "print a JSON object a key, each on a line")
}

var unreadLines = sshkey.Wording{English: "%d of %d lines are no keys", Korean: "%[2]d줄 가운데 %[1]d줄은 키가 아닙니다"}

// eachKey calls fn with every key of a FILE. Lines that are no keys are told on
// standard error, and are an error in the end.
func (a *app) eachKey(c *cobra.Command, file, passphraseFile string, fn func(entry) error) error {
	if err := oneStdin(file, passphraseFile); err != nil {
		return &usageError{c.CommandPath(), err}
	}
	entries, err := a.readKeys(c.Context(), file, passphraseFile)
	if err != nil {
		return err
	}
	bad := 0
	for _, e := range entries {
		if e.err != nil {
			bad++
			_, _ = fmt.Fprintln(a.stderr, (&located{e.where(), e.err}).In(a.lang.Language))
			continue
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	if bad > 0 {
		return refuse(unreadLines, bad, len(entries))
	}
	return nil
}

// printFingerprints prints a line for each spelling, and before those of one
// key among several which it is.
func (a *app) printFingerprints(e entry) error {
	var b strings.Builder
	if e.line > 0 {
		fmt.Fprintf(&b, "%s: %s %s\n", e.where(), e.key.Type(), printable(e.key.Comment()))
	}
	for _, f := range fingerprints(e) {
		fmt.Fprintf(&b, "%-10s %s\n", f.Name, f.Value)
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}
