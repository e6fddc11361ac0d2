package store

import (
	"context"
	"database/sql"

	"github.com/keyreeve/keyreeve/internal/identity"
)

const appCredentialColumns = `k.id, k.user_id, k.project_id, k.name, k.description, k.secret_hash, k.roles, k.unrestricted, k.expires_at, k.created_at` //nolint:gosec // names of columns

func scanAppCredential(s scanner) (k identity.AppCredential, err error) {
	var description sql.NullString
	var unrestricted sql.NullBool
	err = s.Scan(&k.ID, &k.UserID, &k.ProjectID, &k.Name, &description, &k.SecretHash,
		jsonInto{&k.Roles}, &unrestricted, instant{&k.ExpiresAt}, instant{&k.CreatedAt})
	if description.Valid {
		k.Description = &description.String
	}
	if unrestricted.Valid {
		k.Unrestricted = &unrestricted.Bool
	}
	return k, err
}

// whereAppCredential selects rows of app_credentials k.
func whereAppCredential(q identity.AppCredentialQuery) where {
	var w where
	for _, c := range []struct{ column, value string }{
		{`k.id`, q.ID}, {`k.user_id`, q.UserID}, {`k.project_id`, q.ProjectID}, {`k.name`, q.Name},
	} {
		if c.value != "" {
			w.and(c.column+` = ?`, c.value)
		}
	}
	return w
}

// AppCredentials implements [identity.Tx].
func (t *Tx) AppCredentials(ctx context.Context, q identity.AppCredentialQuery) ([]identity.AppCredential, error) {
	w := whereAppCredential(q)
	found, err := all(ctx, t, "application credential", scanAppCredential,
		`SELECT `+appCredentialColumns+` FROM app_credentials k`+w.String()+` ORDER BY k.user_id, k.name`, w.args...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	rules := map[string][]identity.AccessRule{}
	err = t.each(ctx, "reading: access rule", func(s scanner) error {
		var of string
		var r identity.AccessRule
		err := s.Scan(&of, &r.ID, &r.UserID, &r.Service, &r.Method, &r.Path)
		rules[of] = append(rules[of], r)
		return err
	}, `SELECT l.credential_id, r.id, r.user_id, r.service, r.method, r.path FROM app_credentials k
		JOIN app_credential_rules l ON l.credential_id = k.id JOIN access_rules r ON r.id = l.rule_id`+
		w.String()+` ORDER BY l.credential_id, l.seq`, w.args...)
	for i := range found {
		found[i].Rules = rules[found[i].ID]
	}
	return found, err
}

// InsertAppCredential implements [identity.Tx].
func (t *Tx) InsertAppCredential(ctx context.Context, k identity.AppCredential) error {
	var unrestricted any
	if k.Unrestricted != nil {
		unrestricted = bit(*k.Unrestricted)
	}
	err := t.insert(ctx, "application credential", k.Name,
		`INSERT INTO app_credentials (id, user_id, project_id, name, description, secret_hash, roles, unrestricted, expires_at, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		k.ID, k.UserID, k.ProjectID, k.Name, k.Description, k.SecretHash, jsonText(k.Roles), unrestricted,
		micros(k.ExpiresAt), micros(k.CreatedAt))
	for i, r := range k.Rules {
		if err != nil {
			return err
		}
		err = t.insert(ctx, "access rule", r.ID,
			`INSERT INTO app_credential_rules (credential_id, seq, rule_id) VALUES ($1, $2, $3)`, k.ID, int64(i), r.ID)
	}
	return err
}

// DeleteAppCredentials implements [identity.Tx].
func (t *Tx) DeleteAppCredentials(ctx context.Context, q identity.AppCredentialQuery) error {
	w := whereAppCredential(q)
	_, err := t.exec(ctx, "deleting application credentials",
		`DELETE FROM app_credentials WHERE id IN (SELECT k.id FROM app_credentials k`+w.String()+`)`, w.args...)
	return err
}

func scanAccessRule(s scanner) (r identity.AccessRule, err error) {
	err = s.Scan(&r.ID, &r.UserID, &r.Service, &r.Method, &r.Path)
	return r, err
}

// AccessRules implements [identity.Tx].
func (t *Tx) AccessRules(ctx context.Context, userID string) ([]identity.AccessRule, error) {
	return all(ctx, t, "access rule", scanAccessRule,
		`SELECT id, user_id, service, method, path FROM access_rules WHERE user_id = $1 ORDER BY service, path, method`, userID)
}

// InsertAccessRule implements [identity.Tx].
func (t *Tx) InsertAccessRule(ctx context.Context, r identity.AccessRule) error {
	return t.insert(ctx, "access rule", r.ID,
		`INSERT INTO access_rules (id, user_id, service, method, path) VALUES ($1, $2, $3, $4, $5)`,
		r.ID, r.UserID, r.Service, r.Method, r.Path)
}

// DeleteAccessRule implements [identity.Tx].
func (t *Tx) DeleteAccessRule(ctx context.Context, id string) error {
	return t.change(ctx, "access rule", id, `DELETE FROM access_rules WHERE id = $1`, id)
}

// DeleteAccessRulesOfUser implements [identity.Tx].
func (t *Tx) DeleteAccessRulesOfUser(ctx context.Context, userID string) error {
	_, err := t.exec(ctx, "deleting access rules", `DELETE FROM access_rules WHERE user_id = $1`, userID)
	return err
}
