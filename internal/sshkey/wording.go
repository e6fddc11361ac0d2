package sshkey

import "fmt"

// Language is one in which Keyreeve speaks to people.
type Language string

// The languages, by their ISO 639-1 codes.
const (
	English Language = "en"
	Korean  Language = "ko"
)

// Wording is one text in every language, with the verbs of package fmt where
// something goes in: as many in each language, indexed (%[2]s) where the order
// differs.
type Wording struct {
	English, Korean string
}

// In returns the text in a language with the arguments in their places. An
// argument that has an In method itself (a clause in a sentence) is put into
// the same language. A language that there is none of means English.
func (w Wording) In(l Language, args ...any) string {
	text := w.English
	if l == Korean {
		text = w.Korean
	}
	if len(args) == 0 {
		return text
	}
	worded := make([]any, len(args))
	for i, a := range args {
		worded[i] = a
		if clause, ok := a.(interface{ In(Language) string }); ok {
			worded[i] = clause.In(l)
		}
	}
	return fmt.Sprintf(text, worded...)
}
