package toast

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// served are all paths with their methods; {id} is an instance's or a group's.
var served = map[string][]string{
	"tokens": {"GET", "POST"}, "availability-zones": {"GET"}, "flavors": {"GET"}, "keypairs": {"GET", "POST", "DELETE"},
	"instances": {"GET", "POST", "DELETE"}, "instances-detail": {"GET"}, "instances/{id}/attachments": {"POST", "DELETE"}, "instances/{id}/action": {"POST"},
	"images": {"GET", "DELETE"}, "volumes": {"GET", "POST", "DELETE"}, "networks": {"GET"}, "subnets": {"GET"},
	"floating-ip-pools": {"GET"}, "floating-ips": {"GET", "POST", "DELETE"},
	"security-groups": {"GET", "POST", "DELETE"}, "security-groups/{id}": {"PUT"}, "security-group-rules": {"GET", "POST", "DELETE"},
}

func (n *neighbours) path(pattern string) string {
	id := n.mine.instance
	if strings.HasPrefix(pattern, "security-groups/") {
		id = n.mine.group
	}
	return strings.Replace(pattern, "{id}", id, 1)
}

// TestMethodsAndPaths: what is not served has its code too, and does nothing.
func TestMethodsAndPaths(t *testing.T) {
	n := newNeighbours(t)
	n.unchanged(func() {
		for pattern, methods := range served {
			path := n.path(pattern)
			resource, _, _ := strings.Cut(pattern, "/")
			for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"} {
				if !slices.Contains(methods, method) {
					n.refused("-7", "Not supported : "+method+" "+resource, method, path, `{"action": "stop"}`)
				}
				for _, odd := range []string{path + "/", path + "/x", strings.ToUpper(path), "./" + path, "x/../" + path, "%2e/" + path} {
					if pattern == "security-groups" && odd == path+"/x" {
						continue // a group's own path
					}
					n.refused("-5", "Nonexistent : no such API", method, odd, `{"action": "stop"}`)
				}
			}
		}
		for _, path := range []string{"", "/", "nosuch", "instances/" + n.mine.instance, "instances/" + n.mine.instance + "/nosuch", "%ff", "keypairs/k"} {
			n.refused("-5", "Nonexistent : no such API", "GET", path, "")
		}
		for _, path := range []string{"loadbalancers", "loadbalancers/x"} {
			n.refused("-7", "Not supported : GET loadbalancers", "GET", path, "")
		}
		// A path with doubled slashes is the same path.
		if one, two := n.must("GET", "instances?id="+n.mine.instance, ""), n.must("GET", "/instances?id="+n.mine.instance, ""); one.raw != two.raw {
			t.Errorf("a doubled slash: %s", two.raw)
		}
	})
}

// TestWhoAsks makes every call without a token, with none that counts, and with
// one of another project: nobody gets in, and nothing changes.
func TestWhoAsks(t *testing.T) {
	n := newNeighbours(t)
	brief := n.briefToken(2 * time.Second)
	if got := n.as(brief, n.AppKey, "GET", "keypairs", ""); got.code() != "0" {
		t.Fatalf("the token that will expire: %s", got.raw)
	}
	for end := time.Now().Add(10 * time.Second); n.as(brief, n.AppKey, "GET", "keypairs", "").code() == "0"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the token does not expire")
		}
	}
	if got := n.call("GET", "tokens?id="+brief, ""); got.code() != "50404" {
		t.Errorf("an expired token is looked up: %s", got.raw)
	}
	n.unchanged(func() {
		for pattern, methods := range served {
			if pattern == "tokens" {
				continue
			}
			for _, method := range methods {
				for _, who := range []struct{ what, token, appkey, message string }{
					{"no token", "", n.AppKey, "X-Auth-Token is required"},
					{"an unknown token", "0123456789abcdef0123456789abcdef", n.AppKey, "invalid token"},
					{"an expired token", brief, n.AppKey, "invalid token"},
					{"no token's form", "한글", n.AppKey, "invalid token"},
					{"an unknown appkey", n.token, "AAAAAAAAAAAAAAAA", "invalid appkey"},
					{"another project's token", n.other.token, n.AppKey, "invalid appkey"},
					{"another project's appkey", n.token, n.other.AppKey, "invalid appkey"},
					{"the appkey in other letters", n.token, strings.ToLower(n.AppKey) + "x", "invalid appkey"},
				} {
					got := n.as(who.token, who.appkey, method, n.path(pattern), "{}")
					if got.code() != "-3" || got.message() != "Permission denied : "+who.message {
						t.Errorf("%s %s with %s: %s", method, pattern, who.what, got.raw)
					}
				}
			}
		}
	})
	// A mistyped URL carries its secrets too, wherever it leads.
	for _, path := range []string{"/compute/V1.0/appkeys/", "/compute/v1/appkeys/", "/compute/appkeys/", "/v1.0/appkeys/", "/appkeys/", "/network/v1.0/appkeys/"} {
		resp, err := http.Get(n.server.Main + path + n.AppKey + "/keypairs")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	for _, line := range strings.Split(n.server.Log(), "\n") {
		if strings.Contains(line, n.AppKey) || strings.Contains(line, n.token) {
			t.Errorf("the log has the appkey or the token: %s", line)
		}
	}
}

