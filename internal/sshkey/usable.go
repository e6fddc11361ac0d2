package sshkey

// minSSHDRSABits is the default of sshd's RequiredRSASize (sshd_config(5), OpenSSH 9.1).
const minSSHDRSABits = 1024

// UsableBySSHD says whether an sshd with its default settings can let anyone
// in by the key. It refuses
//
//   - DSA (off since OpenSSH 7.0, gone since 10.0);
//   - RSA under 1024 bits, and with numbers that OpenSSL does not calculate with;
//   - v00 certificates: OpenSSH 7.0 dropped them, since their nonce comes last
//     and so protects nobody from collisions of the hash that is signed;
//   - host certificates, and certificates signed by DSA or with SHA-1
//     (CASignatureAlgorithms since OpenSSH 8.2).
func (k PublicKey) UsableBySSHD() bool {
	switch k.alg {
	case "", DSA:
		return false
	case RSA:
		n, e, _ := k.RSANumbers()
		if k.bits < minSSHDRSABits || !canVerifyRSA(n, e) {
			return false
		}
	}
	if !k.cert {
		return true
	}
	c, f := k.certificate()
	algorithm := signatureName(c.signature)
	return f.cert == certV01 && c.use == useUser && algorithm != "ssh-rsa" && algorithm != "ssh-dss"
}
