package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// target is the server under load and an administrator who is logged in, and so
// may make key pairs for other users.
type target struct {
	process   *exec.Cmd
	dir       string // for what is measured beside it
	base      string
	admin     string // base of the operator's pages
	token     string
	http      *http.Client
	showBytes int // size of the answer to a show
}

// startTarget builds keyreeve, starts it on an empty data folder and logs in.
func startTarget(ctx context.Context, dir string) (_ *target, err error) {
	program := filepath.Join(dir, "keyreeve")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/keyreeve").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("keyreeve does not build, is this its repository? %w\n%s", err, out)
	}
	data, ready := filepath.Join(dir, "data"), filepath.Join(dir, "ready.json")
	t := &target{process: exec.Command(program, "serve", "--data", data, "--ready-file", ready), dir: dir, http: loopbackClient()}
	t.process.Env = append(os.Environ(), "KEYREEVE_LISTEN_MAIN=127.0.0.1:0", "KEYREEVE_LISTEN_ADMIN=127.0.0.1:0",
		"KEYREEVE_KEYPAIR_QUOTA=1000000", "KEYREEVE_LOG_LEVEL=warn", "KEYREEVE_SIM_NETWORK=127.99.0.0/24")
	t.process.Stderr = os.Stderr
	if err := t.process.Start(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			t.stop()
		}
	}()
	var at struct{ Main, Admin string }
	if err := readWhenThere(ready, &at); err != nil {
		return nil, err
	}
	t.base, t.admin = at.Main, at.Admin
	var creds struct {
		Admin struct{ Username, Password string }
	}
	text, err := exec.CommandContext(ctx, program, "credentials", "--data", data).Output()
	if err == nil {
		err = json.Unmarshal(text, &creds)
	}
	if err != nil {
		return nil, fmt.Errorf("keyreeve credentials: %w", err)
	}
	type object = map[string]any
	domain := object{"name": "Default"}
	login, err := json.Marshal(object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{"user": object{
			"name": creds.Admin.Username, "password": creds.Admin.Password, "domain": domain}}},
		"scope": object{"project": object{"name": "admin", "domain": domain}},
	}})
	if err != nil {
		return nil, err
	}
	header, _, err := t.ask(ctx, http.MethodPost, "/identity/v3/auth/tokens", login, http.StatusCreated)
	t.token = header.Get("X-Subject-Token")
	return t, err
}

// readWhenThere waits for a file and reads its JSON.
func readWhenThere(path string, v any) error {
	for range 3000 {
		text, err := os.ReadFile(path)
		if err == nil {
			return json.Unmarshal(text, v)
		}
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return errors.New("the server is not ready after 15 s; its log says why")
}

func (t *target) stop() {
	_ = t.process.Process.Signal(syscall.SIGTERM)
	_ = t.process.Wait()
}

// ask sends one request and reads the whole answer.
func (t *target) ask(ctx context.Context, method, path string, body []byte, want int) (http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, t.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("OpenStack-API-Version", "compute 2.10")
	if t.token != "" {
		req.Header.Set("X-Auth-Token", t.token)
	}
	resp, err := t.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != want {
		err = fmt.Errorf("%s %s: status %d, not %d: %s", method, path, resp.StatusCode, want, answer)
	}
	return resp.Header, answer, err
}

const (
	pairs     = "/compute/v2.1/os-keypairs"
	publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAtFHPWwfsetgfEniPqibytstp7CH4MXLFw0raQs4jx1 user@host\n"
)

// create makes a key pair of that name, from a public key or, if that is empty,
// from a key that the server generates.
func (t *target) create(ctx context.Context, name, key string) error {
	return t.createFor(ctx, "", name, key)
}

// createFor makes a key pair for another user.
func (t *target) createFor(ctx context.Context, userID, name, key string) error {
	wanted := map[string]string{"name": name}
	if key != "" {
		wanted["public_key"] = key
	}
	if userID != "" {
		wanted["user_id"] = userID
	}
	body, err := json.Marshal(map[string]any{"keypair": wanted})
	if err == nil {
		_, _, err = t.ask(ctx, http.MethodPost, pairs, body, http.StatusCreated)
	}
	return err
}

// listed is how many key pairs a list shows.
const listed = 100

// work fills the server with the key pairs that reading needs and returns what
// to measure.
func (t *target) work(ctx context.Context) ([]work, error) {
	for i := range listed {
		// First in the order of names, so that they are the first page.
		if err := t.create(ctx, fmt.Sprintf("A%04d", i), publicKey); err != nil {
			return nil, err
		}
	}
	_, shown, err := t.ask(ctx, http.MethodGet, pairs+"/A0000", nil, http.StatusOK)
	if err != nil {
		return nil, err
	}
	t.showBytes = len(shown)
	list := fmt.Sprintf("%s?limit=%d", pairs, listed)
	if _, answer, err := t.ask(ctx, http.MethodGet, list, nil, http.StatusOK); err != nil {
		return nil, err
	} else if n := strings.Count(string(answer), `"fingerprint"`); n != listed {
		return nil, fmt.Errorf("a list shows %d key pairs, not %d", n, listed)
	}
	return []work{
		{name: "show", limit: limitEcho, do: func(ctx context.Context, n uint64) error {
			_, _, err := t.ask(ctx, http.MethodGet, fmt.Sprintf("%s/A%04d", pairs, n%listed), nil, http.StatusOK)
			return err
		}},
		{name: "list of 100", limit: limitEcho, do: func(ctx context.Context, _ uint64) error {
			_, _, err := t.ask(ctx, http.MethodGet, list, nil, http.StatusOK)
			return err
		}},
		{name: "import", limit: limitInsert, do: func(ctx context.Context, n uint64) error {
			// The quota is counted at each import, so one user with all of them would
			// measure that alone.
			return t.createFor(ctx, fmt.Sprintf("user-%d", n/50), fmt.Sprintf("import-%d", n), publicKey)
		}},
	}, nil
}
