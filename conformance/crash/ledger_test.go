package crash

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

const (
	keyPairs = "/compute/v2.1/os-keypairs"
	servers  = "/compute/v2.1/servers"
)

// fate is what the clients know of a thing: what they asked for and what the
// server acknowledged. Between the two, both outcomes are right.
type fate struct {
	made, deleteAsked, deleted bool
	publicKey                  string // of key pairs: as sent, or as answered
}

// ledger is what the server was asked and what it acknowledged. Names are
// never used twice, but for those that are contested on purpose.
type ledger struct {
	session *harness.Session
	keyFile string // opens every server
	keyText string

	mu       sync.Mutex
	pairs    map[string]*fate
	machines map[string]*fate // by name
	ids      map[string]string
	winners  map[string]int
	image    string
}

func newLedger(s *harness.Session) *ledger {
	return &ledger{session: s, pairs: map[string]*fate{}, machines: map[string]*fate{}, ids: map[string]string{}, winners: map[string]int{}}
}

func (b *ledger) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	count := func(all map[string]*fate) (made, deleted int) {
		for _, f := range all {
			if f.made {
				made++
			}
			if f.deleted {
				deleted++
			}
		}
		return
	}
	p, pd := count(b.pairs)
	m, md := count(b.machines)
	return fmt.Sprintf("acknowledged: %d key pairs and %d deletions, %d servers and %d deletions", p, pd, m, md)
}

// change looks a thing up and changes what is known of it.
func (b *ledger) change(all map[string]*fate, name string, how func(*fate)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := all[name]
	if f == nil {
		f = &fate{}
		all[name] = f
	}
	how(f)
}

// newKey makes a key pair as ssh-keygen does.
func newKey(comment string) (private ed25519.PrivateKey, text string) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	wire, err := ssh.NewPublicKey(public)
	if err != nil {
		panic(err)
	}
	return private, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(wire))) + " " + comment + "\n"
}

// makeKeyOfServers imports the key that all servers get.
func (b *ledger) makeKeyOfServers(t *testing.T) {
	t.Helper()
	private, text := newKey("of all servers")
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	b.keyFile, b.keyText = filepath.Join(t.TempDir(), "id"), text
	if err := os.WriteFile(b.keyFile, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	if !b.makePair(t.Context(), "of-servers", text) {
		t.Fatal("the first key pair was not made")
	}
	var list struct{ Images []struct{ ID string } }
	b.session.Get(t, "/image/v2/images?name=debian-13", &list)
	b.image = list.Images[0].ID
}

type object = map[string]any

// makePair imports a key, or has one made when there is no text, and says
// whether it was acknowledged.
func (b *ledger) makePair(ctx context.Context, name, text string) bool {
	b.change(b.pairs, name, func(f *fate) { f.publicKey = text })
	wanted := object{"name": name}
	if text != "" {
		wanted["public_key"] = text
	}
	got, err := b.session.Do(ctx, http.MethodPost, keyPairs, object{"keypair": wanted})
	if err != nil || got.Status != http.StatusCreated {
		return false
	}
	var answer struct {
		KeyPair struct {
			PublicKey string `json:"public_key"`
		}
	}
	if json.Unmarshal(got.Body, &answer) != nil {
		return false
	}
	b.change(b.pairs, name, func(f *fate) { f.made, f.publicKey = true, answer.KeyPair.PublicKey })
	return true
}

func (b *ledger) deletePair(ctx context.Context, name string) {
	b.change(b.pairs, name, func(f *fate) { f.deleteAsked = true })
	got, err := b.session.Do(ctx, http.MethodDelete, keyPairs+"/"+name, nil)
	if err == nil && got.Status == http.StatusNoContent {
		b.change(b.pairs, name, func(f *fate) { f.deleted = true })
	}
}

// keepKeyPairs imports, now and then generates, and deletes a third of it again.
func (b *ledger) keepKeyPairs(ctx context.Context, stop <-chan struct{}, prefix string) {
	for n := 0; n < 60; n++ {
		select {
		case <-stop:
			return
		default:
		}
		name := fmt.Sprintf("%s-%03d", prefix, n)
		text := ""
		if n%8 != 7 {
			_, text = newKey(name)
		}
		if b.makePair(ctx, name, text) && n%3 == 0 {
			b.deletePair(ctx, name)
		}
	}
}

// contest has one name made by several at once; one of them may win.
func (b *ledger) contest(ctx context.Context, name string) {
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			_, text := newKey(name)
			got, err := b.session.Do(ctx, http.MethodPost, keyPairs, object{"keypair": object{"name": name, "public_key": text}})
			if err == nil && got.Status == http.StatusCreated {
				b.change(b.pairs, name, func(f *fate) { f.made, f.publicKey = true, text; b.winners[name]++ })
			}
		})
	}
	all.Wait()
}

// keepServers starts servers and deletes every second one.
func (b *ledger) keepServers(ctx context.Context, stop <-chan struct{}, prefix string) {
	for n := range 3 {
		select {
		case <-stop:
			return
		default:
		}
		name := fmt.Sprintf("%s-%d", prefix, n)
		b.change(b.machines, name, func(*fate) {})
		got, err := b.session.Do(ctx, http.MethodPost, servers, object{"server": object{
			"name": name, "imageRef": b.image, "flavorRef": "1", "key_name": "of-servers", "networks": "auto"}})
		var answer struct{ Server struct{ ID string } }
		if err != nil || got.Status != http.StatusAccepted || json.Unmarshal(got.Body, &answer) != nil {
			continue
		}
		id := answer.Server.ID
		b.change(b.machines, name, func(f *fate) { f.made = true; b.ids[name] = id })
		if n%2 == 0 {
			continue
		}
		b.change(b.machines, name, func(f *fate) { f.deleteAsked = true })
		got, err = b.session.Do(ctx, http.MethodDelete, servers+"/"+id, nil)
		if err == nil && got.Status == http.StatusNoContent {
			b.change(b.machines, name, func(f *fate) { f.deleted = true })
		}
	}
}

