package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/server"
)

func (a *app) serve() *cobra.Command {
	var readyFile string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `Run the server until SIGTERM or SIGINT. With no configuration it keeps everything
in the data folder, runs simulated instances inside its own process, and makes
an administrator and a demo project whose credentials it prints once.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			var s *server.Server
			s, err = server.Open(c.Context(), server.Options{
				Config: cfg, Log: a.logger(cfg.Log), Version: a.version, ReadyFile: readyFile,
				Ready: func(at server.Addresses, first bool) {
					a.banner(server.DataDir(cfg.Data.Dir), at, first, s.SSHPort())
				},
			})
			if err != nil {
				return err
			}
			return s.Run(c.Context())
		},
	}
	a.dataFlag(c)
	a.configFlag(c)
	c.Flags().StringVar(&readyFile, "ready-file", "", "write the addresses to this `FILE`, as JSON, when every listener answers")
	return c
}

// banner tells where things are and what to do first.
func (a *app) banner(dir server.DataDir, at server.Addresses, first bool, sshPort int) {
	var b strings.Builder
	fmt.Fprintf(&b, "Keyreeve %s is ready.\n\n", a.version)
	fmt.Fprintf(&b, "  API           %s  (OpenStack: %s/identity/v3)\n", at.Main, at.Main)
	fmt.Fprintf(&b, "  health        %s/readyz, /metrics\n", at.Admin)
	fmt.Fprintf(&b, "  data folder   %s\n", dir)
	creds, err := dir.Credentials()
	if err == nil && first {
		fmt.Fprintf(&b, "  demo user     %s, password %s, project %s\n", creds.Demo.Username, creds.Demo.Password, creds.Demo.Project)
		fmt.Fprintf(&b, "  administrator %s, password %s\n", creds.Admin.Username, creds.Admin.Password)
		b.WriteString("\nThese passwords are printed this once. 'keyreeve credentials' prints them again\nuntil 'keyreeve credentials --forget'.\n")
	}
	if err == nil {
		b.WriteString(firstSteps(dir, first, sshPort))
	}
	_, _ = fmt.Fprint(a.stdout, b.String())
}

// firstSteps are what to copy into another terminal. The key pair is made only
// once: made again, its private key would be lost to the redirection.
func firstSteps(dir server.DataDir, first bool, sshPort int) string {
	program, err := os.Executable()
	if err != nil {
		program = "keyreeve"
	}
	environment := fmt.Sprintf(`eval "$(%s credentials --data %s --format openrc)"`, shellWord(program), shellWord(string(dir)))
	if !first {
		return fmt.Sprintf(`
To use it with the OpenStack client, in another terminal:

  %s && openstack keypair list

`, environment)
	}
	port := ""
	if sshPort != 22 {
		port = fmt.Sprintf(" -p %d", sshPort)
	}
	return fmt.Sprintf(`
Make a key pair, start an instance with it, and log in (with the OpenStack client,
in another terminal):

  %s && openstack keypair create demo > demo.pem && chmod 600 demo.pem
  openstack server create --image debian-13 --flavor m1.tiny --key-name demo web-1 --wait
  ssh -i demo.pem%s debian@$(openstack server show web-1 -f value -c addresses | grep -o '127[.0-9]*')

`, environment, port)
}
