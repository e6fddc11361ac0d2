package nova

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

// TestDocsTellMicroversions holds the table of microversions in the docs to the
// range that is served, and to the versions that the code tells apart: those
// rows say yes, and no others.
func TestDocsTellMicroversions(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/dialects/openstack.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| 2\.(\d+) \| .+ \| (yes|no|always)\b.* \|$`)
	var told, yes []int
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		minor, _ := strconv.Atoi(m[1])
		told = append(told, minor)
		if m[2] == "yes" {
			yes = append(yes, minor)
		}
	}
	var served []int
	for minor := openstack.ComputeVersions.Min.Minor; minor <= openstack.ComputeVersions.Max.Minor; minor++ {
		served = append(served, minor)
	}
	if !slices.Equal(told, served) {
		t.Errorf("the table has rows for %v, served are %v", told, served)
	}

	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`\b(?:openstack\.V\(2, |since\(|until\(|between\(|hiddenFrom\(|hiddenBelow\()(\d+)(?:, (\d+))?`)
	apart := map[int]bool{}
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range version.FindAllStringSubmatch(string(source), -1) {
			for _, number := range m[1:] {
				if minor, err := strconv.Atoi(number); err == nil {
					apart[minor] = true
				}
			}
		}
	}
	for _, minor := range served {
		if slices.Contains(yes, minor) != apart[minor] {
			t.Errorf("2.%d: the table says yes: %v; the code tells it apart: %v", minor, slices.Contains(yes, minor), apart[minor])
		}
	}
}
