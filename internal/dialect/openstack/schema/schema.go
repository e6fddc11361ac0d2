package schema

// Schema is a rule for a value. The types of this package are the rules that
// OpenStack's request schemas are made of; they are data, written as Go
// literals in the order of the service's own schema, because the first fault
// in that order is the one that is told.
type Schema interface {
	// check returns the first fault, or nil. v exists.
	check(v Value) *Fault
}

// Validate checks a body. The error is a [fault.Invalid] with the [*Fault] in
// its chain. The text for the client is [Told]'s alone, so that logging the
// error shows nothing of the body.
func Validate(s Schema, v Value) error { return s.check(v).invalid() }

// mismatch makes a fault at the value itself.
func mismatch(v Value, message string) *Fault { return &Fault{Value: v, Message: message} }

// typeName is a JSON Schema type, as messages print it.
type typeName string

const (
	tString  typeName = "string"
	tInteger typeName = "integer"
	tNumber  typeName = "number"
	tBoolean typeName = "boolean"
	tNull    typeName = "null"
	tArray   typeName = "array"
	tObject  typeName = "object"
)

// accepts tells which kinds a type covers. 1.0 is no integer in JSON Schema
// draft 4, which these services use.
var accepts = map[typeName][]Kind{
	tString: {Text}, tInteger: {Int}, tNumber: {Int, Float}, tBoolean: {Bool},
	tNull: {Null}, tArray: {List}, tObject: {Map},
}

// typed checks that v is of one of the types.
func typed(v Value, nullable bool, types ...typeName) *Fault {
	if nullable {
		types = append(types, tNull)
	}
	names := make([]string, len(types))
	for i, t := range types {
		for _, k := range accepts[t] {
			if v.kind == k {
				return nil
			}
		}
		names[i] = string(t)
	}
	return mismatch(v, v.Repr()+" is not of type "+quoteAll(names))
}

// Any accepts every value.
type Any struct{}

func (Any) check(Value) *Fault { return nil }

// NullOnly accepts null.
type NullOnly struct{}

func (NullOnly) check(v Value) *Fault { return typed(v, false, tNull) }

// AnyOf accepts what one of its schemas accepts. It also stands for JSON
// Schema's oneOf where no value can satisfy two of the schemas.
type AnyOf []Schema

func (s AnyOf) check(v Value) *Fault {
	for _, option := range s {
		if option.check(v) == nil {
			return nil
		}
	}
	return mismatch(v, v.Repr()+" is not valid under any of the given schemas")
}
