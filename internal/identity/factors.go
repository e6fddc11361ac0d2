package identity

import (
	"encoding/json"
	"slices"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// enoughFactors reports whether a login by these methods satisfies the user's
// rules: it does when all the methods of one of them are there, when there are
// none, and when they are turned off. A method that is not offered here is in
// no login.
func (u User) enoughFactors(methods []Method) (bool, error) {
	text, ok := u.Options[OptionFactorRules]
	if !ok || u.Options[OptionFactorsEnabled] == "false" {
		return true, nil
	}
	var rules [][]Method
	if err := json.Unmarshal([]byte(text), &rules); err != nil {
		return false, fault.Wrap(err, "reading the rules of a user's factors")
	}
	return len(rules) == 0 || slices.ContainsFunc(rules, func(rule []Method) bool {
		return !slices.ContainsFunc(rule, func(m Method) bool { return !slices.Contains(methods, m) })
	}), nil
}
