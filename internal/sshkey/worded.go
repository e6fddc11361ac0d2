package sshkey

// wordedError is a refusal in every language: its text is [flaw.In]'s.
type wordedError struct{ flaw }

// Error returns the sentence in English.
func (e wordedError) Error() string { return e.In(English) }

// refused returns the error that says a sentence with its arguments.
func refused(w Wording, args ...any) error { return wordedError{flaw{w, args}} }
