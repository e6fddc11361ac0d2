package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/fault"
)

var sample = Object{
	Closed:   true,
	Required: []string{"server"},
	Properties: []Property{
		{"server", Object{
			Closed:   true,
			Required: []string{"name", "flavorRef"},
			Properties: []Property{
				{"name", String{Min: 1, Max: 5}},
				{"flavorRef", Digits{Min: new(int64(0))}},
				{"max_count", Digits{Min: new(int64(1)), Max: new(int64(10))}},
				{"networks", AnyOf{
					Array{Items: Object{Closed: true, Properties: []Property{{"uuid", String{Format: &Format{Name: "uuid", Check: isX}}}}}},
					String{Enum: []string{"none", "auto"}},
				}},
				{"metadata", Object{Closed: true, Names: &NameRule{NewPattern(`^[a-z]{1,3}$`), String{Max: 4}}, Max: 2}},
				{"groups", Array{Items: Object{Properties: []Property{{"name", String{Pattern: NewPattern("^[a-z]+$")}}}}, Min: 1, Max: 2, Unique: true}},
				{"description", String{Max: 3, Nullable: true}},
				{"config_drive", Flag{}},
				{"locked", Boolean{}},
				{"ip", String{Format: &Format{Name: "ipv4", Check: isX}}},
				{"title", String{Format: &Format{Name: "name", Check: explained}}},
				{"nothing", NullOnly{}},
				{"anything", Any{}},
			},
		}},
	},
}

func isX(s string) (string, bool) { return "", s == "x" }

func explained(s string) (string, bool) { return "An invalid 'name' value was provided.", s == "x" }

