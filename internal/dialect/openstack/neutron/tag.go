package neutron

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

// Tags of networks and what is on them (extension standard-attr-tag,
// https://docs.openstack.org/api-ref/network/v2/#standard-attributes-tag-extension).

const (
	maxTagLength = 255
	maxTags      = 256 // of one thing; Neutron has no limit
)

// retag changes the tags of one thing and returns what they are then.
type retag func(d *Dialect, c *openstack.Call, id string, change func([]string) ([]string, error)) ([]string, error)

func tagsOf(tags []string) []string { return append([]string{}, tags...) }

func (d *Dialect) retagNetwork(c *openstack.Call, id string, change func([]string) ([]string, error)) ([]string, error) {
	n, err := d.compute.EditNetwork(c.Context(), c.Caller, id, func(_ compute.Network, l *compute.NetworkLabels) (err error) {
		l.Tags, err = change(l.Tags)
		return err
	})
	return n.Tags, err
}

func (d *Dialect) retagSubnet(c *openstack.Call, id string, change func([]string) ([]string, error)) ([]string, error) {
	n, err := d.compute.EditSubnet(c.Context(), c.Caller, id, func(_ compute.Subnet, l *compute.SubnetLabels) (err error) {
		l.Tags, err = change(l.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return n.Subnet.Tags, nil
}

func (d *Dialect) retagPort(c *openstack.Call, id string, change func([]string) ([]string, error)) ([]string, error) {
	p, err := d.compute.EditPort(c.Context(), c.Caller, id, func(_ compute.Port, l *compute.PortLabels) (_ netip.Addr, err error) {
		l.Tags, err = change(l.Tags)
		return netip.Addr{}, err
	})
	return p.Tags, err
}

func (d *Dialect) retagGroup(c *openstack.Call, id string, change func([]string) ([]string, error)) ([]string, error) {
	g, err := d.compute.EditSecurityGroup(c.Context(), c.Caller, id, func(_ compute.SecurityGroup, l *compute.GroupLabels) (err error) {
		l.Tags, err = change(l.Tags)
		return err
	})
	return g.Tags, err
}

func (d *Dialect) retagFloatingIP(c *openstack.Call, id string, change func([]string) ([]string, error)) ([]string, error) {
	f, err := d.compute.EditFloatingIP(c.Context(), c.Caller, id, func(_ compute.FloatingIP, l *compute.FloatingLabels) (err error) {
		l.Tags, err = change(l.Tags)
		return err
	})
	return f.Tags, err
}

func (d *Dialect) retagRouter(c *openstack.Call, id string, change func([]string) ([]string, error)) ([]string, error) {
	r, err := d.compute.EditRouter(c.Context(), c.Caller, id, func(_ compute.Router, l *compute.RouterLabels) (err error) {
		l.Tags, err = change(l.Tags)
		return err
	})
	return r.Tags, err
}

// tagRoutes are the calls on the tags of one kind of things.
func (d *Dialect) tagRoutes(r resource, one string, reads, changes func(method, path string, h openstack.Handler) openstack.Route) []openstack.Route {
	const tag = "/{tag}"
	all := one + "/tags"
	return []openstack.Route{
		reads(http.MethodGet, all, func(w http.ResponseWriter, c *openstack.Call) error {
			tags, err := d.tagsNow(r, c)
			if err == nil {
				d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{openstack.F("tags", tags)})
			}
			return err
		}),
		reads(http.MethodGet, all+tag, func(w http.ResponseWriter, c *openstack.Call) error {
			tags, err := d.tagsNow(r, c)
			if err == nil && !slices.Contains(tags, c.PathValue("tag")) {
				err = noTag(c)
			}
			if err == nil {
				d.style.Empty(w, c.Request, http.StatusNoContent)
			}
			return err
		}),
		changes(http.MethodPut, all, func(w http.ResponseWriter, c *openstack.Call) error {
			wanted, err := tagsAsked(c.Input)
			if err != nil {
				return err
			}
			tags, err := r.retag(d, c, c.PathValue("id"), func([]string) ([]string, error) { return wanted, nil })
			if err == nil {
				d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{openstack.F("tags", tagsOf(tags))})
			}
			return err
		}),
		changes(http.MethodPut, all+tag, func(w http.ResponseWriter, c *openstack.Call) error {
			one := c.PathValue("tag")
			if reason := badTag(one); reason != "" {
				return bad("%s", reason)
			}
			return d.changeTags(w, c, r, http.StatusCreated, func(tags []string) ([]string, error) {
				if slices.Contains(tags, one) {
					return tags, nil
				}
				return few(append(slices.Clone(tags), one))
			})
		}),
		changes(http.MethodDelete, all+tag, func(w http.ResponseWriter, c *openstack.Call) error {
			return d.changeTags(w, c, r, http.StatusNoContent, func(tags []string) ([]string, error) {
				k := slices.Index(tags, c.PathValue("tag"))
				if k < 0 {
					return nil, noTag(c)
				}
				return slices.Delete(slices.Clone(tags), k, k+1), nil
			})
		}),
		changes(http.MethodDelete, all, func(w http.ResponseWriter, c *openstack.Call) error {
			return d.changeTags(w, c, r, http.StatusNoContent, func([]string) ([]string, error) { return nil, nil })
		}),
	}
}

func (d *Dialect) changeTags(w http.ResponseWriter, c *openstack.Call, r resource, status int, change func([]string) ([]string, error)) error {
	if _, err := r.retag(d, c, c.PathValue("id"), change); err != nil {
		return err
	}
	d.style.Empty(w, c.Request, status)
	return nil
}

// tagsNow are a thing's tags, for everybody who sees it.
func (d *Dialect) tagsNow(r resource, c *openstack.Call) ([]string, error) {
	f, err := r.show(d, c, c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	tags, _ := member(f, "tags")
	return tags.([]string), nil
}

func noTag(c *openstack.Call) error {
	return &openstack.NeutronError{Status: http.StatusNotFound, Type: "TagNotFound", Msg: "Tag " + c.PathValue("tag") + " could not be found."}
}

func badTag(tag string) string {
	switch {
	case tag == "" || strings.ContainsRune(tag, 0) || !utf8.ValidString(tag):
		return "'" + tag + "' is not a valid tag"
	case utf8.RuneCountInString(tag) > maxTagLength:
		return "'" + tag + "' exceeds maximum length of 255"
	}
	return ""
}

func few(tags []string) ([]string, error) {
	if len(tags) > maxTags {
		return nil, bad("Invalid input for tags. Reason: one thing has at most %d tags.", maxTags)
	}
	return tags, nil
}

// tagsAsked reads {"tags": […]}: each once.
func tagsAsked(body schema.Value) ([]string, error) {
	list := body.At("tags")
	if list.Kind() != schema.List {
		return nil, bad("Invalid tags body")
	}
	var out []string
	for _, v := range list.Items() {
		if v.Kind() != schema.Text {
			return nil, bad("Invalid input for tags. Reason: '%s' is not a valid string.", v.String())
		}
		if reason := badTag(v.Text()); reason != "" {
			return nil, bad("Invalid input for tags. Reason: %s.", reason)
		}
		if !slices.Contains(out, v.Text()) {
			out = append(out, v.Text())
		}
	}
	return few(out)
}

// tagFilters are the parameters of lists that are about tags, which are written
// with commas between them.
var tagFilters = map[string]func(tags, wanted []string) bool{
	"tags":         hasAll,
	"tags-any":     hasOne,
	"not-tags":     func(tags, wanted []string) bool { return !hasAll(tags, wanted) },
	"not-tags-any": func(tags, wanted []string) bool { return !hasOne(tags, wanted) },
}

func hasOne(tags, wanted []string) bool {
	return slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(tags, w) })
}

func hasAll(tags, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(tags, w) })
}

// tagged keeps what has the tags that the query asks for.
func tagged(all []openstack.Fields, q schema.Query) []openstack.Fields {
	for name, fits := range tagFilters {
		for _, text := range q.All(name) {
			wanted := strings.Split(text, ",")
			all = slices.DeleteFunc(all, func(f openstack.Fields) bool {
				tags, ok := member(f, "tags")
				return ok && !fits(tags.([]string), wanted)
			})
		}
	}
	return all
}
