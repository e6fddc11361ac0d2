package openstack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// exchange is a request to Nova 26.2.2 or Keystone 22.0.2 and its answer.
type exchange struct {
	Section, Name string
	Request       struct {
		Method, URL, Body string
		Headers           map[string]string
	}
	Response struct {
		Status  int
		Headers [][2]string
		Body    string
	}
}

// recordings are files of exchanges beside the dialects, and the ids that
// people and projects have in them.
var recordings = []struct {
	file string
	ids  map[string]string
}{
	{"nova/testdata/recorded/discovery.jsonl", firstRun},
	{"nova/testdata/recorded/crud.jsonl", firstRun},
	{"nova/testdata/recorded/errors.jsonl", firstRun},
	{"nova/testdata/recorded/names.jsonl", firstRun},
	{"nova/testdata/recorded/imports.jsonl", firstRun},
	{"nova/testdata/recorded/paging.jsonl", firstRun},
	{"nova/testdata/recorded/user_id.jsonl", firstRun},
	{"nova/testdata/recorded/quota.jsonl", firstRun},
	{"keystone/testdata/keystone.jsonl", firstRun},
	// The last one deletes people.
	{"keystone/testdata/identity_admin.jsonl", map[string]string{
		"user alice": "2d636395ffb844f584be20e7632a360f", "user carol": "3535a202a276443cb597e5b78b2129ac",
		"project demo": "547659baeb1d427688cc0bebc8a4174e", "role member": "00149df3443d4dbfb37becd3cff2391d",
	}},
}

var firstRun = map[string]string{
	"user alice": "ed5135fb7bdc4f5eafcb3e0e762d5cba", "user bob": "9debdf60291b47428320eaea44cb16d6",
	"user quinn": "c4c5c7f3d62943df83013c871af3995b", "user nina": "535f90efe0ce4926ada6f6029570f4c5",
	"user rita": "256dc0d0a29d4f4cb3959afcc5f38ef6", "user admin": "f0b85eead63846eeb11f985286212b53",
	"project demo": "24fa3f47f61d430ca700b103c5fbbca2",
}

// recordedServices are the recorded services' ports and where they are here.
var recordedServices = map[string]string{
	"http://127.0.0.1:31500": "/identity", "http://127.0.0.1:31774": "/compute",
	"http://127.0.0.1:31292": "/image", "http://127.0.0.1:31696": "/network",
}

// TestRecorded asks a running server what was asked of a real Nova and a real
// Keystone, and compares status, names of headers and JSON. Only what
// the file of deliberate differences lists may differ. (Answers about servers, images and networks, for
// which that cloud's images and a driver without guests are needed, are held
// against the recordings beside the dialects.)
func TestRecorded(t *testing.T) {
	r := recordedPeople(t)
	deliberate := readDeliberate(t)
	sections, seen := map[string]bool{}, map[string]bool{}
	for _, rec := range recordings {
		t.Run(strings.TrimSuffix(filepath.Base(rec.file), ".jsonl"), func(t *testing.T) {
			r := r.in(t, rec.ids)
			for _, x := range readLines[exchange](t, filepath.Join("../../internal/dialect/openstack", rec.file)) {
				sections[x.Section] = true
				service, path, known := splitService(x.Request.URL)
				if !known || x.Section == "identity_admin" && service != "/identity" {
					continue
				}
				r.prepare(x, path)
				got := r.ask(x, service+path)
				r.t = t
				if i := slices.IndexFunc(deliberate, func(d deliberately) bool { return d.is(x) }); i >= 0 {
					deliberate[i].check(t, x, got)
					seen[deliberate[i].Section+deliberate[i].Name] = true
					continue
				}
				r.compare(x, got)
			}
		})
	}
	for _, d := range deliberate {
		if sections[d.Section] && !seen[d.Section+d.Name] {
			t.Errorf("nothing that is recorded in %s is called %q", d.Section, d.Name)
		}
	}
}

