package identity

import (
	"sync"
	"time"
)

const (
	cacheLife = 30 * time.Second // bounds what a missed epoch could do
	cacheSize = 4096             // tokens
)

// tokenCache saves the look-ups behind a token that was checked a moment ago.
// An entry holds only within the epoch of the database at which it was read,
// and the epoch is read at every check: so a revocation by any process counts
// at the next request everywhere.
type tokenCache struct {
	mu      sync.Mutex
	epoch   int64
	entries map[TokenHash]cachedToken
}

type cachedToken struct {
	token  Token
	caller Caller
	readAt time.Time
}

func newTokenCache() *tokenCache { return &tokenCache{entries: map[TokenHash]cachedToken{}} }

func (c *tokenCache) get(h TokenHash, epoch int64, now time.Time) (cachedToken, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != epoch {
		return cachedToken{}, false
	}
	e, ok := c.entries[h]
	if !ok || now.Sub(e.readAt) > cacheLife {
		return cachedToken{}, false
	}
	return e, true
}

func (c *tokenCache) put(h TokenHash, epoch int64, now time.Time, t Token, caller Caller) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch < c.epoch {
		return // a slow reader: what it saw is older than what is cached
	}
	if epoch > c.epoch || len(c.entries) >= cacheSize {
		clear(c.entries)
		c.epoch = epoch
	}
	c.entries[h] = cachedToken{token: t, caller: caller, readAt: now}
}
