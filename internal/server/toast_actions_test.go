package server

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

const (
	mostGuests = 5 // in a run: they cost memory and time
	mostBlocks = 5
)

// act is an action on an instance, by its project's member or a stranger.
func (m *machine) act(t *rapid.T, instance string, owner int, action, parameters string, code int, message string, apply func(next *scene, found scene)) {
	p, stranger := someone(t, owner)
	id := m.ids.instances[instance]
	if stranger {
		code, message = 10404, "Instance "+id+" could not be found."
	}
	m.do(t, request{p, http.MethodPost, "instances/" + id + "/action", fmt.Sprintf(`{"action": %q, "parameters": {%s}}`, action, parameters), code, message, apply})
}

// state is an action that needs the instance to run, or not to.
func (m *machine) state(action, verb, parameters string, needs func(guest) bool, then func(*guest)) func(*rapid.T) {
	return func(t *rapid.T) {
		instance, owner := some(t, "instance", m.model.Instances)
		g := m.model.Instances[instance]
		code, message := 0, ""
		if !needs(g) {
			in := map[bool]string{true: "active", false: "stopped"}[g.Runs]
			code, message = 10409, fmt.Sprintf("Cannot '%s' instance %s while it is in vm_state %s", verb, m.ids.instances[instance], in)
		}
		m.act(t, instance, owner, action, parameters, code, message, func(next *scene, _ scene) {
			then(&g)
			next.Instances[instance] = g
		})
	}
}

// sizes are the flavors that instances of the machine have.
var sizes = map[string]struct {
	name string
	disk int
}{"1": {"m1.tiny", 1}, "2": {"m1.small", 20}, "3": {"m1.medium", 40}, "4": {"m1.large", 80}}

func (m *machine) instanceActions() map[string]func(*rapid.T) {
	runs, stopped, either := func(g guest) bool { return g.Runs }, func(g guest) bool { return !g.Runs }, func(guest) bool { return true }
	up, down := func(g *guest) { g.Runs = true }, func(g *guest) { g.Runs = false }
	return map[string]func(*rapid.T){
		"create":      m.create,
		"start":       m.state("start", "start", "", stopped, up),
		"stop":        m.state("stop", "stop", "", runs, down),
		"reboot soft": m.state("reboot", "reboot", `"type": "SOFT"`, runs, up),
		"reboot hard": m.state("reboot", "reboot", `"type": "HARD"`, either, up),
		"resize": func(t *rapid.T) {
			instance, owner := some(t, "instance", m.model.Instances)
			g := m.model.Instances[instance]
			flavor := fmt.Sprint(rapid.IntRange(1, 4).Draw(t, "flavor"))
			code, message := 0, ""
			switch {
			case flavor == g.Flavor:
				code, message = 10400, "When resizing, instances must change flavor!"
			case flavor < g.Flavor:
				from, to := sizes[g.Flavor], sizes[flavor]
				code, message = 10400, fmt.Sprintf("the disk has %d GiB and cannot shrink to the %d of flavor %s", from.disk, to.disk, to.name)
			}
			m.act(t, instance, owner, "resize", fmt.Sprintf(`"flavor": %q`, flavor), code, message, func(next *scene, _ scene) {
				g.Flavor = flavor
				next.Instances[instance] = g
			})
		},
		"upload image": func(t *rapid.T) {
			candidates := m.model.Instances
			if rapid.IntRange(0, 3).Draw(t, "legal") > 0 {
				candidates = maps.Clone(candidates)
				maps.DeleteFunc(candidates, func(_ string, g guest) bool { return g.Runs })
			}
			instance, owner := some(t, "instance", candidates)
			g, image := m.model.Instances[instance], m.name("img")
			code, message := 0, ""
			if g.Runs {
				code, message = 10409, "Cannot 'createImage' instance "+m.ids.instances[instance]+" while it is in vm_state active"
			}
			m.act(t, instance, owner, "uploadImage", fmt.Sprintf(`"name": %q`, image), code, message, func(next *scene, _ scene) {
				next.Images[named(owner, image)] = true
				m.imageTexts[named(owner, image)], m.imageFlavors[named(owner, image)] = m.texts[instance], g.Flavor
			})
		},
		"delete": func(t *rapid.T) {
			instance, owner := some(t, "instance", m.model.Instances)
			if len(m.model.Instances) < mostGuests && rapid.IntRange(0, 3).Draw(t, "mercy") > 0 {
				t.Skip("there should be some")
			}
			p, stranger := someone(t, owner)
			code := 0
			if stranger {
				code = 10404
			}
			m.do(t, request{p, http.MethodDelete, "instances?id=" + m.ids.instances[instance], "", code, "", func(next *scene, _ scene) {
				delete(next.Instances, instance)
				delete(m.texts, instance)
				for key, v := range next.Volumes {
					if v.On == instance {
						v.On = ""
						next.Volumes[key] = v
					}
				}
				for address, on := range next.Floating {
					if on == instance {
						next.Floating[address] = ""
					}
				}
			}})
		},
		"write": func(t *rapid.T) {
			instance, _ := some(t, "instance", m.model.Instances)
			if !m.letsIn(instance) {
				t.Skip("nobody gets in")
			}
			text := m.name("text")
			m.in(t, instance, "echo "+text+" > own.txt", "")
			m.texts[instance] = text
		},
		"look": m.look,
	}
}

