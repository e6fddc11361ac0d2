package openstack

import (
	"errors"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// Rule is the name of a policy rule, "os_compute_api:os-keypairs:create". In
// the chain of a [fault.Forbidden] it tells the client which rule refused.
type Rule string

// Error returns the rule in words, for logs.
func (r Rule) Error() string { return "refused by policy rule " + string(r) }

// Denied makes a [fault.Forbidden] for a rule.
func Denied(rule Rule) error { return &fault.Error{Kind: fault.Forbidden, Err: rule} }

// Refused makes a [fault.Forbidden] that no rule stands behind: the client gets
// the text.
func Refused(text string) error { return &fault.Error{Kind: fault.Forbidden, Msg: text, Err: Rule("")} }

// UnderRule names the rule in a [fault.Forbidden] of the domain, which knows
// no rules. Every other error, and a fault that names one, stays as it is.
func UnderRule(err error, rule Rule) error {
	var named Rule
	if !fault.Is(err, fault.Forbidden) || errors.As(err, &named) {
		return err
	}
	return &fault.Error{Kind: fault.Forbidden, Err: errors.Join(rule, err)}
}

// ruleOf returns the rule in err's chain, "" when there is none.
func ruleOf(err error) Rule {
	var rule Rule
	errors.As(err, &rule)
	return rule
}
