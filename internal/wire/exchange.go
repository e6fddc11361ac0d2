package wire

import (
	"context"
	"log/slog"
	"slices"
	"sync"
)

// exchange is what is known of one request beside the request itself. One
// value travels in the context, so that what inner handlers learn (the route,
// the caller) is there for the access log, which stands outside of them.
type exchange struct {
	id string

	mu    sync.Mutex
	route string
	notes []slog.Attr
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// RequestID returns the id that [Wrap] gave the request, such as
// "req-5f7a0c4e-8c3d-4a55-9d0f-6c2f9c1f1e0b", or "" outside of a request.
func RequestID(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.id
	}
	return ""
}

// Note puts a fact about the request into its access log line, such as the
// caller's user id. A second note under the same key replaces the first.
// Secrets must never be noted. Outside of a request Note does nothing.
func Note(ctx context.Context, key, value string) {
	x := exchangeOf(ctx)
	if x == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range x.notes {
		if x.notes[i].Key == key {
			x.notes[i].Value = slog.StringValue(value)
			return
		}
	}
	x.notes = append(x.notes, slog.String(key, value))
}

// setRoute remembers the pattern that matched. Where routers are nested, the
// innermost one speaks last.
func (x *exchange) setRoute(pattern string) {
	x.mu.Lock()
	x.route = pattern
	x.mu.Unlock()
}

// facts returns the route and the notes so far.
func (x *exchange) facts() (route string, notes []slog.Attr) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.route, slices.Clone(x.notes)
}
