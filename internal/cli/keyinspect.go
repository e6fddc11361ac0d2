package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/sshkey/weak"
)

func (a *app) keyInspect() *cobra.Command {
	var passphraseFile string
	var asJSON bool
	c := &cobra.Command{
		Use:   "inspect [FILE]",
		Short: "Tell everything about a key: type, fingerprints, certificate, weaknesses",
		Long: `Tell everything about a key, or about each key of a file such as authorized_keys:
what it is, its comment, its fingerprints, what its certificate says, its
randomart, and what is weak about it. Of a private key only the public facts are
told. Without FILE it is standard input.`,
		Example: `  keyreeve key inspect ~/.ssh/id_ed25519
  ssh-keyscan -q -t ed25519 github.com | cut -d' ' -f2- | keyreeve key inspect`,
		ValidArgsFunction: completeFiles,
		Args:              oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			print := func(e entry) error { return a.printInspection(a.inspect(e)) }
			if asJSON {
				print = func(e entry) error { return a.printJSON(a.inspect(e)) }
			}
			return a.eachKey(c, fileArg(args), passphraseFile, print)
		},
	}
	a.readFlags(c, &passphraseFile, &asJSON)
	return c
}

// inspect finds out what there is to tell of a key.
func (a *app) inspect(e entry) inspectReport {
	r := inspectReport{
		keyReport: report(e), UsableBySSHD: usable(e), Fingerprints: fingerprints(e),
		Weaknesses: a.weaknesses(weak.Findings(e.key, weak.DefaultPolicy())),
	}
	return r
}

// usable says whether an sshd with its default settings takes the key. It takes
// no X.509 certificate.
func usable(e entry) bool { return !e.isX509() && e.key.UsableBySSHD() }

// printInspection prints a line for each fact.
func (a *app) printInspection(r inspectReport) error {
	var b strings.Builder
	fact := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s %s\n", name, value)
		}
	}
	fact("form", r.Form)
	_, err := fmt.Fprintln(a.stdout, b.String())
	return err
}
