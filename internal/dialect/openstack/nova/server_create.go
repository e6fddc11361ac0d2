package nova

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// maxServers bounds one request: a project without a quota would have no other bound.
const maxServers = 1000

// createServer answers POST /servers. What the schema cannot say is looked at
// in Nova's order: flavor, image, key pair, networks, quota.
func (d *Dialect) createServer(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("server")
	req, err := d.createRequest(c, in)
	if err != nil {
		return err
	}
	if req.AdminPass, err = d.adminPass(in); err != nil {
		return err
	}
	made, err := d.opt.Compute.Create(c.Context(), c.Caller, req)
	if err != nil {
		return aboutCreation(err)
	}
	first := made[0]
	if in.At("return_reservation_id").Truth() {
		d.style.JSON(w, c.Request, c.Version, http.StatusAccepted,
			openstack.Fields{openstack.F("reservation_id", first.ReservationID)})
		return nil
	}
	w.Header()["Location"] = []string{c.Self("/servers/" + first.ID)}
	d.style.JSON(w, c.Request, c.Version, http.StatusAccepted, openstack.Fields{openstack.F("server", openstack.Fields{
		openstack.F("id", first.ID),
		openstack.F("links", serverLinks(c, first.ID)),
		openstack.F("OS-DCF:diskConfig", diskConfigOf(first.AutoDisk)),
		openstack.F("security_groups", groupNames(req.Groups)),
		openstack.F("adminPass", req.AdminPass),
	})})
	return nil
}

func (d *Dialect) createRequest(c *openstack.Call, in schema.Value) (compute.CreateRequest, error) {
	var none compute.CreateRequest
	for _, check := range notOffered {
		if err := check(c, in); err != nil {
			return none, err
		}
	}
	least, most, err := counts(in)
	if err != nil {
		return none, err
	}
	networks, err := networksAsked(in.At("networks"), most)
	if err != nil {
		return none, err
	}
	image, disks, err := disksAsked(in, max(least, most))
	if err != nil {
		return none, err
	}
	data, _ := decodeBase64(in.At("user_data").Text())
	name := nameOf(c, in.At("name"))
	return compute.CreateRequest{
		Name: name, Description: descriptionOf(c.Version, in, name),
		FlavorID: flavorAsked(in), ImageID: image, Disks: disks, Networks: networks, Groups: groupsAsked(in.At("security_groups")),
		Zone:    nameOf(c, in.At("availability_zone")),
		KeyName: nameOf(c, in.At("key_name")), Keys: d.KeyPairRules(c.Version).View(c.Caller, ""),
		Metadata: stringMap(in.At("metadata")), UserData: data, Tags: texts(in.At("tags")),
		Hostname: in.At("hostname").Text(), AccessIPv4: in.At("accessIPv4").Text(), AccessIPv6: in.At("accessIPv6").Text(),
		AutoDisk: in.At("OS-DCF:diskConfig").Text() == "AUTO", Files: filesOf(in), GroupID: groupHint(c.Input),
		MinCount: least, MaxCount: most,
	}, nil
}

// flavorAsked is a flavor's id, which old clients give as the flavor's address:
// what follows the last slash counts (nova/api/openstack/common.py,
// get_id_from_href).
func flavorAsked(in schema.Value) string {
	ref := in.At("flavorRef").String()
	return ref[strings.LastIndex(ref, "/")+1:]
}

// descriptionOf is what was given, and below 2.19, where nothing could be, the
// name.
func descriptionOf(v openstack.Microversion, in schema.Value, name string) *string {
	if !v.AtLeast(openstack.V(2, 19)) {
		return &name
	}
	if d := in.At("description"); d.Kind() == schema.Text {
		return new(d.Text())
	}
	return nil
}

// notOffered are the parts of a request that the schema knows and this cloud
// cannot do. To ignore them would promise what does not happen.
var notOffered = []func(*openstack.Call, schema.Value) error{
	func(_ *openstack.Call, in schema.Value) error {
		if len(in.At("trusted_image_certificates").Items()) > 0 {
			return fault.Invalidf("trusted_image_certificates", "Image signatures are not checked here. Leave trusted_image_certificates out.")
		}
		return nil
	},
	func(c *openstack.Call, in schema.Value) error {
		if !in.At("host").Exists() && !in.At("hypervisor_hostname").Exists() {
			return nil
		}
		if !c.Caller.Admin() {
			return openstack.Denied("compute:servers:create:requested_destination")
		}
		return fault.Invalidf("host", "A server's host cannot be chosen here. Leave host and hypervisor_hostname out.")
	},
}

// counts returns how few and how many servers are wanted; zero is not said.
func counts(in schema.Value) (least, most int, err error) {
	number := func(name string, otherwise int64) (int64, error) {
		v := in.At(name)
		if !v.Exists() {
			return otherwise, nil
		}
		n, ok := v.Int64()
		if !ok || n > maxServers {
			return 0, fault.Invalidf(name, "%s: one request makes at most %d servers.", name, maxServers)
		}
		return n, nil
	}
	low, err := number("min_count", 1)
	if err != nil {
		return 0, 0, err
	}
	high, err := number("max_count", low)
	if err != nil {
		return 0, 0, err
	}
	if low > high {
		return 0, 0, fault.Invalidf("min_count", "min_count must be <= max_count")
	}
	return int(low), int(high), nil
}

