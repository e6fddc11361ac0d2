package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/toast"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// toastAnswer is the header that every answer of that API begins with, and the rest.
type toastAnswer struct {
	Header struct {
		IsSuccessful  bool
		ResultCode    int
		ResultMessage string
	}
	text   string
	header http.Header
}

// toast sends one request of TOAST's API and wants what every answer has.
func (w *world) toast(t *testing.T, method, path, body, token string) toastAnswer {
	t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("X-Auth-Token", token)
	}
	resp, text := w.exchange(t, method, path, body, header)
	a := toastAnswer{text: string(text), header: resp.Header}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	h := a.Header
	switch {
	case resp.StatusCode != http.StatusOK:
		t.Errorf("%s %s: status %d: %s", method, path, resp.StatusCode, text)
	case resp.Header.Get("Content-Type") != "application/json;charset=UTF-8":
		t.Errorf("%s %s: Content-Type %q", method, path, resp.Header.Get("Content-Type"))
	case !strings.HasPrefix(a.text, `{"header":{"isSuccessful":`):
		t.Errorf("%s %s: the header does not come first: %s", method, path, text)
	case h.IsSuccessful != (h.ResultCode == 0) || h.IsSuccessful != (h.ResultMessage == "SUCCESS"):
		t.Errorf("%s %s: the header contradicts itself: %s", method, path, text)
	case !h.IsSuccessful && len(fields) != 1:
		t.Errorf("%s %s: a failure has more than its header: %s", method, path, text)
	}
	return a
}

const (
	toastDenied  = -3
	toastBroken  = -2
	toastPrefix  = "/compute/v1.0/appkeys/"
	invalidToken = "Permission denied : invalid token"
)

func (w *world) toastRoutes(t *testing.T) []toast.Route {
	t.Helper()
	for _, m := range w.server.dialects {
		if len(m.toast) > 0 {
			return m.toast
		}
	}
	t.Fatal("TOAST's API is not served")
	return nil
}

// TestTOASTRoutesAreGuarded walks every route of TOAST's API as everybody, and
// with the appkey of another project.
func TestTOASTRoutesAreGuarded(t *testing.T) {
	w := newWorld(t)
	demo := w.callers["member"].Project.AppKey
	for _, route := range w.toastRoutes(t) {
		t.Run(route.Method+" "+route.Path, func(t *testing.T) {
			if route.Access != identity.Public && route.Access != identity.ProjectReader && route.Access != identity.ProjectMember {
				t.Fatalf("the route is for: %s", route.Access)
			}
			path := strings.ReplaceAll(route.Path, "{id}", w.values["servers"])
			for who := range w.callers {
				body := ""
				if route.Method == http.MethodPost || route.Method == http.MethodPut {
					body = "{}"
				}
				got := w.toast(t, route.Method, toastPrefix+demo+"/"+path, body, w.tokens[who])
				want := ""
				switch {
				case route.Access == identity.Public:
				case who == "nobody":
					want = "Permission denied : X-Auth-Token is required"
				case who == "forger":
					want = invalidToken
				case who == "stranger", who == "administrator":
					want = "Permission denied : invalid appkey"
				case who == "reader" && route.Access == identity.ProjectMember:
					want = "Permission denied : insufficient role"
				}
				if want != "" && (got.Header.ResultCode != toastDenied || got.Header.ResultMessage != want) {
					t.Errorf("%s: got %s, want %q", who, got.text, want)
				}
				if want == "" && (got.Header.ResultCode == toastDenied || got.Header.ResultCode == toastBroken) {
					t.Errorf("%s: got %s on a route for: %s", who, got.text, route.Access)
				}
				if who != "member" && who != "reader" && strings.Contains(got.text, canary) {
					t.Errorf("%s sees what is demo's: %s", who, got.text)
				}
			}
		})
	}
}