func splitService(address string) (service, path string, known bool) {
	for at, service := range recordedServices {
		if path, ok := strings.CutPrefix(address, at); ok {
			return service, path, true
		}
	}
	return "", "", false
}

// readLines reads a file of JSON lines.
func readLines[T any](t *testing.T, path string) (all []T) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for dec := json.NewDecoder(bytes.NewReader(text)); dec.More(); {
		var x T
		if err := dec.Decode(&x); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, x)
	}
	if len(all) == 0 {
		t.Fatalf("%s: nothing is there", path)
	}
	return all
}

// recorded is the cloud of the recordings, made anew here.
type recorded struct {
	t      *testing.T
	server *harness.Server
	root   *replay
	real   map[string]string // ids here: "user alice"
	here   map[string]string // recorded text → what stands for it here
}

// recordedPeople makes a server with those who are in the recordings.
func recordedPeople(t *testing.T) *recorded {
	c := &cloud{Server: harness.Start(t)}
	r := &recorded{t: t, server: c.Server, root: c.replays(t), real: map[string]string{}, here: map[string]string{}}
	r.root.login(passwordLogin(c.Root, inProject(c.Root.Project)))
	roles := map[string]string{}
	for _, role := range r.root.call(http.StatusOK, "GET", "/identity/v3/roles", "").at("roles").([]any) {
		role := role.(map[string]any)
		roles[role["name"].(string)] = role["id"].(string)
	}
	r.real["role member"] = roles["member"]
	r.real["project demo"] = r.root.call(http.StatusOK, "GET", "/identity/v3/projects?name="+c.Demo.Project, "").text("projects.0.id")
	r.real["project alt"] = r.root.call(http.StatusCreated, "POST", "/identity/v3/projects", `{"project": {"name": "alt"}}`).text("project.id")
	r.real["user admin"] = r.root.call(http.StatusOK, "GET", "/identity/v3/users?name="+c.Root.Username, "").text("users.0.id")
	for _, p := range []struct{ name, project, role string }{
		{"alice", "demo", "member"}, {"bob", "demo", "member"}, {"quinn", "demo", "member"}, {"nina", "demo", "member"},
		{"rita", "demo", "reader"}, {"carol", "alt", "member"},
	} {
		id := r.root.call(http.StatusCreated, "POST", "/identity/v3/users",
			object(members{"user": members{"name": p.name, "password": p.name + "pw"}})).text("user.id")
		r.real["user "+p.name] = id
		r.root.call(http.StatusNoContent, "PUT", "/identity/v3/projects/"+r.real["project "+p.project]+"/users/"+id+"/roles/"+roles[p.role], "")
	}
	r.root.call(http.StatusOK, "PATCH", "/identity/v3/projects/"+r.real["project demo"], `{"project": {"description": ""}}`)
	r.here[`"adminpw"`] = quoted(c.Root.Password)
	for at, prefix := range recordedServices {
		r.here[at] = c.Main + prefix
		// One record has the client come through a proxy.
		r.here[strings.Replace(at, "http:", "https:", 1)] = strings.Replace(c.Main, "http:", "https:", 1) + prefix
	}
	return r
}

func inProject(name string) any {
	return members{"project": members{"name": name, "domain": members{"id": "default"}}}
}

// logIn gets everyone the tokens that the recordings name.
func (r *recorded) logIn() {
	r.t.Helper()
	people := map[string]string{"alice": "demo", "bob": "demo", "quinn": "demo", "nina": "demo", "rita": "demo", "carol": "alt"}
	for name, project := range people {
		r.here["<token "+name+">"] = r.token(recordedAccount(name), inProject(project))
	}
	r.here["<token alice unscoped>"] = r.token(recordedAccount("alice"), "unscoped")
	r.here["<token admin>"] = r.token(r.server.Root, inProject(r.server.Root.Project))
	r.here["<token admin system>"] = r.token(r.server.Root, members{"system": members{"all": true}})
}

