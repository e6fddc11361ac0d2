package identity

import (
	"strings"
	"testing"
)

func TestPathMatches(t *testing.T) {
	for _, tc := range []struct {
		pattern, path string
		want          bool
	}{
		{"/v2.1/servers", "/v2.1/servers", true},
		{"/v2.1/servers", "/v2.1/servers/", false},
		{"/v2.1/servers", "/v2.1/serversx", false},
		{"/v2.1/servers", "/v2x1/servers", false},
		{"/v2.1/servers", "/identity/v2.1/servers", false},
		{"/v2.1/*/servers", "/v2.1/abc/servers", true},
		{"/v2.1/*/servers", "/v2.1//servers", false},
		{"/v2.1/*/servers", "/v2.1/a/b/servers", false},
		{"/v2.1/servers/{id}", "/v2.1/servers/1", true},
		{"/v2.1/servers/{id}", "/v2.1/servers/", false},
		{"/v2.1/servers/{id}", "/v2.1/servers/1/action", false},
		{"/v2.1/servers/{server_id}/{x}", "/v2.1/servers/1/action", true},
		{"/v2.1/**", "/v2.1/", true},
		{"/v2.1/**", "/v2.1", false},
		{"/v2.1/**", "/v2.1/servers/1/action", true},
		{"/v2.1/**/action", "/v2.1/servers/1/action", true},
		{"/v2.1/**/action", "/v2.1/servers/1/actions", false},
		{"/v2.1/se*s", "/v2.1/servers", true},
		{"/v2.1/se*s", "/v2.1/ses", false},
		{"/v2.1/se**s", "/v2.1/ses", true},
		{"/v2.1/s*r*s", "/v2.1/servers", true},
		{"/***", "/a", true},
		{"/***", "/", false},
		{"/a{", "/a{", true},
		{"/a{", "/ab", false},
		{"/{}", "/x", true},
		{"/**", "", false},
	} {
		if have := pathMatches(tc.pattern, tc.path); have != tc.want {
			t.Errorf("%s and %s: %v", tc.pattern, tc.path, have)
		}
	}
	// As long as both can be, and as bad as can be.
	path, pattern := "/"+strings.Repeat("a", 16<<10), "/"+strings.Repeat("a**", mostWild)+"b"
	if pathMatches(pattern, path) || !pathMatches(pattern, path+"b") {
		t.Error("a long path is not matched right")
	}
}

func TestCredentialAdmits(t *testing.T) {
	rule := AccessRule{Service: "compute", Method: "GET", Path: "/v2.1/servers"}
	fits := Use{Service: "compute", Method: "GET", Path: "/v2.1/servers"}
	for name, tc := range map[string]struct {
		rules []AccessRule
		use   Use
		want  bool
	}{
		"no rules":        {nil, Use{}, true},
		"fits":            {[]AccessRule{{Service: "image", Method: "GET", Path: "/**"}, rule}, fits, true},
		"nothing said":    {[]AccessRule{{Path: "**"}}, Use{}, false},
		"another service": {[]AccessRule{rule}, Use{"image", "GET", "/v2.1/servers"}, false},
		"another method":  {[]AccessRule{rule}, Use{"compute", "POST", "/v2.1/servers"}, false},
		"another path":    {[]AccessRule{rule}, Use{"compute", "GET", "/v2.1/servers/1"}, false},
	} {
		if have := (AppCredential{Rules: tc.rules}).admits(tc.use); have != tc.want {
			t.Errorf("%s: %v", name, have)
		}
	}
}
