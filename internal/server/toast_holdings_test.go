package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

func (m *machine) volumeActions() map[string]func(*rapid.T) {
	const busyToDelete = "Invalid volume: Volume status must be available or error or error_restoring and must not be attached"
	return map[string]func(*rapid.T){
		"volume create": func(t *rapid.T) {
			if len(m.model.Volumes) >= mostBlocks {
				t.Skip("there are enough")
			}
			p := rapid.IntRange(0, 1).Draw(t, "project")
			size := rapid.SampledFrom([]int{10, 20, 1000, 25, 0, 1010}).Draw(t, "size")
			kind := rapid.SampledFrom([]string{"General HDD", "General SSD"}).Draw(t, "type")
			name, code := m.name("v"), 0
			if size%10 != 0 || size < 10 || size > 1000 {
				code = -4
			}
			m.do(t, request{p, http.MethodPost, "volumes",
				fmt.Sprintf(`{"volume": {"name": %q, "availabilityZone": "nova", "size": %d, "volumeType": %q}}`, name, size, kind),
				code, "", func(next *scene, _ scene) { next.Volumes[named(p, name)] = block{size, kind, ""} }})
		},
		"volume attach": func(t *rapid.T) {
			instance, p := some(t, "instance", m.model.Instances)
			volume, owner := some(t, "volume", m.model.Volumes)
			v, id, code, message := m.model.Volumes[volume], m.ids.volumes[volume], 0, ""
			switch {
			case owner != p:
				code, message = 40404, "Volume "+id+" could not be found."
			case v.On != "":
				code, message = 40400, "Invalid volume: volume "+id+" status must be available"
			}
			m.do(t, request{p, http.MethodPost, "instances/" + m.ids.instances[instance] + "/attachments", fmt.Sprintf(`{"attachment": {"volumeId": %q}}`, id),
				code, message, func(next *scene, _ scene) { v.On = instance; next.Volumes[volume] = v }})
		},
		"volume detach": func(t *rapid.T) {
			volume, p := some(t, "volume", m.model.Volumes)
			v, id, code, message := m.model.Volumes[volume], m.ids.volumes[volume], 0, ""
			instance := v.On
			if instance == "" || rapid.IntRange(0, 7).Draw(t, "which") == 0 {
				if instance, _ = some(t, "instance", m.model.Instances); !ours(instance, p) {
					t.Skip("another project's instance")
				}
			}
			if v.On != instance {
				code, message = 40404, "Volume "+id+" is not attached to instance "+m.ids.instances[instance]+"."
			}
			m.do(t, request{p, http.MethodDelete, "instances/" + m.ids.instances[instance] + "/attachments?volumeId=" + id, "",
				code, message, func(next *scene, _ scene) { v.On = ""; next.Volumes[volume] = v }})
		},
		"volume write": func(t *rapid.T) {
			volume, _ := some(t, "volume", m.model.Volumes)
			on := m.model.Volumes[volume].On
			if on == "" || !m.letsIn(on) {
				t.Skip("nobody gets at it")
			}
			text := m.name("text")
			m.in(t, on, "echo "+text+" > /mnt/"+plain(volume)+"/kept.txt", "")
			m.volumeTexts[volume] = text
		},
		"volume delete": func(t *rapid.T) {
			volume, owner := some(t, "volume", m.model.Volumes)
			if len(m.model.Volumes) < mostBlocks && rapid.IntRange(0, 3).Draw(t, "mercy") > 0 {
				t.Skip("there should be some")
			}
			p, stranger := someone(t, owner)
			id, code, message := m.ids.volumes[volume], 0, ""
			switch {
			case stranger:
				code, message = 40404, "Volume "+id+" could not be found."
			case m.model.Volumes[volume].On != "":
				code, message = 40400, busyToDelete
			}
			m.do(t, request{p, http.MethodDelete, "volumes?id=" + id, "", code, message, func(next *scene, _ scene) { delete(next.Volumes, volume) }})
		},
		"image delete": func(t *rapid.T) {
			image, owner := some(t, "image", m.model.Images)
			p, stranger := someone(t, owner)
			id, code, message := m.ids.images[image], 0, ""
			if stranger {
				code, message = 30404, "Failed to find image "+id+" to delete"
			}
			m.do(t, request{p, http.MethodDelete, "images?id=" + id, "", code, message, func(next *scene, _ scene) { delete(next.Images, image) }})
		},
	}
}

// lead draws a floating address and an instance of the same project.
func (m *machine) lead(t *rapid.T) (address, instance string, p int) {
	address, _ = some(t, "address", m.model.Floating)
	p = m.ids.floatingOf[address]
	mine := keysOf(m.model.Instances, p)
	if len(mine) == 0 {
		t.Skip("there is no instance of the project")
	}
	return address, rapid.SampledFrom(mine).Draw(t, "instance"), p
}

