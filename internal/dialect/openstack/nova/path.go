package nova

import (
	"context"
	"net/http"
	"strings"
)

// The folders of the API's versions.
const (
	current = "v2.1" // with microversions
	legacy  = "v2"   // as before the first microversion
)

// address is what stands in a path before the resource.
type address struct {
	folder  string // current, legacy, or "" for what is under neither
	project string // the project id after the folder, or ""
}

type addressKey struct{}

func addressOf(ctx context.Context) address {
	at, _ := ctx.Value(addressKey{}).(address)
	return at
}

// front brings the forms in which a resource can be addressed,
// /v2.1/os-keypairs, /v2.1/{project_id}/os-keypairs and both under /v2, to the
// first of them, which is what routes are written in.
func front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.RawPath // where an escaped slash stands inside a segment
		if path == "" {
			path = r.URL.Path
		}
		folder, rest := cutFolder(path)
		if folder != current && folder != legacy {
			next.ServeHTTP(w, r)
			return
		}
		at := address{folder: folder}
		prefix := "/" + folder
		if id, more := cutFolder(rest); len(more) > 1 && isProjectID(id) {
			at.project = id
			prefix += "/" + id
		}
		next.ServeHTTP(w, at.cut(r, prefix))
	})
}

// cut returns the request with the address in its context, and /v2.1 in the
// place of prefix. A prefix has no character that is ever escaped, so both
// forms of the path begin with it.
func (at address) cut(r *http.Request, prefix string) *http.Request {
	const folder = "/" + current
	cut := r.WithContext(context.WithValue(r.Context(), addressKey{}, at))
	if prefix == folder {
		return cut
	}
	u := *r.URL
	u.Path = folder + strings.TrimPrefix(u.Path, prefix)
	if u.RawPath != "" {
		u.RawPath = folder + strings.TrimPrefix(u.RawPath, prefix)
	}
	cut.URL = &u
	return cut
}

// cutFolder splits "/folder/rest" into "folder" and "/rest".
func cutFolder(path string) (folder, rest string) {
	path = strings.TrimPrefix(path, "/")
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

// isProjectID reports whether Nova takes a segment for a project id: its
// project_id_regex, which no resource's name matches.
func isProjectID(s string) bool { return s != "" && strings.Trim(s, "0123456789abcdef-") == "" }
