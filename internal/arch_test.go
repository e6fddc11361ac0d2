// Package internal_test holds the house to its own plan: who may import whom,
// and what may not appear where.
package internal_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the import rules into .golangci.yml anew")

const module = "github.com/keyreeve/keyreeve/"

// room is one line of the import table. Paths are relative to internal/, or to
// the module for those that begin with cmd/. A path that ends in /* stands for
// each package right below, in /... for all below and itself.
type room struct {
	path string
	may  []string // packages of this module that it may import; "..." is any under internal/
	libs []string // modules of others that it may import, the standard library aside
	not  []string // standard packages that it may not even reach through others
	far  []string // packages of this module that it may not even reach through others
}

var (
	domain = []string{"fault", "sshkey", "sshkey/weak", "audit", "job", "identity", "keypair", "compute"}
	// outside is what the domain knows nothing of.
	outside = []string{"net/http", "database/sql", "encoding/xml"}
	// surface is what every dialect may use, and beneath what it may never reach.
	surface = []string{"fault", "sshkey", "audit", "identity", "keypair", "compute", "wire"}
	beneath = []string{"store/...", "compute/sim/...", "compute/incus/...", "server", "cli"}
	sql     = []string{"database/sql"}
	// ids are for the outer rooms; the domain gets its ids through an interface.
	ids = []string{"github.com/google/uuid"}
)

// house is the import table. The first line that fits a package counts.
var house = []room{
	{path: "fault", not: outside},
	{path: "sshkey/weak", may: []string{"sshkey"}, libs: []string{"golang.org/x/crypto"}, not: outside},
	{path: "sshkey/ppk", libs: []string{"golang.org/x/crypto"}, not: outside},
	{path: "sshkey", may: []string{"sshkey/weak", "sshkey/ppk"}, libs: []string{"golang.org/x/crypto", "software.sslmate.com/src/go-pkcs12"}, not: outside},
	{path: "audit", may: []string{"fault", "sshkey"}, not: outside},
	{path: "job", may: []string{"fault"}, not: outside},
	{path: "identity", may: []string{"fault", "sshkey", "audit"}, libs: []string{"golang.org/x/crypto", "golang.org/x/sync"}, not: outside},
	{path: "keypair", may: []string{"fault", "sshkey", "sshkey/weak", "audit", "identity"}, libs: []string{"golang.org/x/crypto", "golang.org/x/sync"}, not: outside},
	{path: "compute", may: []string{"fault", "sshkey", "audit", "job", "identity", "keypair"}, libs: []string{"golang.org/x/crypto", "golang.org/x/sync"}, not: outside},
	{path: "compute/sim/...", may: []string{"fault", "sshkey", "compute", "compute/sim/..."},
		libs: []string{"golang.org/x/crypto", "github.com/pkg/sftp", "mvdan.cc/sh/v3/syntax"},
		// A guest is nothing but this process: no way to a program of the host.
		not: append([]string{"os/exec", "plugin"}, outside...), far: []string{"store/...", "dialect/..."}},
	{path: "compute/incus/...", may: []string{"fault", "sshkey", "compute", "compute/incus/..."}, not: sql, far: []string{"store/...", "dialect/..."}},
	{path: "store/storetest", may: append([]string{"store/..."}, domain...), libs: append([]string{"golang.org/x/crypto", "golang.org/x/sync", "github.com/google/go-cmp", "pgregory.net/rapid"}, ids...), far: []string{"dialect/...", "wire"}},
	{path: "store/...", may: append([]string{"store/..."}, domain...),
		libs: append([]string{"modernc.org/sqlite", "github.com/jackc/pgx/v5", "golang.org/x/sync"}, ids...),
		far:  []string{"dialect/...", "wire"}},
	{path: "wire"},
	{path: "config", libs: []string{"github.com/pelletier/go-toml/v2"}},
	{path: "dialect/openstack/schema", may: []string{"fault"}, not: sql},
	// Like storetest it is for tests, which open a real store.
	{path: "dialect/openstack/openstacktest", may: []string{"fault", "identity", "compute", "store", "wire"}, libs: []string{"github.com/google/go-cmp"}, far: []string{"dialect/openstack", "server", "cli"}},
	{path: "dialect/openstack", may: append([]string{"dialect/openstack/schema"}, surface...), libs: ids, not: sql, far: beneath},
	{path: "dialect/openstack/*", may: append([]string{"dialect/openstack", "dialect/openstack/schema"}, surface...), libs: ids, not: sql, far: beneath},
	{path: "dialect/huawei", may: append([]string{"dialect/openstack", "dialect/openstack/schema", "dialect/openstack/nova"}, surface...), libs: ids, not: sql, far: beneath},
	{path: "dialect/ecs", may: surface, libs: ids, not: sql, far: beneath},
	{path: "dialect/toast", may: surface, libs: ids, not: sql, far: beneath},
	{path: "metadata", may: surface, libs: ids, not: sql, far: beneath},
	{path: "console", may: surface, libs: ids, not: sql, far: beneath},
	{path: "server", may: []string{"..."}, libs: append([]string{"github.com/prometheus/client_golang", "golang.org/x/sync"}, ids...), far: []string{"cli"}},
	{path: "cli", may: []string{"..."}, libs: []string{"github.com/spf13/cobra", "golang.org/x/crypto"}},
	// The load command drives the real program over loopback, beside a bare SQLite
	// and x/crypto on the same keys.
	{path: "bench", may: []string{"sshkey"}, libs: []string{"modernc.org/sqlite", "golang.org/x/crypto"}},
	{path: "cmd/keyreeve", may: []string{"cli"}},
}