// TestTOASTIsAlwaysAnswered: no request to this API gets anything else than
// status 200 and an answer in its form.
func TestTOASTIsAlwaysAnswered(t *testing.T) {
	w := newWorld(t)
	demo, token := toastPrefix+w.callers["member"].Project.AppKey, w.tokens["member"]
	for _, c := range []struct {
		method, path, body string
		code               int
		message            string
	}{
		{"GET", "/compute/v1.0", "", -5, "Nonexistent : no such API"},
		{"GET", "/compute/v1.0/", "", -5, "Nonexistent : no such API"},
		{"GET", demo, "", -5, "Nonexistent : no such API"},
		{"GET", demo + "/nosuch", "", -5, "Nonexistent : no such API"},
		{"GET", demo + "/instances/x", "", -5, "Nonexistent : no such API"},
		{"GET", demo + "/keypairs/", "", -5, "Nonexistent : no such API"},
		{"GET", demo + "/%FF", "", -5, "Nonexistent : no such API"},
		{"PATCH", demo + "/keypairs", "", -7, "Not supported : PATCH keypairs"},
		{"GET", demo + "/instances/x/action", "", -7, "Not supported : GET instances"},
		{"GET", demo + "/loadbalancers", "", -7, "Not supported : GET loadbalancers"},
		{"POST", demo + "/keypairs", strings.Repeat(" ", toast.MaxBody+1), -4, "Invalid parameters : request body is too large"},
		{"GET", demo + "/keypairs?a=%zz", "", -4, "Invalid parameters : the query string is malformed"},
		{"GET", demo + "/keypairs?name=%00", "", -4, "Invalid parameters : the query string must be UTF-8 without NUL characters"},
		{"GET", demo + "/keypairs?name=%ff", "", -4, "Invalid parameters : the query string must be UTF-8 without NUL characters"},
	} {
		got := w.toast(t, c.method, c.path, c.body, token)
		if got.Header.ResultCode != c.code || got.Header.ResultMessage != c.message {
			t.Errorf("%s %s: got %s, want %d %q", c.method, c.path, got.text, c.code, c.message)
		}
	}
}

// TestTOASTBadBodies sends what no client should send to every route that reads
// a body. The answer is the API's own, and never a failure of the server.
func TestTOASTBadBodies(t *testing.T) {
	w := newWorld(t)
	demo, token := toastPrefix+w.callers["member"].Project.AppKey, w.tokens["member"]
	sound := map[string][]string{
		"POST tokens":   {`{"auth": {"username": "nobody", "password": "p"}}`},
		"POST keypairs": {`{"keypair": {"name": "bad", "publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZTlnwZrZ8OxLsNU4B7eQQxN1x8S3zvwM3FfyZdTzWq c"}}`},
		"POST instances": {`{"instance": {"name": "bad", "image": "` + w.values["images"] + `", "flavor": "1", "networks": [{"id": "` + w.values["networks"] +
			`"}], "availabilityZone": "nova", "keyName": "` + canary + `", "count": "1", "volume": {"size": "10", "type": "General SSD"}, "securityGroups": [{"name": "default"}]}}`},
		"POST volumes":             {`{"volume": {"name": "v", "availabilityZone": "nova", "size": "10", "description": "d", "volumeType": "General SSD", "metadata": {"a": "b"}}}`},
		"POST floating-ips":        {`{"pool": {"id": "p"}}`},
		"POST security-groups":     {`{"securityGroup": {"name": "g", "description": "d"}}`},
		"PUT security-groups/{id}": {`{"securityGroup": {"name": "g", "description": "d"}}`},
		"POST security-group-rules": {`{"securityGroupRule": {"direction": "ingress", "ethertype": "IPv4", "portRangeMin": 1, "portRangeMax": "2", "protocol": "tcp", "remoteIpPrefix": "10.0.0.0/8", "securityGroupId": "g", "description": "d"}}`,
			`{"securityGroupRule": {"direction": "egress", "ethertype": "IPv6", "protocol": null, "remoteGroupId": "r", "securityGroupId": "g"}}`},
		"POST instances/{id}/attachments": {`{"attachment": {"volumeId": "v"}}`},
		"POST instances/{id}/action": {
			`{"action": "start", "parameters": {}}`, `{"action": "reboot", "parameters": {"type": "SOFT"}}`,
			`{"action": "addFloatingIp", "parameters": {"address": "a", "ipAddress": "b"}}`, `{"action": "removeFloatingIp", "parameters": {"address": "a"}}`,
			`{"action": "addSecurityGroup", "parameters": {"name": "default"}}`, `{"action": "removeSecurityGroup", "parameters": {"name": "g"}}`,
			`{"action": "resize", "parameters": {"flavor": "2"}}`, `{"action": "uploadImage", "parameters": {"name": "i"}}`,
		},
	}
	n, every := 0, 3 // of the bad bodies, each time others
	for _, route := range w.toastRoutes(t) {
		if route.Method != http.MethodPost && route.Method != http.MethodPut {
			continue
		}
		name := route.Method + " " + route.Path
		if sound[name] == nil {
			t.Errorf("%s has no sound body to twist", name)
		}
		path := demo + "/" + strings.ReplaceAll(route.Path, "{id}", w.values["servers"])
		for _, body := range sound[name] {
			for _, bad := range twisted(body) {
				if n++; n%every != 0 || route.Path == "tokens" && n%(10*every) != 0 {
					continue // a login costs a hash each time
				}
				if got := w.toast(t, route.Method, path, bad, token); got.Header.ResultCode == toastBroken || got.Header.ResultCode == -6 {
					t.Errorf("%s with %.200q: %s", name, bad, got.text)
				}
			}
		}
	}
	if n < 500 {
		t.Errorf("only %d bad bodies were made", n)
	}
}
