package sshkey

import (
	"strings"
	"unicode"
)

// LoginLine returns the line of authorized_keys, without its end, that lets the
// holder of the private half in. For a plain key it is [PublicKey.AuthorizedKey].
//
// An sshd takes no user certificate from authorized_keys: it takes the key in
// it. So the line of a certificate has that key, and what the certificate
// demands and does not permit as options before it (sshd(8), AUTHORIZED_KEYS
// FILE FORMAT): force-command, source-address, verify-required, the time at
// which it ends, and what it leaves out of permit-pty and its like. The time
// has no zone, since sshd before OpenSSH 9.1 knows none: it counts in the
// guest's, mostly UTC. The principals and the time at which it begins are left
// out, for a line has no place for them.
//
// There is no line, "", for a host certificate, a v00 certificate, and one with
// a critical option that a line cannot say.
func (k PublicKey) LoginLine() string {
	if !k.cert {
		return k.AuthorizedKey()
	}
	c, f := k.certificate()
	if c.use != useUser || f.cert != certV01 {
		return ""
	}
	said, _ := k.Certification()
	options, ok := said.lineOptions()
	if !ok {
		return ""
	}
	line := k.Certified().AuthorizedKey()
	if len(options) > 0 {
		line = strings.Join(options, ",") + " " + line
	}
	return line
}

// criticalOptions are the critical options of OpenSSH's PROTOCOL.certkeys and
// what a line has for each; those with a value need it.
var criticalOptions = map[string]struct {
	option string
	valued bool
}{
	"force-command":   {"command", true},
	"source-address":  {"from", true},
	"verify-required": {"verify-required", false},
}

// permissions are the extensions of OpenSSH's PROTOCOL.certkeys that permit
// something, and what a line has for those that a certificate lacks.
var permissions = []struct{ extension, without string }{
	{"permit-X11-forwarding", "no-X11-forwarding"},
	{"permit-agent-forwarding", "no-agent-forwarding"},
	{"permit-port-forwarding", "no-port-forwarding"},
	{"permit-pty", "no-pty"},
	{"permit-user-rc", "no-user-rc"},
}

// lineOptions are the options of a line that say what the certificate says;
// ok is false when there is something critical that they cannot say.
func (c Certification) lineOptions() (options []string, ok bool) {
	for _, critical := range c.CriticalOptions {
		value, readable := critical.Value()
		known, found := criticalOptions[critical.Name]
		if !found || !readable || known.valued == (value == "") || strings.ContainsFunc(value, unicode.IsControl) {
			return nil, false
		}
		option := known.option
		if known.valued {
			option += `="` + strings.ReplaceAll(value, `"`, `\"`) + `"`
		}
		options = append(options, option)
	}
	if !c.ValidBefore.IsZero() {
		// The certificate ends at this second, a line after its own.
		options = append(options, `expiry-time="`+c.ValidBefore.Add(-1e9).UTC().Format("20060102150405")+`"`)
	}
	has := map[string]bool{}
	for _, e := range c.Extensions {
		has[e.Name] = true
	}
	for _, p := range permissions {
		if !has[p.extension] {
			options = append(options, p.without)
		}
	}
	if has["no-touch-required"] {
		options = append(options, "no-touch-required")
	}
	return options, true
}
