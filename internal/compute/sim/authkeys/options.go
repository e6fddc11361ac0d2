package authkeys

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Options are what a line demands of those it lets in.
type Options struct {
	// Command, when Forced is set, is what runs whatever the client asks for.
	Command string
	Forced  bool
	// NoPTY forbids a terminal.
	NoPTY bool
	// NoTouch lets security keys sign without being touched.
	NoTouch bool

	from          []string
	expires       time.Time
	certAuthority bool
	verify        bool
}

// flag says what an option without a value does; a nil func means that it is
// known and changes nothing here, because a guest never forwards anything,
// runs no ~/.ssh/rc and takes no environment from the file.
var flags = map[string]func(o *Options, on bool){
	"pty":               func(o *Options, on bool) { o.NoPTY = !on },
	"agent-forwarding":  nil,
	"port-forwarding":   nil,
	"x11-forwarding":    nil,
	"user-rc":           nil,
	"restrict":          func(o *Options, _ bool) { o.NoPTY = true },
	"cert-authority":    func(o *Options, _ bool) { o.certAuthority = true },
	"no-touch-required": func(o *Options, _ bool) { o.NoTouch = true },
	"verify-required":   func(o *Options, _ bool) { o.verify = true },
}

// negatable are the flags that have a "no-" form.
var negatable = map[string]bool{
	"pty": true, "agent-forwarding": true, "port-forwarding": true, "x11-forwarding": true, "user-rc": true,
}

// values says what an option with a value does.
var values = map[string]func(o *Options, value string) error{
	"command": func(o *Options, v string) error {
		if o.Forced {
			return errors.New("command= is there twice")
		}
		o.Forced, o.Command = true, v
		return nil
	},
	"from": func(o *Options, v string) error {
		if o.from != nil {
			return errors.New("from= is there twice")
		}
		o.from = strings.Split(v, ",")
		return nil
	},
	"expiry-time": func(o *Options, v string) error {
		t, err := expiry(v)
		if err == nil && (o.expires.IsZero() || t.Before(o.expires)) {
			o.expires = t
		}
		return err
	},
	"environment":  ignored,
	"principals":   ignored,
	"permitopen":   ignored,
	"permitlisten": ignored,
	"tunnel":       ignored,
}

func ignored(*Options, string) error { return nil }

// parseOptions reads the options of a line. One that is not known makes the
// whole line void, as in sshd.
func parseOptions(s string) (Options, error) {
	var o Options
	for s != "" {
		end := strings.IndexAny(s, "=,")
		if end < 0 {
			end = len(s)
		}
		name := strings.ToLower(s[:end])
		if end < len(s) && s[end] == '=' {
			set, ok := values[name]
			if !ok {
				return o, fmt.Errorf("unknown option %q", name)
			}
			value, rest, ok := unquote(s[end+1:])
			if !ok {
				return o, fmt.Errorf("option %q has no value in quotes", name)
			}
			if err := set(&o, value); err != nil {
				return o, err
			}
			s = rest
		} else {
			bare, on := name, true
			if b, no := strings.CutPrefix(name, "no-"); no && negatable[b] {
				bare, on = b, false
			}
			set, ok := flags[bare]
			if !ok {
				return o, fmt.Errorf("unknown option %q", name)
			}
			if set != nil {
				set(&o, on)
			}
			s = s[end:]
		}
		if s == "" {
			break
		}
		if s[0] != ',' || len(s) == 1 {
			return o, errors.New("options are not separated by single commas")
		}
		s = s[1:]
	}
	return o, nil
}

// unquote takes a value in double quotes, in which \" is a quote.
func unquote(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '"':
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// expiry reads YYYYMMDD or YYYYMMDDHHMM[SS], in UTC with a Z at the end and
// else in the guest's zone, which is UTC too.
func expiry(s string) (time.Time, error) {
	s = strings.TrimSuffix(s, "Z")
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(s) == len(layout) {
			if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
				return t, nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("expiry-time %q is no date", s)
}

// admit checks what can be checked before the client has proved anything.
func (o Options) admit(from netip.Addr, now time.Time) error {
	switch {
	case o.certAuthority:
		return errors.New("the key is marked as a certificate authority, which may not log in itself")
	case o.verify:
		return errors.New("verify-required cannot be checked by this server")
	case !o.expires.IsZero() && !now.Before(o.expires):
		return fmt.Errorf("the key expired at %s", o.expires.Format(time.RFC3339))
	case o.from != nil && !matchAddr(o.from, from):
		return fmt.Errorf("from= does not allow %s", from)
	}
	return nil
}

// matchAddr tells whether the patterns allow the address; one that is negated
// and fits refuses, whatever the others say.
func matchAddr(patterns []string, addr netip.Addr) bool {
	addr = addr.Unmap()
	found := false
	for _, p := range patterns {
		p, negated := strings.CutPrefix(strings.TrimSpace(p), "!")
		var fits bool
		if prefix, err := netip.ParsePrefix(p); err == nil {
			fits = prefix.Contains(addr)
		} else {
			fits = wildcard(strings.ToLower(p), addr.String())
		}
		if fits && negated {
			return false
		}
		found = found || fits
	}
	return found
}

// wildcard matches * and ?, as ssh_config(5) "PATTERNS" says.
func wildcard(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
