package cinder

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// maxPage is how many things one answer lists at most: osapi_max_limit.
const maxPage = 1000

// listing is what the lists of one kind of thing know of it.
type listing[T any] struct {
	member   string // "volumes"
	resource string // as faults call one
	id       func(T) string
	// filters are the parameters that lists can be narrowed by; what no filter is
	// called is ignored, as Cinder does for who is no administrator.
	filters map[string]func(one T, want string) bool
	columns openstack.Columns[T]
	// all returns the things of the caller's project, or everybody's, newest first.
	all func(c *openstack.Call, everybody bool) ([]T, error)
}

// is makes a filter of a value.
func is[T any](of func(T) string) func(T, string) bool {
	return func(one T, want string) bool { return of(one) == want }
}

// hasMetadata makes a filter that takes a Python dictionary, {'key': 'value'},
// as clients write it.
func hasMetadata[T any](of func(T) map[string]string) func(T, string) bool {
	return func(one T, want string) bool {
		var asked map[string]string
		if json.Unmarshal([]byte(strings.ReplaceAll(want, "'", `"`)), &asked) != nil {
			return false
		}
		for name, value := range asked {
			if got, ok := of(one)[name]; !ok || got != value {
				return false
			}
		}
		return true
	}
}

// orderAsked reads sort=key:dir,… or the older sort_key and sort_dir; newest
// first without them.
func (l listing[T]) orderAsked(q schema.Query) (*openstack.Order[T], error) {
	var pairs []string
	if text := q.Last("sort"); text != "" {
		if q.Has("sort_key") || q.Has("sort_dir") {
			return nil, fault.Invalidf("sort", "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter.")
		}
		pairs = strings.Split(text, ",")
	} else {
		pairs = []string{cmp.Or(q.Last("sort_key"), "created_at") + ":" + cmp.Or(q.Last("sort_dir"), "desc")}
	}
	order := new(openstack.Order[T])
	for _, pair := range pairs {
		key, dir, _ := strings.Cut(strings.TrimSpace(pair), ":")
		dir = cmp.Or(dir, "desc")
		column, ok := l.columns[key]
		if !ok {
			return nil, fault.Invalidf("sort", "Invalid input received: Invalid sort key passed: %s.", key)
		}
		if dir != "asc" && dir != "desc" {
			return nil, fault.Invalidf("sort", "Invalid input received: Invalid sort direction %s.", dir)
		}
		order.Then(key, column, dir == "desc")
	}
	return order, nil
}

// page is the part of a list that a request wants.
type page struct {
	marker        string
	limit, offset int
	asked         bool // a limit was given
}

func pageAsked(q schema.Query) (page, error) {
	p := page{marker: q.Last("marker"), limit: maxPage}
	for _, n := range []struct {
		name string
		into *int
	}{{"limit", &p.limit}, {"offset", &p.offset}} {
		if !q.Has(n.name) {
			continue
		}
		v, err := strconv.Atoi(q.Last(n.name))
		if err != nil {
			return p, fault.Invalidf(n.name, "%s param must be an integer", n.name)
		}
		if v < 0 {
			return p, fault.Invalidf(n.name, "%s param must be positive", n.name)
		}
		*n.into = v
	}
	p.asked = q.Has("limit")
	p.limit = min(p.limit, maxPage)
	return p, nil
}

// listed makes the handler of a list, in which show shows each thing.
func listed[T any](d *Dialect, l listing[T], show func(*openstack.Call, T) openstack.Fields) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		p, err := pageAsked(c.Query)
		if err != nil {
			return err
		}
		order, err := l.orderAsked(c.Query)
		if err != nil {
			return err
		}
		all, err := l.all(c, c.Caller.Admin() && schema.TextValue(c.Query.Last("all_tenants")).Truth())
		if err != nil {
			return err
		}
		all = l.filtered(all, c.Query)
		order.Sort(all)
		count := len(all)
		all, ok := openstack.After(all, p.marker, l.id)
		if !ok {
			return fault.Missing(l.resource, p.marker)
		}
		all = all[min(p.offset, len(all)):]
		some := all[:min(len(all), p.limit)]
		views := make([]openstack.Fields, len(some))
		for k, one := range some {
			views[k] = show(c, one)
		}
		out := openstack.Fields{openstack.F(l.member, views)}
		if len(some) > 0 && (p.asked && len(some) == p.limit || len(some) < len(all)) {
			path := strings.TrimPrefix(c.URL.Path, c.Folder+c.Project)
			out = append(out, openstack.F(l.member+"_links", openstack.NextPage(c.Self(path), c.Query, l.id(some[len(some)-1]))))
		}
		if c.Version.AtLeast(openstack.V(3, 45)) && schema.TextValue(c.Query.Last("with_count")).Truth() {
			out = append(out, openstack.F("count", count))
		}
		d.style.JSON(w, c.Request, c.Version, http.StatusOK, out)
		return nil
	}
}

func (l listing[T]) filtered(all []T, q schema.Query) []T {
	for _, name := range q.Names() {
		if match, ok := l.filters[name]; ok {
			want := q.Last(name)
			all = slices.DeleteFunc(all, func(one T) bool { return !match(one, want) })
		}
	}
	return all
}
