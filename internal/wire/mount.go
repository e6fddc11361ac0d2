package wire

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// Mount is a handler that serves all paths under a prefix.
type Mount struct {
	Prefix  string // "/compute": begins with a slash, does not end with one
	Handler http.Handler
}

type prefixKey struct{}

// mountedAt returns what [Mounts] took off the path ("/compute"), or "".
func mountedAt(ctx context.Context) string {
	p, _ := ctx.Value(prefixKey{}).(string)
	return p
}

// Mounts hands each request to the mount with the longest prefix of whole path
// segments, with that prefix taken off: under the mount "/compute",
// /compute/v2.1/servers is served as /v2.1/servers, and /compute as /. What is
// under no mount goes to rest unchanged. It never redirects.
func Mounts(rest http.Handler, mounts ...Mount) http.Handler {
	longestFirst := slices.SortedStableFunc(slices.Values(mounts), func(a, b Mount) int { return len(b.Prefix) - len(a.Prefix) })
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
			ctx := context.WithValue(r.Context(), prefixKey{}, mountedAt(r.Context())+m.Prefix)
			m.Handler.ServeHTTP(w, withPath(ctx, r, under))
			return
		}
		rest.ServeHTTP(w, r)
	})
}
