package weak

import (
	"slices"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// Error says why a key is weak and what to do, in a sentence for the person who
// sent the key.
type Error struct {
	Check string // the name of the check, one of [Checks]: for counting and for looking it up
	said  sshkey.Wording
	args  []any // what goes into the wording
}

// because makes the error of a check; args go into the wording.
func because(w sshkey.Wording, args ...any) *Error { return &Error{said: w, args: args} }

// advice ends every sentence with what to do.
var advice = sshkey.Wording{
	English: "%s; make a new key with 'ssh-keygen -t ed25519'",
	Korean:  "%s. 'ssh-keygen -t ed25519'로 새 키를 만드십시오",
}

// Error returns the sentence in English.
func (e *Error) Error() string { return e.In(sshkey.English) }

// In returns the sentence in a language.
func (e *Error) In(l sshkey.Language) string { return advice.In(l, e.said.In(l, e.args...)) }

// check is one way of being weak.
type check struct {
	name  string
	about sshkey.Wording // one line for documents and help
	of    []sshkey.Algorithm
	// moot are checks whose finding already says that the key is none of what
	// this one looks for, so that a second sentence would only confuse.
	moot []string
	// thorough marks a check that costs too much for every import, see [Check].
	thorough bool
	find     func(subject, Policy) *Error // nil for a key that is sound in this respect
}

// concerns says whether there is any use in running c on a key with these
// findings.
func (c check) concerns(s subject, found []*Error) bool {
	return (c.of == nil || slices.Contains(c.of, s.key.Algorithm())) &&
		!slices.ContainsFunc(found, func(e *Error) bool { return slices.Contains(c.moot, e.Check) })
}

// run returns what the check finds, under its name.
func (c check) run(s subject, policy Policy) *Error {
	e := c.find(s, policy)
	if e != nil {
		e.Check = c.name
	}
	return e
}

// Check returns the first weakness of a key that is found, nil for none. A
// certificate is as weak as the key that it certifies. It is made for every
// import: it runs the checks that [Checks] does not mark as thorough.
func Check(key sshkey.PublicKey, policy Policy) *Error {
	s := examine(key)
	for _, c := range checks {
		if c.thorough || !c.concerns(s, nil) {
			continue
		}
		if e := c.run(s, policy); e != nil {
			return e
		}
	}
	return nil
}

// Findings returns every weakness of a key in the order of [Checks], and nil
// if none is found. It runs the thorough checks too, for audits and for
// looking at a single key.
func Findings(key sshkey.PublicKey, policy Policy) []*Error {
	s := examine(key)
	var found []*Error
	for _, c := range checks {
		if !c.concerns(s, found) {
			continue
		}
		if e := c.run(s, policy); e != nil {
			found = append(found, e)
		}
	}
	return found
}

// Info describes a check.
type Info struct {
	Name     string         // stable: it appears in metrics, audits and scripts
	About    sshkey.Wording // one line
	Thorough bool           // run by [Findings] only
}

// Checks returns all checks in their order.
func Checks() []Info {
	all := make([]Info, len(checks))
	for i, c := range checks {
		all[i] = Info{Name: c.name, About: c.about, Thorough: c.thorough}
	}
	return all
}
