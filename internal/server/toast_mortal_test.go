package server

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// mortalChild names the ready file of a server that the test binary, run again,
// is until it is killed.
const mortalChild = "KEYREEVE_SERVER_MORTAL_CHILD"

// serveUntilKilled is a server whose settings are in the environment. It ends
// with its standard input, too: with the test that started it.
func serveUntilKilled(ready string) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, mortalChild) {
			env = append(env, e)
		}
	}
	cfg, err := config.Load("", env)
	if err == nil {
		var s *Server
		if s, err = Open(context.Background(), Options{Config: cfg, Log: slog.New(slog.DiscardHandler), Version: "test", ReadyFile: ready}); err == nil {
			err = s.Run(context.Background())
		}
	}
	fmt.Fprintln(os.Stderr, "the server under test ended:", err)
	os.Exit(1)
}

// mortal is a server process that can be killed and started again on its data
// folder, and the members of two projects.
type mortal struct {
	t       *testing.T
	env     []string
	dir     string
	base    string
	process *exec.Cmd
	stdin   io.Closer
	kills   int

	ids ids // of what was seen last

	members  []member
	signer   ssh.Signer
	image    string
	network  string
	pool     string
	baseline []string // the driver's files before anything is made
}

// member is a user in a project of their own.
type member struct{ appkey, token string }

func newMortal(t *testing.T) *mortal {
	t.Helper()
	y := &mortal{t: t, dir: t.TempDir()}
	y.env = []string{
		"HOME=" + y.dir, "PATH=" + os.Getenv("PATH"), "KEYREEVE_DATA_DIR=" + filepath.Join(y.dir, "data"), "GORACE=atexit_sleep_ms=0",
		"KEYREEVE_LISTEN_MAIN=127.0.0.1:0", "KEYREEVE_LISTEN_ADMIN=127.0.0.1:0", "KEYREEVE_SIM_NETWORK=127.42.0.0/16",
		"KEYREEVE_SIM_FLOATING=127.43.0.0/16", "KEYREEVE_KEYPAIR_POOL=0", "KEYREEVE_COMPUTE_QUOTA_INSTANCES=1000",
		"KEYREEVE_COMPUTE_QUOTA_CORES=10000", "KEYREEVE_COMPUTE_QUOTA_RAM_MIB=100000000", "KEYREEVE_COMPUTE_QUOTA_VOLUMES=1000",
		"KEYREEVE_COMPUTE_QUOTA_GIGABYTES=1000000", "KEYREEVE_IDENTITY_TOKEN_LIFE=12h",
	}
	y.start()
	t.Cleanup(func() { _ = y.stdin.Close(); y.kill() })
	y.addMembers()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if y.signer, err = ssh.NewSignerFromKey(private); err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(y.signer.PublicKey())))
	for p := range y.members {
		y.must(p, http.MethodPost, "keypairs", fmt.Sprintf(`{"keypair": {"name": "k", "publicKey": %q}}`, line), nil)
	}
	var images, networks, pools struct {
		Images, Networks, Pools []struct{ ID, Name string }
	}
	y.must(0, http.MethodGet, "images", "", &images)
	y.must(0, http.MethodGet, "networks", "", &networks)
	y.must(0, http.MethodGet, "floating-ip-pools", "", &pools)
	for _, i := range images.Images {
		if i.Name == "debian-13" {
			y.image = i.ID
		}
	}
	y.network, y.pool = networks.Networks[0].ID, pools.Pools[0].ID
	y.baseline = y.files()
	return y
}

