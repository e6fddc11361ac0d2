package nova

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// maxTags is how many tags a server may have, as in Nova.
const maxTags = 50

func (d *Dialect) showTags(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	return d.tags(w, c, i)
}

func (d *Dialect) tags(w http.ResponseWriter, c *openstack.Call, i compute.Instance) error {
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, openstack.Fields{openstack.F("tags", i.Tags)})
	return nil
}

func (d *Dialect) replaceTags(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.editTags(c, func([]string) ([]string, error) { return texts(c.Input.At("tags")), nil })
	if err != nil {
		return err
	}
	return d.tags(w, c, i)
}

func (d *Dialect) deleteTags(w http.ResponseWriter, c *openstack.Call) error {
	if _, err := d.editTags(c, func([]string) ([]string, error) { return nil, nil }); err != nil {
		return err
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusNoContent)
	return nil
}

func (d *Dialect) showTag(w http.ResponseWriter, c *openstack.Call) error {
	id, tag := c.PathValue("id"), c.PathValue("tag")
	i, err := d.opt.Compute.Instance(c.Context(), c.Caller, id)
	if err != nil {
		return err
	}
	if !slices.Contains(i.Tags, tag) {
		return noSuchTag(id, tag)
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusNoContent)
	return nil
}

func (d *Dialect) putTag(w http.ResponseWriter, c *openstack.Call) error {
	tag := c.PathValue("tag")
	if err := schema.Validate(tagRule, schema.TextValue(tag)); err != nil {
		return fault.Invalidf("tag", "Tag '%s' is invalid. It must be a non empty string without characters '/' and ','. Validation error message: %s",
			tag, asMessage(err))
	}
	status := http.StatusNoContent
	_, err := d.editTags(c, func(tags []string) ([]string, error) {
		status = http.StatusNoContent
		switch {
		case slices.Contains(tags, tag):
			return tags, nil
		case len(tags) >= maxTags:
			return nil, fault.Invalidf("tags", "The number of tags exceeded the per-server limit %d", maxTags)
		}
		status = http.StatusCreated
		return append(tags, tag), nil
	})
	if err != nil {
		return err
	}
	if status == http.StatusCreated {
		w.Header()["Location"] = []string{c.Self("/servers/" + c.PathValue("id") + "/tags/" + url.PathEscape(tag))}
	}
	d.style.Empty(w, c.Request, c.Version, status)
	return nil
}

func (d *Dialect) deleteTag(w http.ResponseWriter, c *openstack.Call) error {
	id, tag := c.PathValue("id"), c.PathValue("tag")
	_, err := d.editTags(c, func(tags []string) ([]string, error) {
		k := slices.Index(tags, tag)
		if k < 0 {
			return nil, noSuchTag(id, tag)
		}
		return slices.Delete(tags, k, k+1), nil
	})
	if err != nil {
		return err
	}
	d.style.Empty(w, c.Request, c.Version, http.StatusNoContent)
	return nil
}

func (d *Dialect) editTags(c *openstack.Call, edit func([]string) ([]string, error)) (compute.Instance, error) {
	return d.opt.Compute.Edit(c.Context(), c.Caller, c.PathValue("id"), func(l *compute.Labels) (err error) {
		l.Tags, err = edit(l.Tags)
		return err
	})
}

func noSuchTag(id, tag string) error {
	return &fault.Error{Kind: fault.NotFound, Msg: fmt.Sprintf("Server %s has no tag '%s'", id, tag)}
}

// asMessage is a fault's text without the words about where it was found.
func asMessage(err error) string {
	var f *schema.Fault
	if errors.As(err, &f) {
		return f.Message
	}
	return err.Error()
}
