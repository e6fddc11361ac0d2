package cinder

import (
	"maps"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// metadataRoutes are the calls on what is written on a volume.
func (d *Dialect) metadataRoutes() []openstack.Route {
	const all, one = "/volumes/{id}/metadata", "/volumes/{id}/metadata/{key}"
	return []openstack.Route{
		reads(all, "volume:get_volume_metadata", d.showMetadata),
		changes(http.MethodPost, all, "volume:create_volume_metadata", metadataBody, d.editMetadata(func(c *openstack.Call, m map[string]string) error {
			maps.Copy(m, stringMap(c.Input.At("metadata")))
			return nil
		})),
		changes(http.MethodPut, all, "volume:update_volume_metadata", metadataBody, d.editMetadata(func(c *openstack.Call, m map[string]string) error {
			clear(m)
			maps.Copy(m, stringMap(c.Input.At("metadata")))
			return nil
		})),
		reads(one, "volume:get_volume_metadata", d.showEntry),
		changes(http.MethodPut, one, "volume:update_volume_metadata", metaBody, d.putEntry),
		changes(http.MethodDelete, one, "volume:delete_volume_metadata", nil, d.deleteEntry),
	}
}

// MaxMetadata is how many entries a volume's metadata have at most, which no
// quota counts.
const MaxMetadata = 128

func (d *Dialect) showMetadata(w http.ResponseWriter, c *openstack.Call) error {
	v, err := d.opt.Compute.Volume(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	return d.metadata(w, c, v)
}

func (d *Dialect) metadata(w http.ResponseWriter, c *openstack.Call, v compute.Volume) error {
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("metadata", v.Metadata)})
	return nil
}

func (d *Dialect) edit(c *openstack.Call, change func(*openstack.Call, map[string]string) error) (compute.Volume, error) {
	return d.opt.Compute.EditVolume(c.Context(), c.Caller, c.PathValue("id"), func(l *compute.VolumeLabels) error {
		if err := change(c, l.Metadata); err != nil {
			return err
		}
		if len(l.Metadata) > MaxMetadata {
			return fault.Invalidf("metadata", "Invalid metadata: a volume has at most %d entries.", MaxMetadata)
		}
		return nil
	})
}

func (d *Dialect) editMetadata(change func(*openstack.Call, map[string]string) error) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		v, err := d.edit(c, change)
		if err != nil {
			return err
		}
		return d.metadata(w, c, v)
	}
}

func noEntry(c *openstack.Call) error {
	return &fault.Error{Kind: fault.NotFound, Msg: "Metadata item was not found", Name: c.PathValue("key")}
}

func (d *Dialect) showEntry(w http.ResponseWriter, c *openstack.Call) error {
	v, err := d.opt.Compute.Volume(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	value, ok := v.Metadata[c.PathValue("key")]
	if !ok {
		return noEntry(c)
	}
	return d.entry(w, c, value)
}

func (d *Dialect) entry(w http.ResponseWriter, c *openstack.Call, value string) error {
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{
		openstack.F("meta", openstack.Fields{openstack.F(c.PathValue("key"), value)})})
	return nil
}

func (d *Dialect) putEntry(w http.ResponseWriter, c *openstack.Call) error {
	key := c.PathValue("key")
	value := c.Input.At("meta", key)
	if !value.Exists() {
		return fault.Invalidf("meta", "Request body and URI mismatch")
	}
	if _, err := d.edit(c, func(_ *openstack.Call, m map[string]string) error { m[key] = value.Text(); return nil }); err != nil {
		return err
	}
	return d.entry(w, c, value.Text())
}

func (d *Dialect) deleteEntry(w http.ResponseWriter, c *openstack.Call) error {
	_, err := d.edit(c, func(c *openstack.Call, m map[string]string) error {
		if _, ok := m[c.PathValue("key")]; !ok {
			return noEntry(c)
		}
		delete(m, c.PathValue("key"))
		return nil
	})
	if err != nil {
		return err
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusOK)
	return nil
}
