package identity

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// MaxPassword is the longest password in bytes. Argon2id would take more; the
// bound keeps a request from buying a long hash of its input.
const MaxPassword = 1024

// passwordCost is Argon2id's cost for new hashes: the second choice of the
// OWASP password storage recommendations (19 MiB, two passes, one lane), about
// 20 ms of one core.
var passwordCost = argonCost{memoryKiB: 19 * 1024, passes: 2, lanes: 1}

type argonCost struct {
	memoryKiB, passes uint32
	lanes             uint8
}

// Hasher hashes passwords with Argon2id (RFC 9106), a few at a time: each hash
// holds 19 MiB and a core, so a burst of logins must not take all of both.
type Hasher struct {
	random random
	slots  chan struct{}
	cost   argonCost
	dummy  string
}

// NewHasher makes a hasher that works on at most concurrent passwords at once;
// 0 means the number of processors. Salts come from source, which is
// crypto/rand.Reader but in tests.
func NewHasher(concurrent int, source io.Reader) *Hasher {
	if concurrent <= 0 {
		concurrent = runtime.GOMAXPROCS(0)
	}
	h := &Hasher{random: random{source}, slots: make(chan struct{}, concurrent), cost: passwordCost}
	h.dummy = h.encode(make([]byte, 16), make([]byte, 32), h.cost)
	return h
}

// Hash returns the password's hash in PHC form. It waits for a free slot; a
// context that ends first gives Unavailable. A password longer than
// [MaxPassword] or empty is Invalid.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if password == "" || len(password) > MaxPassword {
		return "", fault.Invalidf("password", "a password has 1 to %d bytes", MaxPassword)
	}
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	salt := h.random.bytes(16)
	return h.encode(salt, h.key(password, salt, h.cost, 32), h.cost), nil
}

// Verify reports whether the password is the one that was hashed. An empty
// hash, of a user that is unknown or has no password, costs as much time as a
// real one and never matches.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (bool, error) {
	if len(password) > MaxPassword {
		password = password[:MaxPassword] // never matches, costs the same
		hash = ""
	}
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	cost, salt, want, err := decodeHash(hash)
	if err != nil {
		return false, fault.Wrap(err, "reading a password hash")
	}
	if err := h.acquire(ctx); err != nil {
		return false, err
	}
	defer h.release()
	got := h.key(password, salt, cost, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func (h *Hasher) acquire(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &fault.Error{Kind: fault.Unavailable, Msg: "too many logins at once", Err: ctx.Err()}
	}
}

func (h *Hasher) release() { <-h.slots }

func (h *Hasher) key(password string, salt []byte, c argonCost, size uint32) []byte {
	return argon2.IDKey([]byte(password), salt, c.passes, c.memoryKiB, c.lanes, size)
}

func (h *Hasher) encode(salt, key []byte, c argonCost) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		c.memoryKiB, c.passes, c.lanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// decodeHash reads the PHC form that encode writes.
func decodeHash(phc string) (c argonCost, salt, key []byte, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return c, nil, nil, fmt.Errorf("not an argon2id hash in PHC form")
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return c, nil, nil, fmt.Errorf("argon2 version %q is not supported", parts[2])
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memoryKiB, &c.passes, &c.lanes); err != nil {
		return c, nil, nil, fmt.Errorf("bad argon2 parameters %q", parts[3])
	}
	if c.memoryKiB == 0 || c.memoryKiB > 1<<20 || c.passes == 0 || c.passes > 16 || c.lanes == 0 {
		return c, nil, nil, fmt.Errorf("argon2 parameters %q out of range", parts[3])
	}
	b64 := base64.RawStdEncoding.Strict()
	if salt, err = b64.DecodeString(parts[4]); err != nil {
		return c, nil, nil, fmt.Errorf("bad salt: %w", err)
	}
	if key, err = b64.DecodeString(parts[5]); err != nil || len(key) < 16 || len(key) > 64 {
		return c, nil, nil, fmt.Errorf("bad key of %d bytes", len(key))
	}
	return c, salt, key, nil
}
