package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/identity"
)

const unauthenticated = `{"header":{"isSuccessful":false,"resultCode":50401,"resultMessage":"The request you have made requires authentication."}}`

// logIn asks for a token; the id is empty where there is none.
func (w *world) toastLogin(t *testing.T, appkey, username, password string) (toastAnswer, string) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"auth": map[string]any{"username": username, "password": password}})
	if err != nil {
		t.Fatal(err)
	}
	a := w.toast(t, http.MethodPost, toastPrefix+appkey+"/tokens", string(text), "")
	var body struct {
		Access struct{ Token struct{ ID string } }
	}
	if err := json.Unmarshal([]byte(a.text), &body); err != nil {
		t.Fatal(err)
	}
	return a, body.Access.Token.ID
}

var tokenForm = regexp.MustCompile(`^{"header":{"isSuccessful":true,"resultCode":0,"resultMessage":"SUCCESS"},` +
	`"access":{"token":{"expires":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ","id":"[0-9a-f]{32}","issued_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}"},` +
	`"user":{"id":"[0-9a-f]{32}","roles":\[{"name":"reader"},{"name":"member"}\]}}}$`)

func TestTOASTTokens(t *testing.T) {
	w := newWorld(t, config.Flag{Name: "test", Key: "identity.lockout_attempts", Value: "0"})
	secrets, err := w.server.domain.Dir.Credentials()
	if err != nil {
		t.Fatal(err)
	}
	demo, id := secrets.Demo, w.server.domain.Identity
	op := identity.Operator(w.server.opt.Config.Region.ID)
	other := w.callers["stranger"].Project
	stray, straySecret, err := id.CreateAccessKey(t.Context(), op, demo.UserID, other.ID)
	if err != nil {
		t.Fatal(err)
	}

	for who, c := range map[string][2]string{
		"TOAST ID":   {demo.TOASTID, demo.APIPassword},
		"user name":  {demo.Username, demo.APIPassword},
		"access key": {demo.AccessKeyID, demo.AccessKeySecret},
	} {
		got, token := w.toastLogin(t, demo.AppKey, c[0], c[1])
		if !tokenForm.MatchString(got.text) {
			t.Fatalf("%s: got %s", who, got.text)
		}
		if got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: a token may be kept by a cache", who)
		}
		if looked := w.toast(t, http.MethodGet, toastPrefix+demo.AppKey+"/tokens?id="+token, "", ""); looked.text != got.text {
			t.Errorf("%s: looked up: %s, issued: %s", who, looked.text, got.text)
		}
		if got := w.toast(t, http.MethodGet, toastPrefix+demo.AppKey+"/keypairs", "", token); !got.Header.IsSuccessful {
			t.Errorf("%s: the token is refused: %s", who, got.text)
		}
		if got := w.toast(t, http.MethodGet, toastPrefix+other.AppKey+"/tokens?id="+token, "", ""); got.Header.ResultCode != 50404 {
			t.Errorf("%s: seen in another project: %s", who, got.text)
		}
		// One identity for every dialect.
		w.tokens["toast"] = token
		if status, body := w.send(t, http.MethodGet, "/compute/v2.1/os-keypairs", "", "toast"); status != http.StatusOK {
			t.Errorf("%s: OpenStack: %d %s", who, status, body)
		}
	}

	for what, c := range map[string][3]string{
		"wrong password":           {demo.AppKey, demo.TOASTID, "wrong"},
		"the user's own password":  {demo.AppKey, demo.TOASTID, demo.Password},
		"no password":              {demo.AppKey, demo.TOASTID, ""},
		"unknown user":             {demo.AppKey, "nobody@example.com", demo.APIPassword},
		"no user":                  {demo.AppKey, "", demo.APIPassword},
		"unknown appkey":           {"AAAAAAAAAAAAAAAA", demo.TOASTID, demo.APIPassword},
		"no role there":            {other.AppKey, demo.TOASTID, demo.APIPassword},
		"wrong secret":             {demo.AppKey, demo.AccessKeyID, "wrong"},
		"password of a key's user": {demo.AppKey, demo.AccessKeyID, demo.APIPassword},
		"key of another project":   {demo.AppKey, stray.ID, straySecret},
		"key without role":         {other.AppKey, stray.ID, straySecret},
		"a very long name":         {demo.AppKey, strings.Repeat("x", 60_000), "x"},
	} {
		if got, _ := w.toastLogin(t, c[0], c[1], c[2]); got.text != unauthenticated {
			t.Errorf("%s: got %s", what, got.text)
		}
	}

	for body, want := range map[string]string{
		`{}`:                               "Invalid parameters : auth is required",
		`{"auth": []}`:                     "Invalid parameters : auth must be an object",
		`{"auth": {}}`:                     "Invalid parameters : auth.username is required",
		`{"auth": {"username": "x"}}`:      "Invalid parameters : auth.password is required",
		`{"auth": {"username": 1}}`:        "Invalid parameters : auth.username must be a string",
		`{"auth": {"username": "x"`:        "JSON parsing error : request body is not JSON",
		`{"auth": {"username": "\u0000"}}`: "Invalid parameters : auth.username must not contain a NUL character",
	} {
		if got := w.toast(t, http.MethodPost, toastPrefix+demo.AppKey+"/tokens", body, ""); got.Header.ResultMessage != want {
			t.Errorf("%s: got %s, want %q", body, got.text, want)
		}
	}
	if got := w.toast(t, http.MethodGet, toastPrefix+demo.AppKey+"/tokens", "", ""); got.Header.ResultMessage != "Invalid parameters : id is required" {
		t.Errorf("no id: %s", got.text)
	}
	if got := w.toast(t, http.MethodGet, toastPrefix+demo.AppKey+"/tokens?id=nosuch", "", ""); got.Header.ResultCode != 50404 || got.Header.ResultMessage != "Could not find token." {
		t.Errorf("unknown id: %s", got.text)
	}
}

