package schema

import "math"

// Number accepts a number, and a string that its pattern takes: the types
// ['number', 'string'] that Nova uses where a number may be written either way.
type Number struct {
	TextFirst bool // messages name the type string first
	Pattern   *Pattern
	MaxText   int // the longest string; 0 means no limit
	Positive  bool
	Nullable  bool
}

func (s Number) check(v Value) *Fault {
	types := []typeName{tNumber, tString}
	if s.TextFirst {
		types = []typeName{tString, tNumber}
	}
	if f := typed(v, s.Nullable, types...); f != nil {
		return f
	}
	if v.kind == Text {
		if f := (String{Min: 1, Max: s.MaxText, Pattern: s.Pattern}).text(v); f != nil {
			return f
		}
	}
	n, ok := v.Number()
	if ok && math.IsInf(n, 0) {
		// Python goes on with Infinity, which is no JSON: no client could read it back.
		return mismatch(v, v.String()+" is too large")
	}
	if ok && s.Positive && n <= 0 {
		return mismatch(v, v.String()+" is less than or equal to the minimum of 0")
	}
	return nil
}
