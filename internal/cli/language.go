package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// language is the value of --lang. Without the flag the locale decides.
type language struct{ sshkey.Language }

// Set takes a language by its ISO 639-1 code.
func (l *language) Set(text string) error {
	switch given := sshkey.Language(text); given {
	case sshkey.English, sshkey.Korean:
		l.Language = given
		return nil
	}
	return errors.New("the languages are ko and en")
}

// String returns the code.
func (l *language) String() string { return string(l.Language) }

// Type names the value in the usage text.
func (*language) Type() string { return "LANGUAGE" }

// langFlag gives a command, and those below it, the flag --lang.
func (a *app) langFlag(c *cobra.Command) {
	c.PersistentFlags().Var(&a.lang, "lang", "the `LANGUAGE` of refusals, ko or en; otherwise that of LC_ALL, LC_MESSAGES or LANG")
	_ = c.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions([]string{"en", "ko"}, cobra.ShellCompDirectiveNoFileComp))
}

// localeLanguage is the language of messages by the environment: the first of
// the three variables that is set and not empty decides (POSIX.1-2024, XBD
// section 8.2).
func localeLanguage(env []string) sshkey.Language {
	set := map[string]string{}
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		set[name] = value
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := set[name]; locale != "" {
			// language[_TERRITORY][.codeset][@modifier]
			if word := strings.FieldsFunc(locale, func(r rune) bool { return strings.ContainsRune("_.@", r) }); len(word) > 0 && word[0] == "ko" {
				return sshkey.Korean
			}
			break
		}
	}
	return sshkey.English
}

// worded is what can be said in each language.
type worded interface{ In(sshkey.Language) string }

// say words an error in a language, where it has words of its own for it. One
// that wraps a worded error in a sentence of its own is left as it is: half of
// it in another language would help nobody.
func say(err error, l sshkey.Language) string {
	switch e := any(err).(type) {
	case worded:
		return e.In(l)
	case interface{ Unwrap() []error }: // of errors.Join
		var lines []string
		for _, part := range e.Unwrap() {
			lines = append(lines, say(part, l))
		}
		return strings.Join(lines, "\n")
	}
	return err.Error()
}

// refusal is why a command on keys did not do what it was asked.
type refusal struct {
	wording sshkey.Wording
	args    []any
}

// refuse makes a refusal; the arguments go into the wording.
func refuse(w sshkey.Wording, args ...any) error { return &refusal{w, args} }

// Error returns the sentence in English.
func (r *refusal) Error() string { return r.In(sshkey.English) }

// In returns the sentence in a language.
func (r *refusal) In(l sshkey.Language) string { return r.wording.In(l, r.args...) }

// located is an error about what stands in a file.
type located struct {
	where string // FILE or FILE:LINE
	err   error
}

// Error returns the place and the sentence in English.
func (e *located) Error() string { return e.In(sshkey.English) }

// In returns the place and the sentence in a language.
func (e *located) In(l sshkey.Language) string { return fmt.Sprintf("%s: %s", e.where, say(e.err, l)) }

// Unwrap returns the error without its place.
func (e *located) Unwrap() error { return e.err }