// covers reports whether a path of the table means pkg.
func covers(pattern, pkg string) bool {
	if pattern == "..." {
		return !strings.HasPrefix(pkg, "cmd/")
	}
	if under, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == under || strings.HasPrefix(pkg, under+"/")
	}
	if under, ok := strings.CutSuffix(pattern, "/*"); ok {
		rest, below := strings.CutPrefix(pkg, under+"/")
		return below && !strings.Contains(rest, "/")
	}
	return pattern == pkg
}

func coveredBy(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return covers(p, pkg) })
}

// own gives a package of this module its name in the table.
func own(importPath string) (string, bool) {
	rel, ok := strings.CutPrefix(importPath, module)
	return strings.TrimPrefix(rel, "internal/"), ok
}

// fromLib reports whether an import belongs to one of the libraries.
func fromLib(libs []string, importPath string) bool {
	return slices.ContainsFunc(libs, func(lib string) bool {
		return importPath == lib || strings.HasPrefix(importPath, lib+"/")
	})
}

// isStd goes by the rule that modules have a dot in their first element.
func isStd(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

type listed struct {
	ImportPath    string
	Imports, Deps []string
}

// breaches says what in a package goes against the table.
func breaches(p listed) []string {
	name, _ := own(p.ImportPath)
	i := slices.IndexFunc(house, func(r room) bool { return covers(r.path, name) })
	if i < 0 {
		return []string{"is not in the import table: give it a line in internal/arch_test.go, and say in docs/architecture.md what it is"}
	}
	r := house[i]
	var found []string
	for _, imp := range p.Imports {
		if to, ours := own(imp); ours {
			if !coveredBy(r.may, to) {
				found = append(found, "may not import "+to)
			}
		} else if !isStd(imp) && !fromLib(r.libs, imp) {
			found = append(found, "may not import "+imp)
		}
	}
	for _, dep := range p.Deps {
		if slices.Contains(r.not, dep) {
			found = append(found, "may not reach "+dep+", not even through another package")
		}
		if to, ours := own(dep); ours && coveredBy(r.far, to) {
			found = append(found, "may not reach "+to+", not even through another package")
		}
	}
	return found
}

func TestImports(t *testing.T) {
	// -e: a package that does not compile is for the compiler to report.
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Dir = ".."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	seen := 0
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); seen++ {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if p.ImportPath == module+"internal" {
			continue // this test
		}
		for _, b := range breaches(p) {
			t.Errorf("%s %s", strings.TrimPrefix(p.ImportPath, module), b)
		}
	}
	if seen < 5 {
		t.Errorf("go list named only %d packages: the test looks in the wrong place", seen)
	}
}

