package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/job"
)

// held is an instance that stays in a state because no job is done.
type held struct {
	status   string // what TOAST's API calls it
	vm, task string // what messages call it
	reach    []string
	settles  string // the status once jobs are done again; empty: it is gone
	id       string
	volume   string // attached to it, where it has one
}

// toastRefusal says why an action is refused in a state, or that it is not.
type toastRefusal func(h *held) string

// unlessIn is the rule of most actions: these states, and no task.
func unlessIn(verb string, vms ...string) toastRefusal {
	return func(h *held) string {
		switch {
		case !slices.Contains(vms, h.vm):
			return fmt.Sprintf("Cannot '%s' instance %s while it is in vm_state %s", verb, h.id, h.vm)
		case h.task != "":
			return fmt.Sprintf("Cannot '%s' instance %s while it is in task_state %s", verb, h.id, h.task)
		}
		return ""
	}
}

// unlessComing is the rule of what only instances bear that are there to stay.
func unlessComing(action string) toastRefusal {
	return func(h *held) string {
		if h.task == "spawning" || h.task == "deleting" {
			return fmt.Sprintf("Cannot '%s' instance %s while it is in task_state %s", action, h.id, h.task)
		}
		return ""
	}
}

// TestTOASTStates takes instances into every state by what its API and that of
// OpenStack ask of them, holds them there, and asks every action in every
// state. What a state does not allow is refused with the state in the message,
// and nothing changes. Then the instances go on to where they were going.
func TestTOASTStates(t *testing.T) {
	y := newYard(t, config.Flag{Name: "test", Key: "compute.quota_volumes", Value: "100"}, config.Flag{Name: "test", Key: "compute.quota_gigabytes", Value: "10000"})
	ctx, operator := t.Context(), identity.Operator(y.cfg.Region.ID)
	must := func(method, path, body string, into any) {
		t.Helper()
		got := y.call(method, path, body)
		if !got.Header.IsSuccessful {
			t.Fatalf("%s %s %s: %s", method, path, body, got.text)
		}
		if err := json.Unmarshal([]byte(got.text), into); err != nil {
			t.Fatal(err)
		}
	}
	act := func(id, body string) { t.Helper(); must(http.MethodPost, "instances/"+id+"/action", body, &struct{}{}) }
	settle := func(id string) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
			i, err := y.server.machines.compute.Instance(ctx, operator, id)
			if err == nil && i.State.Task == compute.Idle && i.State.VM != compute.Building {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s does not settle: %+v, %v", id, i.State, err)
			}
		}
	}
	must(http.MethodPost, "keypairs", `{"keypair": {"name": "k", "publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAtFHPWwfsetgfEniPqibytstp7CH4MXLFw0raQs4jx1"}}`, &struct{}{})
	images, err := y.server.machines.compute.Images(ctx, operator)
	if err != nil {
		t.Fatal(err)
	}
	nets, err := y.server.machines.compute.Networks(ctx, operator)
	if err != nil {
		t.Fatal(err)
	}
	create := func(name string) string {
		t.Helper()
		var a struct{ Instance shown }
		must(http.MethodPost, "instances", fmt.Sprintf(`{"instance": {"name": %q, "image": %q, "flavor": "1", "networks": [{"id": %q}],
			"availabilityZone": "nova", "keyName": "k", "securityGroups": [{"name": "default"}]}}`, name, images[0].ID, nets[0].ID), &a)
		return a.Instance.ID
	}
	const start, stop = `{"action": "start"}`, `{"action": "stop"}`
	all := []*held{
		{status: "ACTIVE", vm: "active", settles: "ACTIVE"},
		{status: "STOP", vm: "stopped", reach: []string{stop}, settles: "STOP"},
		{status: "POWERING_ON", vm: "stopped", task: "powering-on", reach: []string{stop, start}, settles: "ACTIVE"},
		{status: "POWERING_OFF", vm: "active", task: "powering-off", reach: []string{stop}, settles: "STOP"},
		{status: "REBOOTING", vm: "active", task: "rebooting", reach: []string{`{"action": "reboot", "parameters": {"type": "SOFT"}}`}, settles: "ACTIVE"},
		{status: "REBOOTING", vm: "stopped", task: "rebooting_hard", reach: []string{stop, `{"action": "reboot", "parameters": {"type": "HARD"}}`}, settles: "ACTIVE"},
		{status: "RESIZING", vm: "active", task: "resize_prep", reach: []string{`{"action": "resize", "parameters": {"flavor": "2"}}`}, settles: "ACTIVE"},
		{status: "RESIZING", vm: "stopped", task: "resize_prep", reach: []string{stop, `{"action": "resize", "parameters": {"flavor": "2"}}`}, settles: "STOP"},
		{status: "STOP", vm: "stopped", task: "image_snapshot", reach: []string{stop, `{"action": "uploadImage", "parameters": {"name": "copy"}}`}, settles: "STOP"},
		{status: "DELETING", vm: "active", task: "deleting", reach: []string{"DELETE"}},
		{status: "ERROR", vm: "error", reach: []string{"error"}, settles: "ERROR"},
		{status: "STOP", vm: "paused", reach: []string{"pause"}, settles: "STOP"},
		{status: "ACTIVE", vm: "resized", reach: []string{"resize"}, settles: "ACTIVE"},
		{status: "BUILD", vm: "building", task: "spawning", reach: []string{"create"}, settles: "ACTIVE"},
	}
	step := func(h *held, what string) {
		t.Helper()
		var err error
		switch what {
		case "create":
			h.id = create("born")
		case "DELETE":
			must(http.MethodDelete, "instances?id="+h.id, "", &struct{}{})
		case "error":
			err = y.server.machines.compute.ResetState(ctx, operator, h.id, compute.Error)
		case "pause":
			_, err = y.server.machines.compute.Act(ctx, operator, h.id, compute.ActionPause)
		case "resize":
			_, err = y.server.machines.compute.Resize(ctx, operator, h.id, compute.ResizeRequest{FlavorID: "2"})
		default:
			act(h.id, what)
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for k, h := range all {
		if h.vm == "building" {
			continue
		}
		h.id = create(fmt.Sprint("i", k))
		var made struct{ Volume struct{ ID string } }
		must(http.MethodPost, "volumes", `{"volume": {"name": "v", "availabilityZone": "nova", "size": 10}}`, &made)
		h.volume = made.Volume.ID
	}
	var spare struct{ Volume struct{ ID string } }
	must(http.MethodPost, "volumes", `{"volume": {"name": "spare", "availabilityZone": "nova", "size": 10}}`, &spare)
	volumeIs := func(id, status string) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !strings.Contains(y.call(http.MethodGet, "volumes?id="+id, "").text, `"status":"`+status+`"`); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the volume is not %s", status)
			}
		}
	}
	volumeIs(spare.Volume.ID, "available")
	for _, h := range all {
		if h.id == "" {
			continue
		}
		settle(h.id)
		volumeIs(h.volume, "available")
		must(http.MethodPost, "instances/"+h.id+"/attachments", fmt.Sprintf(`{"attachment": {"volumeId": %q}}`, h.volume), &struct{}{})
		volumeIs(h.volume, "in-use")
		for k, what := range h.reach {
			if k < len(h.reach)-1 || h.task == "" {
				step(h, what)
				settle(h.id)
			}
		}
	}
	if err := y.server.machines.runner.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	for _, h := range all {
		if h.task != "" {
			step(h, h.reach[len(h.reach)-1])
		}
		if got := y.details("?id=" + h.id); len(got) != 1 || got[0].Status != h.status {
			t.Errorf("%s %s is shown as %+v, want %s", h.vm, h.task, got, h.status)
		}
		if text := y.call(http.MethodGet, "instances-detail?id="+h.id, "").text; strings.Contains(text, `"launchedAt":null`) != (h.status == "BUILD") {
			t.Errorf("%s: when it was launched: %s", h.status, text)
		}
	}

	state := func() string {
		var text strings.Builder
		for _, path := range []string{"instances-detail", "volumes", "images", "floating-ips", "security-groups"} {
			text.WriteString(y.call(http.MethodGet, path, "").text + "\n")
		}
		return text.String()
	}
	upload := func(h *held) string {
		if why := unlessIn("createImage", "active", "stopped", "paused")(h); why != "" || h.vm == "stopped" {
			return why
		}
		return fmt.Sprintf("Cannot 'createImage' instance %s while it is in vm_state %s", h.id, h.vm)
	}
	action := func(name, parameters string) string {
		return fmt.Sprintf(`{"action": %q, "parameters": {%s}}`, name, parameters)
	}
	asked, refused := 0, 0
	before := state()
	for _, a := range []struct {
		method, path, body string
		why                toastRefusal
	}{
		{"POST", "instances/{id}/action", action("start", ""), unlessIn("start", "stopped")},
		{"POST", "instances/{id}/action", action("stop", ""), unlessIn("stop", "active", "error")},
		{"POST", "instances/{id}/action", action("reboot", `"type": "SOFT"`), unlessIn("reboot", "active")},
		{"POST", "instances/{id}/action", action("reboot", `"type": "HARD"`), unlessIn("reboot", "active", "stopped", "paused", "error")},
		{"POST", "instances/{id}/action", action("resize", `"flavor": "3"`), unlessIn("resize", "active", "stopped")},
		{"POST", "instances/{id}/action", action("uploadImage", `"name": "no"`), upload},
		{"POST", "instances/{id}/action", action("addFloatingIp", `"address": "a", "ipAddress": "b"`), unlessComing("addFloatingIp")},
		{"POST", "instances/{id}/action", action("removeFloatingIp", `"address": "a"`), unlessComing("removeFloatingIp")},
		{"POST", "instances/{id}/action", action("addSecurityGroup", `"name": "default"`), unlessComing("addSecurityGroup")},
		{"POST", "instances/{id}/action", action("removeSecurityGroup", `"name": "default"`), unlessComing("removeSecurityGroup")},
		{"POST", "instances/{id}/attachments", fmt.Sprintf(`{"attachment": {"volumeId": %q}}`, spare.Volume.ID), unlessIn("attach_volume", "active", "paused", "stopped", "resized")},
		{"DELETE", "instances/{id}/attachments?volumeId={volume}", "", unlessIn("detach_volume", "active", "paused", "stopped", "resized")},
	} {
		for _, h := range all {
			asked++
			why := a.why(h)
			if why == "" || strings.Contains(a.path, "{volume}") && h.volume == "" {
				continue
			}
			refused++
			path := strings.NewReplacer("{id}", h.id, "{volume}", h.volume).Replace(a.path)
			if got := y.call(a.method, path, a.body); got.Header.ResultCode != 10409 || got.Header.ResultMessage != why {
				t.Errorf("%s %s of %s (%s %s): got %s, want 10409 %q", a.method, a.body, h.status, h.vm, h.task, got.text, why)
			}
		}
	}
	if refused < 80 {
		t.Errorf("only %d of %d were to be refused", refused, asked)
	}
	// Deleting what is being deleted is success, and changes nothing.
	for _, h := range all {
		if h.status == "DELETING" {
			must(http.MethodDelete, "instances?id="+h.id, "", &struct{}{})
		}
	}
	if after := state(); after != before {
		t.Errorf("something changed:\n%s\nwas\n%s", after, before)
	}

	m := y.server.machines
	m.runner = job.NewRunner(y.server.domain.DB, job.Options{Node: mustNode(t, y), Owner: uuid.NewString(), Log: y.server.opt.Log})
	m.runner.Handle(compute.JobKind, m.compute.RunJob)
	m.runner.Handle(compute.ImageJobKind, m.compute.RunImageJob)
	m.runner.Handle(compute.VolumeJobKind, m.compute.RunVolumeJob)
	if err := m.runner.Start(context.WithoutCancel(ctx)); err != nil {
		t.Fatal(err)
	}
	for _, h := range all {
		if h.settles == "" {
			for end := time.Now().Add(20 * time.Second); y.call(http.MethodGet, "instances?id="+h.id, "").Header.ResultCode != 10404; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%s does not go", h.id)
				}
			}
			continue
		}
		settle(h.id)
		if got := y.details("?id=" + h.id); len(got) != 1 || got[0].Status != h.settles {
			t.Errorf("%s %s settled as %+v, want %s", h.vm, h.task, got, h.settles)
		}
	}
	// The guide: stop also takes an instance that is in ERROR; so does HARD.
	for _, h := range all {
		if h.status != "ERROR" {
			continue
		}
		for _, next := range []struct{ body, status string }{{stop, "STOP"}, {start, "ACTIVE"}, {"error", "ERROR"}, {action("reboot", `"type": "HARD"`), "ACTIVE"}} {
			if step(h, next.body); next.status != "ERROR" {
				settle(h.id)
			}
			if got := y.details("?id=" + h.id); got[0].Status != next.status {
				t.Errorf("%s: %+v, want %s", next.body, got, next.status)
			}
		}
	}
}

func mustNode(t *testing.T, y *yard) string {
	t.Helper()
	node, err := y.server.domain.Dir.nodeID()
	if err != nil {
		t.Fatal(err)
	}
	return node
}
