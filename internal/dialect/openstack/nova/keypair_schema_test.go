package nova

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

func TestKeyPairNames(t *testing.T) {
	const (
		spaces   = "printable characters. Can not start or end with whitespace."
		expected = "Only expected characters: ["
		legacy   = "printable characters with at least one non space character"
		dots     = "not '.' or '..'."
	)
	old, current, v2 := openstack.V(2, 91), openstack.V(2, 92), openstack.Microversion{}
	for _, c := range []struct {
		v          openstack.Microversion
		name, want string
	}{
		{old, "a b", ""}, {old, "-", ""}, {old, "a.b", expected}, {old, "..", expected}, {old, "a\n", spaces},
		{old, "\ufeff", spaces}, {old, "\u00a0a", spaces}, {old, "\u2028", spaces}, {old, "\uffff", spaces}, {old, "😀", spaces},
		{old, "a\u00a0b", expected}, {old, "a\tb", spaces}, {old, strings.Repeat("a", 255), ""},
		{current, "user@host.example", ""}, {current, "a+b", expected}, {current, ".", dots}, {current, "..", dots}, {current, "...", ""},
		{v2, "  한글/x ", ""}, {v2, " ", legacy}, {v2, "a\tb", legacy}, {v2, "\ta", legacy}, {v2, "😀", legacy}, {v2, ".", ""},
	} {
		body, err := schema.Decode([]byte(`{"keypair": {"public_key": "x", "name": ` + jsonText(t, c.name) + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := schema.Told(schema.Validate(keyPairCreate(c.v), body))
		if c.want == "" && got != "" || c.want != "" && !strings.HasPrefix(got, badName+c.want) {
			t.Errorf("%q at %v: %s", c.name, c.v, got)
		}
	}
	if got := nameMeant("  한글/x\u00a0"); got != "한글/x" {
		t.Errorf("legacy name %q", got)
	}
}

func jsonText(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLegacyDropsWhatItDoesNotKnow(t *testing.T) {
	body, err := schema.Decode([]byte(`{"extra": 1, "keypair": {"name": "k", "type": 5, "user_id": null, "public_key": "x"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(keyPairCreate(openstack.Microversion{}), body); err != nil {
		t.Error(err)
	}
	if err := schema.Validate(keyPairCreate(openstack.V(2, 1)), body); err == nil {
		t.Error("2.1 took an unknown member")
	}
}
