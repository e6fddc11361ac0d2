package store

import (
	"context"

	"github.com/keyreeve/keyreeve/internal/audit"
	"github.com/keyreeve/keyreeve/internal/fault"
)

const auditColumns = `at, request_id, dialect, region, user_id, project_id, action, resource, name, owner_id, detail`

func scanAudit(s scanner) (e audit.Entry, err error) {
	err = s.Scan(instant{&e.At}, &e.RequestID, &e.Dialect, &e.Region, &e.UserID, &e.ProjectID,
		&e.Action, &e.Resource, &e.Name, &e.OwnerID, &e.Detail)
	return e, err
}

// AppendAudit implements [audit.Tx].
func (t *Tx) AppendAudit(ctx context.Context, e audit.Entry) error {
	return t.insert(ctx, "audit entry", "",
		`INSERT INTO audit (`+auditColumns+`, id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		micros(e.At), e.RequestID, e.Dialect, e.Region, e.UserID, e.ProjectID,
		string(e.Action), e.Resource, e.Name, e.OwnerID, e.Detail, t.db.newID())
}

// mostAudit bounds [audit.Query.Limit].
const mostAudit = 1000

// AuditEntries returns the selected entries, newest first. Faults: Invalid (limit).
func (db *DB) AuditEntries(ctx context.Context, q audit.Query) ([]audit.Entry, error) {
	if q.Limit < 1 || q.Limit > mostAudit {
		return nil, fault.Invalidf("limit", "the audit log is read 1 to %d entries at a time", mostAudit)
	}
	var w where
	if q.Resource != "" {
		w.and(`resource = ?`, q.Resource)
	}
	if q.Name != "" {
		w.and(`name = ?`, q.Name)
	}
	if q.UserID != "" {
		w.and(`user_id = ?`, q.UserID)
	}
	w.args = append(w.args, q.Limit)
	query := `SELECT ` + auditColumns + ` FROM audit` + w.String() + ` ORDER BY at DESC, id DESC LIMIT ` + w.last()
	var out []audit.Entry
	err := db.Read(ctx, func(tx *Tx) (err error) {
		out, err = all(ctx, tx, "audit entry", scanAudit, query, w.args...)
		return err
	})
	return out, err
}
