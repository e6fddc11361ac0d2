package sshkey

import "strings"

// Recognisers of what stands for a key in some other place: its fingerprint,
// the name of its file, the command that prints it.

// isFingerprintText says whether a fingerprint stands near the beginning of
// the text, as in what ssh-keygen prints.
func isFingerprintText(p pasted) bool {
	const near = 512 // bytes: ssh-keygen prints two names of files before it
	for word := range strings.FieldsSeq(p.text[:min(len(p.text), near)]) {
		if isFingerprint(strings.Trim(word, ".,;()'\"")) {
			return true
		}
	}
	return false
}

// isFingerprint says whether a word is a fingerprint as ssh-keygen -l prints
// it: "SHA256:" and 43 base64 characters, or 16 pairs of hex digits with
// colons, mostly after "MD5:".
func isFingerprint(word string) bool {
	if hash, ok := strings.CutPrefix(word, "SHA256:"); ok {
		return len(strings.TrimRight(hash, "=")) == 43 && strings.Trim(hash, base64Alphabet+"=") == ""
	}
	word = strings.TrimPrefix(word, "MD5:")
	if len(word) != 47 || strings.Count(word, ":") != 15 {
		return false
	}
	for pair := range strings.SplitSeq(word, ":") {
		if len(pair) != 2 || strings.Trim(pair, "0123456789abcdefABCDEF") != "" {
			return false
		}
	}
	return true
}

// isSSH1 says whether the line is a public key of SSH protocol 1: the numbers
// of its bits, its exponent and its modulus.
func isSSH1(p pasted) bool {
	exponent, rest := cutWord(p.rest)
	modulus, _ := cutWord(strings.TrimLeft(rest, " \t"))
	return isNumber(p.word) && isNumber(exponent) && isNumber(modulus)
}

func isNumber(word string) bool { return word != "" && strings.Trim(word, "0123456789") == "" }

// isURL says whether the text is an address of the web.
func isURL(p pasted) bool {
	for _, scheme := range [...]string{"http://", "https://"} {
		if len(p.word) >= len(scheme) && strings.EqualFold(p.word[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

// isFileName says whether the text is the name of a file: one line that begins
// as a path, or one word that ends as the name of a key file or is a usual one.
func isFileName(p pasted) bool {
	const longest = 4096 // bytes, Linux's PATH_MAX
	name := strings.Trim(p.line, quotes)
	if p.line != p.text || len(name) > longest || strings.Contains(name, " "+blobStart) {
		return false
	}
	name = strings.TrimPrefix(name, "@")
	for _, start := range [...]string{"~/", "./", "../", `.\`, `..\`, `\\`, "file:", "$HOME", "%USERPROFILE%", "%HOMEPATH%"} {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	if len(name) > 2 && name[1] == ':' && (name[2] == '\\' || name[2] == '/') || strings.HasPrefix(name, "/") && strings.Trim(name, base64Alphabet+"=") != "" {
		return true
	}
	if strings.ContainsAny(name, " \t") {
		return false
	}
	for _, end := range [...]string{".pub", ".pem", ".ppk", ".key", ".crt", ".cer", ".txt"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return strings.HasPrefix(name, "id_") || name == "authorized_keys" || name == ".ssh" || strings.HasPrefix(name, ".ssh/")
}

// commands are what people run to see or to send a key.
var commands = map[string]bool{
	"cat": true, "echo": true, "printf": true, "ssh": true, "scp": true, "sudo": true, "openssl": true,
	"ssh-keygen": true, "ssh-copy-id": true, "ssh-add": true, "ssh-keyscan": true, "puttygen": true,
	"curl": true, "wget": true, "clip": true, "pbcopy": true, "xclip": true, "Get-Content": true,
	"openstack": true, "aliyun": true, "toast": true, "keyreeve": true,
}

// isCommand says whether the line is a command and its arguments, perhaps
// after a prompt or inside a substitution. "ssh" before a blob is no command.
func isCommand(p pasted) bool {
	line := p.line
	for _, prompt := range [...]string{"$ ", "% ", "> ", "PS> "} {
		line = strings.TrimPrefix(line, prompt)
	}
	inner := strings.TrimLeft(line, "$`(")
	word, rest := cutWord(inner)
	if word == "ssh" && strings.Contains(rest, " "+blobStart) {
		return false
	}
	return commands[word] && strings.Trim(rest, " \t") != "" || word == "type" && strings.HasSuffix(line, ".pub")
}
