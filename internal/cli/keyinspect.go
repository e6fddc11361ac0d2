package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/sshkey"
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
		keyReport: report(e), UsableBySSHD: !e.isX509() && e.key.UsableBySSHD(),
		Fingerprints: fingerprints(e), Certificate: certificateOf(e),
		Weaknesses: a.weaknesses(weak.Findings(e.key, weak.DefaultPolicy())),
	}
	if !e.isX509() {
		r.Randomart = e.key.Randomart()
	}
	return r
}

// printInspection prints a line for each fact, and the picture.
func (a *app) printInspection(r inspectReport) error {
	var b strings.Builder
	fact := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s %s\n", name, value)
		}
	}
	fact("file", r.where())
	fact("form", r.Form)
	if r.Private {
		fact("passphrase", yesNo(r.Encrypted))
	}
	fact("type", r.Type)
	if r.Bits > 0 {
		fact("bits", strconv.Itoa(r.Bits))
	}
	fact("comment", printable(r.Comment))
	fact("options", printable(r.Options))
	fact("sshd", map[bool]string{true: "takes it", false: "refuses it by default"}[r.UsableBySSHD])
	for _, f := range r.Fingerprints {
		fact(f.Name, f.Value)
	}
	if r.Certificate != nil {
		r.Certificate.facts(fact)
	}
	for _, w := range r.Weaknesses {
		fact("weakness", w.Check+": "+w.Reason)
	}
	if len(r.Weaknesses) == 0 {
		fact("weakness", noneFound.In(a.lang.Language))
	}
	b.WriteString(r.Randomart)
	_, err := fmt.Fprintln(a.stdout, b.String())
	return err
}

var noneFound = sshkey.Wording{English: "none found", Korean: "없음"}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
