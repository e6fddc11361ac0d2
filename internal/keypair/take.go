package keypair

import (
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// take reads the public key into k. The warnings are what the policy lets pass
// with a word.
func (k *KeyPair) take(text string, r Rules) (warnings []Warning, err error) {
	refuse := func(err error) error {
		return &fault.Error{Kind: fault.Invalid, Resource: "key pair", Name: k.Name, Field: "public_key", Msg: err.Error(), Err: err}
	}
	if len(text) > r.MaxPublicKey {
		return nil, fault.Invalidf("public_key", "the key is longer than %d bytes", r.MaxPublicKey)
	}
	k.PublicKey = text
	var key sshkey.PublicKey
	if k.Type == X509 {
		cert, err := sshkey.ParseCertificate(text)
		if err != nil {
			return nil, refuse(err)
		}
		k.describeCertificate(cert)
		if certified, err := k.Key(); err == nil {
			key = certified
		} // else one that SSH does not know, and the checks neither
	} else {
		reading, err := r.Accept.Read(text)
		if err != nil {
			return nil, refuse(err)
		}
		key = reading.Key
		k.describe(key)
		if reading.Options != "" {
			warnings = append(warnings, OptionsIgnored{})
		}
	}
	if key == (sshkey.PublicKey{}) {
		return warnings, nil
	}
	weakness, refused := r.Weak.judge(key)
	switch {
	case refused:
		return nil, refuse(weakness)
	case weakness != nil:
		warnings = append(warnings, weakness)
	}
	return warnings, nil
}

func (k *KeyPair) describe(p sshkey.PublicKey) {
	k.Blob, k.Algorithm, k.Bits = p.Blob(), string(p.Algorithm()), p.Bits()
}

func (k *KeyPair) describeCertificate(c sshkey.Certificate) {
	k.Blob, k.Algorithm = c.DER(), "x509"
}
