package store

import (
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
)

// traitsRecord is what an instance has that no query asks for. The JSON names
// must never change.
type traitsRecord struct {
	Hostname       string        `json:"hostname,omitempty"`
	AccessIPv4     string        `json:"accessIPv4,omitempty"`
	AccessIPv6     string        `json:"accessIPv6,omitempty"`
	AutoDisk       bool          `json:"autoDisk,omitempty"`
	PasswordHash   string        `json:"passwordHash,omitempty"`
	PasswordLogin  bool          `json:"passwordLogin,omitempty"`
	SealedPassword string        `json:"sealedPassword,omitempty"`
	Files          []fileRecord  `json:"files,omitempty"`
	Lock           *lockRecord   `json:"lock,omitempty"`
	Resize         *resizeRecord `json:"resize,omitempty"`
	SavingImageID  string        `json:"savingImageId,omitempty"`
}

type fileRecord struct {
	Path     string `json:"path"`
	Contents []byte `json:"contents,omitempty"`
}

type lockRecord struct {
	ByAdmin bool      `json:"byAdmin,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	At      time.Time `json:"at"`
}

type resizeRecord struct {
	Flavor    flavorSnapshot  `json:"flavor"`
	Was       compute.VMState `json:"was"`
	Confirmed bool            `json:"confirmed,omitempty"`
}

func traitsOf(i compute.Instance) traitsRecord {
	r := traitsRecord{
		Hostname: i.Hostname, AccessIPv4: i.AccessIPv4, AccessIPv6: i.AccessIPv6, AutoDisk: i.AutoDisk,
		PasswordHash: i.Password.Hash, PasswordLogin: i.Password.Login, SealedPassword: i.Password.Sealed,
		Lock: (*lockRecord)(i.Lock), SavingImageID: i.SavingImageID,
	}
	for _, f := range i.Files {
		r.Files = append(r.Files, fileRecord(f))
	}
	if i.Resize != nil {
		r.Resize = &resizeRecord{flavorSnapshot(i.Resize.Flavor), i.Resize.Was, i.Resize.Confirmed}
	}
	return r
}

// put gives the instance what the record holds.
func (r traitsRecord) put(i *compute.Instance) {
	i.Hostname, i.AccessIPv4, i.AccessIPv6, i.AutoDisk = r.Hostname, r.AccessIPv4, r.AccessIPv6, r.AutoDisk
	i.Password = compute.GuestPassword{Hash: r.PasswordHash, Login: r.PasswordLogin, Sealed: r.SealedPassword}
	i.Lock, i.SavingImageID = (*compute.Lock)(r.Lock), r.SavingImageID
	for _, f := range r.Files {
		i.Files = append(i.Files, compute.File(f))
	}
	if r.Resize != nil {
		i.Resize = &compute.Resize{Flavor: compute.Flavor(r.Resize.Flavor), Was: r.Resize.Was, Confirmed: r.Resize.Confirmed}
	}
}
