package sim

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

const imageID = "11111111-2222-4333-8444-555555555555"

func TestPausedGuestStandsStill(t *testing.T) {
	d := newDriver(t, t.TempDir())
	k := newKey(t)
	spec := create(t, d, newSpec(k.line))
	c, err := dial(d, spec, "debian", ssh.PublicKeys(k.signer))
	must(t, err)
	defer c.Close()
	session := func() <-chan string {
		out := make(chan string, 1)
		go func() {
			s, err := c.NewSession()
			if err != nil {
				out <- err.Error()
				return
			}
			defer s.Close()
			text, err := s.Output("echo awake")
			out <- fmt.Sprint(string(text), err)
		}()
		return out
	}
	const awake = "awake\n<nil>"
	if got := <-session(); got != awake {
		t.Fatal(got)
	}

	must(t, d.Pause(ctx, spec.ID, true))
	must(t, d.Pause(ctx, spec.ID, true)) // again changes nothing
	if o, _ := d.Get(ctx, spec.ID); o.Power != compute.PowerPaused {
		t.Errorf("power %v", o.Power)
	}
	old := session()
	o, err := d.Get(ctx, spec.ID)
	must(t, err)
	tcp, err := net.Dial("tcp", o.SSH.String())
	must(t, err)
	defer tcp.Close()
	banner := make(chan string, 1)
	go func() {
		b := make([]byte, 8)
		n, _ := tcp.Read(b)
		banner <- string(b[:n])
	}()
	select {
	case got := <-old:
		t.Fatalf("a session of a paused guest answered %q", got)
	case got := <-banner:
		t.Fatalf("a paused guest said %q", got)
	case <-time.After(300 * time.Millisecond):
	}

	must(t, d.Pause(ctx, spec.ID, false))
	if got := <-old; got != awake {
		t.Errorf("the session that waited said %q", got)
	}
	if got := <-banner; !strings.HasPrefix(got, "SSH-2.0") {
		t.Errorf("the connection that waited heard %q", got)
	}

	// A guest that is stopped or deleted while it is paused lets go.
	must(t, d.Pause(ctx, spec.ID, true))
	waiting := session()
	must(t, d.Stop(ctx, spec.ID, time.Second))
	if got := <-waiting; got == awake {
		t.Error("a stopped guest answered")
	}
	if err := d.Pause(ctx, spec.ID, true); !fault.Is(err, fault.Conflict) {
		t.Errorf("pausing what does not run: %v", err)
	}
	if err := d.Pause(ctx, newSpec().ID, true); !fault.Is(err, fault.NotFound) {
		t.Errorf("pausing what is not there: %v", err)
	}
	must(t, d.Start(ctx, spec))
	if !mayLogin(d, spec, "debian", ssh.PublicKeys(k.signer)) {
		t.Error("after a start it still stands still")
	}
}

