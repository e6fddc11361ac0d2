package nova

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/openstacktest"
)

// recordedServers are the servers of the recordings by their ids there, with
// the request that made each; two of those requests were left out.
var recordedServers = map[string]string{
	"b110313c-f813-4294-8e21-a9604f25521c": "create with key_name (2.1)",
	"fdb80e25-e855-470d-b71d-98ab724026e0": `{"name": "rec2", "key_name": "sk"}`,
	"e4f3b85a-729d-4bbb-b127-eb5dcc3cf5b4": "create with x509 key (2.93)",
	"8e80be04-c83b-4d9e-bd03-b5c1c3c7b233": `{"name": "rec4"}`,
}

// TestRecordedServers asks about servers and flavors what a real Nova was asked.
func TestRecordedServers(t *testing.T) {
	m := newMachines(t)
	m.keys(t)
	ids := map[string]string{} // ours by the recorded ones
	asked, sections := 0, []string{"serverside", "servers"}
	different := differences(t, sections...)
	for _, section := range sections {
		for _, r := range openstacktest.Recording(t, "testdata/recorded/"+section+".jsonl") {
			if !strings.Contains(r.Request.URL, ":31774/") {
				continue // another service
			}
			asked++
			for theirs, ours := range ids {
				r.Request.URL = strings.ReplaceAll(r.Request.URL, theirs, ours)
				r.Response.Body = strings.ReplaceAll(r.Response.Body, theirs, ours)
			}
			if r.Name == "action os-start again (409)" { // the first one was left out
				m.call(t, "alice", "", r.Request.Method, strings.TrimPrefix(r.Request.URL, "http://127.0.0.1:31774"), r.Request.Body)
				m.work(t)
			}
			got := m.ask(t, r)
			if different.Check(t, r, got.Code, got.Body.String()) {
				continue
			}
			if r.Name == recordedServers[firstID.FindString(r.Response.Body)] {
				theirs := firstID.FindString(r.Response.Body)
				ids[theirs] = firstID.FindString(got.Body.String())
				r.Response.Body = strings.ReplaceAll(r.Response.Body, theirs, ids[theirs])
			}
			if r.Name == "action createImage" { // a new id is in it
				r.Response.Body = strings.Replace(r.Response.Body, firstID.FindString(r.Response.Body), firstID.FindString(got.Body.String()), 1)
			}
			r.Compare(t, got, func(body string) any { return decoded(t, volatile.Hide(body)) })
			switch r.Name {
			case "show while building", "create with x509 key (2.93)":
				m.makeMissing(t, ids)
			}
			if r.Name != "create with key_name (2.1)" {
				m.work(t)
			}
		}
	}
	if asked < 70 {
		t.Errorf("only %d answers were compared", asked)
	}
	different.AllMet(t)
}

var firstID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// makeMissing makes the server whose recorded request was left out: rec2 after
// rec1, and rec4 after rec3.
func (m *machines) makeMissing(t *testing.T, ids map[string]string) {
	t.Helper()
	theirs := "fdb80e25-e855-470d-b71d-98ab724026e0"
	if ids[theirs] != "" {
		theirs = "8e80be04-c83b-4d9e-bd03-b5c1c3c7b233"
	}
	ids[theirs] = m.boot(t, "", recordedServers[theirs])
}

// boot makes a server as alice; more is what the request says beside image,
// flavor and network.
func (m *machines) boot(t *testing.T, version, more string) string {
	t.Helper()
	server := map[string]any{"imageRef": cirros, "flavorRef": "1", "networks": []any{map[string]string{"uuid": sharedNet}}}
	if err := json.Unmarshal([]byte(more), &server); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"server": server})
	if err != nil {
		t.Fatal(err)
	}
	w := m.call(t, "alice", version, http.MethodPost, "/v2.1/servers", string(body))
	var made struct{ Server struct{ ID string } }
	if err := json.Unmarshal(w.Body.Bytes(), &made); w.Code != http.StatusAccepted || err != nil {
		t.Fatalf("%d %s %v", w.Code, w.Body, err)
	}
	return made.Server.ID
}

// volatile is what is different each time, and the shape that it must have.
var volatile = openstacktest.Masks{
	{Shape: regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}"`), As: `"a time with microseconds"`},
	{Shape: regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`), As: `"a time"`},
	{Shape: regexp.MustCompile(`"10\.77\.\d+\.\d+"`), As: `"an address"`},
	{Shape: regexp.MustCompile(`"fa:16:3e:[0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2}"`), As: `"a MAC"`},
	{Shape: regexp.MustCompile(`"hostId": "[0-9a-f]{56}"`), As: `"hostId": "a hash"`},
	{Shape: regexp.MustCompile(`"adminPass": "([a-zA-Z0-9]{12}|\(12 letters and digits\))"`), As: `"adminPass": "a password"`},
	{Shape: regexp.MustCompile(`"port_id": "[0-9a-f-]{36}"`), As: `"port_id": "a port"`},
	{Shape: regexp.MustCompile(`"request_id": "req-[0-9a-f-]{36}"`), As: `"request_id": "a request"`},
	{Shape: regexp.MustCompile(`"port_state": "(DOWN|ACTIVE)"`), As: `"port_state": "a state"`}, // no agent ran there
	{Shape: regexp.MustCompile(`"OS-EXT-STS:task_state": "(scheduling|spawning)"`), As: `"OS-EXT-STS:task_state": "not yet"`},
}
