package glance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// matching makes one test of all filters in a query: members of an image and
// its properties, by their names. What is hidden is left out unless the query
// says otherwise.
func matching(q schema.Query) (func(openstack.Fields) bool, error) {
	all := []func(openstack.Fields) bool{}
	for _, name := range q.Names() {
		test, err := filter(name, q)
		if err != nil {
			return nil, err
		}
		if test != nil {
			all = append(all, test)
		}
	}
	if !q.Has("os_hidden") {
		all = append(all, member("os_hidden", equals("false")))
	}
	return func(i openstack.Fields) bool {
		return !slices.ContainsFunc(all, func(fits func(openstack.Fields) bool) bool { return !fits(i) })
	}, nil
}

// filter makes the test of one parameter, nil for one that is none.
func filter(name string, q schema.Query) (func(openstack.Fields) bool, error) {
	value := q.Last(name)
	switch name {
	case "limit", "marker", "sort", "sort_key", "sort_dir", "member_status":
		return nil, nil
	case "visibility":
		if !slices.Contains([]string{"public", "private", "shared", "community", "all"}, value) {
			return nil, fault.Invalidf(name, "Invalid visibility value: %s", value)
		}
		if value == "all" {
			return nil, nil
		}
	case "size_min", "size_max":
		fits, err := bound(name, value)
		return member("size", fits), err
	case "created_at", "updated_at":
		fits, err := moment(name, value)
		return member(name, fits), err
	case "protected", "os_hidden":
		return member(name, equals(strings.ToLower(value))), nil
	case "tag":
		return tagged(q.All(name)), nil
	}
	return member(name, equals(value)), nil
}

// member tests the value of a member, as it stands in a query.
func member(name string, fits func(string) bool) func(openstack.Fields) bool {
	return func(i openstack.Fields) bool {
		k := slices.IndexFunc(i, func(f openstack.Field) bool { return f.Name == name })
		return k >= 0 && fits(text(i[k].Value))
	}
}

// tagged tests for images that have every one of the tags.
func tagged(tags []string) func(openstack.Fields) bool {
	return func(i openstack.Fields) bool {
		k := slices.IndexFunc(i, func(f openstack.Field) bool { return f.Name == "tags" })
		has, _ := i[k].Value.([]string)
		return !slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(has, tag) })
	}
}

// comparisons are the words before a time, and what they want of how a value
// compares with it.
var comparisons = map[string]func(n int) bool{
	"gt": func(n int) bool { return n > 0 }, "gte": func(n int) bool { return n >= 0 }, "eq": func(n int) bool { return n == 0 },
	"neq": func(n int) bool { return n != 0 }, "lt": func(n int) bool { return n < 0 }, "lte": func(n int) bool { return n <= 0 },
}

// moment tests a time: "gte:2026-11-22T01:00:00Z", or one without a word, which
// is "eq". A time that names no zone is UTC.
func moment(name, value string) (func(string) bool, error) {
	holds := comparisons["eq"]
	if word, rest, ok := strings.Cut(value, ":"); ok && comparisons[word] != nil {
		holds, value = comparisons[word], rest
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
		if at, err := time.Parse(layout, value); err == nil {
			return func(s string) bool {
				t, err := time.Parse(timeLayout, s)
				return err == nil && holds(t.Compare(at))
			}, nil
		}
	}
	return nil, fault.Invalidf(name, "Invalid filter value %s: %s is a time such as gte:2026-11-22T01:00:00Z", value, name)
}

// equals tests for a value, or one of several: "in:a,b", with those that hold a
// comma in quotes.
func equals(value string) func(string) bool {
	list, ok := strings.CutPrefix(value, "in:")
	if !ok {
		return func(s string) bool { return s == value }
	}
	var any []string
	for len(list) > 0 {
		var one string
		if rest, quoted := strings.CutPrefix(list, `"`); quoted {
			one, list, _ = strings.Cut(rest, `"`)
			list = strings.TrimPrefix(list, ",")
		} else {
			one, list, _ = strings.Cut(list, ",")
		}
		any = append(any, one)
	}
	return func(s string) bool { return slices.Contains(any, s) }
}

func bound(name, value string) (func(string) bool, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return nil, fault.Invalidf(name, "Invalid filter value %s: %s must be a whole number of bytes", value, name)
	}
	return func(s string) bool {
		size, err := strconv.ParseInt(s, 10, 64)
		return err == nil && (name == "size_min" && size >= n || name == "size_max" && size <= n)
	}, nil
}

// text writes a member as it stands in a query.
func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
