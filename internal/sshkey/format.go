package sshkey

import "strings"

// format is how the keys of one type word are laid out.
type format struct {
	word   string // the type word, the first field of every blob
	plain  string // the type word of the plain key; differs from word for certificates only
	short  string // what ssh-keygen -l calls it
	alg    Algorithm
	curve  *curve      // of the ECDSA algorithms
	fields []field     // the key's own fields, in their order
	cert   certVersion // what stands around them
}

// field is what a field of a key holds.
type field uint8

const (
	number     field = iota // a number from zero up
	modulus                 // the number whose length is the size of an RSA key
	prime                   // the number whose length is the size of a DSA key
	curveName               // the name of the format's curve
	curvePoint              // an uncompressed point on it
	edwards                 // the 32 bytes of an Ed25519 point
	name                    // a text without NUL
)

// mostFields is how many fields a key has at most: DSA's four numbers.
const mostFields = 4

// certVersion is the layout of a certificate.
type certVersion uint8

const (
	noCert  certVersion = iota
	certV01             // OpenSSH's PROTOCOL.certkeys since 5.6
	certV00             // as it was in 5.4
)

// formats has every accepted type word: RFC 4253 section 6.6, RFC 5656
// section 3.1, RFC 8709 section 4, and OpenSSH's PROTOCOL.u2f and
// PROTOCOL.certkeys.
var formats = withCertificates([]format{
	{word: "ssh-rsa", short: "RSA", alg: RSA, fields: []field{number, modulus}},
	{word: "ssh-dss", short: "DSA", alg: DSA, fields: []field{prime, number, number, number}},
	{word: "ecdsa-sha2-nistp256", short: "ECDSA", alg: ECDSA, curve: nistp256, fields: []field{curveName, curvePoint}},
	{word: "ecdsa-sha2-nistp384", short: "ECDSA", alg: ECDSA, curve: nistp384, fields: []field{curveName, curvePoint}},
	{word: "ecdsa-sha2-nistp521", short: "ECDSA", alg: ECDSA, curve: nistp521, fields: []field{curveName, curvePoint}},
	{word: "ssh-ed25519", short: "ED25519", alg: Ed25519, fields: []field{edwards}},
	{word: "sk-ecdsa-sha2-nistp256@openssh.com", short: "ECDSA-SK", alg: SKECDSA, curve: nistp256, fields: []field{curveName, curvePoint, name}},
	{word: "sk-ssh-ed25519@openssh.com", short: "ED25519-SK", alg: SKEd25519, fields: []field{edwards, name}},
})

// certSuffix ends the type word of an OpenSSH certificate of the current version.
const certSuffix = "-cert-v01@openssh.com"

// withCertificates makes the table of plain formats and of the certificates of
// each. Only RSA and DSA have had certificates of the first version.
func withCertificates(plain []format) map[string]*format {
	all := make(map[string]*format, 3*len(plain))
	for _, f := range plain {
		f.plain = f.word
		all[f.word] = &f
		v01 := f
		v01.word, v01.short, v01.cert = certWord(f.plain), f.short+"-CERT", certV01
		all[v01.word] = &v01
		if f.alg == RSA || f.alg == DSA {
			v00 := f
			v00.word, v00.short, v00.cert = f.plain+"-cert-v00@openssh.com", f.short+"-CERT-V00", certV00
			all[v00.word] = &v00
		}
	}
	return all
}

// certWord returns the type word of the certificates of a plain type:
// "sk-ssh-ed25519@openssh.com" gives "sk-ssh-ed25519-cert-v01@openssh.com".
func certWord(plain string) string {
	return strings.TrimSuffix(plain, "@openssh.com") + certSuffix
}
