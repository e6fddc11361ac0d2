package toast

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/keyreeve/keyreeve/conformance/harness"
)

// change returns a body with one member of the object at path set to a JSON
// text, or taken away when the text is empty.
func change(t *testing.T, body, path, value string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	names := strings.Split(path, ".")
	at := v
	for _, name := range names[:len(names)-1] {
		if at.(object)[name] == nil {
			at.(object)[name] = object{}
		}
		at = at.(object)[name]
		if list, ok := at.([]any); ok {
			at = list[0]
		}
	}
	last := names[len(names)-1]
	if value == "" {
		delete(at.(object), last)
	} else {
		at.(object)[last] = json.RawMessage(value)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestBadInput walks every parameter of every call: missing, of the wrong type,
// out of range, and naming what is another project's. Each has its code and a
// message that names the field, and nothing changes.
func TestBadInput(t *testing.T) {
	s := harness.Start(t)
	c := newClient(t, s)
	at := c.things()
	c.must("POST", "keypairs", fmt.Sprintf(`{"keypair": {"name": "k", "publicKey": %q}}`, ed25519Line))
	mine := c.create(at, "mine", "k")

	// Another project, with an instance and an image of its own.
	s.AddProject("elsewhere")
	other := s.Login(s.AddUser("stranger", "elsewhere", "member"))
	post := func(path string, body object) string {
		got, err := other.Do(t.Context(), "POST", "/compute/v2.1"+path, body)
		if err != nil || got.Status >= 300 {
			t.Fatalf("%s: %v %s", path, err, got.Body)
		}
		return string(got.Body)
	}
	post("/os-keypairs", object{"keypair": object{"name": "theirs", "type": "ssh", "public_key": ed25519Line}})
	var made struct{ Server struct{ ID string } }
	if err := json.Unmarshal([]byte(post("/servers", object{"server": object{"name": "theirs", "flavorRef": "1", "imageRef": at.image, "networks": "auto"}})), &made); err != nil {
		t.Fatal(err)
	}
	theirs := made.Server.ID
	var scope struct{ Projects []struct{ ID string } }
	other.Get(t, "/identity/v3/auth/projects", &scope)
	got, err := other.Do(t.Context(), "POST", "/volume/v3/"+scope.Projects[0].ID+"/volumes", object{"volume": object{"size": 1}})
	var theirDisk struct{ Volume struct{ ID string } }
	if err == nil {
		err = json.Unmarshal(got.Body, &theirDisk)
	}
	theirVolume := theirDisk.Volume.ID
	if err != nil || theirVolume == "" {
		t.Fatalf("no volume elsewhere: %v %s", err, got.Body)
	}

	state := func() string {
		var all []string
		for _, path := range []string{"instances-detail", "keypairs", "images", "volumes"} {
			all = append(all, c.must("GET", path, "").raw)
		}
		return strings.Join(all, "\n")
	}
	before := state()

	instance := at.instance("bad", "k", `"count": 1, `)
	const keypair = `{"keypair": {"name": "bad", "publicKey": "` + ed25519Line + `"}}`
	const wrongChars = "An invalid 'name' value was provided. The name must be: Only expected characters: [_- 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ]"
	const wrongEnds = "An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace."
	const required, text = "Invalid parameters : %s is required", "Invalid parameters : %s must be a string"
	long := strings.Repeat("x", 256)
	type bad struct{ path, value, code, message string }
	for _, call := range []struct {
		method, path, body string
		bad                []bad
	}{
		{"POST", "instances", instance, []bad{
			{"instance", ``, "-4", required}, {"instance", `[]`, "-4", "Invalid parameters : instance must be an object"},
			{"instance.name", ``, "-4", required}, {"instance.name", `null`, "-4", required}, {"instance.name", `""`, "-4", required}, {"instance.name", `1`, "-4", text},
			{"instance.name", `"a b"`, "-4", "Invalid parameters : instance.name may have only letters, digits, '-' and '.'"},
			{"instance.name", `"한글"`, "-4", "Invalid parameters : instance.name may have only letters, digits, '-' and '.'"},
			{"instance.name", `"123456789012345678901"`, "-4", "Invalid parameters : instance.name must have at most 20 characters with this image"},
			{"instance.image", ``, "-4", required}, {"instance.image", `{}`, "-4", text}, {"instance.image", `"nosuch"`, "10400", "Can not find requested image"},
			{"instance.flavor", ``, "-4", required}, {"instance.flavor", `1`, "-4", text}, {"instance.flavor", `"nosuch"`, "10400", "Flavor nosuch could not be found."},
			{"instance.networks", ``, "-4", required}, {"instance.networks", `{}`, "-4", "Invalid parameters : instance.networks must be a list"},
			{"instance.networks", `[]`, "-4", "Invalid parameters : instance.networks must not be empty"},
			{"instance.networks", `["x"]`, "-4", "Invalid parameters : instance.networks[0] must be an object"},
			{"instance.networks", `[{}]`, "-4", "Invalid parameters : instance.networks[0].id is required"},
			{"instance.networks", `[{"id": 1}]`, "-4", "Invalid parameters : instance.networks[0].id must be a string"},
			{"instance.networks", `[{"id": "a", "subnetId": "b"}]`, "-4", "Invalid parameters : instance.networks[0].subnetId must not be given with id"},
			{"instance.networks", `[{"id": "nosuch"}]`, "20004", "No accessible network"},
			{"instance.networks", `[{"subnetId": "nosuch"}]`, "20004", "No accessible network"},
			{"instance.availabilityZone", ``, "-4", required}, {"instance.availabilityZone", `true`, "-4", text},
			{"instance.availabilityZone", `"nosuch"`, "10400", "The requested availability zone is not available"},
			{"instance.keyName", ``, "-4", required}, {"instance.keyName", `[]`, "-4", text},
			{"instance.keyName", `"nosuch"`, "10400", "Invalid key_name provided."}, {"instance.keyName", `"theirs"`, "10400", "Invalid key_name provided."},
			{"instance.count", `0`, "-4", "Invalid parameters : instance.count must be between 1 and 10"},
			{"instance.count", `"11"`, "-4", "Invalid parameters : instance.count must be between 1 and 10"},
			{"instance.count", `1.5`, "-4", "Invalid parameters : instance.count must be an integer"},
			{"instance.count", `"two"`, "-4", "Invalid parameters : instance.count must be an integer"},
			{"instance.volume", `[]`, "-4", "Invalid parameters : instance.volume must be an object"},
			{"instance.volume.size", `10`, "-4", "Invalid parameters : instance.volume must be absent: flavor m1.tiny has a disk of 1 GB"},
			{"instance.volume.size", `25`, "-4", "Invalid parameters : instance.volume.size must be a multiple of 10"},
			{"instance.volume.size", `"1010"`, "-4", "Invalid parameters : instance.volume.size must be between 10 and 1000"},
			{"instance.volume.size", `"big"`, "-4", "Invalid parameters : instance.volume.size must be an integer"},
			{"instance.volume.type", `"Fast"`, "-4", "Invalid parameters : instance.volume.type must be General HDD or General SSD"},
			{"instance.volume.type", `5`, "-4", text},
			{"instance.volume.type", `"General SSD"`, "-4", "Invalid parameters : instance.volume must be absent: flavor m1.tiny has a disk of 1 GB"},
			{"instance.securityGroups", ``, "-4", required}, {"instance.securityGroups", `"default"`, "-4", "Invalid parameters : instance.securityGroups must be a list"},
			{"instance.securityGroups", `[]`, "-4", "Invalid parameters : instance.securityGroups must not be empty"},
			{"instance.securityGroups", `[{}]`, "-4", "Invalid parameters : instance.securityGroups[0].name is required"},
		}},
		{"POST", "keypairs", keypair, []bad{
			{"keypair", ``, "-4", required}, {"keypair", `"x"`, "-4", "Invalid parameters : keypair must be an object"},
			{"keypair.name", ``, "-4", required}, {"keypair.name", `1`, "-4", text},
			{"keypair.name", `""`, "13400", "Invalid input for field/attribute name. Value: . '' is too short"},
			{"keypair.name", `"` + long + `"`, "13400", "Invalid input for field/attribute name. Value: " + long + ". '" + long + "' is too long"},
			{"keypair.name", `"한글"`, "13400", wrongChars}, {"keypair.name", `"a.b"`, "13400", wrongChars}, {"keypair.name", `"a/b"`, "13400", wrongChars},
			{"keypair.name", `" a"`, "13400", wrongEnds}, {"keypair.name", `"a "`, "13400", wrongEnds}, {"keypair.name", `"a\n"`, "13400", wrongEnds},
			{"keypair.name", `"k"`, "13409", "Key pair 'k' already exists."},
			{"keypair.publicKey", `1`, "-4", text}, {"keypair.publicKey", `""`, "13400", "Keypair data is invalid: failed to generate fingerprint"},
			{"keypair.publicKey", `"garbage"`, "13400", "Keypair data is invalid: failed to generate fingerprint"},
			{"keypair.publicKey", `"` + ed25519Line[:60] + `"`, "13400", "Keypair data is invalid: failed to generate fingerprint"},
			{"keypair.publicKey", `"` + ed25519Line + strings.Repeat(" ", 16<<10) + `"`, "13400", "Keypair data is invalid: longer than 16384 bytes"},
			{"keypair.publicKey", `"-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n"`, "13400", "Keypair data is invalid: a private key was given, send the public key"},
		}},
		{"POST", "instances/" + mine + "/action", `{"action": "reboot", "parameters": {"type": "SOFT"}}`, []bad{
			{"action", ``, "-4", required}, {"action", `7`, "-4", text}, {"action", `"explode"`, "-4", "Invalid parameters : action"},
			{"parameters", `[]`, "-4", "Invalid parameters : parameters must be an object"},
			{"parameters", ``, "-4", "Invalid parameters : parameters.type is required"},
			{"parameters.type", ``, "-4", required}, {"parameters.type", `1`, "-4", text},
			{"parameters.type", `"WARM"`, "-4", "Invalid parameters : parameters.type must be SOFT or HARD"},
		}},
		{"POST", "instances/" + mine + "/action", `{"action": "resize", "parameters": {"flavor": "2"}}`, []bad{
			{"parameters", ``, "-4", "Invalid parameters : parameters.flavor is required"}, {"parameters.flavor", `""`, "-4", required},
			{"parameters.flavor", `2`, "-4", text}, {"parameters.flavor", `"nosuch"`, "10404", "Flavor nosuch could not be found."},
			{"parameters.flavor", `"1"`, "10400", "When resizing, instances must change flavor!"},
		}},
		{"POST", "instances/" + mine + "/action", `{"action": "uploadImage", "parameters": {"name": "i"}}`, []bad{
			{"parameters.name", ``, "-4", required}, {"parameters.name", `{}`, "-4", text},
			{"parameters.name", `"` + long + `"`, "-4", "Invalid parameters : parameters.name must have at most 255 characters"},
			{"parameters.name", `"i"`, "10409", "Cannot 'createImage' instance " + mine + " while it is in vm_state active"},
		}},
		{"POST", "volumes", volumeBody("v", at.zone, ""), []bad{
			{"volume", ``, "-4", required}, {"volume", `1`, "-4", "Invalid parameters : volume must be an object"},
			{"volume.name", ``, "-4", required}, {"volume.name", `1`, "-4", text}, {"volume.name", `"` + long + `"`, "-4", "Invalid parameters : volume.name must have at most 255 characters"},
			{"volume.availabilityZone", ``, "-4", required}, {"volume.availabilityZone", `[]`, "-4", text},
			{"volume.availabilityZone", `"nosuch"`, "40400", "Availability zone 'nosuch' is invalid."},
			{"volume.size", ``, "-4", required}, {"volume.size", `5`, "-4", "Invalid parameters : volume.size must be between 10 and 1000"},
			{"volume.size", `15`, "-4", "Invalid parameters : volume.size must be a multiple of 10"}, {"volume.size", `{}`, "-4", "Invalid parameters : volume.size must be an integer"},
			{"volume.description", `1`, "-4", text}, {"volume.description", `"` + long + `"`, "-4", "Invalid parameters : volume.description must have at most 255 characters"},
			{"volume.volumeType", `1`, "-4", text}, {"volume.volumeType", `"Fast"`, "-4", "Invalid parameters : volume.volumeType must be General HDD or General SSD"},
			{"volume.metadata", `[]`, "-4", "Invalid parameters : volume.metadata must be an object"}, {"volume.metadata.a", `1`, "-4", text},
		}},
		{"POST", "instances/" + mine + "/attachments", `{"attachment": {"volumeId": "x"}}`, []bad{
			{"attachment", ``, "-4", required}, {"attachment", `"x"`, "-4", "Invalid parameters : attachment must be an object"},
			{"attachment.volumeId", ``, "-4", required}, {"attachment.volumeId", `1`, "-4", text},
			{"attachment.volumeId", `"nosuch"`, "40404", "Volume nosuch could not be found."},
			{"attachment.volumeId", `"` + theirVolume + `"`, "40404", "Volume " + theirVolume + " could not be found."},
		}},
	} {
		for _, b := range call.bad {
			message := b.message
			if strings.Contains(message, "%s") {
				message = fmt.Sprintf(message, b.path)
			}
			c.refused(b.code, message, call.method, call.path, change(t, call.body, b.path, b.value))
		}
		for _, body := range []string{"", "null", "[]", "{", call.body + "x"} {
			c.refused("-8", "JSON parsing error : request body is not JSON", call.method, call.path, body)
		}
	}

	// A Windows guest's name is shorter.
	windows := at
	windows.image = at.windows
	c.refused("-4", "Invalid parameters : instance.name must have at most 12 characters with this image", "POST", "instances", windows.instance("thirteen-char", "k", ""))

	for _, id := range []string{"nosuch", theirs} {
		missing := "Instance " + id + " could not be found."
		c.refused("10404", missing, "GET", "instances?id="+id, "")
		c.refused("10404", missing, "GET", "instances-detail?id="+id, "")
		c.refused("10404", missing, "DELETE", "instances?id="+id, "")
		for _, action := range []string{`{"action": "start"}`, `{"action": "stop"}`, `{"action": "reboot", "parameters": {"type": "HARD"}}`,
			`{"action": "resize", "parameters": {"flavor": "2"}}`, `{"action": "uploadImage", "parameters": {"name": "i"}}`} {
			c.refused("10404", missing, "POST", "instances/"+id+"/action", action)
		}
	}
	for _, id := range []string{"nosuch", theirVolume} {
		missing := "Volume " + id + " could not be found."
		c.refused("40404", missing, "GET", "volumes?id="+id, "")
		c.refused("40404", missing, "DELETE", "volumes?id="+id, "")
		c.refused("40404", missing, "DELETE", "instances/"+mine+"/attachments?volumeId="+id, "")
		c.refused("10404", "Instance "+theirs+" could not be found.", "POST", "instances/"+theirs+"/attachments", `{"attachment": {"volumeId": "`+id+`"}}`)
		c.refused("10404", "Instance "+theirs+" could not be found.", "DELETE", "instances/"+theirs+"/attachments?volumeId="+id, "")
	}
	c.refused("-4", "Invalid parameters : volumeId is required", "DELETE", "instances/"+mine+"/attachments", "")
	for _, path := range []string{"instances", "images", "volumes"} {
		c.refused("-4", "Invalid parameters : id is required", "DELETE", path, "")
		c.refused("-4", "Invalid parameters : id is required", "DELETE", path+"?id=", "")
	}
	c.refused("-4", "Invalid parameters : name is required", "DELETE", "keypairs", "")
	c.refused("-4", "Invalid parameters : id is required", "GET", "tokens", "")

	if after := state(); after != before {
		t.Errorf("something changed:\n%s\nwas\n%s", after, before)
	}
}
