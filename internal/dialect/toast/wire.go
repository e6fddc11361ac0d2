package toast

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/keyreeve/keyreeve/internal/wire"
)

// header is what every answer begins with.
type header struct {
	IsSuccessful  bool   `json:"isSuccessful"`
	ResultCode    int    `json:"resultCode"`
	ResultMessage string `json:"resultMessage"`
}

// envelope is what every answer is: one with nothing else has only a header.
type envelope struct {
	Header header `json:"header"`
}

func (e *envelope) succeed() { e.Header = header{IsSuccessful: true, ResultMessage: "SUCCESS"} }

// answer is the body of a successful answer: a struct around an [envelope].
type answer interface{ succeed() }

// done answers that there is nothing to add.
func done(err error) (answer, error) {
	if err != nil {
		return nil, err
	}
	return &envelope{}, nil
}

func write(w http.ResponseWriter, r *http.Request, a answer) {
	a.succeed()
	writeJSON(w, r, a)
}

// writeJSON answers with status 200, whatever the body says. It panics when v
// cannot be JSON, which is a mistake in the program.
func writeJSON(w http.ResponseWriter, r *http.Request, v any) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	text := bytes.TrimSuffix(body.Bytes(), []byte("\n"))
	h := w.Header()
	h.Set("Content-Type", "application/json;charset=UTF-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	if id := wire.RequestID(r.Context()); id != "" {
		h.Set("X-Request-Id", id)
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(text) // a client that went away is the listener's to notice
	clear(text)          // it may have held a private key
}

// stamp writes a time with six digits and no zone: it is UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000") }

// stampIf is null for what has not happened.
func stampIf(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := stamp(t)
	return &s
}

// textIf is null for an empty text.
func textIf(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

type accessAnswer struct {
	envelope
	Access access `json:"access"`
}

type access struct {
	Token token     `json:"token"`
	User  tokenUser `json:"user"`
}

type token struct {
	Expires  string `json:"expires"`
	ID       string `json:"id"`
	IssuedAt string `json:"issued_at"`
}

type tokenUser struct {
	ID    string `json:"id"`
	Roles []role `json:"roles"`
}

type role struct {
	Name string `json:"name"`
}

type zonesAnswer struct {
	envelope
	Zones []zone `json:"zones"`
}

type zone struct {
	Name  string    `json:"zoneName"`
	State zoneState `json:"zoneState"`
}

type zoneState struct {
	Available bool `json:"available"`
}

type flavorsAnswer struct {
	envelope
	Flavors []flavor `json:"flavors"`
}

// flavor has a volume size or a largest one, never both.
type flavor struct {
	Disabled      bool   `json:"disabled"`
	Ephemeral     int    `json:"ephemeral"` // GB
	Type          string `json:"type"`
	VolumeSize    int    `json:"volumeSize,omitempty"`    // GB
	MaxVolumeSize int    `json:"maxVolumeSize,omitempty"` // GB
	ID            string `json:"id"`
	Name          string `json:"name"`
	IsPublic      bool   `json:"isPublic"`
	RAM           int    `json:"ram"` // MB
	VCPUs         int    `json:"vcpus"`
}

type keypairsAnswer struct {
	envelope
	KeyPairs []keyPair `json:"keypairs"`
}

type keypairAnswer struct {
	envelope
	KeyPair keyPair `json:"keypair"`
}

type keyPair struct {
	Name        string `json:"name"`
	PublicKey   string `json:"publicKey"`
	PrivateKey  string `json:"privateKey,omitempty"` // once, of a generated one
	Fingerprint string `json:"fingerprint"`
	CreatedAt   string `json:"createdAt,omitempty"` // when it was asked for by name
}

type imagesAnswer struct {
	envelope
	Images []image `json:"images"`
}

type image struct {
	CreatedAt  string            `json:"createdAt"`
	DiskFormat string            `json:"diskFormat"`
	ID         string            `json:"id"`
	IsPublic   bool              `json:"isPublic"`
	MinDisk    int               `json:"minDisk"` // GB
	MinRAM     int               `json:"minRam"`  // MB
	Name       string            `json:"name"`
	Properties map[string]string `json:"properties"`
	Protected  bool              `json:"protected"`
	Size       int64             `json:"size"` // bytes
	Status     string            `json:"status"`
	UpdatedAt  string            `json:"updatedAt"`
}

// named is a thing of which only that is told.
type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}
