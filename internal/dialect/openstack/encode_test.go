package openstack

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

type common struct {
	ID   string `json:"id"`
	Rank int    `json:"rank"`
}

type thing struct {
	Name string `json:"name"`
	common
	Ratio    float64           `json:"ratio"`
	Note     *string           `json:"note"`
	Gone     string            `json:"gone,omitempty"`
	Zero     *bool             `json:"zero,omitzero"`
	Tags     []string          `json:"tags"`
	Labels   map[string]string `json:"labels"`
	Extra    any               `json:"extra"`
	Sub      *thing            `json:"sub,omitempty"`
	Raw      schema.Value      `json:"raw"`
	Ordered  Fields            `json:"ordered"`
	Hidden   int               `json:"-"`
	private  int
	Untagged uint8
}

func TestAppend(t *testing.T) {
	raw, err := schema.Decode([]byte(`{"b":1,"a":[1.50,true,null,"é"]}`))
	if err != nil {
		t.Fatal(err)
	}
	note := "ü"
	v := thing{Name: "a<b>&\"\\\n\x01\x7f\u2028😀", common: common{"7", -1}, Ratio: 1, Note: &note, private: 1, Hidden: 2,
		Labels: map[string]string{"z": "1", "a": "2"}, Extra: []any{nil, 1.5, uint(3), Fields{}}, Raw: raw,
		Ordered: Fields{{"z", 1}, {"a", false}}, Untagged: 255}
	want := `{"name": "a<b>&\"\\\n\u0001\u007f\u2028\ud83d\ude00", "id": "7", "rank": -1, "ratio": 1.0, "note": "\u00fc", ` +
		`"tags": [], "labels": {"a": "2", "z": "1"}, "extra": [null, 1.5, 3, {}], "raw": {"b": 1, "a": [1.5, true, null, "\u00e9"]}, ` +
		`"ordered": {"z": 1, "a": false}, "Untagged": 255}`
	got, err := Spaced.Append(nil, v)
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	compact, err := Compact.Append(nil, &v)
	if narrow := strings.NewReplacer(", ", ",", ": ", ":").Replace(want); err != nil || string(compact) != narrow {
		t.Errorf("compact: got  %s, %v\nwant %s", compact, err, narrow)
	}
}

func TestAppendRefusesWhatJSONCannotHold(t *testing.T) {
	for _, v := range []any{make(chan int), func() {}, map[int]string{1: "x"}, Fields{{"a", complex(1, 2)}}, []any{struct{ C chan int }{}}} {
		if b, err := Spaced.Append(nil, v); err == nil {
			t.Errorf("%T was written as %s", v, b)
		}
	}
}

// FuzzAppendString checks that what is written is ASCII and reads back as the
// same text.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "k", "é", "😀", "\x00\"\\", "\xff", "\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := appendString(nil, s)
		for _, c := range b {
			if c < ' ' || c > '~' {
				t.Fatalf("byte %#x in %s", c, b)
			}
		}
		var back string
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && back != want {
			t.Fatalf("%s reads back as %q, want %q", b, back, want)
		}
	})
}

func TestAppendFloatEdges(t *testing.T) {
	for f, want := range map[float64]string{1: "1.0", 0: "0.0", -2.5: "-2.5", 1e16: "1e+16", math.MaxFloat64: "1.7976931348623157e+308"} {
		if got, _ := Spaced.Append(nil, f); string(got) != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}

type listItem struct {
	KeyPair struct {
		Name        string `json:"name"`
		PublicKey   string `json:"public_key"`
		Fingerprint string `json:"fingerprint"`
		Type        string `json:"type,omitempty"`
	} `json:"keypair"`
}

func hundred() any {
	items := make([]listItem, 100)
	for i := range items {
		items[i].KeyPair.Name = fmt.Sprint("key-", i)
		items[i].KeyPair.PublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAtFHPWwfsetgfEniPqibytstp7CH4MXLFw0raQs4jx1 user@host\n"
		items[i].KeyPair.Fingerprint = "c2:93:c9:26:a4:90:d2:85:55:ea:c6:8e:81:68:5e:8d"
		items[i].KeyPair.Type = "ssh"
	}
	return struct {
		KeyPairs []listItem `json:"keypairs"`
	}{items}
}

func BenchmarkListOf100(b *testing.B) {
	v := hundred()
	b.Run("openstack", func(b *testing.B) {
		var buf []byte
		b.ReportAllocs()
		for b.Loop() {
			buf, _ = Spaced.Append(buf[:0], v)
		}
		b.SetBytes(int64(len(buf)))
	})
	b.Run("encoding/json", func(b *testing.B) {
		var n int
		b.ReportAllocs()
		for b.Loop() {
			out, _ := json.Marshal(v)
			n = len(out)
		}
		b.SetBytes(int64(n))
	})
}
