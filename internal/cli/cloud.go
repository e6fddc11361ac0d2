package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/server"
)

// cloud is as much of an OpenStack client as the demo needs.
type cloud struct {
	ctx      context.Context
	base     string
	token    string
	instance string
}

func (c *cloud) logIn(base string, d server.DemoCredentials) error {
	c.base = base
	domain := map[string]any{"name": d.Domain}
	body := map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{
			"user": map[string]any{"name": d.Username, "domain": domain, "password": d.Password}}},
		"scope": map[string]any{"project": map[string]any{"name": d.Project, "domain": domain}},
	}}
	header, err := c.call(http.MethodPost, "/identity/v3/auth/tokens", body, nil)
	c.token = header.Get("X-Subject-Token")
	if err == nil && c.token == "" {
		err = errors.New("the answer has no token")
	}
	return err
}

// makeKeyPair makes a key pair and returns its private half.
func (c *cloud) makeKeyPair(name string) (ssh.Signer, error) {
	var out struct {
		KeyPair struct {
			PrivateKey string `json:"private_key"`
		} `json:"keypair"`
	}
	body := map[string]any{"keypair": map[string]any{"name": name}}
	if _, err := c.call(http.MethodPost, "/compute/v2.1/os-keypairs", body, &out); err != nil {
		return nil, err
	}
	return ssh.ParsePrivateKey([]byte(out.KeyPair.PrivateKey))
}

func (c *cloud) deleteKeyPair(name string) error {
	_, err := c.call(http.MethodDelete, "/compute/v2.1/os-keypairs/"+name, nil, nil)
	return err
}

// startInstance makes an instance, waits until it is active and returns its door.
func (c *cloud) startInstance(name, image, flavor, keyName string) (door, error) {
	var images struct {
		Images []struct {
			ID        string `json:"id"`
			AdminUser string `json:"os_admin_user"`
		} `json:"images"`
	}
	if _, err := c.call(http.MethodGet, "/image/v2/images?name="+image, nil, &images); err != nil {
		return door{}, err
	}
	if len(images.Images) != 1 {
		return door{}, fmt.Errorf("there are %d images named %s", len(images.Images), image)
	}
	var flavors struct {
		Flavors []struct{ ID, Name string } `json:"flavors"`
	}
	if _, err := c.call(http.MethodGet, "/compute/v2.1/flavors", nil, &flavors); err != nil {
		return door{}, err
	}
	body := map[string]any{"name": name, "imageRef": images.Images[0].ID, "key_name": keyName}
	for _, f := range flavors.Flavors {
		if f.Name == flavor {
			body["flavorRef"] = f.ID
		}
	}
	var made struct {
		Server struct {
			ID string `json:"id"`
		} `json:"server"`
	}
	if _, err := c.call(http.MethodPost, "/compute/v2.1/servers", map[string]any{"server": body}, &made); err != nil {
		return door{}, err
	}
	c.instance = made.Server.ID
	return c.waitActive(images.Images[0].AdminUser)
}

func (c *cloud) waitActive(user string) (door, error) {
	for {
		var out struct {
			Server struct {
				Status    string                             `json:"status"`
				Fault     struct{ Message string }           `json:"fault"`
				Addresses map[string][]struct{ Addr string } `json:"addresses"`
				Metadata  map[string]string                  `json:"metadata"`
			} `json:"server"`
		}
		if _, err := c.call(http.MethodGet, "/compute/v2.1/servers/"+c.instance, nil, &out); err != nil {
			return door{}, err
		}
		switch out.Server.Status {
		case "ACTIVE":
			d := door{user: user, port: "22"}
			if p := out.Server.Metadata["ssh_port"]; p != "" {
				d.port = p
			}
			for _, addrs := range out.Server.Addresses {
				for _, a := range addrs {
					d.addr = a.Addr
				}
			}
			return d, nil
		case "ERROR":
			return door{}, errors.New(out.Server.Fault.Message)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-c.ctx.Done():
			return door{}, fmt.Errorf("the instance is still %s: %w", out.Server.Status, c.ctx.Err())
		}
	}
}

// deleteInstance deletes the instance and waits until it is gone.
func (c *cloud) deleteInstance() error {
	path := "/compute/v2.1/servers/" + c.instance
	if _, err := c.call(http.MethodDelete, path, nil, nil); err != nil {
		return err
	}
	for {
		_, err := c.call(http.MethodGet, path, nil, nil)
		var status *statusError
		if errors.As(err, &status) && status.code == http.StatusNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-c.ctx.Done():
			return c.ctx.Err()
		}
	}
}

// statusError is an answer that is no success.
type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the server answered %d: %s", e.code, e.text)
}

func (c *cloud) call(method, path string, body, out any) (http.Header, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(c.ctx, method, c.base+path, reader)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("X-Auth-Token", c.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		return resp.Header, &statusError{resp.StatusCode, strings.TrimSpace(string(text))}
	}
	if out != nil {
		return resp.Header, json.Unmarshal(text, out)
	}
	return resp.Header, nil
}

// door is where an instance answers SSH.
type door struct {
	user, addr, port string
	said             string // what the guest said last
}

func (d door) String() string { return fmt.Sprintf("ssh -p %s %s@%s", d.port, d.user, d.addr) }

// knock logs in with the key and asks the guest who it is.
func (d *door) knock(ctx context.Context, key ssh.Signer) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(d.addr, d.port))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	sc, chans, reqs, err := ssh.NewClientConn(conn, d.addr, &ssh.ClientConfig{
		User: d.user, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)},
		// The instance was made a moment ago, on this machine: there is nobody
		// to have learnt its host key from.
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // see above
	})
	if err != nil {
		return err
	}
	client := ssh.NewClient(sc, chans, reqs)
	defer func() { _ = client.Close() }()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	out, err := session.Output("echo $(whoami)@$(hostname)")
	d.said = strings.TrimSpace(string(out))
	return err
}
