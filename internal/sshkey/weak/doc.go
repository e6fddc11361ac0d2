// Package weak refuses SSH public keys that are known to be breakable. Each
// check that finds something proves the weakness: none refuses a sound key by
// chance that is worth counting.
//
// # Checks
//
// In this order; the names are stable, and [Checks] returns the same list.
//
//	name           keys     finds
//	published      all      the private half is public: it comes with a product
//	blocklist      all      the key is on a blocklist of this service ([Policy].Blocklist)
//	dsa            DSA      DSA is not accepted here ([Policy].RefuseDSA)
//	dsa-numbers    DSA      p and q of other sizes, no primes, or g and y of another group
//	rsa-size       RSA      fewer bits than [Policy].MinRSABits
//	rsa-exponent   RSA      e is 0, 1, even or not below n
//	ed25519-order  Ed25519  a point of small order, for which anybody can sign
//	rsa-factor     RSA      n has a factor below 65536
//	rsa-power      RSA      n is a cube or a higher power
//	rsa-roca       RSA      made by an Infineon chip with ROCA (CVE-2017-15361)
//	rsa-shared     RSA      n has a prime of [Policy].SharedPrimes, or one in common
//	                        with another key ([SharedPrimes])
//	rsa-fermat     RSA      two primes that are equal or close together (CVE-2022-26320)
//	rsa-prime      RSA      n, of up to 8192 bits, is a prime (thorough: not run by [Check])
//
// ECDSA keys have no check of their own: that the point is on its curve is
// proven when the key is read, and each of those curves has no small subgroup.
//
// # Cost
//
// The time is bounded for every key that package sshkey reads, whatever its
// numbers are, because their lengths are (16384 bits) and no check calculates
// with more than that. On one core of 2020, [Check] takes about 0.1 ms for RSA
// of 2048 bits and 2 ms for 16384, microseconds for ECDSA and Ed25519, and 3 ms
// for DSA; a list of shared primes comes on top ([PrimeList.Factor]).
// [Findings] adds rsa-prime: 5 ms for 2048 bits, and 0.3 s for 8192.
//
// # Published keys
//
// The file published.txt in this package has the keys, with product and source.
// Its sources are public collections. Host keys, of which rapid7/ssh-badkeys has
// many, are not in it: they log in nowhere. What a deployment wants besides goes
// into a blocklist.
//
// # Debian's keys of 2008
//
// From September 2006 to May 2008, OpenSSL on Debian and Ubuntu made only some
// 32,768 different keys for each type, size and architecture (CVE-2008-0166).
// The lists of them, more than ten megabytes, are not part of this package.
// They are in Debian's packages openssh-blacklist (the default sizes, RSA 2048
// and DSA 1024) and openssh-blacklist-extra (other sizes), which are archived at
// https://snapshot.debian.org/package/openssh-blacklist/ and, for Ubuntu, at
// http://archive.ubuntu.com/ubuntu/pool/main/o/openssh-blacklist/. Their files
// /usr/share/ssh/blacklist.* are what [LoadBlocklist] reads, unchanged. The
// packages openssl-blacklist and openvpn-blacklist have hashes of another kind
// and are refused with a message that says so.
//
// Whole collections of such keys, from which a list of fingerprints can be made
// with ssh-keygen -l, are at https://github.com/badkeys/debianopenssl and
// https://github.com/SecurityFail/kompromat; the keys of the flawed npm package
// keypair (CVE-2021-41117) at https://github.com/badkeys/keypairvuln.
package weak
