package identity

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// MaxTags is how many tags a project or an account may have.
const MaxTags = 80

// tidyTags returns tags without white space at their ends, in their order and
// each once. Faults: Invalid for more than [MaxTags], and for a tag that does
// not have 1 to 255 characters or has a comma or a slash.
func tidyTags(tags []string) ([]string, error) {
	var tidy []string
	for _, t := range tags {
		t = strings.TrimSpace(t)
		if n := utf8.RuneCountInString(t); n == 0 || n > 255 || strings.ContainsAny(t, ",/") {
			return nil, fault.Invalidf("tags", "a tag has 1 to 255 characters, and no comma or slash")
		}
		if !slices.Contains(tidy, t) {
			tidy = append(tidy, t)
		}
	}
	if len(tidy) > MaxTags {
		return nil, fault.Invalidf("tags", "%d tags are too many, %d are the most", len(tidy), MaxTags)
	}
	return tidy, nil
}

// TagProject changes a project's tags to what change makes of them. Faults:
// Forbidden (not an administrator), NotFound, Invalid (tags), Conflict
// ([ErrImmutable]), and what change returns.
func (s *Service) TagProject(ctx context.Context, c Caller, id string, change func([]string) ([]string, error)) (Project, error) {
	if err := Administrator.Check(c); err != nil {
		return Project{}, err
	}
	var p Project
	err := s.store.Write(ctx, func(tx Tx) (err error) {
		if p, err = tx.Project(ctx, id); err != nil {
			return err
		}
		if err := p.Options.mutable("project", id); err != nil {
			return err
		}
		tags, err := change(slices.Clone(p.Tags))
		if err != nil {
			return err
		}
		if p.Tags, err = tidyTags(tags); err != nil {
			return err
		}
		if err := tx.UpdateProject(ctx, p); err != nil {
			return err
		}
		return s.audit(ctx, tx, c, audit.Update, "project", p.Name)
	})
	return p, err
}
