package keypair

import (
	"strings"

	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// Warning is what is to be said of a public key that was taken all the same: a
// *weak.Error or [OptionsIgnored]. It repeats nothing of the key's text.
type Warning interface {
	error // the sentence in English
	In(l sshkey.Language) string
}

// OptionsIgnored warns that options stood before the key: they are kept in the
// text that was sent, but no instance gets them.
type OptionsIgnored struct{}

var optionsIgnored = sshkey.Wording{
	English: "the options before the key type have no effect: instances get the key without them",
	Korean:  "키 형식 앞의 옵션은 적용되지 않습니다. 인스턴스에는 옵션 없이 키만 등록됩니다",
}

// Error returns the sentence in English.
func (w OptionsIgnored) Error() string { return w.In(sshkey.English) }

// In returns the sentence in a language.
func (OptionsIgnored) In(l sshkey.Language) string { return optionsIgnored.In(l) }

// sentences joins warnings for the audit log.
func sentences(warnings []Warning) string {
	var all []string
	for _, w := range warnings {
		all = append(all, w.Error())
	}
	return strings.Join(all, "; ")
}
