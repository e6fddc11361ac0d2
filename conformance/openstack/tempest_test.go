package openstack

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// tempestProgram is Debian's OpenStack Integration Test Suite: the tests by which a cloud may call itself OpenStack.
const tempestProgram = "/usr/bin/tempest"

// tempestSet is a set of Tempest's tests that have to pass, and how many it has in Tempest 33.
type tempestSet struct {
	name, tests string
	atLeast     int
	dynamic     bool // only with accounts that Tempest makes itself
}

// tempestSets are all of them. A newer Tempest may have more tests, but none may be skipped.
var tempestSets = []tempestSet{
	{"key pairs", `tempest\.api\.compute\.(keypairs|admin\.test_keypairs)`, 19, false},
	{"servers with a key", `tempest\.api\.compute\.servers\..*(test_create_specify_keypair|test_create_with_non_existent_keypair|ServerShowV254)`, 3, false},
	{"flavors for administrators", `tempest\.api\.compute\.admin\.test_flavors`, 30, false},
	// Those of quota classes would change what holds for every other session.
	{"quotas of projects and users", `tempest\.api\.compute\.admin\.test_quotas(_negative)?\.QuotasA`, 10, true},
	{"people, projects and domains", `tempest\.api\.identity\.(admin\.v3\.(test_application_credentials|test_default_project_id|test_domains_negative|` +
		`test_list_users|test_project_tags|test_projects_negative|test_users_negative)|v3\.test_(api_discovery|catalog|domains|projects|tokens))`, 32, true},
}

// tempestLine is what Tempest says of one test, or of a class that it could not
// prepare; the last part is why it skipped it.
var tempestLine = regexp.MustCompile(`(?m)^\{\d+\} (.+?) (?:\[[0-9.]+s\] )?\.\.\. (\w+)(?:: (.*))?$`)

// tempest runs upstream's conformance tests twice: with accounts that exist,
// and with accounts that Tempest makes and removes itself.
func tempest(t *testing.T, cloud *cloud) {
	for _, accounts := range []string{"prepared", "dynamic"} {
		t.Run(accounts+" accounts", func(t *testing.T) {
			t.Parallel() // most of it is Tempest waiting for servers
			var chosen []string
			sets := slices.Clone(tempestSets)
			if accounts == "prepared" {
				sets = slices.DeleteFunc(sets, func(s tempestSet) bool { return s.dynamic })
			}
			for _, set := range sets {
				chosen = append(chosen, "("+set.tests+")")
			}
			got := runTempest(t, cloud, accounts == "dynamic", "--concurrency", "1", "--regex", strings.Join(chosen, "|"))
			for name, r := range got.tests {
				if r.outcome != "ok" {
					t.Errorf("%s: %s", name, r.outcome)
				}
			}
			for _, set := range sets {
				in, n := regexp.MustCompile(set.tests), 0
				for name, r := range got.tests {
					if r.outcome == "ok" && in.MatchString(name) {
						n++
					}
				}
				if n < set.atLeast {
					t.Errorf("%s: %d tests passed, there are at least %d", set.name, n, set.atLeast)
				}
			}
			if t.Failed() || got.Exit != 0 {
				t.Errorf("tempest run: exit status %d\n%s\n%s", got.Exit, got.Stdout, got.Stderr)
			}
		})
	}
}

// tempestRun is what Tempest printed, and what became of its tests.
type tempestRun struct {
	harness.Outcome
	tests map[string]struct{ outcome, reason string }
}

