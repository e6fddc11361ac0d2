package openstack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// replay sends what a client that cannot be had here was seen to send, request
// by request, and looks at the answers as that client does.
type replay struct {
	t     *testing.T
	cloud *cloud
	// headers go with every request.
	headers http.Header
}

// reply is an answer to one request.
type reply struct {
	t      *testing.T
	what   string
	header http.Header
	body   any
}

// replays starts a client that always sends these headers, given as "Name: value".
func (c *cloud) replays(t *testing.T, headers ...string) *replay {
	r := &replay{t: t, cloud: c, headers: http.Header{}}
	r.send(r.headers, headers)
	return r
}

func (r *replay) send(to http.Header, headers []string) {
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		to.Set(name, value)
	}
}

// call sends one request and fails the test unless it has that status.
func (r *replay) call(status int, method, path, body string, headers ...string) reply {
	r.t.Helper()
	got, answer := r.try(method, path, body, headers...)
	if got != status {
		r.t.Fatalf("%s: status %d, want %d: %v", answer.what, got, status, answer.body)
	}
	return answer
}

// try sends one request.
func (r *replay) try(method, path, body string, headers ...string) (status int, answer reply) {
	r.t.Helper()
	answer = reply{t: r.t, what: method + " " + path}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.cloud.Main+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header = r.headers.Clone()
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	r.send(req.Header, headers)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer.body); err != nil {
			r.t.Fatalf("%s: %v in %q", answer.what, err, text)
		}
	}
	answer.header = resp.Header
	return resp.StatusCode, answer
}

// until sends a request again until the answer has the status and pleases.
func (r *replay) until(status int, method, path string, pleases func(reply) bool, headers ...string) {
	r.t.Helper()
	eventually(r.t, fmt.Sprintf("%s %s is %d and as awaited", method, path, status), func() bool {
		got, answer := r.try(method, path, "", headers...)
		return got == status && (pleases == nil || pleases(answer))
	})
}

// at is the member at a path such as keypairs.0.keypair.name; nil where there is none.
func (a reply) at(path string) any {
	here := a.body
	for _, step := range strings.Split(path, ".") {
		switch v := here.(type) {
		case map[string]any:
			here = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			here = v[i]
		default:
			return nil
		}
	}
	return here
}

// text is the string at a path, which has to be one.
func (a reply) text(path string) string {
	a.t.Helper()
	s, ok := a.at(path).(string)
	if !ok {
		a.t.Fatalf("%s: %s is %v, not a string", a.what, path, a.at(path))
	}
	return s
}

// is expects a value at a path.
func (a reply) is(path string, want any) {
	a.t.Helper()
	if got := a.at(path); got != want {
		a.t.Errorf("%s: %s is %#v, want %#v", a.what, path, got, want)
	}
}

// named finds the item of a list that has a name at a path in it.
func (a reply) named(list, path, name string) reply {
	a.t.Helper()
	items, ok := a.at(list).([]any)
	if !ok {
		a.t.Fatalf("%s: %s is not a list: %v", a.what, list, a.at(list))
	}
	for _, item := range items {
		one := reply{t: a.t, what: a.what + " " + name, header: a.header, body: item}
		if one.at(path) == name {
			return one
		}
	}
	return reply{t: a.t, what: a.what + " " + name}
}

// object writes a request body.
func object(members map[string]any) string {
	text, err := json.Marshal(members)
	if err != nil {
		panic(err) // of what tests write themselves
	}
	return string(text)
}

type members = map[string]any

// passwordLogin is the body of a login with a password, in a scope or none.
func passwordLogin(a harness.Account, scope any) string {
	auth := members{"identity": members{"methods": []string{"password"}, "password": members{
		"user": members{"name": a.Username, "password": a.Password, "domain": members{"name": a.Domain}},
	}}}
	if scope != nil {
		auth["scope"] = scope
	}
	return object(members{"auth": auth})
}

// tokenLogin is the body of a login with a token, in a scope.
func tokenLogin(token string, scope any) string {
	return object(members{"auth": members{
		"identity": members{"methods": []string{"token"}, "token": members{"id": token}},
		"scope":    scope,
	}})
}

// login gets a token and sends it from now on.
func (r *replay) login(body string) reply {
	r.t.Helper()
	answer := r.call(http.StatusCreated, "POST", "/identity/v3/auth/tokens", body)
	r.headers.Set("X-Auth-Token", answer.header.Get("X-Subject-Token"))
	return answer
}
