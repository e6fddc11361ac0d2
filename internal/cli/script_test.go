package cli_test

import (
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"

	"github.com/keyreeve/keyreeve/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"keyreeve": func() { os.Exit(cli.Main("v0.0.0-test", os.Args[1:], os.Environ(), os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the keyreeve command as a person at a terminal would.
func TestScripts(t *testing.T) {
	var scripts atomic.Int32
	keys, err := filepath.Abs("../sshkey/testdata/keys")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("KEYREEVE_DATA_DIR", e.WorkDir+"/data")
			e.Setenv("KEYREEVE_LISTEN_MAIN", "127.0.0.1:0")
			e.Setenv("KEYREEVE_LISTEN_ADMIN", "127.0.0.1:0")
			e.Setenv("KEYS", keys) // public keys of every kind
			// A program with the race detector in it sleeps for a second before it
			// ends, in the hope of more to report; scripts start hundreds.
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			// Scripts run side by side; each has instances' addresses of its own.
			e.Setenv("KEYREEVE_SIM_NETWORK", fmt.Sprintf("127.21.%d.0/24", scripts.Add(1)))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"occupy": occupy, "appears": appears, "oneline": oneLine, "sqlite": runSQL, "mode": mode, "store": storeKey, "shareprime": sharePrime,
		},
	})
}

// occupy VARIABLE listens on a port until the script ends and puts its address
// into the variable.
func occupy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: occupy VARIABLE")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

// appears FILE waits until the file is there.
func appears(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: appears FILE")
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("%s does not appear", args[0])
}

// oneline FILE fails unless the file is one line that begins with "keyreeve: ".
func oneLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: oneline FILE")
	}
	text := ts.ReadFile(args[0])
	if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") || !strings.HasPrefix(text, "keyreeve: ") {
		ts.Fatalf("not one line of keyreeve's: %q", text)
	}
}

// mode MODE FILE fails unless the file has these permissions, in octal.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode MODE FILE")
	}
	info, err := os.Lstat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, not %s", args[1], got, args[0])
	}
}

// sqlite FILE STATEMENT changes a database.
func runSQL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sqlite FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec(args[1])
	ts.Check(err)
	ts.Check(db.Close())
}