// aboutCreation tells in Nova's words why no server was made. What a request
// names and is not there makes the request bad; it is not a missing page.
func aboutCreation(err error) error {
	var e *fault.Error
	if !errors.As(err, &e) {
		return err
	}
	var disk *compute.BadDisk
	if errors.As(err, &disk) {
		return aboutDisk(disk, err)
	}
	bad := func(format string, args ...any) error {
		return &fault.Error{Kind: fault.Invalid, Field: e.Field, Msg: fmt.Sprintf(format, args...), Err: err}
	}
	switch e.Kind {
	case fault.NotFound:
		switch e.Resource {
		case "flavor":
			return bad("Flavor %s could not be found.", e.Name)
		case "image":
			return bad("Can not find requested image")
		case "key pair":
			return bad("Invalid key_name provided.")
		case "instance group":
			return bad("Instance group %s could not be found.", e.Name)
		}
	case fault.Invalid:
		switch e.Field {
		case "flavor.ram":
			return bad("Flavor's memory is too small for requested image.")
		case "flavor.disk":
			return bad("Flavor's disk is too small for requested image.")
		case "zone", "availability_zone":
			return bad("The requested availability zone is not available")
		}
	case fault.Forbidden:
		if errors.Is(err, compute.ErrDiskless) {
			return openstack.Refused(e.Msg)
		}
	case fault.Conflict:
		if errors.Is(err, compute.ErrInactive) {
			return bad("Image %s is not active.", e.Name)
		}
	case fault.Quota:
		return aboutQuota(err)
	}
	return networkTrouble(err, fault.Invalid)
}

// aboutQuota tells in Nova's words which quota is reached.
func aboutQuota(err error) error {
	told := func(text string) error { return &fault.Error{Kind: fault.Quota, Msg: text, Err: err} }
	var q *compute.QuotaExceeded
	if errors.As(err, &q) {
		return told(q.Error())
	}
	var m *compute.TooMany
	if !errors.As(err, &m) {
		return err
	}
	switch m.Resource {
	case compute.QuotaMetadata:
		return told(fmt.Sprintf("Maximum number of metadata items exceeds %d", m.Limit))
	case compute.QuotaFiles:
		return told("Personality file limit exceeded")
	case compute.QuotaFilePath:
		return told(fmt.Sprintf("Personality file path exceeds maximum %d", m.Limit))
	case compute.QuotaFileBytes:
		return told(fmt.Sprintf("Personality file content exceeds maximum %d", m.Limit))
	case compute.QuotaGroups:
		return told("Quota exceeded, too many server groups.")
	case compute.QuotaGroupMembers:
		return told("Quota exceeded, too many servers in group")
	}
	return err
}

// adminPass is the password that a request asks for, or a new one.
func (d *Dialect) adminPass(in schema.Value) (string, error) {
	if p := in.At("adminPass").Text(); p != "" {
		return p, nil
	}
	return d.password()
}

// filesOf are the files of a request's personality.
func filesOf(in schema.Value) []compute.File {
	var out []compute.File
	for _, f := range in.At("personality").Items() {
		contents, _ := decodeBase64(f.At("contents").Text())
		out = append(out, compute.File{Path: f.At("path").Text(), Contents: contents})
	}
	return out
}

// groupHint is the server group that a request's scheduler hints name, or "".
func groupHint(body schema.Value) string {
	for _, name := range []string{"os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"} {
		if g := body.At(name, "group").Text(); g != "" {
			return g
		}
	}
	return ""
}

// password makes an administrator's password as Nova's answers have one: 12
// letters and digits without those that look alike.
func (d *Dialect) password() (string, error) {
	const letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	random := d.opt.Random
	if random == nil {
		random = rand.Reader
	}
	out := make([]byte, 0, 12)
	var b [1]byte
	for len(out) < cap(out) {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return "", fault.Wrap(err, "making a password")
		}
		if k := int(b[0] & 63); k < len(letters) { // the rest would make some letters likelier
			out = append(out, letters[k])
		}
	}
	return string(out), nil
}

// stringMap reads an object of strings.
func stringMap(v schema.Value) map[string]string {
	out := make(map[string]string, len(v.Members()))
	for _, m := range v.Members() {
		out[m.Name] = m.Value.Text()
	}
	return out
}

// texts reads an array of strings, each once.
func texts(v schema.Value) []string {
	var out []string
	seen := map[string]bool{}
	for _, item := range v.Items() {
		if s := item.Text(); !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// nameOf reads a name; under /v2 it loses the white space around it.
func nameOf(c *openstack.Call, v schema.Value) string {
	if c.Version == (openstack.Microversion{}) {
		return nameMeant(v.Text())
	}
	return v.Text()
}
