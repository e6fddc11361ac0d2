package sshkey

// certificate is an OpenSSH certificate: views of its blob.
type certificate struct {
	key                  values // that it certifies
	serial               uint64 // 0 in v00, which has none
	use                  uint32
	keyID                string
	principals           string // a list of names
	validAfter           uint64 // Unix seconds
	validBefore          uint64
	critical, extensions string // lists of names with data
	authority            string // a plain key's blob
	signed, signature    string // everything before the signature, and it
}

// The uses of a certificate on the wire.
const (
	useUser = 1
	useHost = 2
)

// readCertificate takes the fields of a certificate after its type word.
//
// Version v01 is OpenSSH's PROTOCOL.certkeys since 5.6. v00, which OpenSSH 5.4
// to 6.9 read, has the nonce behind the constraints (today's critical options),
// no serial and no extensions. Neither has a limit on the length of a name or
// list but that of the text.
func readCertificate(r *wireReader, f *format, blob string) (c certificate) {
	if f.cert == certV01 {
		r.text() // nonce
	}
	c.key = readKey(r, f)
	if f.cert == certV01 {
		c.serial = r.uint64()
	}
	c.use = r.uint32()
	c.keyID = r.name()
	c.principals = r.text()
	c.validAfter, c.validBefore = r.uint64(), r.uint64()
	c.critical = r.text()
	if f.cert == certV01 {
		c.extensions = r.text()
	} else {
		r.text() // nonce
	}
	r.text() // reserved
	c.authority = r.text()
	c.signed = blob[:len(blob)-len(r.rest)]
	c.signature = r.text()
	return c
}

// maxPrincipals is how many principals a certificate may have: OpenSSH's own
// limit (SSHKEY_CERT_MAX_PRINCIPALS), beyond which it reads no certificate.
const maxPrincipals = 256

// check finds what is wrong with a certificate, as ssh-keygen does: a
// certificate changed anywhere is worth nothing to any server.
func (c *certificate) check(r *wireReader) {
	if !r.flaw.none() {
		return
	}
	if c.use != useUser && c.use != useHost {
		r.fail(flawCertUse)
	}
	principals := wireReader{rest: c.principals}
	for n := 0; principals.rest != ""; n++ {
		if principals.name(); n == maxPrincipals {
			r.fail(flawPrincipals, maxPrincipals)
		}
	}
	critical, extensions := wireReader{rest: c.critical}, wireReader{rest: c.extensions}
	for _, options := range []*wireReader{&critical, &extensions} {
		for options.rest != "" {
			options.text() // name
			options.text() // data
		}
	}
	if !principals.flaw.none() || !critical.flaw.none() || !extensions.flaw.none() {
		r.fail(flawCertList)
	}
	if !r.flaw.none() {
		return
	}
	authority, ok := readAuthority(c.authority)
	if !ok {
		r.fail(flawCertAuthority)
	} else if !authority.verify(c.signed, c.signature) {
		r.fail(flawCertSign)
	}
}

// readAuthority reads the key that signed a certificate: a plain one, and no
// shorter than OpenSSH takes.
func readAuthority(blob string) (key PublicKey, ok bool) {
	r := wireReader{rest: blob}
	word := r.text()
	if f, known := formats[word]; !known || f.cert != noCert {
		return PublicKey{}, false
	}
	key, wrong := readBlob(word, blob)
	return key, wrong.none() && (key.alg != RSA || key.bits >= minSSHDRSABits)
}
