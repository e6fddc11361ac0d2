package openstack

import (
	"net/url"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

// Link is one entry of a links list.
type Link struct {
	Rel  string `json:"rel"`
	Type string `json:"type,omitempty"`
	Href string `json:"href"`
}

// Self returns the links list of a resource that has only its own address.
func Self(href string) []Link { return []Link{{Rel: "self", Href: href}} }

// SelfAndBookmark returns the links list of a compute resource: its address in
// the API version used, and the one without a version.
func SelfAndBookmark(self, bookmark string) []Link {
	return []Link{{Rel: "self", Href: self}, {Rel: "bookmark", Href: bookmark}}
}

// Bookmark returns the links list of a compute resource that is only referred to.
func Bookmark(href string) []Link { return []Link{{Rel: "bookmark", Href: href}} }

// NextPage returns the links list that leads to a list's next page: the list's
// address with the request's parameters in the order of their names and the
// marker of the last item shown.
func NextPage(list string, q schema.Query, marker string) []Link {
	names := q.Names()
	slices.Sort(names)
	if !q.Has("marker") {
		names = append(names, "marker")
	}
	pairs := make([]string, len(names))
	for i, name := range names {
		value := q.Last(name)
		if name == "marker" {
			value = marker
		}
		pairs[i] = url.QueryEscape(name) + "=" + url.QueryEscape(value)
	}
	return []Link{{Rel: "next", Href: list + "?" + strings.Join(pairs, "&")}}
}
