package shell

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// What a real bash answers to the same scripts.
func TestTraps(t *testing.T) {
	for _, tc := range []struct {
		script, out, errOut string
		status              int
	}{
		{"trap 'echo bye $?' EXIT; echo a; false", "a\nbye 1\n", "", 1},
		{"trap 'echo bye' 0; exit 3", "bye\n", "", 3},
		{"trap 'exit 7' EXIT; exit 3", "", "", 7},
		{"trap 'echo bye' EXIT; trap - EXIT; echo a", "a\n", "", 0},
		{"trap 'echo bye' EXIT; trap EXIT; echo a", "a\n", "", 0},
		{"trap 'echo out' EXIT; (echo in); (trap 'echo sub' EXIT); x=$(trap 'echo subst' EXIT); echo $x", "in\nsub\nsubst\nout\n", "", 0},
		{"trap 'echo left >&2' EXIT; echo x | (trap 'echo right' EXIT; cat)", "x\nright\n", "left\n", 0},
		{"trap 'echo bye' EXIT; exec echo gone", "gone\n", "", 0},
		{"set -e; trap 'echo bye' EXIT; false; echo never", "bye\n", "", 1},
		{"trap \"echo it's\" TERM; trap '' sighup; trap : 0; trap; trap -p TERM; trap - EXIT", "trap -- ':' EXIT\ntrap -- '' SIGHUP\ntrap -- 'echo it'\\''s' SIGTERM\ntrap -- 'echo it'\\''s' SIGTERM\n", "", 0},
		{"trap x NOPE; echo $?", "1\n", "trap: NOPE: invalid signal specification\n", 0},
	} {
		out, errOut, status := run(login(t, newGuest(t)), tc.script, "")
		if tc.out != out || !strings.HasSuffix(errOut, tc.errOut) || (errOut == "") != (tc.errOut == "") || status != tc.status {
			t.Errorf("%s: %q, %q, %d", tc.script, out, errOut, status)
		}
	}
}

// The guest shuts down while a script runs.
func TestScriptsAreTerminated(t *testing.T) {
	for _, tc := range []struct {
		script, out string
		status      int
	}{
		{"echo go; sleep 60; echo never", "go\n", 143},
		{"trap 'echo over $?' EXIT; echo go; sleep 60; echo never", "go\nover 143\n", 143},
		{"trap 'echo asked' TERM; echo go; sleep 60; echo on; sleep 0.1; echo end", "go\nasked\non\nend\n", 0},
		{"trap 'echo asked; exit 4' TERM; trap 'echo over' EXIT; echo go; while :; do :; done", "go\nasked\nover\n", 4},
		{"trap 'i=9' TERM; i=0; echo go; while [ $i -lt 5 ]; do sleep 60; done; echo $i", "go\n9\n", 0},
		{"trap '' TERM; echo go; sleep 0.3; echo on", "go\non\n", 0},
		{"trap '' TERM; (echo go; sleep 0.3; echo below); echo on", "go\nbelow\non\n", 0},
		{"trap '' TERM; (trap - TERM; echo go; sleep 60; echo never); echo $?", "go\n143\n", 0},
		{"trap 'echo asked' TERM; (echo go; sleep 60; echo never); echo $?", "go\nasked\n143\n", 0},
		{"trap 'echo asked' TERM; echo go; sleep 60 | cat; echo on", "go\nasked\non\n", 0},
		{"trap 'echo asked' TERM; f() { echo go; sleep 60; echo in; }; f; echo on", "go\nasked\nin\non\n", 0},
		{"trap 'echo asked' TERM; echo go; cat; echo on", "go\nasked\non\n", 0},
		{"trap 'echo hung' HUP; echo go; sleep 60; echo never", "go\n", 143},
		{"sh -c \"trap 'echo below; exit 5' TERM; echo go; sleep 60\"; echo never", "go\nbelow\n", 143},
	} {
		t.Run(tc.script, func(t *testing.T) {
			t.Parallel()
			l := login(t, newGuest(t))
			down, shutDown := context.WithCancel(context.Background())
			l.Down = down
			var out lockedBuffer
			go func() {
				for !strings.Contains(out.String(), "go\n") {
					time.Sleep(time.Millisecond)
				}
				time.Sleep(50 * time.Millisecond)
				shutDown()
			}()
			never, w := io.Pipe()
			defer w.Close()
			started := time.Now()
			status := l.Run(context.Background(), tc.script, IO{In: closable{never}, Out: &out, Err: &out})
			if out.String() != tc.out || status != tc.status || time.Since(started) > 20*time.Second {
				t.Errorf("%q, status %d after %s", out.String(), status, time.Since(started))
			}
		})
	}
}

// A shell that reads its commands gets TERM and HUP, whether it waits or not.
func TestLoginShellHangsUp(t *testing.T) {
	const traps = "trap 'echo asked' TERM; trap 'echo hung' HUP; trap 'echo over' EXIT; "
	for _, tc := range []struct{ typed, out string }{
		{"echo go\n", "go\n"},
		{traps + "echo go\n", "go\nasked\nhung\nover\n"},
		{traps + "echo go; sleep 60; echo never\necho never\n", "go\nasked\nhung\nover\n"},
		{"trap '' TERM; trap 'echo hung' HUP; echo go\n", "go\nhung\n"},
	} {
		l := login(t, newGuest(t))
		down, shutDown := context.WithCancel(context.Background())
		l.Down = down
		var out lockedBuffer
		in, w := io.Pipe()
		go func() { _, _ = io.WriteString(w, tc.typed) }()
		go func() {
			for !strings.Contains(out.String(), "go\n") {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(50 * time.Millisecond)
			shutDown()
		}()
		l.Interactive(context.Background(), IO{In: closable{in}, Out: &out, Err: &out})
		if out.String() != tc.out {
			t.Errorf("%q: %q", tc.typed, out.String())
		}
	}
}

// closable is an input whose reading can be ended from outside, as a session's.
type closable struct{ *io.PipeReader }

func (c closable) CloseRead() { _ = c.Close() }