func TestResizedGuestSaysSo(t *testing.T) {
	dir := t.TempDir()
	d := newDriver(t, dir)
	k := newKey(t)
	spec := create(t, d, newSpec(k.line))
	const ask = "nproc; free -m | awk '/Mem/{print $2}' 2>/dev/null || free -m; grep Swap /proc/meminfo; df -h / | tail -1; cat kept"
	guestRun(t, d, spec, k, "echo mine > kept", "")
	before := guestRun(t, d, spec, k, ask, "")
	spec.VCPUs, spec.RAMMiB, spec.SwapMiB, spec.DiskGiB = 8, 16384, 333, 160
	if err := d.Resize(ctx, spec); !fault.Is(err, fault.Conflict) {
		t.Errorf("resizing what runs: %v", err)
	}
	must(t, d.Stop(ctx, spec.ID, time.Second))
	for range 2 { // it may be asked again
		must(t, d.Resize(ctx, spec))
	}
	must(t, d.Close())
	d = newDriver(t, dir)
	must(t, d.Start(ctx, spec))
	after := guestRun(t, d, spec, k, ask, "")
	if !strings.HasPrefix(before, "2\n") || !strings.HasPrefix(after, "8\n") || !strings.Contains(after, "160G") ||
		!strings.Contains(before, "SwapTotal:             0 kB") || !strings.Contains(after, "SwapTotal:        340992 kB\nSwapFree:         340992 kB") || !strings.Contains(after, "Swap:            333           0         333") || !strings.HasSuffix(after, "mine\n") {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestImageOfAGuest(t *testing.T) {
	dir := t.TempDir()
	d := newDriver(t, dir)
	first, second := newKey(t), newKey(t)
	spec := create(t, d, newSpec(first.line))
	guestRun(t, d, spec, first, "echo precious > kept; sudo sh -c 'echo root > /etc/mark'", "")
	image := compute.Image{ID: imageID, OSType: compute.Linux, OSDistro: "debian", OSVersion: "12", Node: "node"}
	var size int64
	for range 2 {
		var err error
		size, err = d.Snapshot(ctx, spec.ID, image)
		must(t, err)
	}
	if size < 1000 {
		t.Errorf("the image has %d bytes", size)
	}
	guestRun(t, d, spec, first, "echo changed > kept", "")

	// It outlives the guest and the process.
	must(t, d.Delete(ctx, spec.ID))
	must(t, d.Close())
	d = newDriver(t, dir)
	clone := newSpec(second.line)
	clone.Image = image
	create(t, d, clone)
	got := guestRun(t, d, clone, second, "cat kept /etc/mark; hostname; whoami", "")
	if want := "precious\nroot\n" + clone.Hostname + "\ndebian\n"; got != want {
		t.Errorf("the clone says %q, want %q", got, want)
	}
	if list, err := d.List(ctx); err != nil || len(list) != 1 {
		t.Errorf("instances: %v, %v", list, err)
	}

	for range 2 {
		must(t, d.DeleteImage(ctx, imageID))
	}
	if !mayLogin(d, clone, "debian", ssh.PublicKeys(second.signer)) {
		t.Error("without its image the clone is gone")
	}
	orphan := newSpec(second.line)
	orphan.Image = image
	if err := d.Create(ctx, orphan); !fault.Is(err, fault.NotFound) {
		t.Errorf("a guest from an image that is gone: %v", err)
	}
	if _, err := d.Snapshot(ctx, orphan.ID, image); !fault.Is(err, fault.NotFound) {
		t.Errorf("an image of a guest that is not there: %v", err)
	}
	image.ID = "../../x"
	if _, err := d.Snapshot(ctx, clone.ID, image); !fault.Is(err, fault.Invalid) {
		t.Errorf("an image with a path for an id: %v", err)
	}
}

func TestFilesAreOnTheDisk(t *testing.T) {
	d := newDriver(t, t.TempDir())
	k := newKey(t)
	spec := newSpec(k.line)
	spec.Files = []compute.File{
		{Path: "/etc/new/deep/conf", Contents: []byte("a\nb\n")},
		{Path: "relative", Contents: []byte("c\n")},
		{Path: "/../../up", Contents: []byte("d\n")},
		{Path: "/etc/issue", Contents: []byte("e\n")},
	}
	create(t, d, spec)
	if got := guestRun(t, d, spec, k, "cat /etc/new/deep/conf /relative /up /etc/issue; stat -c %U%a /relative", ""); got != "a\nb\nc\nd\ne\nroot644\n" {
		t.Errorf("the guest has %q", got)
	}
	for _, path := range []string{"/etc", "", "/etc/passwd/x"} {
		bad := newSpec(k.line)
		bad.Files = []compute.File{{Path: path}}
		if err := d.Create(ctx, bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("a file at %q: %v", path, err)
		}
	}
}

func TestPasswordsOfAGuest(t *testing.T) {
	d := newDriver(t, t.TempDir())
	k := newKey(t)
	spec := newSpec(k.line)
	spec.Access.PasswordHash, spec.Access.PasswordLogin = compute.SHA512Crypt("old secret", "saltsalt"), true
	create(t, d, spec)
	may := func(password string) bool { return mayLogin(d, spec, "debian", ssh.Password(password)) }
	if !may("old secret") || may("new secret") || may("") {
		t.Error("the password of the spec does not count")
	}
	next := spec.Access
	next.PasswordHash = compute.SHA512Crypt("new secret", "otherSalt./9")
	applied, err := d.SetAccess(ctx, spec.ID, next, true)
	must(t, err)
	if !applied || may("old secret") || !may("new secret") {
		t.Error("the password was not changed at once")
	}
	if got := guestRun(t, d, spec, k, "sudo grep ^debian: /etc/shadow | cut -d: -f2", ""); got != next.PasswordHash+"\n" {
		t.Errorf("/etc/shadow has %q", got)
	}
	next.PasswordLogin = false
	_, err = d.SetAccess(ctx, spec.ID, next, true)
	must(t, err)
	if may("new secret") {
		t.Error("a password counts where password login is off")
	}
}
