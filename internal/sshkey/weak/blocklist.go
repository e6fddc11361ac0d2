package weak

import (
	"crypto/md5" //nolint:gosec // blocklists name keys by their MD5 fingerprints
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// MaxBlocklistEntries is how many keys a [Blocklist] takes: several times
// Debian's lists for all sizes and architectures, in some 200 MB.
const MaxBlocklistEntries = 8 << 20

// tailSize is what Debian's lists keep of an MD5 fingerprint: the last 80 bits,
// of which the chance to meet a sound key is about 2^-60 for 500,000 entries.
const tailSize = 10

// Blocklist is a set of keys, each known by a fingerprint of its plain wire
// blob. The zero Blocklist is empty and ready for [Blocklist.Add]. It may be
// asked by many at once when no Add runs.
type Blocklist struct {
	tail   map[[tailSize]byte]struct{} // the end of MD5
	md5    map[[md5.Size]byte]struct{}
	sha256 map[[sha256.Size]byte]struct{}
}

// LoadBlocklist reads files in the format of [Blocklist.Add]. An error names the
// file, and the line if it is about one.
func LoadBlocklist(paths ...string) (*Blocklist, error) {
	b := new(Blocklist)
	if err := readFiles(paths, b.Add); err != nil {
		return nil, err
	}
	return b, nil
}

// Add reads a list; name is what errors call it. The format is text, one key a
// line:
//
//	a1b2c3d4e5f60718293a            the last 20 digits of the MD5 fingerprint,
//	                                as in Debian's package openssh-blacklist
//	0123456789abcdef0123456789abcdef or 01:23:…:ef, MD5:01:23:…:ef
//	                                the MD5 fingerprint
//	SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU
//	                                the SHA-256 fingerprint as ssh-keygen prints it
//	ssh-rsa AAAAB3NzaC1yc2E… comment
//	                                the public key, or a certificate of it
//
// Empty lines are left out, so is everything after a #, and digits may be
// capital. On an error, what stood before it has been added.
func (b *Blocklist) Add(name string, r io.Reader) error {
	return readLines(name, r, refuseOtherHashes, b.add)
}

// Len returns how many entries there are. A key named by two kinds of
// fingerprint counts twice.
func (b *Blocklist) Len() int {
	if b == nil {
		return 0
	}
	return len(b.tail) + len(b.md5) + len(b.sha256)
}

// Has says whether the list names a key, or the key that a certificate
// certifies. It takes well under a microsecond for each KiB of the key.
func (b *Blocklist) Has(key sshkey.PublicKey) bool {
	if b.Len() == 0 {
		return false
	}
	blob := key.Certified().Blob()
	if len(b.tail)+len(b.md5) > 0 {
		sum := md5.Sum(blob) //nolint:gosec // as above
		_, inTail := b.tail[[tailSize]byte(sum[md5.Size-tailSize:])]
		_, inMD5 := b.md5[sum]
		if inTail || inMD5 {
			return true
		}
	}
	_, in := b.sha256[sha256.Sum256(blob)]
	return in
}

// refuseOtherHashes knows lists of other tools by the comments at their top.
// Their lines look like Debian's for SSH, and would silently never match.
func refuseOtherHashes(comment string) error {
	for _, tool := range []string{"openssl-vulnkey", "openvpn-vulnkey", "openssl rsa -noout -modulus"} {
		if strings.Contains(comment, tool) {
			return errors.New("this list is of the packages openssl-blacklist or openvpn-blacklist, whose hashes are not those of SSH keys; take the files of openssh-blacklist")
		}
	}
	return nil
}

func (b *Blocklist) add(text string) error {
	if b.Len() >= MaxBlocklistEntries {
		return fmt.Errorf("more than %d entries", MaxBlocklistEntries)
	}
	switch {
	case strings.HasPrefix(text, "SHA256:"):
		return b.addSHA256(text)
	case strings.ContainsAny(text, " \t"):
		return b.addKey(text)
	}
	return b.addMD5(text)
}

func (b *Blocklist) addSHA256(text string) error {
	encoded := strings.TrimSuffix(strings.TrimPrefix(text, "SHA256:"), "=")
	sum, err := base64.RawStdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(sum) != sha256.Size {
		return fmt.Errorf("%s is no SHA-256 fingerprint: 'SHA256:' and 43 characters of base64 are wanted, as ssh-keygen -l prints it", shown(text))
	}
	insert(&b.sha256, [sha256.Size]byte(sum))
	return nil
}

func (b *Blocklist) addKey(text string) error {
	key, err := sshkey.ParsePublicKey(text)
	if err != nil {
		return fmt.Errorf("%s is neither a fingerprint nor a public key: %w", shown(text), err)
	}
	insert(&b.sha256, sha256.Sum256(key.Certified().Blob()))
	return nil
}

// addMD5 takes the whole of a fingerprint or its tail, which are known by their
// lengths.
func (b *Blocklist) addMD5(text string) error {
	digits := strings.TrimPrefix(text, "MD5:")
	if len(digits) == 3*md5.Size-1 {
		digits = strings.ReplaceAll(digits, ":", "")
	}
	var sum [md5.Size]byte
	n, err := 0, hex.ErrLength
	if len(digits) <= hex.EncodedLen(md5.Size) {
		n, err = hex.Decode(sum[:], []byte(digits))
	}
	switch {
	case err == nil && n == md5.Size:
		insert(&b.md5, sum)
	case err == nil && n == tailSize && digits == text:
		insert(&b.tail, [tailSize]byte(sum[:]))
	default:
		return fmt.Errorf("%s is no fingerprint: 20 or 32 hexadecimal digits are wanted, or 'SHA256:' and base64", shown(text))
	}
	return nil
}

// insert puts an entry into a set that may not have been made yet.
func insert[K comparable](set *map[K]struct{}, k K) {
	if *set == nil {
		*set = map[K]struct{}{}
	}
	(*set)[k] = struct{}{}
}

var saidBlocked = sshkey.Wording{
	English: "this key is on the list of keys that are known to be weak, such as those that Debian's OpenSSL made from 2006 to 2008 (CVE-2008-0166)",
	Korean:  "이 키는 2006년부터 2008년까지 데비안 OpenSSL이 만든 키(CVE-2008-0166) 등 취약하다고 알려진 키 목록에 있습니다",
}

func findBlocked(s subject, policy Policy) *Error {
	if policy.Blocklist.Has(s.key) {
		return because(saidBlocked)
	}
	return nil
}
