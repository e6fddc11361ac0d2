package sshkey

import (
	"strings"
	"testing"
)

// Both languages of every text have the same places for what goes in.
func TestWordingVerbs(t *testing.T) {
	verbs := func(text string) string {
		var all []string
		for i := range len(text) - 1 {
			if text[i] == '%' {
				all = append(all, text[i:i+2])
			}
		}
		return strings.Join(all, "")
	}
	for reason, w := range reasonTexts {
		if reason == 0 {
			continue
		}
		if w.English == "" || w.Korean == "" || verbs(w.English) != verbs(w.Korean) {
			t.Errorf("reason %d: %q and %q", reason, w.English, w.Korean)
		}
	}
}

func TestRefusalInKorean(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "OpenSSH 공개 키가 아닙니다. '<형식> <base64> [설명]' 꼴이어야 합니다",
		"ssh-foo AAAA":           "'ssh-foo' 형식의 키는 지원하지 않습니다",
		"ssh-ed25519 AAAA!AAA":   "base64 부분이 손상되었습니다: 5번째 문자 '!'은(는) base64 문자가 아닙니다",
		"PuTTY-User-Key-File-3:": "PuTTY 개인 키 파일입니다. PuTTYgen에서 열어 'Public key for pasting into OpenSSH authorized_keys file' 아래의 텍스트를 보내십시오",
	} {
		_, err := ParsePublicKey(text)
		refused, ok := err.(*ParseError)
		if !ok || refused.In(Korean) != want {
			t.Errorf("%q: %v, want %q", text, refused.In(Korean), want)
		}
		if refused.In("fr") != refused.Error() {
			t.Errorf("%q: an unknown language gives %q", text, refused.In("fr"))
		}
	}
}
