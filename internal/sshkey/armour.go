package sshkey

import "strings"

// The first lines of public things with armour around them.
const (
	beginRFC4716 = "---- BEGIN SSH2 PUBLIC KEY ----"
	beginPKCS1   = "-----BEGIN RSA PUBLIC KEY-----"
	beginSPKI    = "-----BEGIN PUBLIC KEY-----"
	beginX509    = "-----BEGIN CERTIFICATE-----"
)

// armours are the beginnings of public things that are no OpenSSH line.
var armours = []struct {
	begin  string
	reason Reason
}{
	{beginRFC4716, IsRFC4716},
	{beginPKCS1, IsPKCS1},
	{beginSPKI, IsPKIX},
	{beginX509, IsCertificate},
	{"-----BEGIN X509 CERTIFICATE-----", IsCertificate},
	{"-----BEGIN TRUSTED CERTIFICATE-----", IsCertificate},
	{"-----BEGIN CERTIFICATE REQUEST-----", IsCertificateRequest},
	{"-----BEGIN NEW CERTIFICATE REQUEST-----", IsCertificateRequest},
	{"-----BEGIN PKCS7-----", IsPKCS7},
	{"-----BEGIN PKCS #7 SIGNED DATA-----", IsPKCS7},
	{"-----BEGIN CMS-----", IsPKCS7},
	{"-----BEGIN PGP PUBLIC KEY BLOCK-----", IsPGP},
}

// armourOf returns what the armour that comes first in the text stands for,
// or 0 when there is none. A certificate may have any text before it.
func armourOf(text string) Reason {
	first, reason := len(text), Reason(0)
	for _, a := range armours {
		if at := strings.Index(text, a.begin); at >= 0 && at < first {
			first, reason = at, a.reason
		}
	}
	return reason
}

// endOf returns the last line that belongs to a first one.
func endOf(begin string) string { return strings.Replace(begin, "BEGIN", "END", 1) }

// armourBody returns what stands between the first and the last line of a text
// that begins with the first, with line feeds as line ends. Nothing but white
// space may stand around the armour.
func armourBody(text, begin string) (string, error) {
	text = strings.Trim(unifyLines(text), white)
	if err := checkCharacters(text); err != nil {
		return "", err
	}
	end := endOf(begin)
	body, after, closed := strings.Cut(text[len(begin):], end)
	switch {
	case strings.Contains(body, begin), strings.Contains(after, begin):
		return "", refuse(MoreThanOneKey)
	case !closed:
		return "", refuse(BadArmour, flaw{flawNoEnd, []any{end}})
	case after != "":
		return "", refuse(BadArmour, flaw{flawAfterEnd, []any{end}})
	}
	return strings.TrimLeft(body, white), nil
}

// unifyLines makes every line end (CR LF, CR, LF) a line feed.
func unifyLines(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// joinLines returns the text without any white space.
func joinLines(text string) string {
	var joined strings.Builder
	joined.Grow(len(text))
	for word := range strings.FieldsSeq(text) {
		joined.WriteString(word)
	}
	return joined.String()
}
