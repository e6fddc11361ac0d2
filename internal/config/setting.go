package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setting is one key of one section, bound to its field in a Config.
type setting struct {
	section, key string
	tag          reflect.StructTag
	field        reflect.Value
}

// settings lists every setting of c in the order of the struct.
func settings(c *Config) []setting {
	var all []setting
	sections := reflect.ValueOf(c).Elem()
	for i := range sections.NumField() {
		section := sections.Field(i)
		for j := range section.NumField() {
			tag := section.Type().Field(j).Tag
			all = append(all, setting{
				section: sections.Type().Field(i).Tag.Get("toml"),
				key:     tag.Get("toml"),
				tag:     tag,
				field:   section.Field(j),
			})
		}
	}
	return all
}

func (s setting) path() string { return s.section + "." + s.key }

// String is how messages name the setting.
func (s setting) String() string { return "[" + s.section + "] " + s.key }

// env is the variable that sets it.
func (s setting) env() string { return envPrefix + strings.ToUpper(s.section+"_"+s.key) }

func (s setting) secret() bool { return s.tag.Get("secret") == "true" }

// set reads the value from a text; it reports whether the text is of the right
// kind. A list has its separator between its texts.
func (s setting) set(text string) bool {
	switch p := s.field.Addr().Interface().(type) {
	case *string:
		*p = text
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return false
		}
		*p = n
	case *Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return false
		}
		p.Duration = d
	case *bool:
		b, ok := map[string]bool{"true": true, "false": false}[text]
		*p = b
		return ok
	case *[]string:
		*p = nil
		if text != "" {
			*p = strings.Split(text, s.separator())
		}
	default:
		panic(fmt.Sprintf("config: %s: settings of type %s are not known", s, s.field.Type()))
	}
	return true
}

// setTOML takes the value that stands in a file; it reports whether it is of
// the right kind.
func (s setting) setTOML(value any) bool {
	switch v := value.(type) {
	case string:
		return s.quoted() && s.field.Kind() != reflect.Slice && s.set(v)
	case int64:
		return s.field.Kind() == reflect.Int && s.set(strconv.FormatInt(v, 10))
	case bool:
		return s.field.Kind() == reflect.Bool && s.set(strconv.FormatBool(v))
	case []any:
		list, ok := s.field.Addr().Interface().(*[]string)
		if !ok {
			return false
		}
		*list = nil
		for _, element := range v {
			text, ok := element.(string)
			if !ok {
				return false
			}
			*list = append(*list, text)
		}
		return true
	}
	return false
}

// quoted reports whether the value stands in quotes in a file.
func (s setting) quoted() bool {
	return s.field.Kind() != reflect.Int && s.field.Kind() != reflect.Bool
}

// text is the value as one would write it for set.
func (s setting) text() string {
	if list, ok := s.field.Interface().([]string); ok {
		return strings.Join(list, s.separator())
	}
	return fmt.Sprint(s.field.Interface())
}

// separator stands between the texts of a list where it is one text, as in a variable.
func (s setting) separator() string {
	if sep := s.tag.Get("sep"); sep != "" {
		return sep
	}
	return string(filepath.ListSeparator)
}

// toml is the default as it stands in a file.
func (s setting) toml() string {
	switch {
	case s.field.Kind() == reflect.Slice: // no list has anything in it by default
		return "[]"
	case s.quoted():
		return strconv.Quote(s.tag.Get("default"))
	}
	return s.tag.Get("default")
}

// ok reports whether the value is allowed.
func (s setting) ok() bool {
	switch v := s.field.Interface().(type) {
	case int:
		return v >= s.bound("min") && v <= s.bound("max")
	case Duration:
		return v.Duration >= s.span("min") && v.Duration <= s.span("max")
	case bool:
		return true
	case []string:
		good := checks[s.tag.Get("check")].ok
		return !slices.ContainsFunc(v, func(text string) bool { return text == "" || !good(text) })
	case string:
		if words := s.tag.Get("oneof"); words != "" {
			return strings.Contains("|"+words+"|", "|"+v+"|") && !strings.Contains(v, "|")
		}
		return checks[s.tag.Get("check")].ok(v)
	}
	return false
}

// want says what ok wants, to follow the words "must be".
func (s setting) want() string {
	switch s.field.Interface().(type) {
	case int:
		return fmt.Sprintf("a whole number from %d to %d", s.bound("min"), s.bound("max"))
	case Duration:
		return fmt.Sprintf("a duration from %s to %s, written like 1h30m", s.tag.Get("min"), s.tag.Get("max"))
	case bool:
		return "true or false"
	case []string:
		return fmt.Sprintf(`a list like ["a", "b"], each of it %s`, checks[s.tag.Get("check")].want)
	}
	if words := s.tag.Get("oneof"); words != "" {
		quoted := make([]string, 0, 4)
		for w := range strings.SplitSeq(words, "|") {
			quoted = append(quoted, strconv.Quote(w))
		}
		if len(quoted) == 1 {
			return quoted[0]
		}
		return strings.Join(quoted[:len(quoted)-1], ", ") + " or " + quoted[len(quoted)-1]
	}
	return checks[s.tag.Get("check")].want
}

// inQuotes reminds of what TOML wants around a text.
func (s setting) inQuotes() string {
	if !s.quoted() || s.field.Kind() == reflect.Slice {
		return ""
	}
	return ", in quotes"
}

func (s setting) bound(tag string) int {
	n, err := strconv.Atoi(s.tag.Get(tag))
	if err != nil {
		panic(fmt.Sprintf("config: %s: tag %s: %v", s, tag, err))
	}
	return n
}

func (s setting) span(tag string) time.Duration {
	d, err := time.ParseDuration(s.tag.Get(tag))
	if err != nil {
		panic(fmt.Sprintf("config: %s: tag %s: %v", s, tag, err))
	}
	return d
}
