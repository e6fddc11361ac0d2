package schema

import (
	"slices"
	"strconv"
)

// Property is the rule for one member of an [Object].
type Property struct {
	Name   string
	Schema Schema
}

// Prop makes a [Property].
func Prop(name string, rule Schema) Property { return Property{name, rule} }

// Object accepts objects.
type Object struct {
	Properties []Property // in the order they are checked
	Required   []string   // in the order they are missed
	Closed     bool       // members that nothing names are refused
	Names      *NameRule  // members that Properties does not name
	Min, Max   int        // the fewest and the most members; Max 0 means no limit
	Nullable   bool
}

// NameRule is the rule for the members whose name matches a pattern (JSON
// Schema's patternProperties, of which no service uses more than one).
type NameRule struct {
	Pattern *Pattern
	Schema  Schema
}

func (s Object) check(v Value) *Fault {
	if f := typed(v, s.Nullable, tObject); f != nil || v.kind != Map {
		return f
	}
	for _, p := range s.Properties {
		if member := v.member(p.Name); member.Exists() {
			if f := p.Schema.check(member); f != nil {
				return f.under(p.Name)
			}
		}
	}
	if s.Names != nil {
		for _, m := range v.members {
			if !s.Names.Pattern.matches(m.Name) {
				continue
			}
			if f := s.Names.Schema.check(m.Value); f != nil {
				return f.under(m.Name)
			}
		}
	}
	for _, name := range s.Required {
		if !v.member(name).Exists() {
			return mismatch(v, QuoteText(name)+" is a required property")
		}
	}
	if s.Closed {
		if f := s.extras(v); f != nil {
			return f
		}
	}
	if len(v.members) < s.Min {
		return mismatch(v, v.Repr()+" does not have enough properties")
	}
	if s.Max > 0 && len(v.members) > s.Max {
		return mismatch(v, v.Repr()+" has too many properties")
	}
	return nil
}

func (s Object) extras(v Value) *Fault {
	var extra []string
	for _, m := range v.members {
		if !s.names(m.Name) {
			extra = append(extra, m.Name)
		}
	}
	if len(extra) == 0 {
		return nil
	}
	if s.Names != nil {
		slices.Sort(extra)
		verb := " does"
		if len(extra) > 1 {
			verb = " do"
		}
		return mismatch(v, quoteAll(extra)+verb+" not match any of the regexes: "+QuoteText(s.Names.Pattern.source))
	}
	return mismatch(v, unexpected(extra))
}

func (s Object) names(name string) bool {
	for i := range s.Properties {
		if s.Properties[i].Name == name {
			return true
		}
	}
	return s.Names != nil && s.Names.Pattern.matches(name)
}

func unexpected(names []string) string {
	verb := " was"
	if len(names) > 1 {
		verb = " were"
	}
	return "Additional properties are not allowed (" + quoteAll(names) + verb + " unexpected)"
}

// Array accepts arrays.
type Array struct {
	Items    Schema // nil means anything
	Min, Max int    // number of items; Max 0 means no limit
	Unique   bool   // no two items are equal
	Nullable bool
}

func (s Array) check(v Value) *Fault {
	if f := typed(v, s.Nullable, tArray); f != nil || v.kind != List {
		return f
	}
	if s.Items != nil {
		for i, item := range v.items {
			if f := s.Items.check(item); f != nil {
				return f.under(strconv.Itoa(i))
			}
		}
	}
	switch {
	case len(v.items) < s.Min:
		return mismatch(v, v.Repr()+" is too short")
	case s.Max > 0 && len(v.items) > s.Max:
		return mismatch(v, v.Repr()+" is too long")
	case s.Unique && !v.distinct():
		return mismatch(v, v.Repr()+" has non-unique elements")
	}
	return nil
}

// distinct reports whether no two items of an array print the same.
func (v Value) distinct() bool {
	seen := make(map[string]bool, len(v.items))
	for _, item := range v.items {
		text := item.Repr()
		if seen[text] {
			return false
		}
		seen[text] = true
	}
	return true
}