// addMembers makes a second project with a user in it, beside the first one,
// as the command line does: while the server runs.
func (y *mortal) addMembers() {
	cfg, err := config.Load("", y.env)
	if err != nil {
		y.t.Fatal(err)
	}
	d, err := OpenDomain(y.t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		y.t.Fatal(err)
	}
	defer d.Close()
	secrets, err := d.Dir.Credentials()
	if err != nil {
		y.t.Fatal(err)
	}
	op := identity.Operator(cfg.Region.ID)
	lab, err := d.Identity.CreateProject(y.t.Context(), op, identity.NewProject{Name: "lab"})
	if err != nil {
		y.t.Fatal(err)
	}
	if _, err := d.Identity.CreateUser(y.t.Context(), op, identity.NewUser{Name: "ann", APIPassword: "an API password",
		Grants: []identity.Assignment{{Scope: identity.Scope{Kind: identity.ProjectScope, ID: lab.ID}, Role: identity.RoleMember}}}); err != nil {
		y.t.Fatal(err)
	}
	w := &world{url: y.base}
	_, demo := w.toastLogin(y.t, secrets.Demo.AppKey, secrets.Demo.TOASTID, secrets.Demo.APIPassword)
	_, ann := w.toastLogin(y.t, lab.AppKey, "ann", "an API password")
	y.members = []member{{secrets.Demo.AppKey, demo}, {lab.AppKey, ann}}
}

// start begins a process and waits until it is ready.
func (y *mortal) start() {
	y.t.Helper()
	self, err := os.Executable()
	if err != nil {
		y.t.Fatal(err)
	}
	ready := filepath.Join(y.dir, "ready.json")
	_ = os.Remove(ready)
	y.process = exec.Command(self)
	y.process.Env = append(slices.Clone(y.env), mortalChild+"="+ready)
	var said bytes.Buffer
	y.process.Stderr = &said
	if y.stdin, err = y.process.StdinPipe(); err != nil {
		y.t.Fatal(err)
	}
	if err := y.process.Start(); err != nil {
		y.t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		var at Addresses
		if text, err := os.ReadFile(ready); err == nil && json.Unmarshal(text, &at) == nil {
			y.base = at.Main
			return
		}
		if time.Now().After(end) {
			y.kill()
			y.t.Fatalf("the server is not ready: %s", &said)
		}
	}
}

// kill ends the process wherever it is.
func (y *mortal) kill() {
	_ = y.process.Process.Kill()
	_ = y.process.Wait() // "signal: killed"
	y.kills++
}

// call sends a request of a project's member. An error means that no whole
// answer came.
func (y *mortal) call(p int, method, path, body string) (a toastAnswer, err error) {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, y.base+toastPrefix+y.members[p].appkey+"/"+path, reader)
	if err != nil {
		return a, err
	}
	req.Header.Set("X-Auth-Token", y.members[p].token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	a.text = string(text)
	return a, errors.Join(err, json.Unmarshal(text, &a))
}

// must is a call that has to succeed, and reads its answer into v.
func (y *mortal) must(p int, method, path, body string, v any) {
	y.t.Helper()
	a, err := y.call(p, method, path, body)
	if err == nil && a.Header.ResultCode != 0 {
		err = errors.New(a.text)
	}
	if err == nil && v != nil {
		err = json.Unmarshal([]byte(a.text), v)
	}
	if err != nil {
		y.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// door is where an instance's SSH is said to be.
type door struct {
	address string
	port    int
}

// opens tells whether SSH answers there, once that is as wanted or patience is
// at its end.
func (d door) opens(want bool) bool {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(d.address, strconv.Itoa(d.port)), 300*time.Millisecond)
		if err == nil {
			// A gate that closes after accepting lets nothing through.
			_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
			_, err = conn.Read(make([]byte, 1))
			_ = conn.Close()
		}
		if (err == nil) == want || time.Now().After(end) {
			return err == nil
		}
	}
}

// run runs a command in the guest and returns what it printed.
func (y *mortal) run(d door, command string) (string, error) {
	c, err := ssh.Dial("tcp", net.JoinHostPort(d.address, strconv.Itoa(d.port)), &ssh.ClientConfig{
		User: "debian", Auth: []ssh.AuthMethod{ssh.PublicKeys(y.signer)}, Timeout: 10 * time.Second,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		return "", err
	}
	defer c.Close()
	s, err := c.NewSession()
	if err != nil {
		return "", err
	}
	out, err := s.CombinedOutput(command)
	return string(out), err
}

// files are the folders that the driver has: of instances, images and volumes.
func (y *mortal) files() []string {
	var found []string
	root := filepath.Join(y.dir, "data", "sim")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && path != root && e.Name() != "volumes" { // which is made with the first one
			found = append(found, strings.TrimPrefix(path, root))
		}
		return err
	})
	if err != nil {
		y.t.Fatal(err)
	}
	return found
}
