package neutron

import (
	"cmp"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// attribute is the rule for one member of a resource's bodies
// (neutron_lib.api.attributes).
type attribute struct {
	name     string
	post     bool // may be given at creation
	put      bool // may be changed
	required bool // at creation
	// check returns what is wrong with a value, or "". nil takes any.
	check func(schema.Value) string
}

// input is a resource in a body, in which nothing was found wrong.
type input struct{ schema.Value }

// has tells whether the body says something about the member.
func (in input) has(name string) bool { return in.At(name).Exists() }

// text returns a string, or otherwise where there is none.
func (in input) text(name, otherwise string) string {
	if v := in.At(name); v.Kind() == schema.Text {
		return v.Text()
	} else if v.IsNull() {
		return ""
	}
	return otherwise
}

// truth returns a boolean, or otherwise where there is none.
func (in input) truth(name string, otherwise bool) bool {
	v := in.At(name)
	if n, ok := v.Int64(); ok {
		return n != 0
	}
	if !v.Exists() || v.IsNull() {
		return otherwise
	}
	return v.Truth()
}

func bad(format string, args ...any) error {
	e := fault.Invalidf("", format, args...)
	return &openstack.NeutronError{Status: http.StatusBadRequest, Type: "HTTPBadRequest", Msg: e.Msg, Err: e}
}

// inputs returns what a POST wants to be made: one, or in bulk several.
func (r resource) inputs(c *openstack.Call) (in []input, many bool, err error) {
	bodies := []schema.Value{c.Input.At(r.name)}
	switch list := c.Input.At(r.collection); {
	case c.Input.Kind() != schema.Map || len(c.Input.Members()) == 0:
		return nil, false, bad("Resource body required")
	case list.Exists():
		bodies, many = list.Items(), true
		if len(bodies) == 0 {
			return nil, false, bad("Resources required")
		}
		if len(bodies) > mostAtOnce {
			return nil, false, bad("One request makes at most %d resources.", mostAtOnce)
		}
	}
	for _, body := range bodies {
		one, err := r.read(body, true)
		if err != nil {
			return nil, false, err
		}
		if err := ofProject(c, one); err != nil {
			return nil, false, err
		}
		in = append(in, one)
	}
	return in, many, nil
}

// changes returns what a PUT wants to be changed.
func (r resource) changes(c *openstack.Call) (input, error) {
	if c.Input.Kind() != schema.Map || len(c.Input.Members()) == 0 {
		return input{}, bad("Resource body required")
	}
	return r.read(c.Input.At(r.name), false)
}

func (r resource) read(body schema.Value, creation bool) (input, error) {
	if body.Kind() != schema.Map {
		return input{}, bad("Unable to find '%s' in request body", r.name)
	}
	var unknown []string
	for _, m := range body.Members() {
		if !slices.ContainsFunc(r.attributes, func(a attribute) bool { return a.name == m.Name }) {
			unknown = append(unknown, m.Name)
		}
	}
	if unknown != nil {
		return input{}, bad("Unrecognized attribute(s) '%s'", strings.Join(unknown, ", "))
	}
	for _, a := range r.attributes {
		v := body.At(a.name)
		switch {
		case !v.Exists() && creation && a.required:
			return input{}, bad("Failed to parse request. Required attribute '%s' not specified", a.name)
		case !v.Exists():
		case creation && !a.post:
			return input{}, bad("Attribute '%s' not allowed in POST", a.name)
		case !creation && !a.put:
			return input{}, bad("Cannot update read-only attribute %s", a.name)
		case a.check != nil:
			if reason := a.check(v); reason != "" {
				return input{}, bad("Invalid input for %s. Reason: %s.", a.name, reason)
			}
		}
	}
	return input{body}, nil
}

// ofProject refuses a project that is not the caller's, for all but
// administrators, who make things for any.
func ofProject(c *openstack.Call, in input) error {
	tenant, project := in.text("tenant_id", ""), in.project()
	if tenant != "" && tenant != project {
		return bad("'project_id' and 'tenant_id' do not match")
	}
	if project != "" && project != c.Caller.ProjectID() && !c.Caller.Admin() {
		return bad("Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin privileges")
	}
	return nil
}

// project is whose the thing is to be, "" for the caller's.
func (in input) project() string { return cmp.Or(in.text("project_id", ""), in.text("tenant_id", "")) }

// Rules for values, in neutron_lib.api.validators' words.

func isText(most int) func(schema.Value) string {
	return func(v schema.Value) string {
		switch {
		case v.IsNull():
			return ""
		case v.Kind() != schema.Text:
			return "'" + v.String() + "' is not a valid string"
		case utf8.RuneCountInString(v.Text()) > most:
			return "'" + v.Text() + "' exceeds maximum length of " + strconv.Itoa(most)
		case strings.ContainsRune(v.Text(), 0):
			return "'" + v.String() + "' is not a valid string"
		}
		return ""
	}
}

func isTruth(v schema.Value) string {
	if n, ok := v.Int64(); v.Kind() == schema.Bool || ok && (n == 0 || n == 1) {
		return ""
	}
	switch strings.ToLower(v.Text()) {
	case "true", "false":
		return ""
	}
	return "'" + v.String() + "' cannot be converted to boolean"
}

var uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$`)

func isUUID(v schema.Value) string {
	if v.Kind() == schema.Text && uuidPattern.MatchString(v.Text()) {
		return ""
	}
	return "'" + v.String() + "' is not a valid UUID"
}

func isUUIDs(v schema.Value) string {
	if v.Kind() != schema.List {
		return "'" + v.String() + "' is not a list"
	}
	for _, item := range v.Items() {
		if reason := isUUID(item); reason != "" {
			return reason
		}
	}
	return ""
}

// orNone takes null and the empty text, too.
func orNone(check func(schema.Value) string) func(schema.Value) string {
	return func(v schema.Value) string {
		if v.IsNull() || v.Kind() == schema.Text && v.Text() == "" {
			return ""
		}
		return check(v)
	}
}

func isAddress(v schema.Value) string {
	if _, err := netip.ParseAddr(v.Text()); err != nil {
		return "'" + v.String() + "' is not a valid IP address"
	}
	return ""
}

func isAddresses(v schema.Value) string {
	if v.Kind() != schema.List && !v.IsNull() {
		return "'" + v.String() + "' is not a list"
	}
	for _, item := range v.Items() {
		if reason := isAddress(item); reason != "" {
			return reason
		}
	}
	return ""
}

func isSubnet(v schema.Value) string {
	if p, err := netip.ParsePrefix(v.Text()); err != nil || p != p.Masked() {
		return "'" + v.String() + "' is not a valid IP subnet"
	}
	return ""
}

var macPattern = regexp.MustCompile(`^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$`)

func isMAC(v schema.Value) string {
	if !macPattern.MatchString(v.Text()) {
		return "'" + v.String() + "' is not a valid MAC address"
	}
	return ""
}

// isOnly takes nothing but one value, which is what there is anyway.
func isOnly(why string, holds func(schema.Value) bool) func(schema.Value) string {
	return func(v schema.Value) string {
		if holds(v) {
			return ""
		}
		return "'" + v.String() + "' is not offered here: " + why
	}
}

func isEmpty(v schema.Value) bool {
	return v.IsNull() || v.Kind() == schema.List && len(v.Items()) == 0
}

// parsed returns the address of a member, not valid where it says none.
func (in input) address(name string) netip.Addr {
	a, _ := netip.ParseAddr(in.At(name).Text())
	return a
}

// described are members that every resource has.
func described(more ...attribute) []attribute {
	return append([]attribute{
		{name: "description", post: true, put: true, check: isText(255)},
		{name: "tenant_id", post: true, check: isText(255)},
		{name: "project_id", post: true, check: isText(255)},
	}, more...)
}
