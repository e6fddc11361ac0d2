package weak

import (
	"fmt"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// published has the keys whose private halves everybody can read, by the
// SHA-256 fingerprint of the plain key, with the product that ships them.
var published = map[string]string{
	// https://github.com/hashicorp/vagrant/tree/main/keys
	"SHA256:1M4RzhMyWuFS/86uPY/ce2prh/dVTHW7iD2RhpquOZA": "Vagrant",
	"SHA256:WkvqjnyPAeC0cbPErYiGP9vqHdgL1MqqvPdIe3lvHgI": "Vagrant",
}

func findPublished(key sshkey.PublicKey, _ Policy) string {
	product, ok := published[key.FingerprintSHA256()]
	if !ok {
		return ""
	}
	return fmt.Sprintf("the private half of this key is public: it comes with %s; %s", product, instead)
}