func TestValidate(t *testing.T) {
	const at = "Invalid input for field/attribute "
	for _, c := range []struct{ name, body, want string }{
		{"fine", `{"server": {"name": "a", "flavorRef": 1, "networks": "auto", "metadata": {"ab": "x"}, "groups": [{"name": "a"}], "description": null,
			"config_drive": "yes", "locked": true, "ip": "x", "title": "x", "nothing": null, "anything": [1], "max_count": "10"}}`, ""},
		{"top null", `null`, `None is not of type 'object'`},
		{"top list", `[1]`, `[1] is not of type 'object'`},
		{"top string", `"x"`, `'x' is not of type 'object'`},
		{"top required", `{}`, `'server' is a required property`},
		{"top extra", `{"server": {"name": "a", "flavorRef": 1}, "foo": 1}`, `Additional properties are not allowed ('foo' was unexpected)`},
		{"required before extra", `{"foo": 1}`, `'server' is a required property`},
		{"property before required", `{"server": {"name": 5, "foo": 1}}`, at + `name. Value: 5. 5 is not of type 'string'`},
		{"inner null", `{"server": null}`, at + `server. Value: None. None is not of type 'object'`},
		{"inner text", `{"server": "x"}`, at + `server. Value: x. 'x' is not of type 'object'`},
		{"inner required", `{"server": {"name": "a"}}`, at + `server. Value: {'name': 'a'}. 'flavorRef' is a required property`},
		{"first required first", `{"server": {}}`, at + `server. Value: {}. 'name' is a required property`},
		{"extras", `{"server": {"name": "a", "flavorRef": 1, "z": 1, "b": 2}}`,
			at + `server. Value: {'name': 'a', 'flavorRef': 1, 'z': 1, 'b': 2}. Additional properties are not allowed ('z', 'b' were unexpected)`},
		{"schema order, not body order", `{"server": {"max_count": 0, "name": ""}}`, at + `name. Value: . '' is too short`},
		{"long", `{"server": {"name": "한글한글한글"}}`, at + `name. Value: 한글한글한글. '한글한글한글' is too long`},
		{"length in characters", `{"server": {"name": "한글한글한", "flavorRef": "1"}}`, ``},
		{"union", `{"server": {"name": "a", "flavorRef": 2.5}}`, at + `flavorRef. Value: 2.5. 2.5 is not of type 'integer', 'string'`},
		{"draft 4 integer", `{"server": {"name": "a", "flavorRef": 1.0}}`, at + `flavorRef. Value: 1.0. 1.0 is not of type 'integer', 'string'`},
		{"minimum", `{"server": {"name": "a", "max_count": 0}}`, at + `max_count. Value: 0. 0 is less than the minimum of 1`},
		{"minimum of digits", `{"server": {"name": "a", "max_count": "0"}}`, at + `max_count. Value: 0. 0 is less than the minimum of 1`},
		{"maximum", `{"server": {"name": "a", "max_count": 99999999999999999999}}`,
			at + `max_count. Value: 99999999999999999999. 99999999999999999999 is greater than the maximum of 10`},
		{"digits", `{"server": {"name": "a", "max_count": "x"}}`, at + `max_count. Value: x. 'x' does not match '^[0-9]*$'`},
		{"no digits", `{"server": {"name": "a", "max_count": ""}}`, at + `max_count. Value: . '' is too short`},
		{"any of", `{"server": {"name": "a", "networks": -1}}`, at + `networks. Value: -1. -1 is not valid under any of the given schemas`},
		{"any of, inner", `{"server": {"name": "a", "networks": [{"uuid": "y"}]}}`,
			at + `networks. Value: [{'uuid': 'y'}]. [{'uuid': 'y'}] is not valid under any of the given schemas`},
		{"names", `{"server": {"name": "a", "metadata": {"ok": "x", "BAD": "x"}}}`,
			at + `metadata. Value: {'ok': 'x', 'BAD': 'x'}. 'BAD' does not match any of the regexes: '^[a-z]{1,3}$'`},
		{"several names", `{"server": {"name": "a", "metadata": {"Z": "x", "": "x"}}}`,
			at + `metadata. Value: {'Z': 'x', '': 'x'}. '', 'Z' do not match any of the regexes: '^[a-z]{1,3}$'`},
		{"named value", `{"server": {"name": "a", "metadata": {"ok": "xxxxx"}}}`, at + `ok. Value: xxxxx. 'xxxxx' is too long`},
		{"too many", `{"server": {"name": "a", "metadata": {"a": "", "b": "", "c": ""}}}`,
			at + `metadata. Value: {'a': '', 'b': '', 'c': ''}. {'a': '', 'b': '', 'c': ''} has too many properties`},
		{"item", `{"server": {"name": "a", "groups": [{"name": "a"}, 5]}}`, at + `1. Value: 5. 5 is not of type 'object'`},
		{"item member", `{"server": {"name": "a", "groups": [{"name": "A"}]}}`, at + `name. Value: A. 'A' does not match '^[a-z]+$'`},
		{"no items", `{"server": {"name": "a", "groups": []}}`, at + `groups. Value: []. [] is too short`},
		{"many items", `{"server": {"name": "a", "groups": [{}, {"name": "a"}, {"name": "b"}]}}`,
			at + `groups. Value: [{}, {'name': 'a'}, {'name': 'b'}]. [{}, {'name': 'a'}, {'name': 'b'}] is too long`},
		{"same items", `{"server": {"name": "a", "groups": [{}, {}]}}`, at + `groups. Value: [{}, {}]. [{}, {}] has non-unique elements`},
		{"nullable", `{"server": {"name": "a", "description": 5}}`, at + `description. Value: 5. 5 is not of type 'string', 'null'`},
		{"flag", `{"server": {"name": "a", "config_drive": "maybe"}}`, at + `config_drive. Value: maybe. 'maybe' is not one of [True, 'True', 'TRUE', 'true', ` +
			`'1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', 'y', 't', False, 'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no', 'n', 'f']`},
		{"flag type", `{"server": {"name": "a", "config_drive": 1}}`, at + `config_drive. Value: 1. 1 is not of type 'boolean', 'string'`},
		{"boolean", `{"server": {"name": "a", "locked": "x"}}`, at + `locked. Value: x. 'x' is not of type 'boolean'`},
		{"format", `{"server": {"name": "a", "ip": "1.1"}}`, at + `ip. Value: 1.1. '1.1' is not a 'ipv4'`},
		{"format with its own text", `{"server": {"name": "a", "title": "y"}}`, `An invalid 'name' value was provided.`},
		{"null only", `{"server": {"name": "a", "nothing": {}}}`, at + `nothing. Value: {}. {} is not of type 'null'`},
	} {
		v, err := Decode([]byte(c.body))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		err = Validate(sample, v)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		var e *fault.Error
		if !errors.As(err, &e) || e.Kind != fault.Invalid {
			t.Errorf("%s: got %v, want an invalid fault", c.name, err)
			continue
		}
		if got, _ := Told(err); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestFaultNamesItsPlace(t *testing.T) {
	v, _ := Decode([]byte(`{"server": {"name": "a", "groups": [{"name": "a"}, {"name": 5}]}}`))
	err := Validate(sample, v)
	var f *Fault
	if !errors.As(err, &f) {
		t.Fatalf("no *Fault in %v", err)
	}
	if got := strings.Join(f.Path, "/"); got != "server/groups/1/name" {
		t.Errorf("path %s", got)
	}
	var e *fault.Error
	if errors.As(err, &e); e.Field != "name" {
		t.Errorf("field %q", e.Field)
	}
}

func TestTruth(t *testing.T) {
	for text, want := range map[string]bool{`true`: true, `"True"`: true, `"on"`: true, `"t"`: true, `"1"`: true,
		`false`: false, `"false"`: false, `"off"`: false, `"0"`: false, `1`: false, `null`: false} {
		v, _ := Decode([]byte(text))
		if v.Truth() != want {
			t.Errorf("%s is %v", text, !want)
		}
	}
}

func TestValidateQuery(t *testing.T) {
	params := Parameters{Known: []Parameter{
		{Name: "limit", Schema: Digits{Min: new(int64(0))}},
		{Name: "marker", Schema: String{}},
		{Name: "all", Schema: String{Min: 1}, Once: true},
	}}
	closed := params
	closed.Closed = true
	for _, c := range []struct{ raw, open, closed string }{
		{"", "", ""},
		{"limit=2&marker=a%20b&marker=", "", ""},
		{"limit=-1", "Invalid input for query parameters limit. Value: -1. '-1' does not match '^[0-9]*$'", "="},
		{"limit=2&limit=abc", "Invalid input for query parameters limit. Value: abc. 'abc' does not match '^[0-9]*$'", "="},
		{"limit=", "Invalid input for query parameters limit. Value: . '' is too short", "="},
		{"foo=1", "", "Additional properties are not allowed ('foo' was unexpected)"},
		{"foo=1&bar&foo=2", "", "Additional properties are not allowed ('foo', 'bar' were unexpected)"},
		{"foo=1&limit=x", "Invalid input for query parameters limit. Value: x. 'x' does not match '^[0-9]*$'", "="},
		{"all=a&all=b", "Invalid input for query parameters all. Value: ['a', 'b']. ['a', 'b'] is too long", "="},
	} {
		q, err := ParseQuery(c.raw)
		if err != nil {
			t.Fatal(err)
		}
		if c.closed == "=" {
			c.closed = c.open
		}
		for want, rule := range map[*string]Parameters{&c.open: params, &c.closed: closed} {
			err := ValidateQuery(rule, q)
			got, _ := Told(err)
			if (err != nil) != fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", c.raw, err)
			}
			if got != *want {
				t.Errorf("%s, closed %v:\n got %s\nwant %s", c.raw, rule.Closed, got, *want)
			}
		}
	}
}

func TestParseQuery(t *testing.T) {
	q, err := ParseQuery("a=1&b=x+y%2B%zz&&a=2&c&%ED%95%9C=%EA%B8%80")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(q.Names(), " "); got != "a b c 한" {
		t.Errorf("names %s", got)
	}
	if q.First("a") != "1" || q.Last("a") != "2" || q.First("b") != "x y+%zz" || !q.Has("c") || q.Has("d") || q.First("d")+q.Last("d") != "" || q.First("한") != "글" {
		t.Errorf("values %v", q)
	}
	if _, err := ParseQuery("a=%ff"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a query that is not UTF-8: %v", err)
	}
}

// TestParseLargeQuery finds every one of many parameters, however many there
// are: before and after they are indexed.
func TestParseLargeQuery(t *testing.T) {
	for n := indexFrom - 1; n <= indexFrom+2; n++ {
		var raw []string
		for i := range n {
			raw = append(raw, fmt.Sprintf("p%d=first%d", i, i))
		}
		for i := range n {
			raw = append(raw, fmt.Sprintf("p%d=last%d", i, i))
		}
		q, err := ParseQuery(strings.Join(raw, "&"))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(q.Names()); got != n || q.Has("p") || q.Has("nosuch") {
			t.Errorf("%d parameters: %d names", n, got)
		}
		for i := range n {
			name := fmt.Sprintf("p%d", i)
			if got, want := q.All(name), []string{fmt.Sprintf("first%d", i), fmt.Sprintf("last%d", i)}; !slices.Equal(got, want) {
				t.Errorf("%d parameters: %s is %q", n, name, got)
			}
		}
	}
}

func BenchmarkParseLargeQuery(b *testing.B) {
	var raw strings.Builder
	for i := range 12_000 {
		fmt.Fprintf(&raw, "p%d=1&", i)
	}
	for b.Loop() {
		q, err := ParseQuery(raw.String())
		if err != nil {
			b.Fatal(err)
		}
		for _, name := range q.Names() {
			if q.Last(name) != "1" {
				b.Fatal(name)
			}
		}
	}
}

func TestFaultsHideValuesFromLogs(t *testing.T) {
	for _, body := range []string{
		`"SECRET"`, `{"SECRET": 1}`, `{"server": "SECRET"}`, `{"server": {"name": "SECRET", "flavorRef": 1}}`,
		`{"server": {"name": "a", "flavorRef": 1, "SECRET": 2}}`, `{"server": {"name": "a", "groups": [{"name": "SECRET"}]}}`,
	} {
		v, err := Decode([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		err = Validate(sample, v)
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: the error for logs is %v", body, err)
		}
		if text, ok := Told(err); !ok || strings.Contains(body, "server") && !strings.Contains(text, "SECRET") {
			t.Errorf("%s: the client is told %q", body, text)
		}
	}
}
