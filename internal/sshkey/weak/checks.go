package weak

import "github.com/keyreeve/keyreeve/internal/sshkey"

var (
	ofRSA     = []sshkey.Algorithm{sshkey.RSA}
	ofDSA     = []sshkey.Algorithm{sshkey.DSA}
	ofEd25519 = []sshkey.Algorithm{sshkey.Ed25519, sshkey.SKEd25519}
	// unfit are the findings about a modulus that is no product of large
	// primes, of which nothing more can be said.
	unfit = []string{"rsa-factor", "rsa-power"}
)

// checks are all of them, the cheapest first. The table in the package
// documentation is the same.
var checks = []check{
	{name: "published", find: findPublished, about: sshkey.Wording{
		English: "the private half is public: it comes with a product",
		Korean:  "개인 키가 제품에 포함되어 공개되어 있습니다"}},
	{name: "blocklist", find: findBlocked, about: sshkey.Wording{
		English: "the key is on a blocklist of this service, such as Debian's of 2008",
		Korean:  "키가 이 서비스의 차단 목록(2008년 데비안 목록 등)에 있습니다"}},
	{name: "dsa", of: ofDSA, find: findDSA, about: sshkey.Wording{
		English: "DSA keys are not accepted here",
		Korean:  "DSA 키를 받지 않습니다"}},
	{name: "dsa-numbers", of: ofDSA, find: findDSANumbers, about: sshkey.Wording{
		English: "the numbers of a DSA key do not fit together",
		Korean:  "DSA 키의 수가 서로 맞지 않습니다"}},
	{name: "rsa-size", of: ofRSA, find: findRSASize, about: sshkey.Wording{
		English: "an RSA key is too short",
		Korean:  "RSA 키가 너무 짧습니다"}},
	{name: "rsa-exponent", of: ofRSA, find: findRSAExponent, about: sshkey.Wording{
		English: "the exponent of an RSA key is 0, 1, even or not below the modulus",
		Korean:  "RSA 키의 지수가 0, 1 또는 짝수이거나 모듈러스 이상입니다"}},
	{name: "ed25519-order", of: ofEd25519, find: findSmallOrder, about: sshkey.Wording{
		English: "an Ed25519 key is a point of small order, for which anybody can sign",
		Korean:  "Ed25519 키가 누구나 서명할 수 있는 작은 위수의 점입니다"}},
	{name: "rsa-factor", of: ofRSA, find: findSmallFactor, about: sshkey.Wording{
		English: "the modulus of an RSA key has a small factor",
		Korean:  "RSA 키의 모듈러스에 작은 인수가 있습니다"}},
	{name: "rsa-power", of: ofRSA, moot: unfit, find: findPower, about: sshkey.Wording{
		English: "the modulus of an RSA key is a cube or a higher power",
		Korean:  "RSA 키의 모듈러스가 세제곱수이거나 더 높은 거듭제곱수입니다"}},
	{name: "rsa-roca", of: ofRSA, moot: unfit, find: findROCA, about: sshkey.Wording{
		English: "an RSA key was made by a chip with the flaw ROCA (CVE-2017-15361)",
		Korean:  "ROCA 결함(CVE-2017-15361)이 있는 칩이 만든 RSA 키입니다"}},
	{name: "rsa-shared", of: ofRSA, moot: unfit, find: findSharedPrime, about: sshkey.Wording{
		English: "the modulus of an RSA key shares a prime with other keys",
		Korean:  "RSA 키의 모듈러스가 다른 키와 소수를 공유합니다"}},
	{name: "rsa-fermat", of: ofRSA, moot: unfit, find: findClosePrimes, about: sshkey.Wording{
		English: "the two primes of an RSA key are equal or close together (CVE-2022-26320)",
		Korean:  "RSA 키의 두 소수가 같거나 너무 가깝습니다(CVE-2022-26320)"}},
	{name: "rsa-prime", of: ofRSA, moot: unfit, thorough: true, find: findPrimeModulus, about: sshkey.Wording{
		English: "the modulus of an RSA key is itself a prime",
		Korean:  "RSA 키의 모듈러스 자체가 소수입니다"}},
}
