package sshkey

import "strings"

// typeAliases are the words that people write for the types of a family.
var typeAliases = map[string]string{
	"rsa": "ssh-rsa", "rsa-sha2-256": "ssh-rsa", "rsa-sha2-512": "ssh-rsa", "ssh-rsa2": "ssh-rsa",
	"dsa": "ssh-dss", "dss": "ssh-dss", "ssh-dsa": "ssh-dss",
	"ed25519": "ssh-ed25519", "eddsa": "ssh-ed25519", "ssh-eddsa": "ssh-ed25519", "ssh-25519": "ssh-ed25519",
	"ecdsa": "ecdsa-sha2-nistp256", "ssh-ecdsa": "ecdsa-sha2-nistp256", "ecdsa-sha2": "ecdsa-sha2-nistp256",
	"nistp256": "ecdsa-sha2-nistp256", "nistp384": "ecdsa-sha2-nistp384", "nistp521": "ecdsa-sha2-nistp521",
	"sk-ssh-ed25519": "sk-ssh-ed25519@openssh.com", "ed25519-sk": "sk-ssh-ed25519@openssh.com",
	"sk-ecdsa-sha2-nistp256": "sk-ecdsa-sha2-nistp256@openssh.com", "ecdsa-sk": "sk-ecdsa-sha2-nistp256@openssh.com",
}

// recogniseMisspelled finds a wrong spelling of a type before a blob, also one
// with a space in it. The word itself is not repeated: it need not have the
// shape of a type.
func recogniseMisspelled(p pasted) error {
	word, encoded := p.word, p.rest
	if !strings.HasPrefix(encoded, blobStart) {
		second, rest := cutWord(encoded)
		word, encoded = word+"-"+second, strings.TrimLeft(rest, " \t")
	}
	if !strings.HasPrefix(encoded, blobStart) {
		return nil
	}
	if kind := meantType(word, encoded); kind != "" {
		return refuse(MisspelledType, kind)
	}
	return nil
}

// meantType returns the type that a word before a blob was meant to be, or "".
// The blob knows best, if it can be read so far.
func meantType(word, encoded string) string {
	const longest = 64 // bytes, RFC 4251 section 6
	if len(word) > longest {
		return ""
	}
	word = strings.ReplaceAll(strings.ToLower(word), "_", "-")
	encoded, _ = cutWord(encoded)
	inner := encodedWord(encoded)
	if inner == "" {
		return nearestType(word)
	}
	f, known := formats[inner]
	alias := typeAliases[word]
	const telling = 3 // letters, of a beginning
	if known && (alias != "" && formats[alias].alg == f.alg || edits(word, inner) <= maxEdits ||
		len(word) >= telling && strings.HasPrefix(inner, word)) {
		return inner
	}
	return ""
}

// maxEdits is up to how many characters a word may differ from a type to count
// as a misspelling of it.
const maxEdits = 2

// nearestType returns the type that a word stands for or is a misspelling of, or "".
func nearestType(word string) string {
	if kind := typeAliases[word]; kind != "" {
		return kind
	}
	nearest, least := "", maxEdits+1
	for kind := range formats {
		if n := edits(word, kind); n < least || n == least && kind < nearest {
			nearest, least = kind, n
		}
	}
	return nearest
}

// edits returns how many characters must be inserted, deleted, replaced or
// swapped with their neighbour to make one word the other, or any number above
// maxEdits when that many are needed.
func edits(a, b string) int {
	if max(len(a), len(b))-min(len(a), len(b)) > maxEdits {
		return maxEdits + 1
	}
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			n := min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				n = min(n, before[j-1]+1)
			}
			next[j+1] = n
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
