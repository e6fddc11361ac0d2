// Package cli is the keyreeve command. Results go to standard output, and what
// a person should know besides to standard error. The exit status is 0 when
// all went well, 1 when something failed and 2 when the command was not
// understood.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// Main runs the command line and returns the exit status. SIGINT and SIGTERM
// end the context of what runs.
func Main(version string, args, env []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	a := &app{version: version, env: env, stdin: os.Stdin, stdout: stdout, stderr: stderr, lang: language{localeLanguage(env)}}
	root := newRoot(a)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := noPrivateKeyIn(args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintf(stderr, "keyreeve: %s\n", say(err, a.lang.Language))
	var u *usageError
	if errors.As(err, &u) {
		_, _ = fmt.Fprintf(stderr, "Run '%s --help' to see how it is used.\n", u.command)
		return 2
	}
	return 1
}

// noPrivateKeyIn refuses a command line that holds a private key before any
// message can repeat a part of it.
func noPrivateKeyIn(args []string) error {
	for _, arg := range args {
		_, err := sshkey.ParsePublicKey(arg)
		var refused *sshkey.ParseError
		if errors.As(err, &refused) && refused.Reason.Private() {
			return &usageError{"keyreeve", refuse(privateArgument)}
		}
	}
	return nil
}

var privateArgument = sshkey.Wording{
	English: "an argument is a private key, which others can read in the list of processes; name a file that holds it",
	Korean:  "인자에 개인 키가 들어 있습니다. 인자는 프로세스 목록에서 다른 사용자에게 보이므로, 키가 든 파일의 이름을 지정하십시오",
}

// app is what the commands share.
type app struct {
	version        string
	env            []string
	stdin          io.Reader
	stdout, stderr io.Writer
	lang           language // of refusals
	dataDir        string
	configFile     string
}

// usageError is a command line that was not understood.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// In words the error in a language.
func (e *usageError) In(l sshkey.Language) string { return say(e.err, l) }

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:     "keyreeve",
		Version: a.version,
		Short:   "A self-hosted SSH key pair service for clouds",
		Long: `Keyreeve keeps SSH key pairs for people who run machines. A key pair is made or
imported once; the tools that people already use list it, put it on instances
and delete it, and the instance lets them in over SSH.

Start with 'keyreeve demo', which shows the whole path, or 'keyreeve serve'.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetVersionTemplate("keyreeve {{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &usageError{command: c.CommandPath(), err: err}
	})
	root.AddGroup(&cobra.Group{ID: "start", Title: "To begin with:"}, &cobra.Group{ID: "keys", Title: "Keys:"}, &cobra.Group{ID: "people", Title: "People and projects:"},
		&cobra.Group{ID: "more", Title: "More:"})
	root.SetHelpCommandGroupID("more")
	root.SetCompletionCommandGroupID("more")
	for _, g := range []struct {
		id       string
		commands []*cobra.Command
	}{
		{"start", []*cobra.Command{a.demo(), a.serve()}},
		{"keys", []*cobra.Command{a.key(), a.keyPair()}},
		{"people", []*cobra.Command{a.accessKey(), a.credentials(), a.project(), a.user()}},
		{"more", []*cobra.Command{a.configuration(), a.versionCommand()}},
	} {
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
	checkArgs(root)
	return root
}

// dataFlag gives a command, and those below it, the flag --data.
func (a *app) dataFlag(c *cobra.Command) {
	c.PersistentFlags().StringVar(&a.dataDir, "data", "",
		"the data `DIR` (default /var/lib/keyreeve for root, keyreeve in XDG_DATA_HOME or ~/.local/share for others)")
	_ = c.MarkPersistentFlagDirname("data") // the flag is there
}

// configFlag gives a command, and those below it, the flag --config.
func (a *app) configFlag(c *cobra.Command) {
	c.PersistentFlags().StringVar(&a.configFile, "config", "", "the configuration `FILE`; 'keyreeve config' prints one to begin with")
	_ = c.MarkPersistentFlagFilename("config", "toml") // the flag is there
}

// checkArgs makes every command's complaint about its arguments a usage error.
// No argument is a file's name, but where a command completes its own.
func checkArgs(c *cobra.Command) {
	check := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return &usageError{command: c.CommandPath(), err: err}
		}
		return nil
	}
	if c.ValidArgsFunction == nil {
		c.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, sub := range c.Commands() {
		checkArgs(sub)
	}
}

// noArgs takes no argument.
func noArgs(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case c.HasAvailableSubCommands():
		return fmt.Errorf("there is no command '%s %s'", c.CommandPath(), args[0])
	}
	return fmt.Errorf("%s takes no argument, such as %q", c.Name(), args[0])
}

// oneName takes one argument, the name of what is made.
func oneName(c *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return fmt.Errorf("the %s's name is missing", c.Parent().Name())
	case 1:
		return nil
	}
	return fmt.Errorf("%d names are too many; quote a name that has spaces", len(args))
}

// config loads the configuration with the flags that every command has.
func (a *app) config() (config.Config, error) {
	var flags []config.Flag
	if a.dataDir != "" {
		flags = append(flags, config.Flag{Name: "--data", Key: "data.dir", Value: a.dataDir})
	}
	return config.Load(a.configFile, a.env, flags...)
}

// logger writes the server's log as it is configured.
func (a *app) logger(cfg config.Log) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.Level)) // config has checked it
	opt := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(a.stderr, opt))
	}
	return slog.New(slog.NewTextHandler(a.stderr, opt))
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.stdout, "keyreeve %s\n", a.version)
			return err
		},
	}
}

func (a *app) configuration() *cobra.Command {
	return &cobra.Command{
		Use: "config", Short: "Print every setting with its default and meaning, as a configuration file", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.stdout, config.Reference())
			return err
		},
	}
}