// compareKeyPairs holds the whole list against the ledger.
func (b *ledger) compareKeyPairs(t *testing.T) {
	t.Helper()
	there := map[string]string{}
	for marker, from := "", ""; ; from = "&marker=" + marker {
		var page struct {
			KeyPairs []struct {
				KeyPair struct {
					Name      string
					PublicKey string `json:"public_key"`
				}
			}
		}
		b.session.Get(t, keyPairs+"?limit=1000"+from, &page)
		if len(page.KeyPairs) == 0 {
			break
		}
		for _, k := range page.KeyPairs {
			marker = k.KeyPair.Name
			if _, twice := there[marker]; twice {
				t.Errorf("%s is there twice", marker)
			}
			there[marker] = k.KeyPair.PublicKey
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, f := range b.pairs {
		text, is := there[name]
		switch {
		case f.deleted && is:
			t.Errorf("%s was deleted, and is there", name)
		case f.made && !f.deleteAsked && !is:
			t.Errorf("%s was acknowledged, and is gone", name)
		case is && f.publicKey != "" && text != f.publicKey:
			t.Errorf("%s is %q, was acknowledged as %q", name, text, f.publicKey)
		case is:
			if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text)); err != nil {
				t.Errorf("%s is not whole: %v", name, err)
			}
		}
		delete(there, name)
	}
	for name := range there {
		if !strings.HasPrefix(name, "contested-") && !strings.HasPrefix(name, "begun-") {
			t.Errorf("nobody asked for %s", name)
		}
	}
	for name, n := range b.winners {
		if n > 1 {
			t.Errorf("%s was given to %d clients", name, n)
		}
	}
}

// nova is what the tests need of a server's own view.
type nova struct {
	ID, Name, Status string
	Task             *string `json:"OS-EXT-STS:task_state"`
	Addresses        map[string][]struct{ Addr string }
	Metadata         map[string]string
}

func (b *ledger) listServers(t *testing.T) []nova {
	t.Helper()
	var list struct{ Servers []nova }
	b.session.Get(t, servers+"/detail?limit=1000", &list)
	return list.Servers
}

// compareServers waits until nothing is under way and holds the servers against
// the ledger: those that are there must run.
func (b *ledger) compareServers(t *testing.T) {
	t.Helper()
	var there map[string]nova
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		there = map[string]nova{}
		busy := 0
		for _, s := range b.listServers(t) {
			if _, twice := there[s.Name]; twice {
				t.Errorf("%s is there twice", s.Name)
			}
			there[s.Name] = s
			if s.Task != nil || s.Status == "BUILD" {
				busy++
			}
		}
		if busy == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("%d servers are still busy after 30 s", busy)
			break
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, f := range b.machines {
		s, is := there[name]
		switch {
		case f.deleted && is:
			t.Errorf("server %s was deleted, and is %s", name, s.Status)
		case f.made && !f.deleteAsked && !is:
			t.Errorf("server %s was acknowledged, and is gone", name)
		case is && s.Status != "ACTIVE":
			t.Errorf("server %s is %s", name, s.Status)
		case is && f.made && b.ids[name] != s.ID:
			t.Errorf("server %s is %s, was acknowledged as %s", name, s.ID, b.ids[name])
		}
		delete(there, name)
	}
	for name := range there {
		t.Errorf("nobody asked for server %s", name)
	}
}

// logIn logs in to every server that should be there.
func (b *ledger) logIn(t *testing.T) {
	t.Helper()
	addresses := map[string]bool{}
	all := b.listServers(t)
	for _, s := range all {
		for _, a := range s.Addresses["private"] {
			if addresses[a.Addr] {
				t.Errorf("two servers have the address %s", a.Addr)
			}
			addresses[a.Addr] = true
		}
	}
	known := filepath.Join(t.TempDir(), "known_hosts")
	for _, s := range all[:min(len(all), 10)] {
		way := harness.SSH{User: "debian", Address: s.Addresses["private"][0].Addr, Key: b.keyFile, KnownHosts: known}
		if port := s.Metadata["ssh_port"]; port != "" {
			if _, err := fmt.Sscan(port, &way.Port); err != nil {
				t.Fatal(err)
			}
		}
		// A server that ran when its host died starts again after it, in its turn.
		way.Await(t, 30*time.Second)
		if o := way.Run(t, "hostname"); strings.TrimSpace(o.Stdout) != s.Name {
			t.Errorf("logging in to %s: exit status %d, %q, %s", s.Name, o.Exit, o.Stdout, o.Stderr)
		}
	}
}

// makeAndTell has a key pair made over a connection of its own and tells when
// the server works on it: when it asks for the body that it was promised.
func makeAndTell(ctx context.Context, base, token, name string, begun func()) (status int, err error) {
	var once sync.Once
	defer once.Do(begun)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got100Continue: func() { once.Do(begun) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+keyPairs, strings.NewReader(`{"keypair":{"name":"`+name+`"}}`))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Expect", "100-continue")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("OpenStack-API-Version", "compute 2.10")
	req.Header.Set("X-Auth-Token", token)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: time.Minute}}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
