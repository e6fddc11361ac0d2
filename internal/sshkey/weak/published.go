package weak

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// published.txt has the keys whose private halves everybody can read, and says
// at its top how it is written.
//
//go:embed published.txt
var publishedText string

// origin is where a published key comes from.
type origin struct{ product, source string }

// published has the origins by the SHA-256 fingerprint of the plain key.
var published = sync.OnceValue(func() map[string]origin {
	origins, err := parsePublished(publishedText)
	if err != nil {
		panic(err) // it is part of the program
	}
	return origins
})

func parsePublished(text string) (map[string]origin, error) {
	origins := map[string]origin{}
	var from origin
	err := readLines("published.txt", strings.NewReader(text), nil, func(line string) error {
		if product, ok := strings.CutPrefix(line, "product: "); ok {
			from = origin{product: product}
			return nil
		}
		if source, ok := strings.CutPrefix(line, "source: "); ok {
			from.source = source
			return nil
		}
		fingerprint := line
		if !strings.HasPrefix(line, "SHA256:") {
			key, err := sshkey.ParsePublicKey(line)
			if err != nil {
				return err
			}
			fingerprint = key.FingerprintSHA256()
		}
		if from.product == "" || from.source == "" {
			return fmt.Errorf("%s has no product or no source", fingerprint)
		}
		if other, twice := origins[fingerprint]; twice {
			return fmt.Errorf("%s is of %s and of %s", fingerprint, other.product, from.product)
		}
		origins[fingerprint] = from
		return nil
	})
	return origins, err
}

var saidPublished = sshkey.Wording{
	English: "the private half of this key is public: it comes with %s",
	Korean:  "이 키의 개인 키는 %s에 포함되어 누구나 볼 수 있습니다",
}

func findPublished(s subject, _ Policy) *Error {
	from, ok := published()[s.key.FingerprintSHA256()]
	if !ok {
		return nil
	}
	return because(saidPublished, from.product)
}
