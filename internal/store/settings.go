package store

import "context"

// Setting implements [identity.Tx].
func (t *Tx) Setting(ctx context.Context, name string) ([]byte, error) {
	scan := func(s scanner) (value []byte, err error) { err = s.Scan(&value); return value, err }
	return one(ctx, t, "setting", name, scan, `SELECT value FROM settings WHERE name = $1`, name)
}

// InsertSetting implements [identity.Tx].
func (t *Tx) InsertSetting(ctx context.Context, name string, value []byte) error {
	return t.insert(ctx, "setting", name, `INSERT INTO settings (name, value) VALUES ($1, $2)`, name, value)
}
