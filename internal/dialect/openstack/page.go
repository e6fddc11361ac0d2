package openstack

import (
	"cmp"
	"slices"
)

// Columns are what lists of T can be sorted by: the names that queries have for
// them, and how they compare.
type Columns[T any] map[string]func(a, b T) int

// By makes a column of a value.
func By[T any, V cmp.Ordered](of func(T) V) func(a, b T) int {
	return func(a, b T) int { return cmp.Compare(of(a), of(b)) }
}

// Order is how a list is sorted: by its first key, where that is the same by the
// second, and so on. Without keys it leaves lists alone.
type Order[T any] struct {
	keys  []func(a, b T) int
	names map[string]bool
}

// Then sorts by one more column, upwards or down. A column of a name that is
// there already changes nothing: a request may name one thousands of times.
func (o *Order[T]) Then(name string, column func(a, b T) int, down bool) {
	if o.names[name] {
		return
	}
	if o.names == nil {
		o.names = map[string]bool{}
	}
	o.names[name] = true
	if down {
		up := column
		column = func(a, b T) int { return up(b, a) }
	}
	o.keys = append(o.keys, column)
}

// Compare tells which of two comes first, negative for a.
func (o *Order[T]) Compare(a, b T) int {
	for _, by := range o.keys {
		if n := by(a, b); n != 0 {
			return n
		}
	}
	return 0
}

// Sort puts a list in order; what is equal stays as it was.
func (o *Order[T]) Sort(all []T) { slices.SortStableFunc(all, o.Compare) }

// After returns what comes after the marker in a list: the id of the last one
// that the caller has seen, or "" for all. It returns false when nothing there
// has that id.
func After[T any](all []T, marker string, id func(T) string) ([]T, bool) {
	if marker == "" {
		return all, true
	}
	k := slices.IndexFunc(all, func(one T) bool { return id(one) == marker })
	if k < 0 {
		return nil, false
	}
	return all[k+1:], true
}
