package store

import (
	"encoding/base64"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/store/pgtest"
)

// TestFillFingerprints brings a database of schema 1 up to date and looks its
// key pairs up by fingerprints that schema 1 did not keep.
func TestFillFingerprints(t *testing.T) {
	for name, opt := range map[string]Options{
		"SQLite":     {SQLitePath: filepath.Join(t.TempDir(), "k.db")},
		"PostgreSQL": {URL: pgtest.URL(t)},
	} {
		t.Run(name, func(t *testing.T) { fillsFingerprints(t, opt) })
	}
}

func fillsFingerprints(t *testing.T, opt Options) {
	ctx := t.Context()
	opt.Log = slog.New(slog.DiscardHandler)
	old, err := openAt(t, opt, 1)
	if err != nil {
		t.Fatal(err)
	}
	cert, private, err := sshkey.NewGenerator(sshkey.GeneratorSettings{}).GenerateX509(ctx, "u", time.Unix(1700000000, 0))
	if err != nil {
		t.Fatal(err)
	}
	plain, certified := blobOf(t, "ed25519.pub"), blobOf(t, "ed25519-cert.pub")
	err = old.Write(ctx, func(tx *Tx) error {
		for i, k := range []struct {
			kind keypair.Type
			blob []byte
		}{{keypair.SSH, plain}, {keypair.SSH, certified}, {keypair.X509, cert.DER()}, {keypair.SSH, []byte("unreadable")}} {
			id := string(rune('a' + i))
			if _, err := tx.exec(ctx, "", `INSERT INTO key_pairs (id, region, owner_kind, owner_id, creator_id, name, type, public_key, blob,
				algorithm, bits, description, tags, resource_group, created_at, md5, sha256)
				VALUES ($1, 'r', 1, 'u', 'u', $1, $2, '', $3, '', 0, '', '', '', 0, $3, $3)`, id, string(k.kind), k.blob); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}

	db, err := Open(ctx, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for printed, want := range map[string]string{
		// What ssh-keygen -l prints of the certificate is of the key in it.
		"SHA256:gA3sehfOq9823oBhBsVL3k464+/Hz12ARN15l6klv9U":  "b",
		"MD5:be:fd:7d:e1:0f:5c:be:bc:18:ee:6e:fb:b1:36:10:22": "b",
		cert.FingerprintSHA1():                                "c",
		private.Public("").FingerprintMD5():                   "c",
	} {
		f, err := sshkey.ParseFingerprint(printed)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Read(ctx, func(tx *Tx) error {
			found, err := tx.AllKeyPairsOf(ctx, f, "", 10)
			var ids string
			for _, k := range found {
				ids += k.ID
			}
			if ids != want {
				t.Errorf("%s: found %q, want %q", printed, ids, want)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// openAt opens a new database at an old schema.
func openAt(t *testing.T, opt Options, schema int) (*DB, error) {
	t.Helper()
	db := &DB{log: opt.Log, retry: defaultRetry}
	begin := sqlite
	if opt.URL != "" {
		begin = postgres
	}
	var err error
	if db.engine, err = begin(opt); err != nil {
		return nil, err
	}
	if db.writer, db.reader, err = db.engine.open(t.Context()); err != nil {
		return nil, err
	}
	return db, db.migrate(t.Context(), migrations()[:schema])
}

// blobOf reads the wire blob of a vector.
func blobOf(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "sshkey", "testdata", "keys", name))
	if err != nil {
		t.Fatal(err)
	}
	blob, err := base64.StdEncoding.DecodeString(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return blob
}
