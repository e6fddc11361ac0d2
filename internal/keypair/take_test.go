package keypair_test

import (
	"bytes"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
)

// TestAccept takes each form by rules that name it alone, and refuses it by
// rules that name none. Whatever the form, it is the same key.
func TestAccept(t *testing.T) {
	r := newRig(t, nil)
	line := vector(t, "rsa2048.pub")
	encoded := strings.Fields(line)[1]
	forms := map[string]string{
		"RFC4716": vector(t, "rsa2048.rfc4716"), "PEM": vector(t, "rsa2048.spki.pem"), "Blob": encoded,
		"FamilyWords": "rsa " + encoded, "Options": `command="true" ` + line, "Space": "\n" + line,
		"Wrapped": "ssh-rsa " + encoded[:70] + "\n" + encoded[70:],
	}
	want := r.take(t, user("alice", ""), anything(keypair.User), "line", keypair.SSH, line)
	flags := reflect.TypeFor[sshkey.Accept]()
	for i := range flags.NumField() {
		form := flags.Field(i).Name
		text, ok := forms[form]
		if !ok {
			t.Errorf("no text of the form %s", form)
			continue
		}
		rules := anything(keypair.User)
		req := keypair.Request{Name: form}
		_, _, err := r.Import(t.Context(), user("alice", ""), rules, req, text)
		refusedAs(t, err, fault.Invalid)
		reflect.ValueOf(&rules.Accept).Elem().Field(i).SetBool(true)
		k, _, err := r.Import(t.Context(), user("alice", ""), rules, req, text)
		if err != nil || k.PublicKey != text || !bytes.Equal(k.Blob, want.Blob) || k.Algorithm != want.Algorithm || k.Bits != want.Bits {
			t.Errorf("%s: %+v, %v", form, k, err)
		}
		key, err := keypair.ReadText(text)
		if err != nil || !bytes.Equal(key.Blob(), want.Blob) {
			t.Errorf("%s is not read again: %v", form, err)
		}
	}
	found, err := r.Find(t.Context(), user("alice", ""), anything(keypair.User), "", want.FingerprintSHA256())
	if err != nil || len(found) != flags.NumField()+1 {
		t.Errorf("of all forms %s have the fingerprint, %v", names(found), err)
	}
}

// TestOptionsAreReported wants options to be said and to reach no guest.
func TestOptionsAreReported(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, slog.New(slog.NewTextHandler(&log, nil)))
	rules := anything(keypair.User)
	rules.Accept.Options = true
	const options = `environment="SECRET=hunter2",no-pty`
	k, warnings, err := r.Import(t.Context(), user("alice", ""), rules, keypair.Request{Name: "web"}, options+" "+vector(t, "ed25519.pub"))
	if err != nil || len(warnings) != 1 || warnings[0] != (keypair.OptionsIgnored{}) {
		t.Fatalf("warnings %v, %v", warnings, err)
	}
	english, korean := warnings[0].Error(), warnings[0].In(sshkey.Korean)
	if english != warnings[0].In(sshkey.English) || !strings.Contains(english, "without") || !strings.Contains(korean, "옵션") {
		t.Errorf("%q, %q", english, korean)
	}
	if !strings.Contains(log.String(), english) || strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log says %s", &log)
	}
	key, err := keypair.ReadText(k.PublicKey)
	if err != nil || !strings.HasPrefix(k.PublicKey, options) || !strings.HasPrefix(key.LoginLine(), "ssh-ed25519 ") {
		t.Errorf("of %s a guest gets %s, %v", k.PublicKey, key.LoginLine(), err)
	}
}
