package weak

// DefaultMinRSABits is the least RSA size that [DefaultPolicy] accepts.
const DefaultMinRSABits = 2048

// LeastRSABits is the size under which RSA is within reach of anybody: 512
// bits cost some dollars since 2015 ("Factoring as a Service"), and 829 bits
// were factored in 2020 (RSA-250).
const LeastRSABits = 1024

// Policy is what an operator may choose. Keys that anybody can break are
// refused under every policy. Whether a weak key is refused, kept with a
// warning or kept in silence is not decided here.
type Policy struct {
	MinRSABits   int        // least RSA size; under 1024, zero included, means 1024
	RefuseDSA    bool       // refuse ssh-dss, which current sshd does not accept anyway
	Blocklist    *Blocklist // keys that are refused one by one; nil means none
	SharedPrimes *PrimeList // primes that are known from more than one key; nil means none
}

// DefaultPolicy refuses RSA under 2048 bits (NIST SP 800-131A), and keeps DSA
// keys, which show as unusable ([sshkey.PublicKey.UsableBySSHD]).
func DefaultPolicy() Policy { return Policy{MinRSABits: DefaultMinRSABits} }
