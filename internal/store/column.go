package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// micros is how times are stored: microseconds since 1970, and 0 for the zero
// time, which no row needs for 1970 itself.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// instant scans what micros made, as UTC.
type instant struct{ t *time.Time }

// Scan implements sql.Scanner.
func (i instant) Scan(src any) error {
	us, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T, not as an integer", src)
	}
	*i.t = time.Time{}
	if us != 0 {
		*i.t = time.UnixMicro(us).UTC()
	}
	return nil
}

// bit is how booleans are stored.
func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// jsonText is how lists, maps and snapshots are stored. What is empty is empty text.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("store: not to be written as JSON: " + err.Error()) // the types are ours
	}
	switch string(b) {
	case "null", "{}", "[]":
		return ""
	}
	return string(b)
}

// jsonInto scans what jsonText made into a pointer; empty text leaves it alone.
type jsonInto struct{ dest any }

// Scan implements sql.Scanner.
func (j jsonInto) Scan(src any) error {
	var text []byte
	switch s := src.(type) {
	case string:
		text = []byte(s)
	case []byte:
		text = s
	default:
		return fmt.Errorf("JSON is stored as %T, not as text", src)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	return json.Unmarshal(text, j.dest)
}

// where collects conditions and their parameters.
type where struct {
	conds []string
	args  []any
}

// and adds a condition; each ? in it stands for the next of args.
func (w *where) and(cond string, args ...any) {
	for _, a := range args {
		w.args = append(w.args, a)
		cond = strings.Replace(cond, "?", w.last(), 1)
	}
	w.conds = append(w.conds, cond)
}

// last is the placeholder of the last parameter.
func (w *where) last() string { return "$" + strconv.Itoa(len(w.args)) }

// String returns the clause, or nothing without conditions.
func (w *where) String() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conds, " AND ")
}