func recordedAccount(name string) harness.Account {
	return harness.Account{Username: name, Password: name + "pw", Domain: "Default"}
}

func quoted(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // of what tests write themselves
	}
	return string(text)
}

func (r *recorded) token(a harness.Account, scope any) string {
	r.t.Helper()
	return r.root.call(http.StatusCreated, "POST", "/identity/v3/auth/tokens", passwordLogin(a, scope)).header.Get("X-Subject-Token")
}

// in is the cloud in a run in which people and projects have these ids and new
// tokens, and nobody has key pairs yet.
func (r *recorded) in(t *testing.T, ids map[string]string) *recorded {
	here := maps.Clone(r.here)
	for who, id := range ids {
		here[id] = r.real[who]
	}
	root := *r.root
	root.t = t
	all := &recorded{t: t, server: r.server, root: &root, real: r.real, here: here}
	all.logIn()
	for who, id := range r.real {
		if strings.HasPrefix(who, "user ") {
			all.drop(id, "")
		}
	}
	return all
}

// hence turns recorded text into what it has to be here.
func (r *recorded) hence(text string) string {
	for there, here := range r.here {
		text = strings.ReplaceAll(text, there, here)
	}
	return text
}

var repeatedText = regexp.MustCompile(`<<repeat (.) (\d+)>>`)

// answered is an answer of the server.
type answered struct {
	status int
	header http.Header
	body   string
}

