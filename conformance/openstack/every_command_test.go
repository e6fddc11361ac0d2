package openstack

import (
	"encoding/json"
	"flag"
	"slices"
	"strings"
	"testing"
)

// accounted are the groups of `openstack command list` of which every command
// has to be typed by some session: whether it does something or not, it has to
// end with what it says it did or with a clear error.
var accounted = []string{"openstack.common", "openstack.compute.v2", "openstack.identity.v3", "openstack.image.v2", "openstack.network.v2", "openstack.volume.v3"}

// untyped are the commands that no session types, and why.
var untyped = map[string]string{
	"federation domain list":  "asks what `domain list` asks, for those who log in through others",
	"federation project list": "asks what `project list` asks, for those who log in through others",
	"project cleanup":         "it takes everything away, and other sessions are at work",
	"project purge":           "it takes everything away, and other sessions are at work",
	"volume group type show":  "this client looks for its argument under another name and asks for nothing",
}

// everyCommand sees to it that a command which the client has is not forgotten.
// It is only fair after all sessions.
func everyCommand(t *testing.T, cloud *cloud) {
	if strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		t.Skip("not every session was run")
	}
	var groups []struct {
		Group    string   `json:"Command Group"`
		Commands []string `json:"Commands"`
	}
	text := cloud.client(t, cloud.Root).must("command", "list", "-f", "json")
	if err := json.Unmarshal([]byte(text), &groups); err != nil {
		t.Fatal(err)
	}
	typed := cloud.python.typed()
	found := 0
	for _, g := range groups {
		if !slices.Contains(accounted, g.Group) {
			continue
		}
		found++
		for _, command := range g.Commands {
			words := strings.Fields(command)
			switch is, reason := slices.ContainsFunc(typed, func(args []string) bool { return isCommand(args, words) }), untyped[command]; {
			case !is && reason == "":
				t.Errorf("no session types `openstack %s`", command)
			case is && reason != "":
				t.Errorf("`openstack %s` is typed, though %s", command, reason)
			}
		}
	}
	if found != len(accounted) {
		t.Errorf("%d of the groups %v were found", found, accounted)
	}
}

// isCommand tells whether the words are the command in what was typed: they
// stand at the front, but for options with a value each.
func isCommand(args, command []string) bool {
	for len(args) > 1 && strings.HasPrefix(args[0], "--") {
		args = args[2:]
	}
	return len(args) >= len(command) && slices.Equal(args[:len(command)], command)
}
