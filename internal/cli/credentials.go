package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/server"
)

// credentialFormats write the demo user's credentials for one tool each.
var credentialFormats = map[string]func(io.Writer, server.Credentials, string) error{
	"json":        credentialsJSON,
	"openrc":      credentialsOpenRC,
	"clouds.yaml": credentialsCloudsYAML,
	"toast":       credentialsTOAST,
	"aliyun":      credentialsAliyun,
	"huawei":      credentialsHuawei,
}

func (a *app) credentials() *cobra.Command {
	names := slices.Sorted(maps.Keys(credentialFormats))
	var format string
	var forget bool
	c := &cobra.Command{
		Use:   "credentials",
		Short: "Print the demo project's credentials, as a tool reads them",
		Long: `Print the first credentials, which lie in the data folder until they are
removed with --forget. JSON has all of them, the administrator's too; the other
formats have the demo user's, as one tool reads them. What was changed or taken
away since is left out, and told on standard error.`,
		Example: `  eval "$(keyreeve credentials --format openrc)" && openstack keypair list
  keyreeve credentials --format clouds.yaml > clouds.yaml && openstack --os-cloud keyreeve keypair list`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			dir := server.DataDir(cfg.Data.Dir)
			if forget {
				return dir.ForgetCredentials()
			}
			write, ok := credentialFormats[format]
			if !ok {
				return &usageError{c.CommandPath(), fmt.Errorf("there is no format %q; choose one of %s", format, strings.Join(names, ", "))}
			}
			creds, err := dir.Credentials()
			if err != nil {
				return err
			}
			var gone []string
			err = a.withDomain(c.Context(), func(ctx context.Context, d *server.Domain, _ identity.Caller) error {
				creds, gone, err = creds.Working(ctx, d.Identity)
				return err
			})
			if err != nil {
				return err
			}
			for _, what := range gone {
				if _, err := fmt.Fprintf(a.stderr, "keyreeve: %s is left out: the first one does not work any more\n", what); err != nil {
					return err
				}
			}
			base := cfg.Public.Base
			if base == "" {
				if at, err := dir.Addresses(); err == nil {
					base = at.Main
				} else {
					base = "http://" + cfg.Listen.Main
				}
			}
			return write(a.stdout, creds, base)
		},
	}
	a.dataFlag(c)
	a.configFlag(c)
	c.Flags().StringVar(&format, "format", "json", "the `FORMAT`: "+strings.Join(names, ", "))
	c.Flags().BoolVar(&forget, "forget", false, "remove them from the data folder, print nothing; they go on to work")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func credentialsJSON(w io.Writer, c server.Credentials, _ string) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(c)
}

func credentialsOpenRC(w io.Writer, c server.Credentials, base string) error {
	return exports(w,
		"OS_AUTH_URL", base+"/identity/v3",
		"OS_IDENTITY_API_VERSION", "3",
		"OS_USERNAME", c.Demo.Username,
		"OS_PASSWORD", c.Demo.Password,
		"OS_PROJECT_NAME", c.Demo.Project,
		"OS_USER_DOMAIN_NAME", c.Demo.Domain,
		"OS_PROJECT_DOMAIN_NAME", c.Demo.Domain,
		"OS_REGION_NAME", c.Demo.Region,
	)
}

func credentialsCloudsYAML(w io.Writer, c server.Credentials, base string) error {
	password := ""
	if c.Demo.Password != "" {
		password = fmt.Sprintf("      password: %q\n", c.Demo.Password)
	}
	_, err := fmt.Fprintf(w, `clouds:
  keyreeve:
    auth:
      auth_url: %q
      username: %q
%s      project_name: %q
      user_domain_name: %q
      project_domain_name: %q
    region_name: %q
    identity_api_version: 3
`, base+"/identity/v3", c.Demo.Username, password, c.Demo.Project, c.Demo.Domain, c.Demo.Domain, c.Demo.Region)
	return err
}

// credentialsTOAST writes what TOAST's public clients read from ~/.toasts.
func credentialsTOAST(w io.Writer, c server.Credentials, _ string) error {
	//nolint:gosec // G117: printing the password is what this is for
	return json.NewEncoder(w).Encode(struct {
		Account  string `json:"account"`
		Password string `json:"password,omitempty"`
		AppKey   string `json:"appkey"`
	}{c.Demo.TOASTID, c.Demo.APIPassword, c.Demo.AppKey})
}

func credentialsAliyun(w io.Writer, c server.Credentials, _ string) error {
	return exports(w, "ALIBABA_CLOUD_ACCESS_KEY_ID", c.Demo.AccessKeyID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET", c.Demo.AccessKeySecret)
}

func credentialsHuawei(w io.Writer, c server.Credentials, _ string) error {
	return exports(w, "HUAWEICLOUD_SDK_AK", c.Demo.AccessKeyID, "HUAWEICLOUD_SDK_SK", c.Demo.AccessKeySecret,
		"HUAWEICLOUD_SDK_PROJECT_ID", c.Demo.ProjectID)
}

// exports writes names and values as a shell reads them, without those that are empty.
func exports(w io.Writer, pairs ...string) error {
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "export %s=%s\n", pair[0], shellWord(pair[1])); err != nil {
			return err
		}
	}
	return nil
}

// shellWord quotes s so that a POSIX shell reads it as one word.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/.:_-@=+,", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
