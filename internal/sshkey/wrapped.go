package sshkey

import "strings"

// readWrapped reads one line that was broken into several: between its parts,
// as editors do, or anywhere in its base64, as terminals do. The comment may
// have been broken too, but only after the base64 was: lines after a whole key
// with its comment are other things. For a text that is nothing of the kind it
// returns the error it is given.
func (a Accept) readWrapped(text string, notLine error) (Reading, error) {
	first, rest, several := strings.Cut(unifyLines(text), "\n")
	if !several || holdsOtherKey(rest) {
		return Reading{}, notLine
	}
	if whole, err := a.readLine(strings.TrimRight(first, white)); err == nil {
		if whole.Key.comment != "" || strings.Contains(rest, "\n") {
			return Reading{}, notLine
		}
	}
	// The last line that continues the base64 may hold the comment behind a
	// space, or be the comment as a whole. A blob has one length, so at most
	// one of both is a key.
	joined, ok := a.unwrap(first, rest, "")
	if !ok {
		return Reading{}, notLine
	}
	reading, err := a.readLine(joined)
	if err == nil {
		return reading, nil
	}
	joined, _ = a.unwrap(first, rest, " ")
	reading, apart := a.readLine(joined)
	last, _ := cutWord(strings.Trim(rest[strings.LastIndex(rest, "\n")+1:], white))
	if apart != nil && strings.Trim(last, base64Alphabet+"=") == "" {
		return Reading{}, err
	}
	return reading, apart
}

// holdsOtherKey says whether a line after the first begins a key or is empty,
// which no wrapping leaves behind.
func holdsOtherKey(rest string) bool {
	for line := range strings.Lines(rest) {
		if strings.Trim(line, white) == "" || keyInside(line) != "" {
			return true
		}
	}
	return false
}

// unwrap joins the lines of one key, with a gap before the line that ends its
// base64.
func (a Accept) unwrap(first, rest, gap string) (line string, ok bool) {
	var joined strings.Builder
	joined.Grow(len(first) + len(rest) + 2)
	width := len(first)
	first = strings.TrimRight(first, white)
	joined.WriteString(first)
	if last := first[strings.LastIndexAny(first, " \t")+1:]; a.knows(last) {
		joined.WriteByte(' ')
	} else if strings.TrimLeft(last, base64Alphabet+"=") != "" {
		return "", false
	}
	ended, before := false, width
	for rest != "" {
		line, after, more := strings.Cut(rest, "\n")
		rest = after
		wide := len(line)
		line = strings.Trim(line, white)
		switch {
		case ended:
			// A line as long as the first was broken by its width, in a word.
			if before != width {
				joined.WriteByte(' ')
			}
		case !more || strings.TrimLeft(line, base64Alphabet+"=") != "":
			joined.WriteString(gap)
			ended = true
		}
		joined.WriteString(line)
		before = wide
	}
	return joined.String(), true
}
