package openstacktest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Difference is a recorded exchange that is answered in another way on purpose.
// All of them stand in one file, which the replays of every service and those
// against a running server read.
type Difference struct {
	Section string
	Name    string // a regular expression for the whole name
	Status  int    // 0 is any success
	Holds   string // what is in the body
	// Page and Row are where the guides tell of it: the page of docs/dialects and
	// the first cell of the row in its table of deliberate differences.
	Page, Row string
}

// Differences are those of some sections of the recordings.
type Differences struct {
	list []Difference
	met  []bool
}

// onPurpose is the heading of the table.
var onPurpose = regexp.MustCompile(`(?m)^## (Deliberate differences|Where it differs from Keystone, on purpose)$`)

// ReadDifferences reads a file of them, and fails the test where the guides do
// not tell of one. docs is the folder of the pages.
func ReadDifferences(t testing.TB, path, docs string, sections ...string) *Differences {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all := &Differences{}
	for dec := json.NewDecoder(f); dec.More(); {
		var d Difference
		if err := dec.Decode(&d); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		page, err := os.ReadFile(filepath.Join(docs, d.Page))
		if err != nil {
			t.Fatal(err)
		}
		if at := onPurpose.FindIndex(page); at == nil || !strings.Contains(string(page[at[0]:]), "\n| "+d.Row+" | ") {
			t.Errorf("%s: %s: no deliberate difference in %s is %q", path, d.Name, d.Page, d.Row)
		}
		if slices.Contains(sections, d.Section) {
			all.list = append(all.list, d)
		}
	}
	all.met = make([]bool, len(all.list))
	return all
}

// Check reports whether the exchange is one of them, and then holds the answer
// against what it should be instead of the recorded one.
func (all *Differences) Check(t testing.TB, x Exchange, status int, body string) bool {
	t.Helper()
	at := slices.IndexFunc(all.list, func(d Difference) bool {
		return d.Section == x.Section && regexp.MustCompile("^(?:"+d.Name+")$").MatchString(x.Name)
	})
	if at < 0 {
		return false
	}
	all.met[at] = true
	d := all.list[at]
	if d.Status != 0 && status != d.Status || d.Status == 0 && status >= 300 || !strings.Contains(body, d.Holds) {
		t.Errorf("%s: %d %s, want %d and %s: %s", x.Name, status, body, d.Status, d.Holds, d.Row)
	}
	return true
}

// AllMet fails the test where nothing that was checked is one of them.
func (all *Differences) AllMet(t testing.TB) {
	t.Helper()
	for k, d := range all.list {
		if !all.met[k] {
			t.Errorf("no record of %s is called %q", d.Section, d.Name)
		}
	}
}
