package compute

import (
	"strings"
	"testing"
)

// The vectors are those of https://www.akkadia.org/drepper/SHA-crypt.txt, and
// what glibc's crypt and openssl passwd -6 say.
func TestSHA512Crypt(t *testing.T) {
	for _, c := range []struct{ password, hash string }{
		{"Hello world!", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
		{"p", "$6$abc$fDtIjwavOCVeWQ8msZPp2x4nxa6vmGvDMFEmCBuE/c9AvQZG0JsRjrFqA2q8VQzQhZSPBY10qfJloCGtU06Ju/"},
		{strings.Repeat("x", 70), "$6$./09AZazsaltsalt$0fBsqEALmuSp7W3Yb6oNIXLCxKPsb.Mj3zyLuqoq7OIB1kaClpWWl3vu4.DHdOyVZxisSAlxI0d1wICOunijK0"},
	} {
		salt := strings.Split(c.hash, "$")[2]
		if got := SHA512Crypt(c.password, salt); got != c.hash {
			t.Errorf("%s: %s", c.hash, got)
		}
		if !PasswordFits(c.hash, c.password) || PasswordFits(c.hash, c.password+"x") {
			t.Errorf("%s does not tell its password", c.hash)
		}
	}
	const own = "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."
	if !PasswordFits(own, "Hello world!") {
		t.Error("a number of rounds is not read")
	}
	for _, bad := range []string{"", "Hello world!", "$6$", "$6$salt", "$5$salt$x", "$6$rounds=100001$salt$x", "$6$rounds=x$salt$x", "$6$saltsaltsaltsalts$x", strings.TrimSuffix(own, ".")} {
		if PasswordFits(bad, "Hello world!") {
			t.Errorf("%q fits", bad)
		}
	}
}

func TestPasswordLogin(t *testing.T) {
	for _, c := range []struct {
		property, data string
		want           bool
	}{
		{"", "", false},
		{"yes", "", true},
		{"", "#!/bin/sh\nssh_pwauth: true\n", false},
		{"", "#cloud-config\nusers: []\nssh_pwauth: true # for the course\n", true},
		{"", "#cloud-config\nssh_pwauth: \"yes\"\n", true},
		{"yes", "#cloud-config\nssh_pwauth: False\n", false},
		{"", "#cloud-config\nx:\n  ssh_pwauth: true\n", false},
	} {
		if got := passwordLogin(Image{Properties: map[string]string{"ssh_pwauth": c.property}}, []byte(c.data)); got != c.want {
			t.Errorf("%q, %q: %v", c.property, c.data, got)
		}
	}
}
