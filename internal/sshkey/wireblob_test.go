package sshkey

// beyondXCrypto says whether x/crypto may refuse a key that ssh-keygen takes:
// it has limits for RSA exponents and DSA sizes, which are package weak's
// matter, and knows no v00 certificates.
func beyondXCrypto(key PublicKey) bool {
	return key.Algorithm() == RSA || key.Algorithm() == DSA
}
