package keystone

import (
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// subjectHeader carries the token that a call is about.
const subjectHeader = "X-Subject-Token"

// self is the links member of a resource.
type self struct {
	Self string `json:"self"`
}

// listLinks is the links member of a list. All is on one page, but pagers look
// for the members.
type listLinks struct {
	Next     *string `json:"next"`
	Self     string  `json:"self"`
	Previous *string `json:"previous"`
}

// ref names something that has no domain of its own, such as a role.
type ref struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// refIn names something with its domain.
type refIn struct {
	Domain ref    `json:"domain"`
	ID     string `json:"id"`
	Name   string `json:"name"`
}

type catalogEntry struct {
	Endpoints []catalogEndpoint `json:"endpoints"`
	ID        string            `json:"id"`
	Type      string            `json:"type"`
	Name      string            `json:"name"`
}

type catalogEndpoint struct {
	ID        string `json:"id"`
	Interface string `json:"interface"`
	RegionID  string `json:"region_id"`
	URL       string `json:"url"`
	Region    string `json:"region"`
}

// timestamp writes a time as Keystone does: to the second, with six zeros that
// clients want to parse. (Zeros after the point of a layout would be filled
// with the fraction.)
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") + ".000000Z" }

// list answers with a collection.
func (d *Dialect) list(w http.ResponseWriter, c *openstack.Call, collection string, items any) error {
	address := c.Base + c.URL.EscapedPath()
	if c.URL.RawQuery != "" {
		address += "?" + c.URL.RawQuery
	}
	d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{
		openstack.F(collection, items), openstack.F("links", listLinks{Self: address}),
	})
	return nil
}

// one answers with a single resource.
func (d *Dialect) one(w http.ResponseWriter, c *openstack.Call, status int, name string, resource any) error {
	d.style.JSON(w, c.Request, status, openstack.Fields{openstack.F(name, resource)})
	return nil
}

// empty answers that it is done.
func (d *Dialect) empty(w http.ResponseWriter, c *openstack.Call) error {
	d.style.Empty(w, c.Request, http.StatusNoContent)
	return nil
}

// readObject reads a request's body: a JSON object, or nothing, which is an
// object without members.
func readObject(r *http.Request) (schema.Value, error) {
	if !isJSON(r) {
		return schema.Value{}, openstack.Expecting("application/json", "Content-Type header")
	}
	v, err := openstack.ReadBody(r)
	switch {
	case err != nil:
		return schema.Value{}, err
	case v.Kind() == schema.Map, v.IsNull() && r.ContentLength == 0:
		return v, nil
	}
	return schema.Value{}, openstack.Expecting("valid JSON", "request body")
}

// isJSON reports whether the body is declared to be JSON. None, and a body
// without a type, pass.
func isJSON(r *http.Request) bool {
	text := r.Header.Get("Content-Type")
	if text == "" || r.ContentLength == 0 {
		return true
	}
	t, _, err := mime.ParseMediaType(text)
	return err == nil && (t == "application/json" || strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json"))
}

// text reads an optional string of a request's object: nil when it is absent,
// empty when it is null.
func text(v schema.Value) *string {
	if !v.Exists() {
		return nil
	}
	return new(v.Text())
}

// flag reads an optional boolean.
func flag(v schema.Value) *bool {
	if v.Kind() != schema.Bool {
		return nil
	}
	return new(v.Bool())
}

// off reports whether a boolean is there and false.
func off(v schema.Value) bool { return v.Kind() == schema.Bool && !v.Bool() }

// texts reads a list of strings.
func texts(v schema.Value) []string {
	var all []string
	for _, item := range v.Items() {
		all = append(all, item.Text())
	}
	return all
}

// readResource reads the named object of a request's body and checks it. A
// body without it is checked as an object without members, as in Keystone.
func readResource(r *http.Request, name string, rule schema.Schema) (schema.Value, error) {
	body, err := readObject(r)
	if err != nil {
		return schema.Value{}, err
	}
	v := body.At(name)
	if !v.Exists() {
		if v, err = schema.Decode([]byte("{}")); err != nil {
			return schema.Value{}, fault.Wrap(err, "making an empty object")
		}
	}
	return v, schema.Validate(rule, v)
}