// TestBreachesAreFound makes sure that the table bites.
func TestBreachesAreFound(t *testing.T) {
	for _, tc := range []struct {
		pkg     string
		imports []string
		deps    []string
		ok      bool
	}{
		{"internal/fault", []string{"errors", "fmt"}, nil, true},
		{"internal/fault", []string{module + "internal/sshkey"}, nil, false},
		{"internal/keypair", []string{module + "internal/identity"}, nil, true},
		{"internal/identity", []string{module + "internal/keypair"}, nil, false},
		{"internal/keypair", nil, []string{"net/http"}, false},
		{"internal/sshkey", []string{"software.sslmate.com/src/go-pkcs12"}, nil, true},
		{"internal/sshkey", []string{"github.com/pkg/sftp"}, nil, false},
		{"internal/compute/sim/shell", []string{module + "internal/compute/sim/disk", "mvdan.cc/sh/v3/syntax"}, nil, true},
		{"internal/compute/sim/shell", []string{"mvdan.cc/sh/v3/interp"}, nil, false},
		{"internal/compute/sim", nil, []string{"os/exec"}, false},
		{"internal/store/sqlite", []string{"modernc.org/sqlite"}, []string{"database/sql"}, true},
		{"internal/store", nil, []string{module + "internal/wire"}, false},
		{"internal/wire", []string{module + "internal/fault"}, nil, false},
		{"internal/wire", []string{"github.com/prometheus/client_golang/prometheus"}, nil, false},
		{"internal/dialect/openstack/nova", []string{module + "internal/dialect/openstack", module + "internal/wire"}, nil, true},
		{"internal/dialect/openstack/nova", []string{module + "internal/dialect/openstack/keystone"}, nil, false},
		{"internal/dialect/huawei", []string{module + "internal/dialect/openstack/nova"}, nil, true},
		{"internal/dialect/toast", []string{module + "internal/dialect/openstack/nova"}, nil, false},
		{"internal/dialect/ecs", nil, []string{module + "internal/store/sqlite"}, false},
		{"internal/server", []string{module + "internal/dialect/ecs", module + "internal/store"}, nil, true},
		{"internal/server", nil, []string{module + "internal/cli"}, false},
		{"cmd/keyreeve", []string{module + "internal/cli"}, nil, true},
		{"cmd/keyreeve", []string{module + "internal/server"}, nil, false},
		{"internal/util", nil, nil, false},
		{"internal/dialect/openstack/nova/deep", nil, nil, false},
	} {
		got := breaches(listed{module + tc.pkg, tc.imports, tc.deps})
		if (len(got) == 0) != tc.ok {
			t.Errorf("%s importing %v, reaching %v: %q", tc.pkg, tc.imports, tc.deps, got)
		}
	}
}

// TestNoVendorSDK: a cloud's SDK brings that cloud's structs and habits along,
// so only the conformance module, which is a client, may require one.
func TestNoVendorSDK(t *testing.T) {
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sdk := regexp.MustCompile(`(?i)gophercloud|aliyun|alibabacloud|alibaba-cloud|huaweicloud|opentelekomcloud|nhn-cloud|aws-sdk|terraform-provider`)
	for n, line := range strings.Split(string(text), "\n") {
		if hit := sdk.FindString(line); hit != "" {
			t.Errorf("go.mod line %d requires the SDK of a vendor (%s)", n+1, hit)
		}
	}
}

