package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// key is the command over the commands that work on files, with no server and
// no data folder.
func (a *app) key() *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "Make, convert and examine keys on this machine, without a server",
		Long: `Make, convert and examine keys on this machine, without a server. A FILE that is
- is standard input. A private key is printed only where --out - asks for it.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	a.langFlag(c)
	c.AddCommand(a.keyGenerate(), a.keyConvert(), a.keyInspect(), a.keyFingerprint(), a.keyCheck())
	return c
}

// oneFile takes one argument at most, the name of a file; without it standard
// input is read.
func oneFile(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%d files are too many; name one", len(args))
	}
	return nil
}

// fileArg is the argument that oneFile takes.
func fileArg(args []string) string {
	if len(args) == 0 {
		return stdinName
	}
	return args[0]
}

// completeFiles lets the shell complete names of files.
func completeFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}
