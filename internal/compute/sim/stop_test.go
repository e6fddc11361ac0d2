package sim

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// witness writes a line over and over until it is asked to end, which it writes too.
const witness = `trap 'echo asked >> log; sync; exit 0' TERM
trap 'echo over >> log' EXIT
echo ready
while :; do echo line >> log; sleep 0.02; done`

// begin runs ssh until it has shown want, and gives what wait returns in the end:
// all that it showed, and its status.
func begin(t *testing.T, cl *client, want string, args ...string) (wait func() (string, int)) {
	t.Helper()
	out := newWatched(want)
	c, cancel := context.WithTimeout(ctx, time.Minute)
	cmd := exec.CommandContext(c, "ssh", append(append(append([]string{}, cl.args...), "-p", cl.port), args...)...)
	cmd.Stdout, cmd.Stderr = out, out
	stdin, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { cancel(); _ = stdin.Close() })
	select {
	case <-out.seen:
	case <-time.After(20 * time.Second):
		t.Fatalf("ssh does not show %q but %q", want, out.text())
	}
	return func() (string, int) {
		err := cmd.Wait()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return out.text(), cmd.ProcessState.ExitCode()
	}
}

func TestSoftRebootEndsInOrderAndHardOneDoesNot(t *testing.T) {
	for _, tc := range []struct {
		name string
		soft bool
		wall string
		last string // of the console log, before the next boot
	}{
		{"soft reboot", true, "The system will reboot now!", "] reboot: Restarting system\n"},
		{"stop", true, "The system will power off now!", "] reboot: Power down\n"},
		{"hard reboot", false, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := newDriver(t, t.TempDir())
			k := newKey(t)
			spec := create(t, d, newSpec(k.line))
			cl := newClient(t, d, spec, k)
			boot, err := d.Console(ctx, spec.ID, 0)
			must(t, err)
			person := begin(t, cl, ":~$ ", "-tt", cl.target())
			script := begin(t, cl, "ready", cl.target(), witness)
			idle := begin(t, cl, "connected", cl.target(), "echo connected; cat; echo never")

			started := time.Now()
			switch tc.name {
			case "soft reboot":
				must(t, d.Reboot(ctx, spec, false))
			case "stop":
				must(t, d.Stop(ctx, spec.ID, 20*time.Second))
			default:
				must(t, d.Reboot(ctx, spec, true))
			}
			if took := time.Since(started); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			seen := map[string]string{}
			for name, wait := range map[string]func() (string, int){"person": person, "script": script, "idle": idle} {
				text, status := wait()
				if status != 255 {
					t.Errorf("%s: status %d", name, status)
				}
				if strings.Contains(text, "never") {
					t.Errorf("%s: %s", name, text)
				}
				if closed := strings.Contains(text, "closed by remote host"); closed != tc.soft {
					t.Errorf("%s: the client says %q", name, text)
				}
				seen[name] = text
			}
			wall := "Broadcast message from root@" + spec.Hostname + " ("
			if got := strings.Contains(seen["person"], wall) && strings.Contains(seen["person"], tc.wall); got != tc.soft {
				t.Errorf("the terminal shows %q", seen["person"])
			}
			if strings.Contains(seen["script"]+seen["idle"], "Broadcast") {
				t.Error("the broadcast came to who has no terminal")
			}
			log, err := d.Console(ctx, spec.ID, 0)
			must(t, err)
			after, same := strings.CutPrefix(log, boot)
			last, next, orderly := strings.Cut(after, tc.last)
			if !same || tc.soft && !(orderly && strings.Contains(last, "sshd: Received signal 15; terminating.\n") &&
				strings.Contains(last, "Sending SIGTERM") && !strings.Contains(last, "SIGKILL")) {
				t.Errorf("the console log goes on with %q", after)
			}
			if !tc.soft && strings.Contains(after, "SIGTERM") {
				t.Errorf("a hard reboot asked: %q", after)
			}
			if tc.name == "stop" {
				if next != "" {
					t.Errorf("after a stop: %q", next)
				}
				must(t, d.Start(ctx, spec))
			} else if !strings.Contains(after, "[    0.000000] Linux") {
				t.Errorf("no boot after %q", after)
			}
			got := guestRun(t, d, spec, k, "tail -n 2 log", "")
			if want := "asked\nover\n"; (got == want) != tc.soft {
				t.Errorf("the script left %q", got)
			}
		})
	}
}

// What does not end when it is asked is cut off when its time is over.
func TestShutdownHasAnEnd(t *testing.T) {
	d := newDriver(t, t.TempDir())
	k := newKey(t)
	spec := create(t, d, newSpec(k.line))
	cl := newClient(t, d, spec, k)
	deaf := begin(t, cl, "ready", cl.target(), `trap "" TERM; echo ready; while :; do echo line >> log; sleep 0.05; done`)
	started := time.Now()
	must(t, d.Stop(ctx, spec.ID, 400*time.Millisecond))
	if took := time.Since(started); took < 400*time.Millisecond || took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if text, status := deaf(); status != 255 || strings.Contains(text, "closed by remote host") {
		t.Errorf("status %d, %q", status, text)
	}
	log, err := d.Console(ctx, spec.ID, 0)
	must(t, err)
	if !strings.Contains(log, "shutdown: Sending SIGKILL to remaining processes...\n") {
		t.Errorf("console log: %s", log)
	}
}

// Who has a connection and is not logged in, or runs nothing, holds nothing up.
func TestShutdownWaitsForProgramsOnly(t *testing.T) {
	d := newDriver(t, t.TempDir(), func(o *Options) { o.Gateway = "127.0.0.1:0" })
	k := newKey(t)
	spec := create(t, d, newSpec(k.line))
	for _, at := range []string{"door", "gateway"} {
		o, err := d.Get(ctx, spec.ID)
		must(t, err)
		addr, user := o.SSH.String(), "debian"
		if at == "gateway" {
			addr, user = d.gateAt.String(), "debian%"+spec.ID
		}
		c, err := ssh.Dial("tcp", addr, &ssh.ClientConfig{User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(k.signer)},
			HostKeyCallback: ssh.InsecureIgnoreHostKey()})
		must(t, err)
		defer c.Close()
		s, err := c.NewSession()
		must(t, err)
		var out bytes.Buffer
		s.Stdout = &out
		must(t, s.Start(witness))
		for !strings.Contains(guestRun(t, d, spec, k, "cat log", ""), "line") {
			time.Sleep(10 * time.Millisecond)
		}
		silent := begin(t, newClient(t, d, spec, k), "ready", "-tt", "debian@"+o.SSH.Addr().String(), "echo ready; read x")
		started := time.Now()
		must(t, d.Reboot(ctx, spec, false))
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("%s: it took %s", at, took)
		}
		if _, status := silent(); status != 255 {
			t.Errorf("%s: status %d", at, status)
		}
		if err := s.Wait(); err == nil {
			t.Errorf("%s: the session did not end with its connection", at)
		}
		if got := guestRun(t, d, spec, k, "tail -n 2 log; rm log", ""); got != "asked\nover\n" {
			t.Errorf("%s: the script left %q", at, got)
		}
	}
}
