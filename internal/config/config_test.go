package config

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

// write makes a configuration file and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keyreeve.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	got, err := load("", []string{"HOME=/home/kim"}, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Listen:   Listen{Main: "127.0.0.1:8080", Admin: "127.0.0.1:8089"},
		Data:     Data{Dir: "/home/kim/.local/share/keyreeve"},
		Region:   Region{ID: "region1", OpenStack: "RegionOne"},
		Identity: Identity{TokenLife: Duration{time.Hour}, LockoutAttempts: 10, LockoutDuration: Duration{5 * time.Minute}},
		Keypair:  Keypair{Quota: 100, WeakKeys: "refuse", MinRSABits: 2048, Pool: 8},
		Compute:  Compute{Driver: "sim", QuotaInstances: 10, QuotaCores: 20, QuotaRAMMiB: 51200, QuotaVolumes: 10, QuotaGigabytes: 1000},
		Sim:      Sim{Network: "127.8.0.0/16", Floating: "127.9.0.0/16", DiskMiB: 64},
		Log:      Log{Format: "text", Level: "info"},
		Limits:   Limits{RequestTimeout: Duration{time.Minute}, ShutdownGrace: Duration{10 * time.Second}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("defaults (-want +got):\n%s", d)
	}
}

func TestPrecedence(t *testing.T) {
	file := write(t, `
limits.request_timeout = "7s"
sim = { network = "127.9.0.0/24", port = 0x16 }

[keypair]
quota = 1_000
pool = 1
weak_keys = "warn"
refuse_dsa = true
weak_blocklist = ["/a", "/b:c"]

[openstack]
weak_keys = "allow"
`)
	env := []string{"KEYREEVE_CONFIG=" + file, "KEYREEVE_KEYPAIR_POOL=1", "KEYREEVE_KEYPAIR_POOL=2",
		"KEYREEVE_KEYPAIR_WEAK_KEYS=allow", "KEYREEVE_KEYPAIR_SHARED_PRIMES=/p", "KEYREEVE_TEST_POSTGRES=x", "KEYREEVE_IDENTITY_TOKEN_LIFE=90m", "OTHER=1"}
	got, err := load("", env, true, []Flag{{"--weak-keys", "keypair.weak_keys", "refuse"}, {"--data", "data.dir", "/srv/k"}})
	if err != nil {
		t.Fatal(err)
	}
	want, err := load("", nil, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	want.Limits.RequestTimeout.Duration = 7 * time.Second
	want.Sim.Network, want.Sim.Port = "127.9.0.0/24", 22
	want.Keypair = Keypair{Quota: 1000, Pool: 2, WeakKeys: "refuse", MinRSABits: 2048, RefuseDSA: true, WeakBlocklist: []string{"/a", "/b:c"}, SharedPrimes: "/p"}
	want.OpenStack.WeakKeys = "allow"
	want.Identity.TokenLife.Duration = 90 * time.Minute
	want.Data.Dir = "/srv/k"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if named, err := load(write(t, ""), env, true, nil); err != nil || named.Keypair.Quota != 100 {
		t.Errorf("a named file must win over KEYREEVE_CONFIG: %+v, %v", named.Keypair, err)
	}
}

func TestDataFolder(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		env  []string
		root bool
		want string // "" is an error
	}{
		{[]string{"HOME=/root"}, true, "/var/lib/keyreeve"},
		{[]string{"HOME=/h", "XDG_DATA_HOME=/x"}, false, "/x/keyreeve"},
		{[]string{"HOME=/h", "XDG_DATA_HOME=relative"}, false, "/h/.local/share/keyreeve"},
		{[]string{"HOME=/h", "KEYREEVE_DATA_DIR=/d/"}, true, "/d"},
		{[]string{"HOME=/h", "KEYREEVE_DATA_DIR=d"}, false, filepath.Join(here, "d")},
		{nil, false, ""},
	} {
		c, err := load("", tc.env, tc.root, nil)
		if c.Data.Dir != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%v root %v: got %q, %v", tc.env, tc.root, c.Data.Dir, err)
		}
	}
}

