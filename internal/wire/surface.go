package wire

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// middleware makes a handler that does something before or after another.
type middleware func(http.Handler) http.Handler

// Surface is what [Wrap] has to know of one dialect, the console or the admin pages.
type Surface struct {
	Name      string        // in the access log and metrics: "nova", "ecs", "console"
	BodyLimit int64         // the most bytes of a request body; 0 is 64 KiB
	Timeout   time.Duration // the handler's context ends after this; 0 is a minute

	// Quiet are paths whose successful answers are logged at debug only: those
	// that machines ask for all the time.
	Quiet []string

	// Redact takes the secrets out of a path (escaped, without query) before it
	// is logged; nil leaves paths as they are. See [MaskAfter].
	Redact func(path string) string

	// Failed answers for a handler that panicked, in the surface's own words;
	// nil is a plain 500.
	Failed http.Handler
	// TooLarge answers when Content-Length is over BodyLimit; nil is a plain 413.
	TooLarge http.Handler
}

// Instruments are the outside world of [Wrap].
type Instruments struct {
	Log      *slog.Logger     // nil discards
	Observer Observer         // nil observes nothing
	NewID    func() string    // nil makes "req-" and a random UUID
	Now      func() time.Time // nil is time.Now
}

// Wrap puts around a surface's handler what every request needs: its id, the
// access log and metrics, the panic guard, the time limit and the body limit.
func Wrap(s Surface, in Instruments, h http.Handler) http.Handler {
	if s.BodyLimit <= 0 {
		s.BodyLimit = 64 << 10
	}
	if s.Timeout <= 0 {
		s.Timeout = requestTimeout
	}
	if s.Failed == nil {
		s.Failed = plain(http.StatusInternalServerError)
	}
	if s.TooLarge == nil {
		s.TooLarge = plain(http.StatusRequestEntityTooLarge)
	}
	if in.Log == nil {
		in.Log = slog.New(slog.DiscardHandler)
	}
	if in.NewID == nil {
		in.NewID = newRequestID
	}
	if in.Now == nil {
		in.Now = time.Now
	}
	return chain(h,
		identify(in.NewID),
		access(s, in),
		guard(in.Log, s.Name, s.Failed),
		timeout(s.Timeout),
		limitBody(s.BodyLimit, s.TooLarge),
	)
}

// chain puts the middlewares around h, the first one outermost.
func chain(h http.Handler, outermostFirst ...middleware) http.Handler {
	for i := len(outermostFirst) - 1; i >= 0; i-- {
		h = outermostFirst[i](h)
	}
	return h
}

// timeout ends the request's context. The handler itself has to notice and
// answer: only it knows the surface's words for that.
func timeout(d time.Duration) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), d)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

func plain(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, http.StatusText(status), status)
	})
}
