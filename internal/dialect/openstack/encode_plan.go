package openstack

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// planned is how one field of a struct is written.
type planned struct {
	spaced, compact string // the member's name and what follows it, ready to copy
	index           []int  // where the field is, through embedded structs
	omit            func(reflect.Value) bool
}

// plans holds the plan of each struct type that was written once.
var plans sync.Map // reflect.Type → []planned

func planOf(t reflect.Type) []planned {
	if p, ok := plans.Load(t); ok {
		return p.([]planned)
	}
	p, _ := plans.LoadOrStore(t, plan(t, nil))
	return p.([]planned)
}

func plan(t reflect.Type, outer []int) []planned {
	var out []planned
	for f := range t.Fields() {
		tag := f.Tag.Get("json")
		index := append(slices.Clone(outer), f.Index[0])
		if f.Anonymous && tag == "" && f.Type.Kind() == reflect.Struct {
			out = append(out, plan(f.Type, index)...)
			continue
		}
		if !f.IsExported() || tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			name = f.Name
		}
		quoted := string(appendString(nil, name))
		out = append(out, planned{
			spaced: quoted + Spaced.name, compact: quoted + Compact.name,
			index: index, omit: omission(options),
		})
	}
	return out
}

// omission returns the test for leaving a field out, nil when it never is.
func omission(options string) func(reflect.Value) bool {
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			return empty
		case "omitzero":
			return reflect.Value.IsZero
		}
	}
	return nil
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String, reflect.Array:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
