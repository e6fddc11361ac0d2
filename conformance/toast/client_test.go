// Package toast drives TOAST's Compute API v1.0 with plain HTTP, as its guide
// of 2018 writes the calls down.
package toast

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

type object = map[string]any

// client speaks for the demo user, or whoever its token is of.
type client struct {
	testing.TB
	server *harness.Server
	// What `keyreeve credentials --format toast` prints: the file that public clients read.
	Account, Password, AppKey string
	token                     string
}

func newClient(t testing.TB, s *harness.Server) *client {
	t.Helper()
	c := &client{TB: t, server: s}
	if err := json.Unmarshal([]byte(s.Run("", "credentials", "--format", "toast")), c); err != nil {
		t.Fatal(err)
	}
	got := c.must(http.MethodPost, "tokens", fmt.Sprintf(`{"auth" : {"username" : %q, "password" : %q}}`, c.Account, c.Password))
	c.token = got.text("access", "token", "id")
	return c
}

// answer is a decoded answer. Numbers stay as they are written.
type answer struct {
	testing.TB
	raw    string
	fields object
	header http.Header
}

func (a answer) code() string    { return fmt.Sprint(a.at("header", "resultCode")) }
func (a answer) message() string { return a.text("header", "resultMessage") }

// at follows names and indices into the answer.
func (a answer) at(path ...any) any {
	a.Helper()
	var v any = a.fields
	for _, p := range path {
		switch at := p.(type) {
		case string:
			fields, ok := v.(object)
			if !ok {
				a.Fatalf("%v of %s is no object", path, a.raw)
			}
			v = fields[at]
		case int:
			list, ok := v.([]any)
			if !ok || at >= len(list) {
				a.Fatalf("%v of %s is not there", path, a.raw)
			}
			v = list[at]
		}
	}
	return v
}

func (a answer) text(path ...any) string {
	a.Helper()
	s, ok := a.at(path...).(string)
	if !ok {
		a.Fatalf("%v of %s is no string", path, a.raw)
	}
	return s
}

func (a answer) list(name string) []any {
	a.Helper()
	l, ok := a.at(name).([]any)
	if !ok {
		a.Fatalf("%s of %s is no list", name, a.raw)
	}
	return l
}

// call sends one request and wants what every answer has.
func (c *client) call(method, path, body string) answer {
	c.Helper()
	return c.as(c.token, c.AppKey, method, path, body)
}

func (c *client) as(token, appkey, method, path, body string) answer {
	c.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(c.Context(), method, c.server.Main+"/compute/v1.0/appkeys/"+appkey+"/"+path, reader)
	if err != nil {
		c.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json;charset=UTF-8")
	}
	if token != "" {
		req.Header.Set("X-Auth-Token", token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.Fatal(err)
	}
	return read(c, resp)
}

func read(t testing.TB, resp *http.Response) answer {
	t.Helper()
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{TB: t, raw: string(text), header: resp.Header}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&a.fields); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/json;charset=UTF-8" {
		t.Fatalf("status %d, Content-Type %q: %s", resp.StatusCode, resp.Header.Get("Content-Type"), text)
	}
	ok := a.code() == "0"
	if a.at("header", "isSuccessful") != ok || (a.message() == "SUCCESS") != ok || !ok && len(a.fields) != 1 {
		t.Fatalf("the answer contradicts itself: %s", text)
	}
	return a
}

// must is a call that has to succeed.
func (c *client) must(method, path, body string) answer {
	c.Helper()
	a := c.call(method, path, body)
	if a.code() != "0" {
		c.Fatalf("%s %s %s: %s", method, path, body, a.raw)
	}
	return a
}

// refused is a call that has to fail with a code and a message.
func (c *client) refused(code, message, method, path, body string) {
	c.Helper()
	if a := c.call(method, path, body); a.code() != code || a.message() != message {
		c.Errorf("%s %s %.300s: got %s, want %s %q", method, path, body, a.raw, code, message)
	}
}

// things are ids that calls name.
type things struct{ image, windows, network, subnet, zone string }

func (c *client) things() things {
	c.Helper()
	var at things
	for _, v := range c.must("GET", "images", "").list("images") {
		switch i := v.(object); i["name"] {
		case "debian-13":
			at.image = i["id"].(string)
		case "windows-2025":
			at.windows = i["id"].(string)
		}
	}
	networks := c.must("GET", "networks", "")
	at.network, at.subnet = networks.text("networks", 0, "id"), networks.text("networks", 0, "subnets", 0)
	at.zone = c.must("GET", "availability-zones", "").text("zones", 0, "zoneName")
	return at
}

// instance is the seed's body for a new instance; more goes in before the rest.
func (at things) instance(name, keyName, more string) string {
	return fmt.Sprintf(`{"instance": {%s"name": %q, "image": %q, "flavor": "1", "networks": [{"id": %q}],
		"availabilityZone": %q, "keyName": %q, "securityGroups": [{"name": "default"}]}}`, more, name, at.image, at.network, at.zone, keyName)
}

// create makes an instance and waits until it runs.
func (c *client) create(at things, name, keyName string) string {
	c.Helper()
	got := c.must("POST", "instances", at.instance(name, keyName, ""))
	if got.text("instance", "status") != "BUILD" || got.text("instance", "name") != name {
		c.Errorf("created: %s", got.raw)
	}
	id := got.text("instance", "id")
	c.await(id, "ACTIVE")
	return id
}

// await waits for a status and returns those that were seen on the way.
func (c *client) await(id, status string) []string {
	c.Helper()
	var seen []string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		a := c.must("GET", "instances?id="+url.QueryEscape(id), "")
		now := a.text("instances", 0, "status")
		if len(seen) == 0 || seen[len(seen)-1] != now {
			seen = append(seen, now)
		}
		if now == status {
			return seen
		}
		if now == "ERROR" {
			break
		}
	}
	c.Fatalf("instance %s is not %s: %v", id, status, seen)
	return nil
}

func (c *client) action(id, body string) answer {
	c.Helper()
	return c.must("POST", "instances/"+id+"/action", body)
}
