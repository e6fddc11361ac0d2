package wire

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// guard turns a panic of a handler into an error in the log, with its stack,
// and an answer: words says it in the surface's own way. Where an answer has
// begun already it cannot be taken back, so the connection is aborted and the
// client sees a broken answer instead of a whole one.
//
// [http.ErrAbortHandler] is passed on: it is how a handler asks for that abort.
func guard(log *slog.Logger, surface string, words http.Handler) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := record(w)
			defer func() {
				p := recover()
				if p == nil {
					return
				}
				if p == http.ErrAbortHandler { //nolint:errorlint // net/http itself compares the panic value so
					panic(p)
				}
				log.ErrorContext(r.Context(), "a handler panicked",
					"panic", fmt.Sprint(p), "request_id", RequestID(r.Context()),
					"surface", surface, "stack", string(debug.Stack()))
				if rec.status != 0 {
					panic(http.ErrAbortHandler)
				}
				// The headers were meant for another answer.
				for _, h := range []string{
					"Cache-Control", "Content-Encoding", "Content-Length", "Content-Range",
					"Content-Type", "Etag", "Last-Modified", "Location", "Set-Cookie",
				} {
					rec.Header().Del(h)
				}
				words.ServeHTTP(rec, r)
			}()
			next.ServeHTTP(rec, r)
		})
	}
}
