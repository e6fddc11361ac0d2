package nova

import (
	"hash/fnv"
	"time"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/keypair"
)

// keypairBody is a key pair under its name, as each answer has it.
type keypairBody[T any] struct {
	KeyPair T `json:"keypair"`
}

// keypairMade answers a creation.
type keypairMade struct {
	PrivateKey  string       `json:"private_key,omitempty"` // of generated pairs
	Type        keypair.Type `json:"type,omitempty"`        // from 2.2
	Name        string       `json:"name"`
	PublicKey   string       `json:"public_key"`
	Fingerprint string       `json:"fingerprint"`
	UserID      string       `json:"user_id"`
}

// keypairListed is one item of a list.
type keypairListed struct {
	Name        string       `json:"name"`
	PublicKey   string       `json:"public_key"`
	Fingerprint string       `json:"fingerprint"`
	Type        keypair.Type `json:"type,omitempty"` // from 2.2
}

// keypairShown answers for one key pair. Deleted ones are gone here, and none
// is ever changed in place, so the three fields that tell of it are constant.
type keypairShown struct {
	Name        string       `json:"name"`
	PublicKey   string       `json:"public_key"`
	Fingerprint string       `json:"fingerprint"`
	UserID      string       `json:"user_id"`
	CreatedAt   string       `json:"created_at"`
	Deleted     bool         `json:"deleted"`
	DeletedAt   *string      `json:"deleted_at"`
	ID          int32        `json:"id"`
	UpdatedAt   *string      `json:"updated_at"`
	Type        keypair.Type `json:"type,omitempty"` // from 2.2
}

type keypairList struct {
	KeyPairs []keypairBody[keypairListed] `json:"keypairs"`
	Links    []openstack.Link             `json:"keypairs_links,omitempty"` // from 2.35
}

// withType is the microversion in which type appeared.
var withType = openstack.V(2, 2)

func typeAt(v openstack.Microversion, t keypair.Type) keypair.Type {
	if v.AtLeast(withType) {
		return t
	}
	return ""
}

func viewMade(v openstack.Microversion, k keypair.KeyPair, private string) keypairBody[keypairMade] {
	return keypairBody[keypairMade]{keypairMade{
		PrivateKey: private, Type: typeAt(v, k.Type), Name: k.Name,
		PublicKey: k.PublicKey, Fingerprint: k.FingerprintMD5(), UserID: userOf(k),
	}}
}

func viewListed(v openstack.Microversion, k keypair.KeyPair) keypairBody[keypairListed] {
	return keypairBody[keypairListed]{keypairListed{
		Name: k.Name, PublicKey: k.PublicKey, Fingerprint: k.FingerprintMD5(), Type: typeAt(v, k.Type),
	}}
}

func viewShown(v openstack.Microversion, k keypair.KeyPair) keypairBody[keypairShown] {
	return keypairBody[keypairShown]{keypairShown{
		Name: k.Name, PublicKey: k.PublicKey, Fingerprint: k.FingerprintMD5(), UserID: userOf(k),
		CreatedAt: microseconds(k.CreatedAt), ID: number(k.ID), Type: typeAt(v, k.Type),
	}}
}

// userOf returns the user that Nova would say a key pair belongs to. A shared
// one is seen here only by the user who made it.
func userOf(k keypair.KeyPair) string {
	if k.Owner.Kind == keypair.User {
		return k.Owner.ID
	}
	return k.CreatorID
}

// number makes the row number that Nova has of our id: always the same one for
// a key pair, positive, and of 31 bits, as in Nova's database. Two pairs may
// share it; nothing can be looked up by it.
func number(id string) int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return max(1, int32(h.Sum32()&0x7fffffff))
}

// microseconds writes a time as Python's isoformat does for a time in UTC that
// knows no zone, and with the digits even where they are zero.
func microseconds(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000") }