// runTempest prepares a folder and runs some of Tempest's tests.
func runTempest(t *testing.T, cloud *cloud, dynamic bool, args ...string) tempestRun {
	t.Helper()
	harness.Need(t, tempestProgram, "tempest")
	home := t.TempDir()
	workspace := filepath.Join(home, "workspace")
	run := func(args ...string) harness.Outcome {
		c := exec.Command(tempestProgram, args...)
		// stestr would else run its workers with whichever Python comes first in PATH.
		c.Dir, c.Env = home, harness.Environ(home, "PYTHON=/usr/bin/python3")
		return harness.Finish(t, c)
	}
	if o := run("init", workspace); o.Exit != 0 {
		t.Fatalf("tempest init: exit status %d\n%s", o.Exit, o.Stderr)
	}
	for name, text := range map[string]string{
		"tempest.conf": tempestConf(t, cloud, workspace, dynamic), "accounts.yaml": tempestAccounts(cloud),
	} {
		if err := os.WriteFile(filepath.Join(workspace, "etc", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := tempestRun{Outcome: run(append([]string{"run", "--workspace", "workspace"}, args...)...), tests: map[string]struct{ outcome, reason string }{}}
	for _, line := range tempestLine.FindAllStringSubmatch(got.Stdout, -1) {
		got.tests[line[1]] = struct{ outcome, reason string }{line[2], line[3]}
	}
	return got
}

// tempestConf describes the cloud to Tempest: what there is, and what is not offered.
func tempestConf(t *testing.T, cloud *cloud, workspace string, dynamic bool) string {
	t.Helper()
	root := cloud.Root
	sections := map[string]map[string]any{
		"DEFAULT":          {"log_dir": filepath.Join(workspace, "logs"), "log_file": "tempest.log"},
		"oslo_concurrency": {"lock_path": filepath.Join(workspace, "tempest_lock")},
		"auth": {
			"use_dynamic_credentials": dynamic, "create_isolated_networks": false,
			"default_credentials_domain_name": root.Domain, "tempest_roles": "member",
		},
		"identity":                 {"uri_v3": cloud.AuthURL(), "auth_version": "v3", "region": root.Region},
		"identity-feature-enabled": {"api_v2": false, "api_v3": true},
		"service_available":        {"nova": true, "glance": true, "neutron": true, "cinder": true, "swift": false},
		"compute": {
			"image_ref": cloud.imageID(t, "debian-13"), "image_ref_alt": cloud.imageID(t, "alpine-3.22"),
			"flavor_ref": 1, "flavor_ref_alt": 2, "fixed_network_name": "private",
			"min_microversion": "2.1", "max_microversion": "latest",
		},
		"compute-feature-enabled": {
			"suspend": false, "shelve": false, "rescue": false, "resize": true,
			"vnc_console": false, "config_drive": false, "personality": true, "change_password": true,
			"xenapi_apis": true, // metadata can be changed; only the name is about Xen
		},
		"validation": {"run_validation": false},
	}
	if dynamic {
		sections["auth"]["admin_username"], sections["auth"]["admin_password"] = root.Username, root.Password
		sections["auth"]["admin_project_name"], sections["auth"]["admin_domain_name"] = root.Project, root.Domain
	} else {
		sections["auth"]["test_accounts_file"] = filepath.Join(workspace, "etc", "accounts.yaml")
	}
	var text strings.Builder
	for name, options := range sections {
		fmt.Fprintf(&text, "[%s]\n", name)
		for option, value := range options {
			fmt.Fprintf(&text, "%s = %v\n", option, value)
		}
	}
	return text.String()
}

// tempestAccounts is Tempest's file of people whose accounts it may use.
func tempestAccounts(cloud *cloud) string {
	var text strings.Builder
	for _, a := range slices.Concat(cloud.integrators, []harness.Account{cloud.Root}) {
		roles, types := "member, reader", ""
		if a == cloud.Root {
			roles, types = "admin", "admin"
		}
		fmt.Fprintf(&text, "- {username: %s, password: %s, project_name: %s, user_domain_name: %s, project_domain_name: %s, domain_name: %s, roles: [%s], types: [%s]}\n",
			a.Username, a.Password, a.Project, a.Domain, a.Domain, a.Domain, roles, types)
	}
	return text.String()
}