// TestTOASTTokensEnd: whoever loses their role, or gets another API password,
// has no token any more.
func TestTOASTTokensEnd(t *testing.T) {
	w := newWorld(t)
	id, op := w.server.domain.Identity, identity.Operator(w.server.opt.Config.Region.ID)
	member := w.callers["member"]
	password, another := "the API password", "another one"
	change := func() {
		if _, err := id.UpdateUser(t.Context(), op, member.User.ID, identity.UserChange{APIPassword: &password}); err != nil {
			t.Fatal(err)
		}
	}
	change()
	works := func(token string) bool {
		return w.toast(t, http.MethodGet, toastPrefix+member.Project.AppKey+"/keypairs", "", token).Header.IsSuccessful
	}
	_, token := w.toastLogin(t, member.Project.AppKey, "member", password)
	if !works(token) {
		t.Fatal("the token is refused")
	}
	password = another
	if change(); works(token) {
		t.Error("the token outlived the API password")
	}
	if got, _ := w.toastLogin(t, member.Project.AppKey, "member", "the API password"); got.text != unauthenticated {
		t.Errorf("the API password that was replaced: %s", got.text)
	}
	_, token = w.toastLogin(t, member.Project.AppKey, "member", another)
	scope := identity.Scope{Kind: identity.ProjectScope, ID: member.ProjectID()}
	if err := id.Ungrant(t.Context(), op, identity.Assignment{UserID: member.User.ID, Scope: scope, Role: identity.RoleMember}); err != nil {
		t.Fatal(err)
	}
	if token == "" || works(token) {
		t.Error("the token outlived the role")
	}
}

// TestTOASTLockout: guesses are stopped, and a name that nobody has is told
// from one that somebody has by nothing.
func TestTOASTLockout(t *testing.T) {
	w := newWorld(t, config.Flag{Name: "test", Key: "identity.lockout_attempts", Value: "3"})
	secrets, err := w.server.domain.Dir.Credentials()
	if err != nil {
		t.Fatal(err)
	}
	demo := secrets.Demo
	for _, name := range []string{demo.TOASTID, "nobody@example.com", demo.AccessKeyID} {
		var got []string
		for range 4 {
			a, _ := w.toastLogin(t, demo.AppKey, name, "wrong")
			got = append(got, fmt.Sprint(a.Header.ResultCode))
			if after := a.header.Get("Retry-After"); (a.Header.ResultCode == -1) != (after != "") {
				t.Errorf("%s: Retry-After %q with %s", name, after, a.text)
			}
		}
		if all := strings.Join(got, " "); all != "50401 50401 50401 -1" {
			t.Errorf("%s: got %s", name, all)
		}
	}
	if got, _ := w.toastLogin(t, demo.AppKey, demo.TOASTID, demo.APIPassword); got.Header.ResultMessage != "FAIL : too many requests" {
		t.Errorf("the right password of a locked name: %s", got.text)
	}
	if got, _ := w.toastLogin(t, demo.AppKey, demo.Username, demo.APIPassword); !got.Header.IsSuccessful {
		t.Errorf("another name: %s", got.text)
	}
}
