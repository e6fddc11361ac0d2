package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/identity"
)

const projectColumns = `id, account_id, name, description, enabled, app_key, tags, attributes, options, created_at`

func scanProject(s scanner) (p identity.Project, err error) {
	err = s.Scan(&p.ID, &p.AccountID, &p.Name, &p.Description, &p.Enabled, &p.AppKey,
		jsonInto{&p.Tags}, jsonInto{&p.Attributes}, jsonInto{&p.Options}, instant{&p.CreatedAt})
	return p, err
}

// Project implements [identity.Tx].
func (t *Tx) Project(ctx context.Context, id string) (identity.Project, error) {
	return one(ctx, t, "project", id, scanProject, `SELECT `+projectColumns+` FROM projects WHERE id = $1`, id)
}

// ProjectByName implements [identity.Tx].
func (t *Tx) ProjectByName(ctx context.Context, accountID, name string) (identity.Project, error) {
	return one(ctx, t, "project", name, scanProject,
		`SELECT `+projectColumns+` FROM projects WHERE account_id = $1 AND name = $2`, accountID, name)
}

// ProjectByAppKey implements [identity.Tx].
func (t *Tx) ProjectByAppKey(ctx context.Context, appKey string) (identity.Project, error) {
	return one(ctx, t, "project", "", scanProject,
		`SELECT `+projectColumns+` FROM projects WHERE app_key = $1 AND app_key <> ''`, appKey)
}

// Projects implements [identity.Tx].
func (t *Tx) Projects(ctx context.Context, q identity.ProjectQuery) ([]identity.Project, error) {
	var w where
	if q.AccountID != "" {
		w.and(`account_id = ?`, q.AccountID)
	}
	if q.Name != "" {
		w.and(`name = ?`, q.Name)
	}
	if q.Enabled != nil {
		w.and(`enabled = ?`, bit(*q.Enabled))
	}
	if q.UserID != "" {
		w.and(`id IN (SELECT scope_id FROM assignments WHERE user_id = ? AND scope_kind = ?)`,
			q.UserID, int64(identity.ProjectScope))
	}
	return all(ctx, t, "project", scanProject,
		`SELECT `+projectColumns+` FROM projects`+w.String()+` ORDER BY name, id`, w.args...)
}

// InsertProject implements [identity.Tx].
func (t *Tx) InsertProject(ctx context.Context, p identity.Project) error {
	return t.insert(ctx, "project", p.Name,
		`INSERT INTO projects (`+projectColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		p.ID, p.AccountID, p.Name, p.Description, bit(p.Enabled), p.AppKey,
		jsonText(p.Tags), jsonText(p.Attributes), jsonText(p.Options), micros(p.CreatedAt))
}

// UpdateProject implements [identity.Tx]. A project stays in its account.
func (t *Tx) UpdateProject(ctx context.Context, p identity.Project) error {
	return t.change(ctx, "project", p.ID,
		`UPDATE projects SET name = $2, description = $3, enabled = $4, app_key = $5, tags = $6, attributes = $7, options = $8 WHERE id = $1`,
		p.ID, p.Name, p.Description, bit(p.Enabled), p.AppKey, jsonText(p.Tags), jsonText(p.Attributes), jsonText(p.Options))
}