// ask sends a recorded request.
func (r *recorded) ask(x exchange, path string) answered {
	r.t.Helper()
	body := r.hence(repeatedText.ReplaceAllStringFunc(x.Request.Body, func(s string) string {
		var char string
		var n int
		m := repeatedText.FindStringSubmatch(s)
		char = m[1]
		if _, err := fmt.Sscan(m[2], &n); err != nil {
			r.t.Fatal(err)
		}
		return strings.Repeat(char, n)
	}))
	if x.Name == "invalid utf-8" { // which the recording cannot hold
		body = "{\"keypair\":{\"name\":\"\xff\"}}"
	}
	body = strings.ReplaceAll(body, `(OpenSSH private key, PEM, 399 bytes)`, `-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n`)
	req, err := http.NewRequestWithContext(r.t.Context(), x.Request.Method, r.server.Main+r.hence(path), strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for name, value := range x.Request.Headers {
		req.Header.Set(name, r.hence(value))
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	got := answered{resp.StatusCode, resp.Header, string(text)}
	if x.Name == "create application credential" && got.status == http.StatusCreated {
		r.keep(got)
	}
	return got
}

// keep remembers the application credential that was just made: its secret, and
// a token of it.
func (r *recorded) keep(got answered) {
	r.t.Helper()
	var made struct {
		Credential struct{ ID, Secret string } `json:"application_credential"`
	}
	if err := json.Unmarshal([]byte(got.body), &made); err != nil {
		r.t.Fatal(err)
	}
	r.here["(secret, 86 characters)"] = made.Credential.Secret
	login := object(members{"auth": members{"identity": members{"methods": []string{"application_credential"},
		"application_credential": members{"id": made.Credential.ID, "secret": made.Credential.Secret}}}})
	r.here["<token alice application credential>"] = r.root.call(http.StatusCreated, "POST", "/identity/v3/auth/tokens", login).header.Get("X-Subject-Token")
}

const aPublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAtFHPWwfsetgfEniPqibytstp7CH4MXLFw0raQs4jx1 user@host\n"

// recordedPair is a key pair in a recorded answer.
type recordedPair struct {
	Name, Type string
	PublicKey  string `json:"public_key"`
}

// prepare makes the state in which a recorded answer is right, where the
// exchange that made it was left out: it has the key pairs that the answer
// tells of, and not the one that it makes.
func (r *recorded) prepare(x exchange, path string) {
	r.t.Helper()
	at, err := url.Parse(path)
	if err != nil {
		r.t.Fatal(err)
	}
	_, name, one := strings.Cut(at.Path, "/os-keypairs/")
	if !one && !strings.HasSuffix(at.Path, "/os-keypairs") || x.Response.Status >= 300 && x.Section != "imports" {
		return
	}
	who := strings.TrimSuffix(strings.TrimPrefix(x.Request.Headers["X-Auth-Token"], "<token "), ">")
	user := r.real["user "+strings.Fields(who + " ")[0]]
	if asked := at.Query().Get("user_id"); asked != "" {
		user = r.hence(asked)
	}
	var told struct {
		KeyPair  recordedPair
		KeyPairs []struct{ KeyPair recordedPair }
	}
	_ = json.Unmarshal([]byte(x.Response.Body), &told) // what is no key pair stays empty
	switch {
	case x.Section == "imports":
		r.drop(user, "imp")
	case x.Request.Method == http.MethodPost:
		if strings.Contains(x.Request.Body, `"user_id"`) {
			r.drop(r.userIn(x), told.KeyPair.Name)
		}
		r.drop(user, told.KeyPair.Name)
	case one && !slices.Contains(r.pairs(user), name):
		told.KeyPair.Name = name
		r.put(user, who, told.KeyPair)
	case !one && (x.Section == "crud" || x.Section == "errors"):
		r.drop(user, "")
		for _, k := range told.KeyPairs {
			r.put(user, who, k.KeyPair)
		}
	case x.Section == "paging":
		for _, name := range []string{"K0", "k1", "k2", "k3", "k4", "k5"} {
			if have := r.pairs(r.real["user alice"]); !slices.Contains(have, name) {
				r.put(r.real["user alice"], "alice", recordedPair{Name: name})
			}
		}
	}
}

// userIn is whom a key pair is made for.
func (r *recorded) userIn(x exchange) string {
	var body struct {
		KeyPair struct {
			UserID string `json:"user_id"`
		}
	}
	_ = json.Unmarshal([]byte(r.hence(x.Request.Body)), &body)
	return body.KeyPair.UserID
}

const asOwner = "OpenStack-API-Version: compute 2.10"

func (r *recorded) pairs(user string) (names []string) {
	r.t.Helper()
	list := r.root.call(http.StatusOK, "GET", "/compute/v2.1/os-keypairs?user_id="+user, "", asOwner)
	for _, item := range list.at("keypairs").([]any) {
		names = append(names, item.(map[string]any)["keypair"].(map[string]any)["name"].(string))
	}
	return names
}

// drop deletes a user's key pair of that name, or all of them.
func (r *recorded) drop(user, name string) {
	r.t.Helper()
	for _, have := range r.pairs(user) {
		if name == "" || have == name {
			r.root.call(http.StatusNoContent, "DELETE", "/compute/v2.1/os-keypairs/"+strings.ReplaceAll(url.PathEscape(have), ".", "%2E")+"?user_id="+user, "", asOwner)
		}
	}
}

// put makes a key pair for a user; one with a name that only /v2 takes with the user's
// own token.
func (r *recorded) put(user, who string, k recordedPair) {
	r.t.Helper()
	if k.PublicKey == "" {
		k.PublicKey = aPublicKey
	}
	pair := members{"name": k.Name, "public_key": k.PublicKey, "user_id": user}
	if strings.HasPrefix(k.PublicKey, "-----BEGIN CERT") {
		pair["type"] = "x509"
	}
	status, _ := r.root.try("POST", "/compute/v2.1/os-keypairs", object(members{"keypair": pair}), "OpenStack-API-Version: compute 2.90")
	if status == http.StatusBadRequest {
		delete(pair, "user_id")
		r.root.call(http.StatusOK, "POST", "/compute/v2/os-keypairs", object(members{"keypair": pair}), "X-Auth-Token: "+r.here["<token "+who+">"])
	}
}
