package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// publicFormats write a public key for those who read other forms than a line
// of authorized_keys.
var publicFormats = map[string]func(sshkey.PublicKey) (string, error){
	"authorized-keys": func(k sshkey.PublicKey) (string, error) { return k.AuthorizedKey() + "\n", nil },
	"rfc4716":         func(k sshkey.PublicKey) (string, error) { return k.RFC4716(), nil },
	"spki":            sshkey.PublicKey.PKIX,
	"pkcs1":           sshkey.PublicKey.PKCS1,
}

// targets are all formats that a key can be converted to.
func targets() []string {
	return append(privateFormatNames(), slices.Sorted(maps.Keys(publicFormats))...)
}

func privateFormatNames() []string {
	var names []string
	for _, f := range sshkey.PrivateFormats() {
		names = append(names, string(f))
	}
	return names
}

func parsePrivateFormat(text string) (sshkey.PrivateFormat, error) {
	names := privateFormatNames()
	if !slices.Contains(names, text) {
		return "", fmt.Errorf("there is no format %q; choose one of %s", text, strings.Join(names, ", "))
	}
	return sshkey.PrivateFormat(text), nil
}