func (m *machine) create(t *rapid.T) {
	if len(m.model.Instances) >= mostGuests {
		t.Skip("there are enough")
	}
	p := rapid.IntRange(0, 1).Draw(t, "project")
	count := rapid.SampledFrom([]int{1, 1, 1, 2, 3, 11}).Draw(t, "count")
	flavor := fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "flavor"))
	name := m.name("i")
	image, from, code, message := m.image, "", 0, ""
	if len(m.model.Images) > 0 && rapid.Bool().Draw(t, "own image") {
		from, _ = some(t, "image", m.model.Images)
		if image = m.ids.images[from]; !ours(from, p) {
			code, message = 10400, "Can not find requested image"
		} else if flavor < m.imageFlavors[from] {
			code = 10400
		}
	}
	groups := []string{"default"}
	if extra := rapid.SampledFrom(append(keysOf(m.model.Groups, p), named(p, "default"))).Draw(t, "group"); plain(extra) != "default" {
		groups = []string{plain(extra)}
	}
	if count > 10 {
		code, message = -4, "Invalid parameters : instance.count must be between 1 and 10"
	}
	m.do(t, request{p, http.MethodPost, "instances", fmt.Sprintf(`{"instance": {"name": %q, "image": %q, "flavor": %q, "count": %d,
		"networks": [{"id": %q}], "availabilityZone": "nova", "keyName": "k", "securityGroups": [{"name": %q}]}}`, name, image, flavor, count, m.network, groups[0]),
		code, message, func(next *scene, _ scene) {
			for n := range count {
				one := named(p, name)
				if count > 1 {
					one = fmt.Sprintf("%s-%d", one, n+1)
				}
				next.Instances[one] = guest{true, flavor, fmt.Sprint(groups)}
				if text := m.imageTexts[from]; from != "" && text != "" {
					m.texts[one] = text
				}
			}
		}})
}

// keysOf are the names of a project's things, sorted.
func keysOf[V any](all map[string]V, p int) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(key string) bool { return !ours(key, p) })
}

// in runs a command in a guest that lets in, and wants what it prints.
func (m *machine) in(t *rapid.T, instance, command, want string) {
	d := m.ids.doors[instance]
	if !d.opens(true) {
		t.Fatalf("%s does not answer at %v: %+v", instance, d, m.model.Instances[instance])
	}
	if out, err := m.mortal.run(d, command); err != nil || out != want {
		t.Fatalf("%s in %s: %q, %v, want %q", command, instance, out, err, want)
	}
}

// look holds what a guest shows against the model: whether it answers, at its
// own address and by floating IP, and the texts on its disk and its volumes.
func (m *machine) look(t *rapid.T) {
	instance, _ := some(t, "instance", m.model.Instances)
	open, doors := m.letsIn(instance), []door{m.ids.doors[instance]}
	for address, on := range m.model.Floating {
		if on == instance {
			doors = append(doors, door{address, doors[0].port})
		}
	}
	for _, d := range doors {
		if d.opens(open) != open {
			t.Fatalf("%s answers at %v: %v; want %v with\n%v", instance, d, !open, open, m.model)
		}
	}
	if !open {
		return
	}
	want := m.texts[instance]
	if want != "" {
		want += "\n"
	}
	m.in(t, instance, "test ! -e own.txt || cat own.txt", want)
	var plugged []string
	for key, v := range m.model.Volumes {
		if v.On != instance {
			continue
		}
		plugged = append(plugged, plain(key))
		want := m.volumeTexts[key]
		if want != "" {
			want += "\n"
		}
		file := "/mnt/" + plain(key) + "/kept.txt"
		m.in(t, instance, "test ! -e "+file+" || cat "+file, want)
	}
	slices.Sort(plugged)
	all := strings.Join(plugged, "\n")
	if all != "" {
		all += "\n"
	}
	m.in(t, instance, "ls /mnt", all)
}
