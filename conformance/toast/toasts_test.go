package toast

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// toasts replays what the public client of that name was seen to send
// (https://github.com/clom/toasts, 2019): with a proxy set in its environment,
// its HTTP library sends whole URLs of the real cloud over a plain connection.
type toasts struct {
	testing.TB
	*client
}

func (c toasts) send(method, path, token, body string) answer {
	c.TB.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.server.Main, "http://"))
	if err != nil {
		c.TB.Fatal(err)
	}
	defer conn.Close()
	var text strings.Builder
	fmt.Fprintf(&text, "%s https://api-compute.cloud.toast.com/compute/v1.0/appkeys/%s/%s HTTP/1.1\r\n", method, c.AppKey, path)
	text.WriteString("Accept: application/json, text/plain, */*\r\nContent-Type: application/json\r\n")
	if token != "" {
		text.WriteString("X-Auth-Token: " + token + "\r\n")
	}
	text.WriteString("User-Agent: axios/0.19.0\r\n")
	if body != "" {
		fmt.Fprintf(&text, "Content-Length: %d\r\n", len(body))
	}
	text.WriteString("host: api-compute.cloud.toast.com\r\nConnection: close\r\n\r\n" + body)
	if _, err := conn.Write([]byte(text.String())); err != nil {
		c.TB.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		c.TB.Fatal(err)
	}
	return read(c.TB, resp)
}

// run is one command: it always gets a token first. The client takes an answer
// for a failure when it is not successful and has not the member it looks for.
func (c toasts) run(method, path, body, member string) string {
	c.TB.Helper()
	login := c.send("POST", "tokens", "", fmt.Sprintf(`{"auth":{"username":%q,"password":%q}}`, c.Account, c.Password))
	if login.at("header", "isSuccessful") != true && login.fields["access"] == nil {
		return "ERROR: isFailed: " + login.message()
	}
	token := login.text("access", "token", "id")
	if member == "" {
		return "TOAST TOKEN: " + token
	}
	got := c.send(method, path, token, body)
	if got.at("header", "isSuccessful") != true && got.fields[member] == nil {
		return "ERROR: isFailed: " + got.message()
	}
	if method == "DELETE" {
		return "SUCCESS"
	}
	_, found, _ := strings.Cut(got.raw, `"`+member+`":`)
	return strings.TrimSuffix(found, "}")
}

func TestToastsClient(t *testing.T) {
	c := toasts{t, newClient(t, harness.Start(t))}
	create := fmt.Sprintf(`{"keypair":{"name":"kp1","publicKey":%q}}`, ed25519Line+"\n")
	const kp1 = `{"name":"kp1","publicKey":"` + ed25519Line + `\n","fingerprint":"` + ed25519MD5 + `"`
	for _, step := range []struct{ method, path, body, member, want string }{
		{"", "", "", "", `TOAST TOKEN: [0-9a-f]{32}`},
		{"GET", "availability-zones", "", "zones", `\[\{"zoneName":"nova","zoneState":\{"available":true\}\}\]`},
		{"GET", "flavors", "", "flavors", `\[\{"disabled":false,.*\]`},
		{"GET", "keypairs", "", "keypairs", `\[\]`},
		{"POST", "keypairs", create, "keypair", regexp.QuoteMeta(kp1 + "}")},
		{"POST", "keypairs", create, "keypair", `ERROR: isFailed: Key pair 'kp1' already exists\.`},
		{"GET", "keypairs", "", "keypairs", regexp.QuoteMeta("[" + kp1 + "}]")},
		{"GET", "keypairs?name=kp1", "", "keypairs", regexp.QuoteMeta("["+kp1) + `,"createdAt":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}"\}\]`},
		{"GET", "keypairs?name=nope", "", "keypairs", `ERROR: isFailed: Keypair nope not found for user [0-9a-f]{32}`},
		{"DELETE", "keypairs?name=kp1", "", "keypairs", `SUCCESS`},
		{"DELETE", "keypairs?name=kp1", "", "keypairs", `ERROR: isFailed: Keypair kp1 not found for user [0-9a-f]{32}`},
	} {
		if got := c.run(step.method, step.path, step.body, step.member); !regexp.MustCompile("^" + step.want + "$").MatchString(got) {
			t.Errorf("%s %s: %s", step.method, step.path, got)
		}
	}
	c.Password = "wrong"
	if got := c.run("GET", "keypairs", "", "keypairs"); got != "ERROR: isFailed: The request you have made requires authentication." {
		t.Errorf("wrong password: %s", got)
	}
	if log := c.server.Log(); strings.Contains(log, c.AppKey) {
		t.Error("the log has the appkey")
	}
}