// TestDomainTypesHaveNoWireTags: how a type looks on a wire or in a table is
// for the dialect or the store to say.
func TestDomainTypesHaveNoWireTags(t *testing.T) {
	read := 0
	for _, pkg := range domain {
		files, err := filepath.Glob(filepath.Join(pkg, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			read++
			for _, at := range wireTags(file) {
				t.Errorf("%s: a domain type may not have a json, xml or db tag", fset.Position(at))
			}
		}
	}
	if read == 0 {
		t.Error("no file of the domain was found")
	}

	sample, err := parser.ParseFile(token.NewFileSet(), "sample.go", "package x\ntype T struct { A int `json:\"a\"`; B int `doc:\"json\"`; C struct { D int `xml:\"d\"` } }", 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(wireTags(sample)); n != 2 {
		t.Errorf("the sample has 2 tags, %d were found", n)
	}
}

func wireTags(file *ast.File) []token.Pos {
	var found []token.Pos
	ast.Inspect(file, func(n ast.Node) bool {
		f, ok := n.(*ast.Field)
		if !ok || f.Tag == nil {
			return true
		}
		text, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			return true
		}
		for _, key := range []string{"json", "xml", "db"} {
			if _, has := reflect.StructTag(text).Lookup(key); has {
				found = append(found, f.Tag.Pos())
			}
		}
		return true
	})
	return found
}

// TestLintRepeatsTheTable keeps depguard's rules in .golangci.yml equal to the
// table, so that an editor shows a wrong import as it is typed.
func TestLintRepeatsTheTable(t *testing.T) {
	const path = "../.golangci.yml"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)( *# import table begins[^\n]*\n).*?( *# import table ends)`)
	if !block.Match(text) {
		t.Fatalf("%s has lost the comments around the import table", path)
	}
	want := block.ReplaceAllString(string(text), "${1}"+strings.ReplaceAll(depguard(), "$", "$$")+"${2}")
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s does not repeat the import table: go test ./internal -run TestLint -update", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// depguard writes the table as rules of that linter. It sees direct imports
// only, so what a package may not reach is left to TestImports. Of its rules all
// that fit count, not the first: each leaves out what an earlier line is about.
func depguard() string {
	var b strings.Builder
	for i, r := range house {
		dir := r.path
		if !strings.HasPrefix(dir, "cmd/") {
			dir = "internal/" + dir
		}
		globs := []string{"**/" + dir + "/*.go"}
		if under, ok := strings.CutSuffix(dir, "/..."); ok {
			globs = []string{"**/" + under + "/*.go", "**/" + under + "/**/*.go"}
		}
		// golangci-lint takes a dot in a rule's name for a separator.
		name := strings.NewReplacer("/...", " and below", "/*", " below").Replace(r.path)
		fmt.Fprintf(&b, "        %q:\n          list-mode: strict\n          files:\n", name)
		for _, earlier := range house[:i] {
			if covers(r.path, earlier.path) {
				globs = append(globs, "!**/internal/"+earlier.path+"/*.go")
			}
		}
		for _, g := range append(globs, "!$test") {
			fmt.Fprintf(&b, "            - %q\n", g)
		}
		b.WriteString("          allow:\n            - $gostd\n")
		for _, m := range r.may {
			if m == "..." {
				fmt.Fprintf(&b, "            - %sinternal/\n", module)
				continue
			}
			if under, ok := strings.CutSuffix(m, "/..."); ok {
				fmt.Fprintf(&b, "            - %sinternal/%s/\n", module, under)
				m = under
			}
			fmt.Fprintf(&b, "            - %sinternal/%s$\n", module, m)
		}
		for _, l := range r.libs {
			fmt.Fprintf(&b, "            - %s\n", l)
		}
		if len(r.not) > 0 {
			b.WriteString("          deny:\n")
		}
		for _, n := range r.not {
			fmt.Fprintf(&b, "            - pkg: %s$\n              desc: see the import table in internal/arch_test.go\n", n)
		}
	}
	return b.String()
}
