package weak

import "github.com/keyreeve/keyreeve/internal/sshkey"

var saidShort = sshkey.Wording{
	English: "an RSA key of %[1]d bits is too short, at least %[2]d are needed",
	Korean:  "%[1]d비트 RSA 키는 너무 짧습니다. %[2]d비트 이상이어야 합니다",
}

func findRSASize(s subject, policy Policy) *Error {
	least := max(policy.MinRSABits, LeastRSABits)
	if bits := s.n.BitLen(); bits < least {
		return because(saidShort, bits, least)
	}
	return nil
}
