package identity

import (
	"context"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// AccessRule lets an application credential make one kind of request. A user's
// rules are things of their own that credentials share
// (https://docs.openstack.org/keystone/latest/user/application_credentials.html#access-rules).
type AccessRule struct {
	ID      string // 32 hex digits
	UserID  string
	Service string // a type of the catalog: "compute"
	Method  string // "GET", …
	// Path is the path within the service, "/v2.1/servers/{id}": * and a {name}
	// stand for characters of one segment, at least one, ** for any at all.
	Path string
}

// Use is the request that a token is brought for. The zero Use is none in
// particular.
type Use struct {
	Service string // a type of the catalog
	Method  string
	Path    string // within the service, decoded
}

// admits reports whether the rule lets a request through.
func (r AccessRule) admits(u Use) bool {
	return u.Service != "" && r.Service == u.Service && r.Method == u.Method && pathMatches(r.Path, u.Path)
}

// admits holds for a credential without rules, and for what one of them admits.
func (k AppCredential) admits(u Use) bool {
	return len(k.Rules) == 0 || slices.ContainsFunc(k.Rules, func(r AccessRule) bool { return r.admits(u) })
}

// nextWild finds the first wildcard of a pattern: the literal text before it,
// whether it stands for slashes too and for nothing at all, and the pattern
// after it.
func nextWild(pattern string) (literal string, anything bool, rest string, found bool) {
	for i := range len(pattern) {
		switch {
		case strings.HasPrefix(pattern[i:], "**"):
			return pattern[:i], true, pattern[i+2:], true
		case pattern[i] == '*':
			return pattern[:i], false, pattern[i+1:], true
		case pattern[i] == '{':
			if end := strings.IndexByte(pattern[i:], '}'); end > 0 {
				return pattern[:i], false, pattern[i+end+1:], true
			}
		}
	}
	return pattern, false, "", false
}

// mostWild bounds the wildcards of one pattern: each costs a walk along the path.
const mostWild = 16

// pathMatches holds a path against a pattern. reach are the places in the path
// to which the pattern can have come so far.
func pathMatches(pattern, path string) bool {
	reach := make([]bool, len(path)+1)
	reach[0] = true
	for {
		literal, anything, rest, found := nextWild(pattern)
		come := func(at int) bool { // past the literal
			from := at - len(literal)
			return from >= 0 && reach[from] && path[from:at] == literal
		}
		if !found {
			return come(len(path))
		}
		next := make([]bool, len(path)+1)
		within := false // of the text that the wildcard stands for
		for at := range next {
			if within && !anything && path[at-1] == '/' {
				within = false
			}
			here := come(at)
			next[at] = within || here && anything
			within = within || here
		}
		reach, pattern = next, rest
	}
}

// checkAccessRule holds for a rule that is to be made.
func checkAccessRule(r AccessRule) error {
	switch {
	case r.Service == "" || r.Method == "" || !strings.HasPrefix(r.Path, "/"):
		return fault.Invalidf("access_rules", "an access rule has a service, a method, and a path that begins with a slash")
	case len(r.Service) > 64 || len(r.Method) > 16 || len(r.Path) > 225:
		return fault.Invalidf("access_rules", "the path of an access rule has at most 225 bytes, its service 64")
	}
	wilds := 0
	for _, _, rest, found := nextWild(r.Path); found; _, _, rest, found = nextWild(rest) {
		wilds++
	}
	if wilds > mostWild {
		return fault.Invalidf("access_rules", "the path of an access rule has at most %d wildcards", mostWild)
	}
	return nil
}

// AccessRules lists a user's access rules: one's own, or anyone's for
// administrators. Faults: Forbidden, NotFound (user).
func (s *Service) AccessRules(ctx context.Context, c Caller, userID string) ([]AccessRule, error) {
	if err := ownOrAdmin(c, userID); err != nil {
		return nil, err
	}
	return read(ctx, s.store, func(tx Tx) ([]AccessRule, error) {
		if _, err := tx.User(ctx, userID); err != nil {
			return nil, err
		}
		return tx.AccessRules(ctx, userID)
	})
}

// AccessRule returns one of a user's access rules. Faults: Forbidden, NotFound.
func (s *Service) AccessRule(ctx context.Context, c Caller, userID, id string) (AccessRule, error) {
	if err := ownOrAdmin(c, userID); err != nil {
		return AccessRule{}, err
	}
	return read(ctx, s.store, func(tx Tx) (AccessRule, error) { return ruleOf(ctx, tx, userID, id) })
}

// DeleteAccessRule removes a rule that no application credential has. Faults:
// Forbidden, NotFound, Conflict (in use).
func (s *Service) DeleteAccessRule(ctx context.Context, c Caller, userID, id string) error {
	if err := ownOrAdmin(c, userID); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx Tx) error {
		if _, err := ruleOf(ctx, tx, userID, id); err != nil {
			return err
		}
		if err := tx.DeleteAccessRule(ctx, id); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Delete, "access rule", id)
	})
}

func ruleOf(ctx context.Context, tx Tx, userID, id string) (AccessRule, error) {
	all, err := tx.AccessRules(ctx, userID)
	if err != nil {
		return AccessRule{}, err
	}
	for _, r := range all {
		if r.ID == id {
			return r, nil
		}
	}
	return AccessRule{}, fault.Missing("access rule", id)
}
