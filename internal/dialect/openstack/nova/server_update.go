package nova

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// updateServer answers PUT /servers/{id}: another name, or what else the owner
// says of it.
func (d *Dialect) updateServer(w http.ResponseWriter, c *openstack.Call) error {
	in := c.Input.At("server")
	i, err := d.opt.Compute.Edit(c.Context(), c.Caller, c.PathValue("id"), func(l *compute.Labels) error {
		if in.At("name").Exists() {
			l.Name = nameOf(c, in.At("name"))
		}
		switch text := in.At("description"); {
		case text.IsNull():
			l.Description = nil
		case text.Exists():
			l.Description = new(text.Text())
		}
		for name, to := range map[string]*string{"hostname": &l.Hostname, "accessIPv4": &l.AccessIPv4, "accessIPv6": &l.AccessIPv6} {
			if v := in.At(name); v.Exists() {
				*to = v.Text()
			}
		}
		if v := in.At("OS-DCF:diskConfig"); v.Exists() {
			l.AutoDisk = v.Text() == "AUTO"
		}
		return nil
	})
	if err != nil {
		return err
	}
	form := inUpdate
	if c.Version.AtLeast(openstack.V(2, 75)) {
		form = inShow
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK,
		openstack.Fields{openstack.F("server", serverObject(c, i, form))})
	return nil
}

func (d *Dialect) showMetadata(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	return d.metadata(w, c, i)
}

func (d *Dialect) metadata(w http.ResponseWriter, c *openstack.Call, i compute.Instance) error {
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("metadata", i.Metadata)})
	return nil
}

// mergeMetadata answers POST …/metadata, which leaves the other entries alone.
func (d *Dialect) mergeMetadata(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.editMetadata(c, func(m map[string]string) { put(m, c.Input.At("metadata")) })
	if err != nil {
		return err
	}
	return d.metadata(w, c, i)
}

// replaceMetadata answers PUT …/metadata.
func (d *Dialect) replaceMetadata(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.editMetadata(c, func(m map[string]string) {
		clear(m)
		put(m, c.Input.At("metadata"))
	})
	if err != nil {
		return err
	}
	return d.metadata(w, c, i)
}

func put(m map[string]string, entries schema.Value) {
	for _, e := range entries.Members() {
		m[e.Name] = e.Value.Text()
	}
}

func (d *Dialect) editMetadata(c *openstack.Call, edit func(map[string]string)) (compute.Instance, error) {
	i, err := d.opt.Compute.Edit(c.Context(), c.Caller, c.PathValue("id"), func(l *compute.Labels) error {
		edit(l.Metadata)
		return nil
	})
	return i, aboutQuota(err)
}

var noSuchEntry = &fault.Error{Kind: fault.NotFound, Msg: "Metadata item was not found"}

func (d *Dialect) showMetadataEntry(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	key := c.PathValue("key")
	value, ok := i.Metadata[key]
	if !ok {
		return noSuchEntry
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK,
		openstack.Fields{openstack.F("meta", map[string]string{key: value})})
	return nil
}

func (d *Dialect) putMetadataEntry(w http.ResponseWriter, c *openstack.Call) error {
	entry := c.Input.At("meta")
	if !entry.At(c.PathValue("key")).Exists() {
		return fault.Invalidf("meta", "Request body and URI mismatch")
	}
	if _, err := d.editMetadata(c, func(m map[string]string) { put(m, entry) }); err != nil {
		return err
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("meta", entry)})
	return nil
}

func (d *Dialect) deleteMetadataEntry(w http.ResponseWriter, c *openstack.Call) error {
	key := c.PathValue("key")
	_, err := d.opt.Compute.Edit(c.Context(), c.Caller, c.PathValue("id"), func(l *compute.Labels) error {
		if _, ok := l.Metadata[key]; !ok {
			return noSuchEntry
		}
		delete(l.Metadata, key)
		return nil
	})
	if err != nil {
		return err
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusNoContent)
	return nil
}

// hiddenBelow makes a handler that is not there before a microversion.
func hiddenBelow(minor int, h openstack.Handler) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		if !c.Version.AtLeast(openstack.V(2, minor)) {
			return errHidden
		}
		return h(w, c)
	}
}
