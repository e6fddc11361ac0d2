package sshkey

import "strings"

// optionNames are the options of sshd(8), AUTHORIZED_KEYS FILE FORMAT, in
// lower case; sshd reads them in any case.
var optionNames = map[string]bool{
	"agent-forwarding": true, "no-agent-forwarding": true,
	"port-forwarding": true, "no-port-forwarding": true,
	"x11-forwarding": true, "no-x11-forwarding": true,
	"pty": true, "no-pty": true,
	"user-rc": true, "no-user-rc": true,
	"touch-required": true, "no-touch-required": true,
	"verify-required": true, "no-verify-required": true,
	"cert-authority": true, "restrict": true,
	"command": true, "environment": true, "expiry-time": true, "from": true,
	"permitlisten": true, "permitopen": true, "principals": true, "tunnel": true,
}

// cutOptions divides a line of authorized_keys after its options as sshd does:
// they end at the first blank outside quotation marks, and a backslash takes
// the meaning from a quotation mark after it. options is empty when the line
// has none, when a quotation mark stays open, or when one is of no known name,
// for sshd would skip such a line.
func cutOptions(line string) (options, rest string) {
	quoted, start := false, 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line) && line[i+1] == '"':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ',':
			if !isOption(line[start:i]) {
				return "", line
			}
			start = i + 1
		case c == ' ' || c == '\t':
			if !isOption(line[start:i]) {
				return "", line
			}
			return line[:i], strings.TrimLeft(line[i:], " \t")
		}
	}
	return "", line
}

// isOption says whether an option has a known name.
func isOption(option string) bool {
	const longest = 20 // bytes; spares the copy in lower case of what is no name
	name, _, _ := strings.Cut(option, "=")
	return len(name) <= longest && optionNames[strings.ToLower(name)]
}
