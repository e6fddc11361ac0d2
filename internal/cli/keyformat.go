package cli

import (
	"maps"
	"slices"

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
func targets() []string { return append(privateFormatNames(), publicFormatNames()...) }

func publicFormatNames() []string { return slices.Sorted(maps.Keys(publicFormats)) }

func privateFormatNames() []string {
	var names []string
	for _, f := range sshkey.PrivateFormats() {
		names = append(names, string(f))
	}
	return names
}
