package glance

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

func checkTag(tag string) error {
	if n := utf8.RuneCountInString(tag); n == 0 || n > 255 || strings.ContainsRune(tag, 0) {
		return fault.Invalidf("tags", "Provided object does not match schema 'image': a tag has 1 to 255 characters.")
	}
	return nil
}

// putTag answers PUT /v2/images/{id}/tags/{tag}; one that is there stays.
func (d *Dialect) putTag(w http.ResponseWriter, c *openstack.Call) error {
	tag := c.PathValue("tag")
	if err := checkTag(tag); err != nil {
		return err
	}
	return d.retag(w, c, func(l *compute.ImageLabels) error {
		l.Tags = append(l.Tags, tag)
		return nil
	})
}

func (d *Dialect) deleteTag(w http.ResponseWriter, c *openstack.Call) error {
	return d.retag(w, c, func(l *compute.ImageLabels) error {
		k := slices.Index(l.Tags, c.PathValue("tag"))
		if k < 0 {
			return &fault.Error{Kind: fault.NotFound}
		}
		l.Tags = slices.Delete(l.Tags, k, k+1)
		return nil
	})
}

func (d *Dialect) retag(w http.ResponseWriter, c *openstack.Call, change func(*compute.ImageLabels) error) error {
	if _, err := d.edit(c, change); err != nil {
		return err
	}
	d.style.Empty(w, c.Request, http.StatusNoContent)
	return nil
}
