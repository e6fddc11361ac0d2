package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/server"
	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/sshkey/weak"
)

// weakFlags are the flags that say what counts as weak.
type weakFlags struct {
	configFile string
	given      config.Keypair
}

func (w *weakFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.IntVar(&w.given.MinRSABits, "min-rsa-bits", weak.DefaultMinRSABits, "RSA keys with fewer `BITS` are weak; those under 1024 always are")
	f.BoolVar(&w.given.RefuseDSA, "refuse-dsa", false, "DSA keys are weak")
	f.StringArrayVar(&w.given.WeakBlocklist, "blocklist", nil, "a `FILE` with fingerprints of weak keys; may be given several times")
	f.StringVar(&w.given.SharedPrimes, "shared-primes", "", "a `FILE` with prime numbers that RSA keys are known to share")
	f.StringVar(&w.configFile, "config", "", "take what no flag says from [keypair] of this configuration `FILE`; without it no configuration counts")
	_ = c.MarkFlagFilename("config", "toml") // the flag is there
}

// policy loads what the flags say.
func (w *weakFlags) policy(c *cobra.Command, env []string) (weak.Policy, error) {
	if w.configFile == "" {
		return server.LoadWeakPolicy(w.given)
	}
	cfg, err := config.Load(w.configFile, env)
	if err != nil {
		return weak.Policy{}, err
	}
	set := cfg.Keypair
	for name, take := range map[string]func(){
		"min-rsa-bits":  func() { set.MinRSABits = w.given.MinRSABits },
		"refuse-dsa":    func() { set.RefuseDSA = w.given.RefuseDSA },
		"blocklist":     func() { set.WeakBlocklist = w.given.WeakBlocklist },
		"shared-primes": func() { set.SharedPrimes = w.given.SharedPrimes },
	} {
		if c.Flags().Changed(name) {
			take()
		}
	}
	return server.LoadWeakPolicy(set)
}

func (a *app) keyCheck() *cobra.Command {
	var flags weakFlags
	var passphraseFile string
	var asJSON bool
	c := &cobra.Command{
		Use:   "check [FILE...]",
		Short: "Look for weak keys: those that can be broken, or have been published",
		Long: `Look for weak keys in files or on standard input: public and private keys,
certificates, and files with a key on each line such as authorized_keys. One
line tells about each key. The exit status is 0 when no key is weak, and 1 when
one is or cannot be read.

` + checksText(),
		Example: `  keyreeve key check ~/.ssh/authorized_keys
  ssh-keyscan -q github.com | cut -d' ' -f2- | keyreeve key check --min-rsa-bits 3072`,
		ValidArgsFunction: completeFiles,
		Args:              cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{stdinName}
			}
			if err := oneStdin(append([]string{passphraseFile}, args...)...); err != nil {
				return &usageError{c.CommandPath(), err}
			}
			policy, err := flags.policy(c, a.env)
			if err != nil {
				return err
			}
			k := checker{app: a, policy: policy, passphraseFile: passphraseFile, say: a.checkLine}
			if asJSON {
				k.say = a.checkJSON
			}
			return k.run(c.Context(), args)
		},
	}
	flags.add(c)
	c.Flags().StringVar(&passphraseFile, "passphrase-file", "", "the passphrase of encrypted private keys is the first line of this `FILE`")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object a key, each on a line")
	return c
}

// checksText lists the checks for the help.
func checksText() string {
	var b strings.Builder
	for _, c := range weak.Checks() {
		fmt.Fprintf(&b, "  %-15s %s\n", c.Name, c.About.English)
	}
	return b.String()
}

// checker checks the keys of files and counts.
type checker struct {
	app            *app
	policy         weak.Policy
	passphraseFile string
	say            func(e entry, found []*weak.Error) error

	keys, weak, unread int
}

var checkFailed = sshkey.Wording{English: "weak: %d of %d keys; unreadable: %d", Korean: "키 %[2]d개 가운데 취약한 키 %[1]d개, 읽을 수 없는 키 %[3]d개"}

func (k *checker) run(ctx context.Context, files []string) error {
	for _, file := range files {
		entries, err := k.app.readKeys(ctx, file, k.passphraseFile)
		if ctx.Err() != nil {
			return refuse(interrupted)
		}
		if err != nil {
			var at *located
			if errors.As(err, &at) {
				err = at.err // the line begins with the place
			}
			entries = []entry{{file: file, err: err}}
		}
		for _, e := range entries {
			if err := k.check(e); err != nil {
				return err
			}
		}
	}
	if k.weak+k.unread > 0 {
		return refuse(checkFailed, k.weak, k.keys, k.unread)
	}
	return nil
}

func (k *checker) check(e entry) error {
	k.keys++
	if e.err == nil && !e.hasKey() {
		e.err = refuse(unknownKey)
	}
	found := weak.Findings(e.key, k.policy)
	switch {
	case e.err != nil:
		k.unread++
	case len(found) > 0:
		k.weak++
	}
	return k.say(e, found)
}

// weakness is how results tell one; its field names are documented in
// docs/keys.md.
type weakness struct {
	Check  string `json:"check"`
	Reason string `json:"reason"`
}

func (a *app) weaknesses(found []*weak.Error) []weakness {
	told := make([]weakness, 0, len(found))
	for _, w := range found {
		told = append(told, weakness{w.Check, w.In(a.lang.Language)})
	}
	return told
}

// checkedKey is what the check prints of a key; its field names are documented
// in docs/keys.md.
type checkedKey struct {
	File        string     `json:"file"`
	Line        int        `json:"line,omitempty"`
	Type        string     `json:"type,omitempty"`
	Bits        int        `json:"bits,omitempty"`
	Fingerprint string     `json:"fingerprint,omitempty"`
	Comment     string     `json:"comment,omitempty"`
	Weaknesses  []weakness `json:"weaknesses"`
	Error       string     `json:"error,omitempty"` // why it could not be read
}

func (a *app) checkJSON(e entry, found []*weak.Error) error {
	told := checkedKey{File: e.file, Line: e.line, Weaknesses: a.weaknesses(found)}
	if e.err != nil {
		told.Error = say(e.err, a.lang.Language)
	} else {
		told.Type, told.Bits, told.Comment = e.key.Type(), e.key.Bits(), e.key.Comment()
		told.Fingerprint = e.key.FingerprintSHA256()
	}
	return a.printJSON(told)
}

var isSound = sshkey.Wording{English: "no weakness found", Korean: "취약점이 없습니다"}

// checkLine prints one line: the place, then every weakness by the name of its
// check.
func (a *app) checkLine(e entry, found []*weak.Error) error {
	said := make([]string, 0, 1)
	switch {
	case e.err != nil:
		said = append(said, "unreadable: "+say(e.err, a.lang.Language))
	case len(found) == 0:
		said = append(said, isSound.In(a.lang.Language))
	}
	for _, w := range a.weaknesses(found) {
		said = append(said, w.Check+": "+w.Reason)
	}
	_, err := fmt.Fprintf(a.stdout, "%s: %s\n", e.where(), strings.Join(said, " | "))
	return err
}

// printJSON prints a value on one line.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
