package wire

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Observer is told of every request that was answered, for metrics.
type Observer interface {
	// Observe gets the pattern that matched ("GET /v2.1/os-keypairs/{name}"),
	// never the path, and "" when none did. The method is one that HTTP
	// defines, or "OTHER". The status is 0 when the connection was aborted
	// before an answer began.
	Observe(surface, method, route string, status int, d time.Duration)
}

// access writes one line for every request and tells the observer.
func access(s Surface, in Instruments) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := record(w)
			start := in.Now()
			finished := false
			defer func() {
				if finished {
					rec.begin() // net/http answers 200 for a handler that wrote nothing
				}
				took := in.Now().Sub(start)
				route, notes := exchangeOf(r.Context()).facts()
				if in.Observer != nil {
					in.Observer.Observe(s.Name, knownMethod(r.Method), route, rec.status, took)
				}
				s.log(in.Log, r, rec, took, !finished, notes)
			}()
			next.ServeHTTP(rec, r)
			finished = true
		})
	}
}

// log writes the line of a request that is over; aborted says that its handler
// did not return. The line holds the path without its query, because signed
// URLs carry passwords there, and never a body or a header.
func (s Surface) log(log *slog.Logger, r *http.Request, rec *recorder, took time.Duration, aborted bool, notes []slog.Attr) {
	// Nobody read the answer, so its status says nothing about the server.
	gone := !aborted && errors.Is(r.Context().Err(), context.Canceled)
	level := slog.LevelInfo
	switch {
	case (rec.status >= 500 && !gone) || aborted:
		level = slog.LevelError
	case rec.status < 300 && slices.Contains(s.Quiet, r.URL.Path):
		level = slog.LevelDebug
	}
	if !log.Enabled(r.Context(), level) {
		return
	}
	line := append([]slog.Attr{
		slog.String("surface", s.Name),
		slog.String("method", shorten(r.Method, 32)),
		slog.String("path", loggedPath(r, s.Redact)),
		slog.Int("status", rec.status),
		slog.Int64("bytes", rec.bytes),
		slog.Duration("duration", took),
		slog.String("remote", r.RemoteAddr),
		slog.String("request_id", RequestID(r.Context())),
	}, notes...)
	if aborted {
		line = append(line, slog.Bool("aborted", true))
	}
	if gone {
		line = append(line, slog.Bool("client_gone", true))
	}
	log.LogAttrs(r.Context(), level, "request", line...)
}

// loggedPath is the path as the client sent it, mount prefix included, with
// empty segments dropped first so that they cannot shield a secret from redact.
func loggedPath(r *http.Request, redact func(string) string) string {
	path := collapse(mountedAt(r.Context()) + r.URL.EscapedPath())
	if redact != nil {
		path = redact(path)
	}
	return shorten(maskPasted(path), 1024)
}

// maskPasted puts "***" in the place of each segment that is no name: with a
// control character, or longer than any name is. Somebody has pasted the
// content of a file there, which may be a private key.
func maskPasted(path string) string {
	const longest = 255 // characters, of a name in any API
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		name, err := url.PathUnescape(segment)
		if err != nil {
			name = segment
		}
		if utf8.RuneCountInString(name) > longest || strings.ContainsFunc(name, unicode.IsControl) {
			segments[i] = "***"
		}
	}
	return strings.Join(segments, "/")
}

// MaskAfter returns a redaction for [Surface] that puts "***" in the place of
// each path segment that follows one of the words: with "appkeys",
// /v1.0/appkeys/SECRET/instances becomes /v1.0/appkeys/***/instances. Words
// are found in any case and under any percent-encoding, because a mistyped URL
// carries its secret too.
func MaskAfter(words ...string) func(path string) string {
	return func(path string) string {
		segments := strings.Split(path, "/")
		for i := 0; i+1 < len(segments); i++ {
			word, err := url.PathUnescape(segments[i])
			if err != nil {
				continue
			}
			for _, w := range words {
				if strings.EqualFold(w, word) && segments[i+1] != "" {
					segments[i+1] = "***"
				}
			}
		}
		return strings.Join(segments, "/")
	}
}

// knownMethod keeps clients from inventing values of a metric's label.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return m
	}
	return "OTHER"
}

func shorten(s string, longest int) string {
	if len(s) > longest {
		return s[:longest] + "…"
	}
	return s
}