func TestFileErrors(t *testing.T) {
	for _, tc := range []struct{ file, want string }{
		{"[listen]\nmian = \"127.0.0.1:1\"", `FILE line 2: there is no setting [listen] mian; did you mean [listen] main?`},
		{"[listen]\n\nMAIN = \"127.0.0.1:1\"", `FILE line 3: there is no setting [listen] MAIN; did you mean [listen] main?`},
		{"[lisen]\nmain = \"127.0.0.1:1\"", `FILE line 1: there is no section lisen; did you mean [listen]?`},
		{"quota = 3", `FILE line 1: there is no section quota; did you mean [keypair] quota?`},
		{"listen = 3", `FILE line 1: listen is a section: write [listen] on a line of its own, once, and its keys below`},
		{"[[listen]]\nmain = \"127.0.0.1:1\"", `FILE line 1: listen is a section: write [listen] on a line of its own, once, and its keys below`},
		{"[listen]\nmain = 3", `FILE line 2: [listen] main has a value of another kind, but must be host:port, such as 127.0.0.1:8080, in quotes`},
		{"[listen.main]\nx = 1", `FILE line 1: [listen] main has a value of another kind, but must be host:port, such as 127.0.0.1:8080, in quotes`},
		{"[keypair]\nquota = \"many\"", `FILE line 2: [keypair] quota is "many", but must be a whole number from 0 to 1000000`},
		{"[keypair]\nquota = \"5\"", `FILE line 2: [keypair] quota is "5", but must be a whole number from 0 to 1000000`},
		{"[keypair]\nquota = 1.5", `FILE line 2: [keypair] quota has a value of another kind, but must be a whole number from 0 to 1000000`},
		{"[keypair]\npool = 1\nquota = -1", `FILE line 3: [keypair] quota is "-1", but must be a whole number from 0 to 1000000`},
		{"sim = { port = 65536 }", `FILE line 1: [sim] port is "65536", but must be a whole number from 0 to 65535`},
		{"keypair.weak_keys = \"maybe\"", `FILE line 1: [keypair] weak_keys is "maybe", but must be "refuse", "warn" or "allow"`},
		{"[keypair]\nrefuse_dsa = \"true\"", `FILE line 2: [keypair] refuse_dsa is "true", but must be true or false`},
		{"[keypair]\nrefuse_dsa = 1", `FILE line 2: [keypair] refuse_dsa has a value of another kind, but must be true or false`},
		{"[keypair]\nweak_blocklist = \"/a\"", `FILE line 2: [keypair] weak_blocklist is "/a", but must be a list like ["a", "b"], each of it the full path of a file (~ is not understood here)`},
		{"[keypair]\nweak_blocklist = [\"/a\", 3]", `FILE line 2: [keypair] weak_blocklist has a value of another kind, but must be a list like ["a", "b"], each of it the full path of a file (~ is not understood here)`},
		{"[keypair]\nweak_blocklist = [\"/a\", \"~/b\"]", `FILE line 2: [keypair] weak_blocklist is "/a:~/b", but must be a list like ["a", "b"], each of it the full path of a file (~ is not understood here)`},
		{"[keypair]\nshared_primes = [\"/a\"]", `FILE line 2: [keypair] shared_primes has a value of another kind, but must be the full path of a file (~ is not understood here), in quotes`},
		{"[openstack]\nweak_keys = \"no\"", `FILE line 2: [openstack] weak_keys is "no", but must be "", "refuse", "warn" or "allow"`},
		{"[keypair]\nweak_keys = \"\"", `FILE line 2: [keypair] weak_keys is "", but must be "refuse", "warn" or "allow"`},
		{"[compute]\ndriver = \"incus\"", `FILE line 2: [compute] driver is "incus", but must be "sim"`},
		{"[identity]\ntoken_life = 3600", `FILE line 2: [identity] token_life has a value of another kind, but must be a duration from 1m to 720h, written like 1h30m, in quotes`},
		{"[identity]\ntoken_life = \"1s\"", `FILE line 2: [identity] token_life is "1s", but must be a duration from 1m to 720h, written like 1h30m`},
		{"[identity]\ntoken_life = \"long\"", `FILE line 2: [identity] token_life is "long", but must be a duration from 1m to 720h, written like 1h30m`},
		{"[database]\nurl = \"mysql://u:s3cr3t@h/d\"", `FILE line 2: [database] url has a value that is not allowed: it must be empty for SQLite, or a URL like postgres://user:password@host:5432/keyreeve`},
		{"# first the order\n[sim]\nprot = 1\n[listen]\nmian = 1", `FILE line 3: there is no setting [sim] prot; did you mean [sim] port?`},
		{"[sim]\nport = 1\nport = 2", `FILE line 3, column 1: correct what is not TOML here: key port is already defined`},
		{"[sim", `FILE line 1, column 4: correct what is not TOML here: `},
	} {
		file := write(t, tc.file)
		_, err := load(file, nil, true, nil)
		if err == nil {
			t.Errorf("%q was taken", tc.file)
			continue
		}
		got := strings.ReplaceAll(err.Error(), file, "FILE")
		if got != tc.want && !(strings.HasSuffix(tc.want, ": ") && strings.HasPrefix(got, tc.want)) {
			t.Errorf("%q\n got %s\nwant %s", tc.file, got, tc.want)
		}
	}
	if _, err := load("/nonexistent/k.toml", nil, true, nil); err == nil || !strings.HasPrefix(err.Error(), "there is no configuration file /nonexistent/k.toml: create it") {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := load(t.TempDir(), nil, true, nil); err == nil || !strings.HasPrefix(err.Error(), "cannot read the configuration file") {
		t.Errorf("a folder: %v", err)
	}
}

func TestEnvErrors(t *testing.T) {
	for _, tc := range []struct{ env, want string }{
		{"KEYREEVE_LISTEN_MIAN=127.0.0.1:1", `environment variable KEYREEVE_LISTEN_MIAN sets nothing; did you mean KEYREEVE_LISTEN_MAIN? Otherwise unset it`},
		{"KEYREEVE_CONFG=x", `environment variable KEYREEVE_CONFG sets nothing; did you mean KEYREEVE_CONFIG? Otherwise unset it`},
		{"KEYREEVE_LISTEN_MAIN=8080", `environment variable KEYREEVE_LISTEN_MAIN is "8080", but must be host:port, such as 127.0.0.1:8080`},
		{"KEYREEVE_KEYPAIR_QUOTA=", `environment variable KEYREEVE_KEYPAIR_QUOTA is "", but must be a whole number from 0 to 1000000`},
		{"KEYREEVE_KEYPAIR_QUOTA=ten", `environment variable KEYREEVE_KEYPAIR_QUOTA is "ten", but must be a whole number from 0 to 1000000`},
		{"KEYREEVE_LOG_LEVEL=warn|error", `environment variable KEYREEVE_LOG_LEVEL is "warn|error", but must be "debug", "info", "warn" or "error"`},
		{"KEYREEVE_LIMITS_SHUTDOWN_GRACE=-5s", `environment variable KEYREEVE_LIMITS_SHUTDOWN_GRACE is "-5s", but must be a duration from 100ms to 10m, written like 1h30m`},
		{"KEYREEVE_KEYPAIR_REFUSE_DSA=1", `environment variable KEYREEVE_KEYPAIR_REFUSE_DSA is "1", but must be true or false`},
		{"KEYREEVE_KEYPAIR_WEAK_BLOCKLIST=/a::/b", `environment variable KEYREEVE_KEYPAIR_WEAK_BLOCKLIST is "/a::/b", but must be a list like ["a", "b"], each of it the full path of a file (~ is not understood here)`},
		{"KEYREEVE_LISTEN_TRUSTED_PROXIES=10.0.0.0/8,fd00::/8,proxy", `environment variable KEYREEVE_LISTEN_TRUSTED_PROXIES is "10.0.0.0/8,fd00::/8,proxy", but must be a list like ["a", "b"], each of it an IP address, or a network with its host bits zero, such as 10.0.0.0/8`},
		{"KEYREEVE_DATABASE_URL=s3cr3t", `environment variable KEYREEVE_DATABASE_URL has a value that is not allowed: it must be empty for SQLite, or a URL like postgres://user:password@host:5432/keyreeve`},
	} {
		_, err := load("", []string{tc.env}, true, nil)
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s\n got %v\nwant %s", tc.env, err, tc.want)
		}
	}
	_, err := load("", nil, true, []Flag{{"--quota", "keypair.quota", "ten"}})
	if want := `--quota is "ten", but must be a whole number from 0 to 1000000`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = load("", []string{"KEYREEVE_KEYPAIR_QUOTA=-1"}, true, []Flag{{"--quota", "keypair.quota", "-2"}})
	if want := `--quota is "-2", but must be a whole number from 0 to 1000000`; err == nil || err.Error() != want {
		t.Errorf("the message must name what won: got %v, want %s", err, want)
	}
}