func (m *machine) networkActions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"floating create": func(t *rapid.T) {
			if len(m.model.Floating) >= mostBlocks {
				t.Skip("there are enough")
			}
			p := rapid.IntRange(0, 1).Draw(t, "project")
			m.do(t, request{p, http.MethodPost, "floating-ips", fmt.Sprintf(`{"pool": {"id": %q}}`, m.pool), 0, "", func(next *scene, found scene) {
				for address, on := range found.Floating {
					if _, known := next.Floating[address]; !known && on == "" && len(found.Floating) == len(next.Floating)+1 && m.ids.floatingOf[address] == p {
						next.Floating[address] = ""
						return
					}
				}
				t.Fatalf("not one new address: %v after %v", found.Floating, next.Floating)
			}})
		},
		"floating add": func(t *rapid.T) {
			address, instance, p := m.lead(t)
			on, code, message := m.model.Floating[address], 0, ""
			if on != "" && on != instance {
				code, message = 22409, "Floating IP "+address+" is associated with another instance."
			}
			for other, leads := range m.model.Floating {
				if leads == instance && other != address {
					t.Skip("it has one")
				}
			}
			m.do(t, request{p, http.MethodPost, "instances/" + m.ids.instances[instance] + "/action",
				fmt.Sprintf(`{"action": "addFloatingIp", "parameters": {"address": %q, "ipAddress": %q}}`, address, m.ids.doors[instance].address),
				code, message, func(next *scene, _ scene) { next.Floating[address] = instance }})
		},
		"floating remove": func(t *rapid.T) {
			address, instance, p := m.lead(t)
			code, message := 0, ""
			if m.model.Floating[address] != instance {
				code, message = 22409, "Floating IP "+address+" is not associated with instance "+m.ids.instances[instance]+"."
			}
			m.do(t, request{p, http.MethodPost, "instances/" + m.ids.instances[instance] + "/action",
				fmt.Sprintf(`{"action": "removeFloatingIp", "parameters": {"address": %q}}`, address),
				code, message, func(next *scene, _ scene) { next.Floating[address] = "" }})
		},
		"floating delete": func(t *rapid.T) {
			address, _ := some(t, "address", m.model.Floating)
			p, stranger := someone(t, m.ids.floatingOf[address])
			id, code, message := m.ids.floating[address], 0, ""
			switch {
			case stranger:
				code, message = 22404, "Floating IP "+id+" could not be found."
			case m.model.Floating[address] != "":
				code, message = 22409, "Floating IP "+address+" is in use."
			}
			m.do(t, request{p, http.MethodDelete, "floating-ips?id=" + id, "", code, message, func(next *scene, _ scene) { delete(next.Floating, address) }})
		},
		"group create": func(t *rapid.T) {
			p, name := rapid.IntRange(0, 1).Draw(t, "project"), m.name("g")
			m.do(t, request{p, http.MethodPost, "security-groups", fmt.Sprintf(`{"securityGroup": {"name": %q, "description": ""}}`, name),
				0, "", func(next *scene, _ scene) { next.Groups[named(p, name)] = false }})
		},
		"group open or close": func(t *rapid.T) {
			group, owner := some(t, "group", m.model.Groups)
			if plain(group) == "default" {
				t.Skip("it is left as it is")
			}
			p, stranger := someone(t, owner)
			id, code := m.ids.groups[group], 0
			if rapid.Bool().Draw(t, "open") {
				switch {
				case stranger:
					code = 24404
				case m.model.Groups[group]:
					code = 24409
				}
				m.do(t, request{p, http.MethodPost, "security-group-rules", fmt.Sprintf(`{"securityGroupRule": {"direction": "ingress", "ethertype": "IPv4",
					"portRangeMin": 22, "portRangeMax": 22, "protocol": "tcp", "securityGroupId": %q}}`, id), code, "", func(next *scene, _ scene) { next.Groups[group] = true }})
				return
			}
			rule := m.ids.rules[group]
			if rule == "" {
				t.Skip("it is closed")
			}
			if stranger {
				code = 24404
			}
			m.do(t, request{p, http.MethodDelete, "security-group-rules?id=" + rule, "", code, "", func(next *scene, _ scene) { next.Groups[group] = false }})
		},
		"group add": func(t *rapid.T) {
			instance, p := some(t, "instance", m.model.Instances)
			group := rapid.SampledFrom(keysOf(m.model.Groups, p)).Draw(t, "group")
			m.act(t, instance, p, "addSecurityGroup", fmt.Sprintf(`"name": %q`, plain(group)), 0, "", func(next *scene, _ scene) {
				next.Instances[instance] = next.Instances[instance].with(plain(group), true)
			})
		},
		"group remove": func(t *rapid.T) {
			instance, p := some(t, "instance", m.model.Instances)
			group := rapid.SampledFrom(keysOf(m.model.Groups, p)).Draw(t, "group")
			g, code, message := m.model.Instances[instance], 0, ""
			switch has := g.groups(); {
			case !slices.Contains(has, plain(group)):
				code, message = 24404, "Security group "+plain(group)+" not associated with the instance "+m.ids.instances[instance]
			case len(has) == 1:
				t.Skip("it is the last one")
			}
			m.act(t, instance, p, "removeSecurityGroup", fmt.Sprintf(`"name": %q`, plain(group)), code, message, func(next *scene, _ scene) {
				next.Instances[instance] = g.with(plain(group), false)
			})
		},
		"group delete": func(t *rapid.T) {
			group, owner := some(t, "group", m.model.Groups)
			p, stranger := someone(t, owner)
			id, code, message := m.ids.groups[group], 0, ""
			switch {
			case stranger:
				code, message = 24404, "Security group "+id+" could not be found."
			case plain(group) == "default" || m.model.uses(group):
				code = 24409
			}
			m.do(t, request{p, http.MethodDelete, "security-groups?id=" + id, "", code, message, func(next *scene, _ scene) { delete(next.Groups, group) }})
		},
	}
}

func (g guest) groups() []string { return strings.Fields(strings.Trim(g.Groups, "[]")) }

// with is the guest with a group, or without it.
func (g guest) with(group string, has bool) guest {
	groups := slices.DeleteFunc(g.groups(), func(name string) bool { return name == group })
	if has {
		groups = append(groups, group)
	}
	slices.Sort(groups)
	g.Groups = fmt.Sprint(groups)
	return g
}

// uses tells whether an instance is in a group.
func (s scene) uses(group string) bool {
	for instance, g := range s.Instances {
		if strings.Split(instance, "/")[0] == strings.Split(group, "/")[0] && slices.Contains(g.groups(), plain(group)) {
			return true
		}
	}
	return false
}
