package neutron

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

func member(f openstack.Fields, name string) (any, bool) {
	for _, m := range f {
		if m.Name == name {
			return m.Value, true
		}
	}
	return nil, false
}

func idOf(f openstack.Fields) string {
	id, _ := member(f, "id")
	text, _ := id.(string)
	return text
}

// filtered keeps what has the values that the query asks for: of several values
// for one member any, of several members all. A list has the value when one of
// its entries has; members of its entries are asked for as "ip_address=10.0.0.1".
// What no member is called is ignored, as Neutron does.
func filtered(all []openstack.Fields, q schema.Query) []openstack.Fields {
	return slices.DeleteFunc(all, func(f openstack.Fields) bool {
		for _, name := range q.Names() {
			if name == "fields" || name == "tags" {
				continue
			}
			v, ok := member(f, name)
			if !ok {
				continue
			}
			if entries, ok := v.([]openstack.Fields); ok && !hasEntries(entries, q.All(name)) || !ok && !hasAny(v, q.All(name)) {
				return true
			}
		}
		return false
	})
}

func hasAny(v any, wanted []string) bool {
	return slices.ContainsFunc(wanted, func(want string) bool { return has(v, want) })
}

// hasEntries is for members that are lists of objects: of each name that is
// asked for, an entry has one of the values.
func hasEntries(entries []openstack.Fields, wanted []string) bool {
	byName := map[string][]string{}
	for _, want := range wanted {
		name, _, _ := strings.Cut(want, "=")
		byName[name] = append(byName[name], want)
	}
	for _, some := range byName {
		if !hasAny(entries, some) {
			return false
		}
	}
	return true
}

// has tells whether a member has a value, written as in a query.
func has(v any, want string) bool {
	switch v := v.(type) {
	case nil:
		return want == "" || want == "None"
	case bool:
		text := strings.ToLower(want)
		return text == strconv.FormatBool(v) || text == map[bool]string{true: "1", false: "0"}[v]
	case []string:
		return slices.Contains(v, want)
	case []openstack.Fields:
		name, value, ok := strings.Cut(want, "=")
		return ok && slices.ContainsFunc(v, func(f openstack.Fields) bool {
			m, found := member(f, name)
			return found && has(m, value)
		})
	}
	return fmt.Sprint(v) == want
}

// narrowed leaves only the members that the query names with fields.
func narrowed(all []openstack.Fields, q schema.Query) []openstack.Fields {
	wanted := q.All("fields")
	out := make([]openstack.Fields, len(all))
	for k, f := range all {
		if wanted == nil {
			out[k] = f
			continue
		}
		for _, m := range f {
			if slices.Contains(wanted, m.Name) {
				out[k] = append(out[k], m)
			}
		}
	}
	return out
}

// page is a part of a list: its order, where it begins and how long it is.
type page struct {
	keys   []sortKey
	marker string
	limit  int // 0 for all
}

type sortKey struct {
	name string
	down bool
}

func pageAsked(q schema.Query) (page, error) {
	p := page{marker: q.Last("marker")}
	if q.Has("limit") {
		n, err := strconv.Atoi(q.Last("limit"))
		if err != nil || n < 0 {
			return p, fault.Invalidf("limit", "Bad limit request: Limit must be an integer 0 or greater and not '%s'.", q.Last("limit"))
		}
		p.limit = n
	}
	keys, dirs := q.All("sort_key"), q.All("sort_dir")
	if len(dirs) > 0 && len(dirs) != len(keys) {
		return p, fault.Invalidf("sort_dir", "The number of sort_keys and sort_dirs must be same")
	}
	for k, name := range keys {
		key := sortKey{name: name}
		if len(dirs) > 0 {
			switch dirs[k] {
			case "asc":
			case "desc":
				key.down = true
			default:
				return p, fault.Invalidf("sort_dir", "%s is invalid value for sort_dirs, valid value is 'asc' or 'desc'", dirs[k])
			}
		}
		p.keys = append(p.keys, key)
	}
	return p, nil
}

// order sorts by the keys that the resources have.
func (p page) order(all []openstack.Fields) *openstack.Order[openstack.Fields] {
	order := new(openstack.Order[openstack.Fields])
	if len(all) == 0 {
		return order
	}
	for _, k := range p.keys {
		if _, ok := member(all[0], k.name); ok {
			order.Then(k.name, openstack.By(func(f openstack.Fields) string {
				v, _ := member(f, k.name)
				return fmt.Sprint(v)
			}), k.down)
		}
	}
	return order
}

// of sorts all and returns the page of it, and whether there is more after it.
func (p page) of(all []openstack.Fields) (some []openstack.Fields, more bool, err error) {
	p.order(all).Sort(all)
	all, ok := openstack.After(all, p.marker, idOf)
	if !ok {
		return nil, false, fault.Invalidf("marker", "Invalid input for operation: marker %s was not found in the list.", p.marker)
	}
	if p.limit > 0 && len(all) > p.limit {
		return all[:p.limit], true, nil
	}
	return all, false, nil
}
