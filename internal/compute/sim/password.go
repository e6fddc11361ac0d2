package sim

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// Bounds of the parameters that a hash may ask for.
const (
	maxArgonMiB    = 256
	maxArgonTime   = 10
	maxArgonLanes  = 16
	maxPassword    = 1024
	parallelHashes = 2
)

// hashing keeps guesses from taking all memory and CPUs.
var hashing = make(chan struct{}, parallelHashes)

// verifyPassword checks a password against a hash of crypt(3), "$6$salt$hash",
// or one in the PHC form of argon2id, "$argon2id$v=19$m=65536,t=3,p=4$salt$hash".
// Any other hash fits no password.
func verifyPassword(hash, password string) bool {
	if strings.HasPrefix(hash, "$6$") {
		hashing <- struct{}{}
		defer func() { <-hashing }()
		return compute.PasswordFits(hash, password)
	}
	f := strings.Split(hash, "$")
	if len(f) != 6 || f[0] != "" || f[1] != "argon2id" || f[2] != "v=19" || len(password) > maxPassword {
		return false
	}
	var memory, time uint32
	var lanes uint8
	if n, err := fmt.Sscanf(f[3], "m=%d,t=%d,p=%d", &memory, &time, &lanes); n != 3 || err != nil ||
		memory < 8 || memory > maxArgonMiB<<10 || time < 1 || time > maxArgonTime || lanes < 1 || lanes > maxArgonLanes {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(f[4])
	want, err2 := base64.RawStdEncoding.DecodeString(f[5])
	if err1 != nil || err2 != nil || len(want) < 16 || len(want) > 64 {
		return false
	}
	hashing <- struct{}{}
	defer func() { <-hashing }()
	got := argon2.IDKey([]byte(password), salt, time, memory, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}
