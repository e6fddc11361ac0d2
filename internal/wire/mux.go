package wire

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Mux is a router for wire APIs whose paths are data. It differs from
// [http.ServeMux] where that is made for web sites: it never redirects and
// never cleans a path, "." and ".." are names like any other, a path that is
// known under another method only is as unknown as the rest, and HEAD is
// served only where it is registered.
//
// It matches segment by segment on the escaped path: %2F belongs to the segment
// it stands in, and [http.Request.PathValue] gives it decoded. Literal segments
// are compared decoded too. A path that is not UTF-8 once decoded matches
// nothing.
//
// Registering is not safe while requests are served.
type Mux struct {
	root     node
	notFound http.Handler
	patterns []string
}

// node is one segment position in the tree of patterns.
type node struct {
	literal map[string]*node
	param   *node
	rest    *node // {name...}: takes all that is left
	routes  []*route
}

type route struct {
	pattern string
	method  string // "" is any
	names   []string
	handler http.Handler
}

// maxParams bounds the parameters of one pattern, so that matching needs no heap.
const maxParams = 8

// values collects decoded parameters while a path is matched.
type values struct {
	v [maxParams]string
	n int
}

// NewMux makes a router that gives what matches no pattern to notFound; nil is
// a plain 404.
func NewMux(notFound http.Handler) *Mux {
	if notFound == nil {
		notFound = plain(http.StatusNotFound)
	}
	return &Mux{notFound: notFound}
}

// Handle registers a handler for a pattern: "METHOD /path", or "/path" for
// every method. A segment {name} matches one segment that is not empty, a last
// segment {name...} all that is left, slashes included and possibly empty. A
// path with a trailing slash is another path than the one without.
//
// Literal segments win over {name}, and that over {name...}; where the winner
// does not serve the request's method, the next one is asked.
//
// It panics on a malformed pattern, on one registered twice and on one with
// more than 8 parameters: all are mistakes in the program.
func (m *Mux) Handle(pattern string, h http.Handler) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "", pattern
	}
	if !strings.HasPrefix(path, "/") {
		panic(fmt.Sprintf("wire: pattern %q: the path must begin with a slash", pattern))
	}
	rt := &route{pattern: pattern, method: method, handler: h}
	n := &m.root
	segments := strings.Split(path[1:], "/")
	for i, seg := range segments {
		name, isParam := paramName(seg)
		switch {
		case !isParam:
			if strings.ContainsAny(seg, "{}") {
				panic(fmt.Sprintf("wire: pattern %q: a parameter is a whole segment", pattern))
			}
			n = n.child(seg)
			continue
		case strings.HasSuffix(name, "..."):
			if i != len(segments)-1 {
				panic(fmt.Sprintf("wire: pattern %q: {%s} must come last", pattern, name))
			}
			name = strings.TrimSuffix(name, "...")
			n = orNew(&n.rest)
		default:
			n = orNew(&n.param)
		}
		if name == "" || slices.Contains(rt.names, name) {
			panic(fmt.Sprintf("wire: pattern %q: parameters need names of their own", pattern))
		}
		rt.names = append(rt.names, name)
	}
	if len(rt.names) > maxParams {
		panic(fmt.Sprintf("wire: pattern %q: more than %d parameters", pattern, maxParams))
	}
	for _, other := range n.routes {
		if other.method == method {
			panic(fmt.Sprintf("wire: pattern %q: already served by %q", pattern, other.pattern))
		}
	}
	n.routes = append(n.routes, rt)
	m.patterns = append(m.patterns, pattern)
}

// HandleFunc is [Mux.Handle] for a function.
func (m *Mux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.Handle(pattern, http.HandlerFunc(h))
}

// ServeHTTP hands the request to the handler of the pattern that matches, with
// r.Pattern and the path values set.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var vals values
	rt := m.match(r, r.Method, &vals)
	if rt == nil {
		m.notFound.ServeHTTP(w, r)
		return
	}
	r.Pattern = rt.pattern
	if x := exchangeOf(r.Context()); x != nil {
		x.setRoute(rt.pattern)
	}
	for i, name := range rt.names {
		r.SetPathValue(name, vals.v[i])
	}
	rt.handler.ServeHTTP(w, r)
}

// Methods returns the methods that the request's path is registered under,
// sorted: what an Allow header lists. It is empty for a path that is unknown,
// and for one that serves every method.
func (m *Mux) Methods(r *http.Request) []string {
	var found []string
	for _, p := range m.patterns {
		method, _, ok := strings.Cut(p, " ")
		if !ok || slices.Contains(found, method) {
			continue
		}
		var vals values
		if rt := m.match(r, method, &vals); rt != nil && rt.method == method {
			found = append(found, method)
		}
	}
	slices.Sort(found)
	return found
}

func (m *Mux) match(r *http.Request, method string, vals *values) *route {
	if !utf8.ValidString(r.URL.Path) {
		return nil
	}
	// Without RawPath the decoded path has no hidden slash (net/url), so its
	// segments need no decoding: nearly every request.
	path, escaped := r.URL.Path, false
	if r.URL.RawPath != "" {
		path, escaped = r.URL.EscapedPath(), true
	}
	if !strings.HasPrefix(path, "/") {
		return nil // "*", or the authority of a CONNECT
	}
	return m.root.find(path, escaped, method, vals)
}

// find matches path, which begins with a slash or is empty at the end.
func (n *node) find(path string, escaped bool, method string, vals *values) *route {
	if path == "" {
		return n.routeFor(method)
	}
	seg, after := path[1:], ""
	if i := strings.IndexByte(seg, '/'); i >= 0 {
		seg, after = seg[:i], seg[i:]
	}
	if escaped {
		var err error
		if seg, err = url.PathUnescape(seg); err != nil {
			return nil
		}
	}
	if child := n.literal[seg]; child != nil {
		if rt := child.find(after, escaped, method, vals); rt != nil {
			return rt
		}
	}
	if n.param != nil && seg != "" {
		mark := vals.n
		vals.push(seg)
		if rt := n.param.find(after, escaped, method, vals); rt != nil {
			return rt
		}
		vals.n = mark
	}
	if n.rest != nil {
		left := path[1:]
		if escaped {
			var err error
			if left, err = url.PathUnescape(left); err != nil {
				return nil
			}
		}
		if rt := n.rest.routeFor(method); rt != nil {
			vals.push(left)
			return rt
		}
	}
	return nil
}

// routeFor prefers the route of exactly this method to one of every method.
func (n *node) routeFor(method string) *route {
	var anyMethod *route
	for _, rt := range n.routes {
		switch rt.method {
		case method:
			return rt
		case "":
			anyMethod = rt
		}
	}
	return anyMethod
}

func (n *node) child(seg string) *node {
	if n.literal == nil {
		n.literal = map[string]*node{}
	}
	c := n.literal[seg]
	if c == nil {
		c = &node{}
		n.literal[seg] = c
	}
	return c
}

func (v *values) push(s string) {
	v.v[v.n] = s
	v.n++
}

func orNew(n **node) *node {
	if *n == nil {
		*n = &node{}
	}
	return *n
}

func paramName(seg string) (string, bool) {
	if len(seg) >= 2 && seg[0] == '{' && seg[len(seg)-1] == '}' {
		return seg[1 : len(seg)-1], true
	}
	return "", false
}
