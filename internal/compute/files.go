package compute

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/fault"
)

// File is put on a guest's disk before it first boots.
type File struct {
	Path     string // absolute, or below the root folder
	Contents []byte
}

// TooMany is the detail of a Quota fault about what is in one request.
type TooMany struct {
	Resource string // [QuotaFiles], [QuotaMetadata], …
	Limit    int
}

// Error says it for logs; dialects have words of their own.
func (e *TooMany) Error() string { return "more than the quota of " + e.Resource + " allows" }

func tooMany(resource string, limit int) error {
	e := &TooMany{Resource: resource, Limit: limit}
	return &fault.Error{Kind: fault.Quota, Resource: resource, Msg: e.Error(), Err: e}
}

// checkFiles holds files against the holder's quotas. Faults: Quota with a [TooMany].
func (s *Service) checkFiles(ctx context.Context, tx Tx, of Holder, files []File) error {
	if len(files) == 0 {
		return nil
	}
	for _, r := range []struct {
		name string
		has  func(most int) bool
	}{
		{QuotaFiles, func(most int) bool { return len(files) > most }},
		{QuotaFilePath, func(most int) bool { return longest(files, func(f File) int { return len(f.Path) }) > most }},
		{QuotaFileBytes, func(most int) bool { return longest(files, func(f File) int { return len(f.Contents) }) > most }},
	} {
		most, err := s.limit(ctx, tx, of, r.name)
		if err != nil {
			return err
		}
		if most >= 0 && r.has(most) {
			return tooMany(r.name, most)
		}
	}
	return nil
}

func longest(files []File, length func(File) int) int {
	n := 0
	for _, f := range files {
		n = max(n, length(f))
	}
	return n
}

// checkMetadata holds an instance's metadata against its holder's quota.
// Faults: Quota with a [TooMany].
func (s *Service) checkMetadata(ctx context.Context, tx Tx, of Holder, metadata map[string]string) error {
	if len(metadata) == 0 {
		return nil
	}
	most, err := s.limit(ctx, tx, of, QuotaMetadata)
	if err != nil {
		return err
	}
	if most >= 0 && len(metadata) > most {
		return tooMany(QuotaMetadata, most)
	}
	return nil
}

// equip gives new instances what is put into their guests.
func (s *Service) equip(ctx context.Context, tx Tx, i *Instance, req CreateRequest, passwordHash string) error {
	if err := s.checkMetadata(ctx, tx, i.holder(), req.Metadata); err != nil {
		return err
	}
	if err := s.checkFiles(ctx, tx, i.holder(), req.Files); err != nil {
		return err
	}
	i.Files = req.Files
	i.Password = GuestPassword{Hash: passwordHash, Login: passwordLogin(i.Image, req.UserData)}
	return nil
}
