package openstack

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Microversion is a version of a service's API. The zero Microversion stands
// for an answer without one: discovery, and the legacy API under /v2, which
// behaves as before the first microversion.
type Microversion struct{ Major, Minor int }

// V makes a [Microversion].
func V(major, minor int) Microversion { return Microversion{major, minor} }

// String returns the version as headers carry it: "2.93".
func (v Microversion) String() string {
	return strconv.Itoa(v.Major) + "." + strconv.Itoa(v.Minor)
}

// header returns the version as headers carry it, "" for no version.
func (v Microversion) header() string {
	if v == (Microversion{}) {
		return ""
	}
	return v.String()
}

// Compare returns a negative number, zero or a positive one as v is before,
// equal to or after w.
func (v Microversion) Compare(w Microversion) int {
	if v.Major != w.Major {
		return v.Major - w.Major
	}
	return v.Minor - w.Minor
}

// AtLeast reports whether v is w or later.
func (v Microversion) AtLeast(w Microversion) bool { return v.Compare(w) >= 0 }

// Versions is the range of microversions that a service speaks.
type Versions struct {
	Service  string // the name in the OpenStack-API-Version header, "compute"
	Legacy   string // an older header that holds a bare version; "" for none
	Min, Max Microversion
}

// ComputeVersions is what this Nova speaks. Later versions change nothing for
// key pairs, and their server shapes are not served.
var ComputeVersions = Versions{
	Service: "compute", Legacy: novaVersionHeader,
	Min: V(2, 1), Max: V(2, 93),
}

// versionError says that a request asked for a version that is not served, or
// for something that is no version.
type versionError struct {
	Asked     string
	Malformed bool
	Versions  Versions
}

// Error returns the text for the client.
func (e *versionError) Error() string {
	if e.Malformed {
		return fmt.Sprintf("API Version String %s is of invalid format. Must be of format MajorNum.MinorNum.", e.Asked)
	}
	return fmt.Sprintf("Version %s is not supported by the API. Minimum is %s and maximum is %s.", e.Asked, e.Versions.Min, e.Versions.Max)
}

var versionText = regexp.MustCompile(`^([1-9][0-9]*)\.([1-9][0-9]*|0)$`)

// Negotiate reads the version that a request asks for: the minimum when it
// asks for none. The error is a [*versionError].
// (https://docs.openstack.org/nova/latest/contributor/microversions.html)
func (s Versions) Negotiate(h http.Header) (Microversion, error) {
	asked, ok := s.asked(h)
	switch {
	case !ok:
		return s.Min, nil
	case asked == "latest":
		return s.Max, nil
	}
	m := versionText.FindStringSubmatch(asked)
	if m == nil {
		return Microversion{}, &versionError{Asked: asked, Malformed: true, Versions: s}
	}
	// Atoi stays at the largest number on overflow, which no range reaches.
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	if v := V(major, minor); v.AtLeast(s.Min) && s.Max.AtLeast(v) {
		return v, nil
	}
	return Microversion{}, &versionError{Asked: asked, Versions: s}
}

// asked finds the version text: of the standard header the last entry for this
// service ("volume 3.0, compute 2.10"), else the legacy header's last entry.
func (s Versions) asked(h http.Header) (string, bool) {
	entries := strings.Split(strings.Join(h.Values(versionHeader), ","), ",")
	for i := len(entries) - 1; i >= 0; i-- {
		words := strings.Fields(entries[i])
		if len(words) >= 2 && strings.EqualFold(words[0], s.Service) {
			return strings.Join(words[1:], " "), true
		}
	}
	if s.Legacy == "" || len(h.Values(s.Legacy)) == 0 {
		return "", false
	}
	entries = strings.Split(strings.Join(h.Values(s.Legacy), ","), ",")
	return strings.TrimSpace(entries[len(entries)-1]), true
}
