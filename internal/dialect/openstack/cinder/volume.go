package cinder

import (
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// volumeRoutes are the calls on volumes and what is listed beside them.
func (d *Dialect) volumeRoutes() []openstack.Route {
	const one = "/volumes/{id}"
	return slices.Concat([]openstack.Route{
		reads("/volumes", "volume:get_all", listed(d, d.volumeList(), summary)),
		reads("/volumes/detail", "volume:get_all", listed(d, d.volumeList(), detail)),
		reads("/volumes/summary", "volume:get_all", d.sumVolumes),
		reads(one, "volume:get", d.showVolume),
		changes(http.MethodPost, "/volumes", "volume:create", createBody, d.createVolume),
		changes(http.MethodPut, one, "volume:update", updateBody, d.updateVolume),
		changes(http.MethodDelete, one, "volume:delete", nil, d.deleteVolume),
		changes(http.MethodPost, one+"/action", "volume_extension:volume_actions", schema.Any{}, d.acting(actions, d.seesVolume)),

		reads("/os-availability-zone", "volume:availability_zone_list", d.listZones),
	}, annotated{d: d, path: one, noun: "volume", read: d.volumeMetadata, edit: d.editVolumeMetadata}.routes())
}

func (d *Dialect) listZones(w http.ResponseWriter, c *openstack.Call) error {
	var zones []openstack.Fields
	for _, z := range d.opt.Compute.Zones() {
		zones = append(zones, openstack.Fields{openstack.F("zoneName", z), openstack.F("zoneState", openstack.Fields{openstack.F("available", true)})})
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("availabilityZoneInfo", zones)})
	return nil
}

// answer shows one volume in full.
func (d *Dialect) answer(w http.ResponseWriter, c *openstack.Call, status int, v compute.Volume) error {
	d.style.JSON(w, c.Request, c.Version, status, openstack.Fields{openstack.F("volume", detail(c, v))})
	return nil
}

func (d *Dialect) showVolume(w http.ResponseWriter, c *openstack.Call) error {
	v, err := d.opt.Compute.Volume(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	return d.answer(w, c, http.StatusOK, v)
}

// first returns the first of the members that is there and not null.
func first(in schema.Value, names ...string) schema.Value {
	for _, name := range names {
		if v := in.At(name); v.Exists() && !v.IsNull() {
			return v
		}
	}
	return schema.Value{}
}

func (d *Dialect) createVolume(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("volume")
	// To ignore these would promise what does not happen.
	for _, name := range []string{"consistencygroup_id", "group_id", "backup_id"} {
		if in.At(name).Text() != "" {
			return fault.Invalidf(name, "Invalid input received: %s: groups and backups of volumes are not offered here.", name)
		}
	}
	if in.At("multiattach").Truth() {
		return fault.Invalidf("multiattach", "Invalid input received: multiattach: a volume is attached to one server at a time here.")
	}
	size, ok := in.At("size").Int64()
	source, snapshot := in.At("source_volid").Text(), in.At("snapshot_id").Text()
	if source != "" && snapshot != "" {
		return fault.Invalidf("snapshot_id", "Invalid input received: source_volid and snapshot_id cannot be given together.")
	}
	if source+snapshot == "" && (!ok || size < 1 || size > compute.MaxVolumeGiB) || size < 0 || size > compute.MaxVolumeGiB {
		return fault.Invalidf("size", "Invalid input received: Volume size '%s' must be an integer and greater than 0", in.At("size").String())
	}
	v, err := d.opt.Compute.CreateVolume(c.Context(), c.Caller, compute.VolumeRequest{
		Name: first(in, "name", "display_name").Text(), Description: first(in, "description", "display_description").Text(),
		SizeGiB: int(size), Type: in.At("volume_type").Text(), Zone: in.At("availability_zone").Text(),
		ImageID: first(in, "imageRef", "image_id").Text(), SourceID: source, SnapshotID: snapshot, Metadata: stringMap(in.At("metadata")),
	})
	if err != nil {
		return aboutImage(err)
	}
	return d.answer(w, c, http.StatusAccepted, v)
}

func stringMap(v schema.Value) map[string]string {
	out := make(map[string]string, len(v.Members()))
	for _, m := range v.Members() {
		out[m.Name] = m.Value.Text()
	}
	return out
}

func (d *Dialect) updateVolume(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("volume")
	if len(in.Members()) == 0 {
		return fault.Invalidf("volume", "Missing required element 'volume' in request body.")
	}
	v, err := d.opt.Compute.EditVolume(c.Context(), c.Caller, c.PathValue("id"), func(l *compute.VolumeLabels) error {
		rename(in, &l.Name, &l.Description)
		if m := in.At("metadata"); m.Exists() {
			l.Metadata = stringMap(m)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.answer(w, c, http.StatusOK, v)
}

func (d *Dialect) volumeMetadata(c *openstack.Call) (map[string]string, error) {
	v, err := d.opt.Compute.Volume(c.Context(), c.Caller, c.PathValue("id"))
	return v.Metadata, err
}

func (d *Dialect) editVolumeMetadata(c *openstack.Call, change func(map[string]string) error) (map[string]string, error) {
	v, err := d.opt.Compute.EditVolume(c.Context(), c.Caller, c.PathValue("id"),
		func(l *compute.VolumeLabels) error { return change(l.Metadata) })
	return v.Metadata, err
}

func (d *Dialect) deleteVolume(w http.ResponseWriter, c *openstack.Call) error {
	var err error
	if schema.TextValue(c.Query.Last("cascade")).Truth() {
		err = d.opt.Compute.DeleteVolumeAndSnapshots(c.Context(), c.Caller, c.PathValue("id"))
	} else {
		_, err = d.opt.Compute.DeleteVolume(c.Context(), c.Caller, c.PathValue("id"))
	}
	if err != nil {
		return err
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusAccepted)
	return nil
}
