package shell

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"strings"

	"golang.org/x/crypto/ssh"
)

// runKeygen prints fingerprints; keys are made where they are used, not here.
func runKeygen(c *call) int {
	o, ok := c.getopt("lf:E:v", nil)
	if !ok || !o.has('l') {
		return c.fail("only -l -f FILE is there in a simulated guest; make keys on your own machine")
	}
	file := o.set['f']
	if file == "" {
		return c.fail("-f FILE is needed")
	}
	r := c.input(file)
	if r == nil {
		return 1
	}
	defer r.Close()
	shown := 0
	c.lines(r, func(line string) bool {
		c.tick(10)
		key, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			return true
		}
		shown++
		print := ssh.FingerprintSHA256(key)
		if strings.EqualFold(o.set['E'], "md5") {
			print = "MD5:" + ssh.FingerprintLegacyMD5(key)
		}
		if comment == "" {
			comment = "no comment"
		}
		bits, kind := keySize(key)
		c.printf("%d %s %s (%s)\n", bits, print, comment, kind)
		return true
	})
	if shown == 0 {
		return c.fail("%s is not a public key file.", file)
	}
	return 0
}

// keySize is a key's length in bits and its kind, as ssh-keygen shows them.
func keySize(key ssh.PublicKey) (bits int, kind string) {
	kind = strings.ToUpper(strings.TrimSuffix(strings.TrimPrefix(key.Type(), "ssh-"), "@openssh.com"))
	if k, ok := key.(ssh.CryptoPublicKey); ok {
		switch k := k.CryptoPublicKey().(type) {
		case *rsa.PublicKey:
			return k.N.BitLen(), kind
		case *ecdsa.PublicKey:
			return k.Curve.Params().BitSize, "ECDSA"
		}
	}
	return 256, kind
}
