package wire

import (
	"context"
	"net/http"
	"net/url"
	"sort"
	"strings"
)

// CollapseSlashes drops empty segments inside the path before next sees it:
// //v2.1//servers is served as /v2.1/servers, with no redirect. It works on the
// escaped path, so a %2F inside a name stays what it is, and a trailing slash
// stays too.
func CollapseSlashes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "//") {
			if escaped := r.URL.EscapedPath(); strings.Contains(escaped, "//") {
				r = withPath(r.Context(), r, collapse(escaped))
			}
		}
		next.ServeHTTP(w, r)
	})
}

// collapse turns every run of slashes into one.
func collapse(path string) string {
	if !strings.Contains(path, "//") {
		return path
	}
	var b strings.Builder
	b.Grow(len(path))
	for i := range len(path) {
		if path[i] != '/' || i == 0 || path[i-1] != '/' {
			b.WriteByte(path[i])
		}
	}
	return b.String()
}

// withPath returns a copy of r for another escaped path. The path must be made
// of parts of r's own, so that it is known to unescape.
func withPath(ctx context.Context, r *http.Request, escaped string) *http.Request {
	r2 := r.WithContext(ctx)
	u := *r.URL
	u.Path, _ = url.PathUnescape(escaped)
	u.RawPath = ""
	if u.EscapedPath() != escaped {
		u.RawPath = escaped
	}
	r2.URL = &u
	return r2
}

// Mount is a handler that serves all paths under a prefix.
type Mount struct {
	Prefix  string // "/compute": begins with a slash, does not end with one
	Handler http.Handler
}

type prefixKey struct{}

// Prefix returns what [Mounts] took off the path ("/compute"), or "": handlers
// that write links to themselves put it back.
func Prefix(ctx context.Context) string {
	p, _ := ctx.Value(prefixKey{}).(string)
	return p
}

// Mounts hands each request to the mount with the longest prefix of whole path
// segments, with that prefix taken off: under the mount "/compute",
// /compute/v2.1/servers is served as /v2.1/servers, and /compute as /. What is
// under no mount goes to rest unchanged. It never redirects.
func Mounts(rest http.Handler, mounts ...Mount) http.Handler {
	longestFirst := append([]Mount(nil), mounts...)
	sort.SliceStable(longestFirst, func(i, j int) bool {
		return len(longestFirst[i].Prefix) > len(longestFirst[j].Prefix)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		escaped := r.URL.EscapedPath()
		for _, m := range longestFirst {
			under, ok := strings.CutPrefix(escaped, m.Prefix)
			if !ok || under != "" && under[0] != '/' {
				continue
			}
			if under == "" {
				under = "/"
			}
			ctx := context.WithValue(r.Context(), prefixKey{}, Prefix(r.Context())+m.Prefix)
			m.Handler.ServeHTTP(w, withPath(ctx, r, under))
			return
		}
		rest.ServeHTTP(w, r)
	})
}
