package sim

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
)

var (
	ctx     = context.Background()
	network = netip.MustParsePrefix("127.20.0.0/16")
	// addresses are never used twice in one run of the tests.
	addresses atomic.Uint32
)

// testPort differs between runs at the same time, whose addresses do not. It is
// below the range from which the system takes ports for outgoing connections.
var testPort = 20000 + os.Getpid()%10000

func newDriver(t testing.TB, dir string, change ...func(*Options)) *Driver {
	t.Helper()
	o := Options{Dir: dir, Network: network, Port: testPort, DiskBytes: 4 << 20}
	for _, f := range change {
		f(&o)
	}
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func newSpec(keys ...string) compute.Spec {
	n := addresses.Add(1)
	return compute.Spec{
		ID: fmt.Sprintf("6a0f3c2e-0000-4000-8000-%012x", n), Name: fmt.Sprintf("web %d", n), Hostname: fmt.Sprintf("web-%d", n),
		Image: compute.Image{OSType: compute.Linux, OSDistro: "debian", OSVersion: "12"},
		VCPUs: 2, RAMMiB: 2048, DiskGiB: 20,
		NICs:   []compute.NIC{{MAC: "fa:16:3e:00:00:01", Addr: netip.AddrFrom4([4]byte{127, 20, byte(n >> 8), byte(n)}), Prefix: network}},
		Access: compute.GuestAccess{User: "debian", AuthorizedKeys: keys},
	}
}

type testKey struct {
	signer ssh.Signer
	line   string
	file   string // the private key, for ssh -i
}

func newKey(t testing.TB) testKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	must(t, err)
	file := filepath.Join(t.TempDir(), "id_ed25519")
	must(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	line := publicLine(signer.PublicKey()) + " test key"
	must(t, os.WriteFile(file+".pub", []byte(line+"\n"), 0o644))
	return testKey{signer, line, file}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t testing.TB, d *Driver, spec compute.Spec) compute.Spec {
	t.Helper()
	must(t, d.Create(ctx, spec))
	must(t, d.Start(ctx, spec))
	return spec
}

func dial(d *Driver, spec compute.Spec, user string, auth ...ssh.AuthMethod) (*ssh.Client, error) {
	o, err := d.Get(ctx, spec.ID)
	if err != nil {
		return nil, err
	}
	return ssh.Dial("tcp", o.SSH.String(), &ssh.ClientConfig{
		User: user, Auth: auth, Timeout: 10 * time.Second,
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			for _, line := range o.HostKeys {
				if line == publicLine(key) {
					return nil
				}
			}
			return errors.New("unknown host key " + publicLine(key))
		},
	})
}

// guestRun runs a command over SSH and returns what it prints.
func guestRun(t testing.TB, d *Driver, spec compute.Spec, k testKey, command, stdin string) string {
	t.Helper()
	c, err := dial(d, spec, spec.Access.User, ssh.PublicKeys(k.signer))
	must(t, err)
	defer c.Close()
	s, err := c.NewSession()
	must(t, err)
	s.Stdin = strings.NewReader(stdin)
	out, err := s.CombinedOutput(command)
	var exit *ssh.ExitError
	// A command that ends without reading its input gives the client io.EOF.
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, io.EOF) {
		t.Fatalf("%s: %v", command, err)
	}
	return string(out)
}

func mayLogin(d *Driver, spec compute.Spec, user string, auth ...ssh.AuthMethod) bool {
	c, err := dial(d, spec, user, auth...)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// watched keeps what is written and tells when want is in it.
type watched struct {
	want string
	seen chan struct{}

	mu  sync.Mutex
	all strings.Builder
}

func newWatched(want string) *watched { return &watched{want: want, seen: make(chan struct{})} }

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := strings.Contains(w.all.String(), w.want)
	w.all.Write(p)
	if !before && strings.Contains(w.all.String(), w.want) {
		close(w.seen)
	}
	return len(p), nil
}

func (w *watched) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}
