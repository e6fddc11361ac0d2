package wire

import (
	"context"
	"net/http"
	"net/url"
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
