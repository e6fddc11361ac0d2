package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// TestGuestDoesNotHoldUpTheServer closes the server while a guest puts off its
// reboot with a program that ignores that it is to end: the server ends without
// an error, and what was asked of the instance is done after the next start.
func TestGuestDoesNotHoldUpTheServer(t *testing.T) {
	w := newWorld(t)
	status, body := w.send(t, http.MethodPost, "/compute/v2.1/os-keypairs", `{"keypair": {"name": "stubborn"}}`, "member")
	var made struct {
		KeyPair struct {
			PrivateKey string `json:"private_key"`
		} `json:"keypair"`
	}
	if err := json.Unmarshal([]byte(body), &made); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	signer, err := ssh.ParsePrivateKey([]byte(made.KeyPair.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	member := w.callers["member"]
	images, err := w.server.machines.compute.Images(t.Context(), member)
	if err != nil {
		t.Fatal(err)
	}
	status, body = w.send(t, http.MethodPost, "/compute/v2.1/servers",
		`{"server": {"name": "stubborn", "flavorRef": "1", "imageRef": "`+images[0].ID+`", "key_name": "stubborn"}}`, "member")
	var server struct {
		Server struct {
			ID string `json:"id"`
		} `json:"server"`
	}
	if err := json.Unmarshal([]byte(body), &server); err != nil || status != http.StatusAccepted {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	id := server.Server.ID
	awaitState(t, w.server, w, id, compute.State{VM: compute.Active})

	instance, err := w.server.machines.compute.Instance(t.Context(), member, id)
	if err != nil {
		t.Fatal(err)
	}
	at := netip.AddrPortFrom(instance.NICs[0].Addr, uint16(w.server.SSHPort()))
	guest, err := ssh.Dial("tcp", at.String(), &ssh.ClientConfig{
		User: images[0].AdminUser, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	session, err := guest.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := session.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Start(`trap '' TERM HUP; echo up; while :; do sleep 1; done`); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if status, body := w.send(t, http.MethodPost, "/compute/v2.1/servers/"+id+"/action", `{"reboot": {"type": "SOFT"}}`, "member"); status != http.StatusAccepted {
		t.Fatalf("%d %s", status, body)
	}
	awaitState(t, w.server, w, id, compute.State{VM: compute.Active, Task: compute.Rebooting})
	time.Sleep(300 * time.Millisecond) // the guest is told meanwhile

	grace, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	started := time.Now()
	if err := w.server.Close(grace); err != nil {
		t.Errorf("the server ended with: %v", err)
	}
	if took := time.Since(started); took > 6*time.Second {
		t.Errorf("it took %s", took)
	}

	s, err := Open(t.Context(), Options{Config: w.server.opt.Config, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	awaitState(t, s, w, id, compute.State{VM: compute.Active})
}

func awaitState(t *testing.T, s *Server, w *world, id string, want compute.State) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		i, err := s.machines.compute.Instance(t.Context(), w.callers["member"], id)
		if err != nil {
			t.Fatal(err)
		}
		if i.State == want {
			return
		}
		if i.Fault != nil || time.Now().After(end) {
			t.Fatalf("the instance is %v, not %v: %+v", i.State, want, i.Fault)
		}
	}
}
