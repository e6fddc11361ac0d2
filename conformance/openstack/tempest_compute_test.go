package openstack

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// The set of Tempest's tests about what compute serves, and where the table of
// what comes of them is.
const (
	computeTests = `tempest\.api\.compute\.(servers|flavors|limits|test_versions|test_quotas|test_extensions|keypairs|admin\.test_keypairs)`
	computeTable = "testdata/tempest-compute.txt"
	// backupTests need createBackup, which is not offered.
	backupTests = "test_create_backup"
)

// tempestCompute runs the set and holds what comes of it to the table: what
// passes there has to pass, what may be skipped has to be skipped for the
// reason told or pass, and what does not pass is as known. A test that the
// table does not have must pass, so a newer Tempest is noticed.
func tempestCompute(t *testing.T, cloud *cloud) {
	table, err := os.Open(computeTable)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	got := runTempest(t, cloud, false, "--concurrency", "2", "--regex", computeTests, "--exclude-regex", backupTests)
	for lines := bufio.NewScanner(table); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		want, test, _ := strings.Cut(line, " ")
		test, reason, _ := strings.Cut(test, ": ")
		name := "tempest.api.compute." + test
		if class, ok := strings.CutPrefix(test, "setUpClass ("); ok {
			name = "setUpClass (tempest.api.compute." + class
		}
		is, ran := got.tests[name]
		delete(got.tests, name)
		switch {
		case !ran:
			t.Errorf("%s: Tempest does not have it, or could not prepare it", name)
		case want == "ok" && is.outcome != "ok",
			want == "skip" && is.outcome != "ok" && (is.outcome != "SKIPPED" || is.reason != reason),
			want == "no" && is.outcome == "SKIPPED":
			t.Errorf("%s: %s: %s; the table says %s: %s", name, is.outcome, is.reason, want, reason)
		case want == "no" && is.outcome == "ok":
			t.Errorf("%s: passes now, %s should say so", name, computeTable)
		}
	}
	for name, is := range got.tests {
		if is.outcome != "ok" {
			t.Errorf("%s: %s: %s; %s does not know it", name, is.outcome, is.reason, computeTable)
		}
	}
	if t.Failed() || len(got.Stdout) == 0 {
		t.Errorf("tempest run: exit status %d\n%s\n%s", got.Exit, got.Stdout, got.Stderr)
	}
}