func TestChecks(t *testing.T) {
	left := maps.Clone(checks)
	for name, tc := range map[string]struct{ good, bad []string }{
		"address":          {[]string{":0", "127.0.0.1:8080", "[::1]:22", "host.example:65535"}, []string{"", "8080", "127.0.0.1", "h:99999", "h:-1", "h:", "h:http", "http://h:80", "::1:22", "h:080"}},
		"address or empty": {[]string{"", "127.0.0.1:2222"}, []string{" ", "x"}},
		"folder":           {[]string{"", "/var/lib/k", "data"}, []string{"~/k", "~kim/k", "a\x00b"}},
		"file":             {[]string{"", "/etc/keyreeve/blocklist.RSA-2048", "list"}, []string{"~/list", "a\x00b"}},
		"database":         {[]string{"", "postgres://u:p@h/d", "postgresql:///d?host=/run"}, []string{"host=h", "mysql://h/d", "postgres//h", ":"}},
		"name":             {[]string{"RegionOne", "cn-hangzhou", "a.b_c"}, []string{"", "a b", "ü", strings.Repeat("x", 65), "a\n"}},
		"base":             {[]string{"", "https://cloud.example.com", "http://h:8080/keyreeve"}, []string{"h", "ftp://h", "https://h/", "https://h?x=1", "https://h#f", "https://u@h", "https://"}},
		"network":          {[]string{"10.0.0.0/8", "192.0.2.7", "fd00::/8", "::1"}, []string{"", "10.0.0.1/8", "10/8", "proxy", "fe80::1%eth0", "10.0.0.0/33"}},
		"loopback":         {[]string{"127.8.0.0/16", "127.0.0.0/8", "127.1.2.16/28"}, []string{"", "10.0.0.0/16", "127.8.0.1/16", "127.8.0.0/29", "127.8.0.0", "::1/128", "126.0.0.0/7"}},
	} {
		for _, s := range tc.good {
			if !checks[name].ok(s) {
				t.Errorf("%s refuses %q", name, s)
			}
		}
		for _, s := range tc.bad {
			if checks[name].ok(s) {
				t.Errorf("%s takes %q", name, s)
			}
		}
		delete(left, name)
	}
	for name := range left {
		t.Errorf("check %q is not tested", name)
	}
}

