package openstack

import (
	"context"
	"net/http"

	"github.com/keyreeve/keyreeve/internal/identity"
)

type useKey struct{}

// Serving says of all requests to next that they are for a service, by its type
// in the catalog. It keeps the path as the client wrote it, for the access
// rules of application credentials, so it stands before whatever rewrites it.
// Without it no rule admits anything.
func Serving(service string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		use := identity.Use{Service: service, Method: r.Method, Path: r.URL.Path}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), useKey{}, use)))
	})
}

// useOf is what the request wants of which service; the zero Use where nothing
// was said of it.
func useOf(ctx context.Context) identity.Use {
	use, _ := ctx.Value(useKey{}).(identity.Use)
	return use
}
