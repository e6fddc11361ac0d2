package openstack

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// suite is one package of the acceptance tests that gophercloud's makers wrote
// for real clouds. Each of its tests is in runs or in not, so that a new one is
// noticed.
type suite struct {
	path string // below gophercloud's folder of acceptance tests
	runs []trial
	not  []omission
}

// trial is tests that pass for one person.
type trial struct {
	who   func(*cloud) harness.Account
	env   []string // besides what every test gets
	tests []string
}

// omission is tests that are not run, and why.
type omission struct {
	why   string
	tests []string
}

func demo(c *cloud) harness.Account     { return c.Demo }
func outsider(c *cloud) harness.Account { return c.outsider }

const acceptancePackages = "github.com/gophercloud/gophercloud/v2/internal/acceptance/openstack/"

// build makes the program of the suite's tests.
func (s suite) build(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(dir, strings.ReplaceAll(s.path, "/", "-"))
	build := exec.Command("go", "test", "-c", "-tags", "acceptance", "-o", file, acceptancePackages+s.path)
	if o := harness.Finish(t, build); o.Exit != 0 {
		t.Fatalf("gophercloud's acceptance tests of %s do not build:\n%s", s.path, o.Stderr)
	}
	return file
}

// covers checks that the program's tests and those in the suite's tables are the same.
func (s suite) covers(t *testing.T, program string) {
	t.Helper()
	o := harness.Finish(t, exec.Command(program, "-test.list", "."))
	if o.Exit != 0 {
		t.Fatalf("%s does not list its tests: %s", s.path, o.Stderr)
	}
	there := strings.Fields(o.Stdout)
	var run, left []string
	for _, r := range s.runs {
		run = append(run, r.tests...)
	}
	for _, n := range s.not {
		left = append(left, n.tests...)
	}
	for _, name := range there {
		if slices.Contains(run, name) == slices.Contains(left, name) {
			t.Errorf("%s of %s must be either among the tests that are run or among those that are not", name, s.path)
		}
	}
	for _, name := range slices.Concat(run, left) {
		if !slices.Contains(there, name) {
			t.Errorf("%s is not a test of %s", name, s.path)
		}
	}
}

// acceptance runs the tests of every suite.
func acceptance(t *testing.T, cloud *cloud) {
	dir := t.TempDir()
	for _, s := range suites {
		program := s.build(t, dir)
		s.covers(t, program)
		for _, r := range s.runs {
			cloud.try(t, program, r)
		}
	}
}

// patientAcceptance runs those that wait until they have seen a server in a
// state that is over in milliseconds, on a server where it is not.
func patientAcceptance(t *testing.T, _ *cloud) {
	slow := &cloud{Server: harness.Start(t, "KEYREEVE_SIM_BOOT_TIME=2s")}
	slow.demo = slow.Login(slow.Demo)
	program := computeSuite.build(t, t.TempDir())
	for _, name := range patientTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slow.try(t, program, trial{demo, []string{"OS_GUEST_AGENT=1"}, []string{name}})
		})
	}
}

// try runs tests, which must pass.
func (c *cloud) try(t *testing.T, program string, r trial) {
	t.Helper()
	dir := t.TempDir()
	as := r.who(c)
	cmd := exec.Command(program, "-test.v", "-test.run", "^("+strings.Join(r.tests, "|")+")$")
	cmd.Dir = dir
	cmd.Env = harness.Environ(dir, slices.Concat(c.OpenStackEnv(as), []string{
		"OS_DOMAIN_NAME=" + as.Domain, "OS_IMAGE_ID=" + c.imageID(t, "debian-13"), "OS_FLAVOR_ID=1", "OS_FLAVOR_ID_RESIZE=2",
		"OS_POOL_NAME=public", "OS_EXTGW_ID=" + c.networkID(t, "public"),
		"OS_NETWORK_NAME=private", "OS_NETWORK_ID=" + c.networkID(t, "private"),
	}, r.env)...)
	o := harness.Finish(t, cmd)
	failed := false
	for _, name := range r.tests {
		if !strings.Contains(o.Stdout, "--- PASS: "+name+" ") {
			failed = true
			t.Errorf("%s as %s did not pass", name, as.Username)
		}
	}
	if failed { // the output of a run that passes holds private keys
		t.Logf("exit status %d\n%s\n%s", o.Exit, o.Stdout, o.Stderr)
	}
}
