package sshkey

import "strings"

// readRFC4716 reads what stands between the first and the last line of an
// RFC 4716 key: headers, of which the first Comment becomes the key's comment,
// and the base64 of the blob. The limits of RFC 4716 section 3.3 (72 bytes a
// line, 64 a tag, 1024 a value) bind who writes such a file; here any length
// is read, as ssh-keygen does.
func readRFC4716(body string) (PublicKey, error) {
	comment, commented := "", false
	for {
		line, rest, _ := strings.Cut(body, "\n")
		// Base64 has no colon.
		if !strings.Contains(line, ":") {
			break
		}
		tag, value, rest := cutHeader(line, rest)
		if !commented && strings.EqualFold(tag, "Comment") {
			comment, commented = value, true
		}
		body = rest
	}
	key, err := readBase64("", joinLines(body))
	if err != nil {
		return PublicKey{}, err
	}
	key.comment = unquote(comment)
	return key, nil
}

// cutHeader takes one header apart: its first line, and of the rest the lines
// that continue it, each announced by a backslash before its line end.
func cutHeader(line, rest string) (tag, value, after string) {
	tag, line, _ = strings.Cut(line, ":")
	var joined strings.Builder
	for {
		part, goesOn := strings.CutSuffix(strings.TrimRight(line, " \t"), `\`)
		joined.WriteString(part)
		if !goesOn || rest == "" {
			break
		}
		line, rest, _ = strings.Cut(rest, "\n")
	}
	return strings.Trim(tag, white), joined.String(), rest
}

// unquote drops one pair of quotation marks and the white space around and
// inside it: with and without them the comment is the same (RFC 4716 section 3.3.2).
func unquote(comment string) string {
	comment = strings.Trim(comment, white)
	if inner, ok := strings.CutPrefix(comment, `"`); ok {
		if inner, ok = strings.CutSuffix(inner, `"`); ok {
			return strings.Trim(inner, white)
		}
	}
	return comment
}