// briefToken is a token of the caller's that lives no longer than that: one of
// an application credential that ends then.
func (n *neighbours) briefToken(life time.Duration) string {
	n.Helper()
	session := n.server.Login(n.server.Demo)
	const secret = "brief-secret-of-twenty"
	made, err := session.Do(n.Context(), "POST", "/identity/v3/users/"+n.user+"/application_credentials", object{"application_credential": object{
		"name": "brief", "secret": secret, "expires_at": time.Now().UTC().Add(life).Format("2006-01-02T15:04:05.000000"),
	}})
	if err != nil || made.Status != http.StatusCreated {
		n.Fatalf("application credential: %v %s", err, made.Body)
	}
	got, err := session.Do(n.Context(), "POST", "/identity/v3/auth/tokens", object{"auth": object{"identity": object{
		"methods": []string{"application_credential"}, "application_credential": object{"name": "brief", "secret": secret, "user": object{"id": n.user}},
	}}})
	if err != nil || got.Status != http.StatusCreated {
		n.Fatalf("token: %v %s", err, got.Body)
	}
	return got.Header.Get("X-Subject-Token")
}

// TestOddRequests are sound calls in odd clothes: they work, or are refused with
// a code.
func TestOddRequests(t *testing.T) {
	n := newNeighbours(t)
	send := func(path, contentType, body string) answer {
		req, err := http.NewRequestWithContext(t.Context(), "POST", n.server.Main+"/compute/v1.0/appkeys/"+n.AppKey+"/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Auth-Token", n.token)
		if contentType != "" {
			req.Header.Set("Content-Type", contentType)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return read(t, resp)
	}
	// Whatever it says it is, the body is read as JSON.
	for k, contentType := range []string{"", "application/json", "application/json;charset=UTF-8", "text/plain", "text/xml", "application/x-www-form-urlencoded", ";;"} {
		if got := send("keypairs", contentType, fmt.Sprintf(`{"keypair": {"name": "odd%d", "publicKey": %q}}`, k, ed25519Line)); got.code() != "0" {
			t.Errorf("Content-Type %q: %s", contentType, got.raw)
		}
	}
	// Of members with one name the last counts, as in most readers of JSON; unknown ones do not.
	got := send("keypairs", "", `{"keypair": 1, "Keypair": 2, "keypair": {"name": "first", "name": "last", "NAME": 3, "more": [{}], "publicKey": null}, "header": {}}`)
	if got.code() != "0" || got.text("keypair", "name") != "last" {
		t.Errorf("members twice: %s", got.raw)
	}
	n.unchanged(func() {
		deep := `{"keypair": ` + strings.Repeat(`[`, 50_000) + strings.Repeat(`]`, 50_000) + `}`
		if got := send("keypairs", "", deep); got.code() != "-8" {
			t.Errorf("deep: %s", got.raw)
		}
		// A body that is cut off, and one in pieces that grows too large.
		for body, code := range map[string]string{
			"Content-Length: 100\r\n\r\n{\"keypair\": {\"name\": \"cut\"}}":                                          "-8",
			"Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat(" ", 0x1000)+"\r\n", 30): "-4",
			"Transfer-Encoding: chunked\r\n\r\n1c\r\n{\"keypair\": {\"name\": \"cut\"}}\r\n":                         "-8",
		} {
			if got := n.raw(body); !strings.Contains(got, `"resultCode":`+code+`,`) || !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") {
				t.Errorf("%.60q: got %s, want %s", body, got, code)
			}
		}
	})
}

// TestNoRequests: what is no HTTP request is answered before any API is known,
// as plain text, and does nothing.
func TestNoRequests(t *testing.T) {
	n := newNeighbours(t)
	n.unchanged(func() {
		for _, path := range []string{"%zz", "key pairs", "keypairs?name=a b", "instances/%/action"} {
			got := n.send(fmt.Sprintf("POST /compute/v1.0/appkeys/%s/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Auth-Token: %s\r\n\r\n", n.AppKey, path, n.token))
			if !strings.HasPrefix(got, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain;") || !strings.HasSuffix(got, "\r\n\r\n400 Bad Request") {
				t.Errorf("%s: %s", path, got)
			}
		}
	})
}

// raw sends what follows the token's header, ends its side, and reads all that comes.
func (n *neighbours) raw(rest string) string {
	n.Helper()
	return n.send(fmt.Sprintf("POST /compute/v1.0/appkeys/%s/keypairs HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Auth-Token: %s\r\n%s", n.AppKey, n.token, rest))
}

// send sends text, ends its side, and reads all that comes.
func (n *neighbours) send(text string) string {
	n.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(n.server.Main, "http://"))
	if err != nil {
		n.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		n.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		n.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	got, err := io.ReadAll(conn)
	if err != nil {
		n.Fatal(err)
	}
	return string(got)
}
