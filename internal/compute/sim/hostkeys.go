package sim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"os"

	"golang.org/x/crypto/ssh"
)

// keyKinds are the host keys that each guest has, the preferred first. RSA
// would take longer to make than all the rest of an instance.
var keyKinds = []string{"ed25519", "ecdsa"}

func hostKeyFile(kind string) string { return "ssh_host_" + kind + "_key" }

var generators = map[string]func() (crypto.Signer, error){
	"ed25519": func() (crypto.Signer, error) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	},
	"ecdsa": func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
}

// makeHostKeys makes a guest's host keys and returns their public lines.
func makeHostKeys(dir *os.Root) ([]string, error) {
	var lines []string
	for _, kind := range keyKinds {
		key, err := generators[kind]()
		if err != nil {
			return nil, err
		}
		block, err := ssh.MarshalPrivateKey(key, "")
		if err != nil {
			return nil, err
		}
		if err := writeFile(dir, hostKeyFile(kind), pem.EncodeToMemory(block)); err != nil {
			return nil, err
		}
		public, err := ssh.NewPublicKey(key.Public())
		if err != nil {
			return nil, err
		}
		lines = append(lines, publicLine(public))
	}
	return lines, nil
}

// loadHostKeys reads host keys. That is done for each connection: it takes less
// than the handshake, and idle guests keep no keys in memory.
func loadHostKeys(dir *os.Root) ([]ssh.Signer, error) {
	var keys []ssh.Signer
	for _, kind := range keyKinds {
		text, err := dir.ReadFile(hostKeyFile(kind))
		if err != nil {
			return nil, err
		}
		key, err := ssh.ParsePrivateKey(text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}