// TestTags holds every setting to a complete and unambiguous description.
func TestTags(t *testing.T) {
	seen := map[string]string{}
	for _, s := range settings(new(Config)) {
		if s.section == "" || s.key == "" || s.tag.Get("doc") == "" {
			t.Errorf("%s lacks a name or a doc", s)
		}
		if strings.ContainsAny(s.tag.Get("doc"), "\n|") {
			t.Errorf("%s: the doc must be one line with no |", s)
		}
		if other, taken := seen[s.env()]; taken {
			t.Errorf("%s and %s share the variable %s", s, other, s.env())
		}
		seen[s.env()] = s.String()
		if s.field.Kind() == reflect.String && (s.tag.Get("oneof") == "") == (s.tag.Get("check") == "") {
			t.Errorf("%s needs one of oneof and check", s)
		}
		if c := s.tag.Get("check"); c != "" && checks[c].ok == nil {
			t.Errorf("%s: there is no check %q", s, c)
		}
	}
}

func TestReferenceIsTheDefaults(t *testing.T) {
	want, err := load("", nil, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := load(write(t, Reference()), nil, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-default +reference):\n%s", d)
	}
	for _, s := range settings(new(Config)) {
		if !strings.Contains(Reference(), "\n"+s.key+" = ") || !strings.Contains(Reference(), s.tag.Get("doc")) {
			t.Errorf("%s is not in the reference", s)
		}
	}
}

func TestDocsAreCurrent(t *testing.T) {
	const path = "../../docs/configuration.md"
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Markdown(), string(text)); d != "" {
		t.Errorf("%s is out of date: go test ./internal/config -update\n%s", path, d)
	}
}

func TestLoadReadsTheGivenEnvironmentOnly(t *testing.T) {
	t.Setenv("KEYREEVE_KEYPAIR_QUOTA", "7")
	c, err := Load("", []string{"HOME=/h", "KEYREEVE_KEYPAIR_POOL=3"})
	if err != nil || c.Keypair.Quota != 100 || c.Keypair.Pool != 3 {
		t.Errorf("got %+v, %v", c.Keypair, err)
	}
}

func TestListInAVariable(t *testing.T) {
	c, err := Load("", []string{"HOME=/h", "KEYREEVE_KEYPAIR_WEAK_BLOCKLIST=/a:/b", "KEYREEVE_KEYPAIR_REFUSE_DSA=true"})
	if err != nil || !slices.Equal(c.Keypair.WeakBlocklist, []string{"/a", "/b"}) || !c.Keypair.RefuseDSA {
		t.Errorf("got %+v, %v", c.Keypair, err)
	}
	if c, err = Load(write(t, "[keypair]\nweak_blocklist = [\"/c\"]"), []string{"HOME=/h", "KEYREEVE_KEYPAIR_WEAK_BLOCKLIST="}); err != nil || c.Keypair.WeakBlocklist != nil {
		t.Errorf("an empty variable must win: %+v, %v", c.Keypair, err)
	}
}
