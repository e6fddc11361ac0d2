package server

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestTOASTMachine does random legal and illegal things in two projects, kills
// the server in the middle of some and right after others, and wants of every
// answer and of all that there is what a model says: nothing acknowledged is
// lost, nothing half made stays, and what was not answered happened or did not.
func TestTOASTMachine(t *testing.T) {
	y := newMortal(t)
	// Machines take their time: fewer runs than rapid's own, unless more are asked for.
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("8"); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Value.Set(f.DefValue) }()
	}
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		m := &machine{mortal: y, run: runs, texts: map[string]string{}, imageTexts: map[string]string{}, volumeTexts: map[string]string{}, imageFlavors: map[string]string{}}
		m.clear(t) // of what a run that failed has left
		m.model = m.observe(t)
		t.Repeat(m.actions())
		m.clear(t)
	})
	t.Logf("the server was killed %d times", y.kills)
}

// machine is one run: the model, and the texts that were written into guests.
type machine struct {
	*mortal
	run, made int
	model     scene
	// texts are in a guest's own disk, by instance; imageTexts and volumeTexts in
	// what was made of such a disk and on volumes.
	texts, imageTexts, volumeTexts map[string]string
	// imageFlavors are the smallest that have room for an image.
	imageFlavors map[string]string
}

// request is one call, what it should be answered, and what it changes then.
type request struct {
	p                  int
	method, path, body string
	code               int
	message            string // of a failure; empty: whatever it says
	apply              func(next *scene, found scene)
}

// do sends a request; now and then the server is killed before the answer, or
// right after it.
func (m *machine) do(t *rapid.T, r request) {
	t.Helper()
	fate := rapid.IntRange(0, 15).Draw(t, "fate")
	var a toastAnswer
	var err error
	if fate == 0 {
		moment := time.Duration(rapid.IntRange(0, 20_000).Draw(t, "moment")) * time.Microsecond
		ended := make(chan struct{})
		go func() { defer close(ended); a, err = m.call(r.p, r.method, r.path, r.body) }()
		time.Sleep(moment)
		m.kill()
		<-ended
		m.start()
	} else if a, err = m.call(r.p, r.method, r.path, r.body); err != nil {
		t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	if fate == 1 {
		m.kill()
		m.start()
	}
	found := m.observe(t)
	if err != nil { // unanswered
		if reflect.DeepEqual(found, m.model) || r.code != 0 {
			return // the check that follows each action holds it against the model
		}
		r.apply(&m.model, found)
		return
	}
	if a.Header.ResultCode != r.code || r.message != "" && a.Header.ResultMessage != r.message {
		t.Fatalf("%s %s %s: got %s, want %d %q with\n%v", r.method, r.path, r.body, a.text, r.code, r.message, m.model)
	}
	if r.code == 0 {
		r.apply(&m.model, found)
	}
}

// name is one that was never used.
func (m *machine) name(kind string) string {
	m.made++
	return fmt.Sprintf("%s%d-%d", kind, m.run, m.made)
}

// some draws a key of a map, or skips the action.
func some[V any](t *rapid.T, what string, all map[string]V) (key string, p int) {
	if len(all) == 0 {
		t.Skip("there is no " + what)
	}
	key = rapid.SampledFrom(slices.Sorted(maps.Keys(all))).Draw(t, what)
	_, _ = fmt.Sscan(key, &p)
	return key, p
}

func plain(key string) string { return key[strings.Index(key, "/")+1:] }

// ours tells whether a thing is of a project.
func ours(key string, p int) bool { return strings.HasPrefix(key, fmt.Sprint(p, "/")) }

// someone is usually the owner of a thing, and now and then the other project's member.
func someone(t *rapid.T, owner int) (p int, stranger bool) {
	stranger = rapid.IntRange(0, 7).Draw(t, "who") == 0
	if stranger {
		owner = 1 - owner
	}
	return owner, stranger
}

// letsIn tells whether SSH gets through to an instance.
func (m *machine) letsIn(instance string) bool {
	g := m.model.Instances[instance]
	project, _, _ := strings.Cut(instance, "/")
	return g.Runs && slices.ContainsFunc(g.groups(), func(name string) bool { return m.model.Groups[project+"/"+name] })
}

// actions are what may happen, and the check that follows each.
func (m *machine) actions() map[string]func(*rapid.T) {
	all := map[string]func(*rapid.T){
		"kill": func(t *rapid.T) {
			if rapid.IntRange(0, 3).Draw(t, "mercy") > 0 {
				t.Skip("the server goes on")
			}
			m.kill()
			m.start()
		},
		"": func(t *rapid.T) {
			if found := m.observe(t); !reflect.DeepEqual(found, m.model) {
				t.Fatalf("there is\n%v\nand should be\n%v", found, m.model)
			}
		},
	}
	for _, more := range []map[string]func(*rapid.T){m.instanceActions(), m.volumeActions(), m.networkActions()} {
		maps.Copy(all, more)
	}
	return all
}

// clear removes everything, and wants that the driver has no more than before.
func (m *machine) clear(t *rapid.T) {
	found := m.observe(t)
	remove := func(key, what, id string) {
		var p int
		if _, err := fmt.Sscan(key, &p); err != nil {
			t.Fatal(err)
		}
		if a, err := m.call(p, http.MethodDelete, what+"?id="+id, ""); err != nil || a.Header.ResultCode != 0 {
			t.Fatalf("removing %s: %v, %s", key, err, a.text)
		}
	}
	known := m.ids
	for key := range found.Instances {
		remove(key, "instances", known.instances[key])
	}
	m.observe(t)
	for key := range found.Volumes {
		remove(key, "volumes", known.volumes[key])
	}
	for key := range found.Images {
		remove(key, "images", known.images[key])
	}
	for key := range found.Groups {
		if plain(key) != "default" {
			remove(key, "security-groups", known.groups[key])
		}
	}
	for address, id := range known.floating {
		remove(fmt.Sprint(m.ids.floatingOf[address]), "floating-ips", id)
	}
	m.observe(t)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left := m.files()
		if slices.Equal(left, m.baseline) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("files are left: %v, at first there were %v", left, m.baseline)
		}
	}
}
