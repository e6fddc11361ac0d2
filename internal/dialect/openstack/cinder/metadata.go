package cinder

import (
	"maps"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// maxMetadata is how many entries the metadata of a volume or a snapshot have
// at most, which no quota counts.
const maxMetadata = 128

// annotated is how the metadata of one kind of thing are read and changed.
type annotated struct {
	d *Dialect
	// path is of one thing, and noun what policy rules call it.
	path, noun string
	read       func(c *openstack.Call) (map[string]string, error)
	// edit lets change change the metadata, and returns what they are then.
	edit func(c *openstack.Call, change func(map[string]string) error) (map[string]string, error)
}

// routes are the calls on what is written on a thing.
func (a annotated) routes() []openstack.Route {
	all, one := a.path+"/metadata", a.path+"/metadata/{key}"
	rule := func(verb string) openstack.Rule { return openstack.Rule("volume:" + verb + "_" + a.noun + "_metadata") }
	return []openstack.Route{
		reads(all, rule("get"), a.show),
		changes(http.MethodPost, all, rule("create"), metadataBody, a.merge),
		changes(http.MethodPut, all, rule("update"), metadataBody, a.replace),
		reads(one, rule("get"), a.showEntry),
		changes(http.MethodPut, one, rule("update"), metaBody, a.putEntry),
		changes(http.MethodDelete, one, rule("delete"), nil, a.deleteEntry),
	}
}

// bounded changes metadata that do not become too many.
func (a annotated) bounded(c *openstack.Call, change func(map[string]string) error) (map[string]string, error) {
	return a.edit(c, func(m map[string]string) error {
		if err := change(m); err != nil {
			return err
		}
		if len(m) > maxMetadata {
			return fault.Invalidf("metadata", "Invalid metadata: a %s has at most %d entries.", a.noun, maxMetadata)
		}
		return nil
	})
}

func (a annotated) answer(w http.ResponseWriter, c *openstack.Call, m map[string]string, err error) error {
	if err == nil {
		a.d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("metadata", m)})
	}
	return err
}

func (a annotated) show(w http.ResponseWriter, c *openstack.Call) error {
	m, err := a.read(c)
	return a.answer(w, c, m, err)
}

func (a annotated) merge(w http.ResponseWriter, c *openstack.Call) error {
	m, err := a.bounded(c, func(m map[string]string) error {
		maps.Copy(m, stringMap(c.Input.At("metadata")))
		return nil
	})
	return a.answer(w, c, m, err)
}

func (a annotated) replace(w http.ResponseWriter, c *openstack.Call) error {
	m, err := a.bounded(c, func(m map[string]string) error {
		clear(m)
		maps.Copy(m, stringMap(c.Input.At("metadata")))
		return nil
	})
	return a.answer(w, c, m, err)
}

func noEntry(c *openstack.Call) error {
	return &fault.Error{Kind: fault.NotFound, Msg: "Metadata item was not found", Name: c.PathValue("key")}
}

func (a annotated) showEntry(w http.ResponseWriter, c *openstack.Call) error {
	m, err := a.read(c)
	if err != nil {
		return err
	}
	value, ok := m[c.PathValue("key")]
	if !ok {
		return noEntry(c)
	}
	return a.entry(w, c, value)
}

func (a annotated) entry(w http.ResponseWriter, c *openstack.Call, value string) error {
	a.d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{
		openstack.F("meta", openstack.Fields{openstack.F(c.PathValue("key"), value)})})
	return nil
}

func (a annotated) putEntry(w http.ResponseWriter, c *openstack.Call) error {
	key := c.PathValue("key")
	value := c.Input.At("meta", key)
	if !value.Exists() {
		return fault.Invalidf("meta", "Request body and URI mismatch")
	}
	if _, err := a.bounded(c, func(m map[string]string) error { m[key] = value.Text(); return nil }); err != nil {
		return err
	}
	return a.entry(w, c, value.Text())
}

func (a annotated) deleteEntry(w http.ResponseWriter, c *openstack.Call) error {
	_, err := a.edit(c, func(m map[string]string) error {
		if _, ok := m[c.PathValue("key")]; !ok {
			return noEntry(c)
		}
		delete(m, c.PathValue("key"))
		return nil
	})
	if err != nil {
		return err
	}
	a.d.style.Empty(w, c.Request, c.Version, http.StatusOK)
	return nil
}
