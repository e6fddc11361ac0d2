package nova

import (
	"errors"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// rebuildBody is the schema of the action rebuild
// (nova/api/openstack/compute/schemas/servers.py).
var rebuildBody = atVersion(func(v openstack.Microversion) schema.Schema {
	name := anyName
	if v == (openstack.Microversion{}) {
		name = v2Name
	}
	keyName := anyName
	keyName.Nullable = true
	data := userData
	data.Nullable = true
	return only("rebuild", object(v, []string{"imageRef"},
		ever("name", name),
		ever("imageRef", uuidText),
		ever("adminPass", schema.String{}),
		ever("metadata", metadataRule),
		ever("preserve_ephemeral", schema.Flag{}),
		ever("OS-DCF:diskConfig", diskConfig),
		ever("accessIPv4", ipv4),
		ever("accessIPv6", ipv6),
		until(57, "personality", personalityRule(v)),
		since(19, "description", description),
		since(54, "key_name", keyName),
		since(57, "user_data", data),
		since(63, "trusted_image_certificates", schema.Array{Items: schema.String{Min: 1}, Min: 1, Max: 50, Unique: true, Nullable: true}),
		since(90, "hostname", hostname),
	))
})

// rebuild answers with the server as it is becoming, and its new password.
func (d *Dialect) rebuild(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("rebuild")
	if len(in.At("trusted_image_certificates").Items()) > 0 {
		return fault.Invalidf("trusted_image_certificates", "Image signatures are not checked here. Leave trusted_image_certificates out.")
	}
	req := d.rebuildRequest(c, in)
	var err error
	if req.AdminPass, err = d.adminPass(in); err != nil {
		return err
	}
	i, err := d.opt.Compute.Rebuild(c.Context(), c.Caller, c.PathValue("id"), req)
	if err != nil {
		return aboutRebuild(err)
	}
	form := inUpdate
	if c.Version.AtLeast(openstack.V(2, 75)) {
		form = inRebuild
	}
	out := serverObject(c, i, form)
	if form == inUpdate && c.Version.AtLeast(openstack.V(2, 54)) {
		out = append(out, openstack.F("key_name", orNull(i.KeyName())))
	}
	if c.Version.AtLeast(openstack.V(2, 57)) {
		out = append(out, openstack.F("user_data", serverView{Instance: i}.userData()))
	}
	w.Header()["Location"] = []string{c.Self("/servers/" + i.ID)}
	d.style.JSON(w, c.Request, c.Version, http.StatusAccepted,
		openstack.Fields{openstack.F("server", append(out, openstack.F("adminPass", req.AdminPass)))})
	return nil
}

func (d *Dialect) rebuildRequest(c *openstack.Call, in schema.Value) compute.RebuildRequest {
	req := compute.RebuildRequest{
		ImageID: in.At("imageRef").Text(), AutoDisk: autoDiskAsked(in), Files: filesOf(in),
		Keys:       d.KeyPairRules(c.Version).View(c.Caller, ""),
		Hostname:   textAsked(in.At("hostname")),
		AccessIPv4: textAsked(in.At("accessIPv4")), AccessIPv6: textAsked(in.At("accessIPv6")),
		KeyName: textAsked(in.At("key_name")),
	}
	if v := in.At("name"); v.Exists() {
		req.Name = new(nameOf(c, v))
	}
	if v := in.At("description"); v.Exists() {
		var text *string
		if !v.IsNull() {
			text = new(v.Text())
		}
		req.Description = &text
	}
	if v := in.At("metadata"); v.Exists() {
		req.Metadata = stringMap(v)
	}
	if v := in.At("user_data"); v.Exists() {
		data, _ := decodeBase64(v.Text())
		req.UserData = &data
	}
	return req
}

// textAsked is a member's text, "" for null, and nil where there is none.
func textAsked(v schema.Value) *string {
	if !v.Exists() {
		return nil
	}
	return new(v.Text())
}

func aboutRebuild(err error) error {
	var e *fault.Error
	if errors.As(err, &e) {
		switch {
		case e.Kind == fault.NotFound && e.Resource == "image":
			return &fault.Error{Kind: fault.Invalid, Field: "imageRef", Msg: "Cannot find image for rebuild", Err: err}
		case e.Kind == fault.Invalid && e.Field == "image":
			return &fault.Error{Kind: fault.Invalid, Field: "imageRef", Msg: "Cannot use image for rebuild: " + e.Msg, Err: err}
		}
	}
	return aboutCreation(err)
}
