package wire

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// BodyTooLarge is the error of reading a request body past its limit.
type BodyTooLarge struct {
	Limit int64 // the most bytes that are read
}

// Error says how much would have been read.
func (e *BodyTooLarge) Error() string {
	return fmt.Sprintf("the request body is larger than %d bytes", e.Limit)
}

// limitBody bounds the request body at limit bytes; a body of exactly that
// size is let through. A Content-Length over it is refused at once by words;
// a chunked body gives [*BodyTooLarge] when it is read past the limit, and no
// more than one byte beyond it is ever taken from the connection's buffer.
func limitBody(limit int64, words http.Handler) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength > limit {
				words.ServeHTTP(w, r)
				return
			}
			if r.Body != nil && r.Body != http.NoBody {
				r.Body = &limitedBody{http.MaxBytesReader(w, r.Body, limit)}
			}
			next.ServeHTTP(w, r)
		})
	}
}

// limitedBody tells of the limit in this package's words.
type limitedBody struct{ io.ReadCloser }

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		err = &BodyTooLarge{Limit: over.Limit}
	}
	return n, err
}

// ReadBody reads the whole request body, at most limit bytes, which may be
// less than the surface's own limit. The error is a [*BodyTooLarge] when there
// is more; any other is the connection's (the client went away, was too slow,
// or sent broken chunks) and means that the body is incomplete.
func ReadBody(r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, &BodyTooLarge{Limit: limit}
	}
	from := &limitedBody{r.Body} // a smaller limit set by others says the same
	if n := r.ContentLength; n >= 0 {
		body := make([]byte, n)
		if _, err := io.ReadFull(from, body); err != nil {
			return nil, err
		}
		return body, nil
	}
	body, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, &BodyTooLarge{Limit: limit}
	}
	return body, nil
}
