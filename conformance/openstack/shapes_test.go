package openstack

import (
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// newest is the last microversion that is served.
const newest = "2.93"

// fitting is a floor under the answers that testdata/shapes.py holds against
// Tempest's closed schemas, at every microversion as a member and as an administrator.
const fitting = 7000

// shapes holds compute's answers to Tempest's schemas.
func shapes(t *testing.T, cloud *cloud) {
	harness.Need(t, tempestProgram, "tempest")
	public := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAtFHPWwfsetgfEniPqibytstp7CH4MXLFw0raQs4jx1 user@host"
	member, admin := cloud.shaper, cloud.Root
	c := exec.Command(pythonProgram, "testdata/shapes.py", cloud.AuthURL(), cloud.imageID(t, "debian-13"), public, newest,
		member.Username, member.Password, member.Project, admin.Username, admin.Password, admin.Project)
	c.Env = harness.Environ(t.TempDir())
	o := harness.Finish(t, c)
	last := regexp.MustCompile(`(?m)^(\d+) fit, (\d+) do not$`).FindStringSubmatch(o.Stdout)
	if o.Exit != 0 || last == nil || last[2] != "0" {
		t.Fatalf("exit status %d\n%s\n%s", o.Exit, o.Stdout, o.Stderr)
	}
	if n, err := strconv.Atoi(last[1]); err != nil || n < fitting {
		t.Errorf("%s answers were looked at, there are at least %d", last[1], fitting)
	}
}
