package store

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/store/pgtest"
)

// TestFillDefaultGroups brings a database up to date whose instances have NICs
// from before there were ports and security groups.
func TestFillDefaultGroups(t *testing.T) {
	for name, opt := range map[string]Options{
		"SQLite":     {SQLitePath: filepath.Join(t.TempDir(), "k.db")},
		"PostgreSQL": {URL: pgtest.URL(t)},
	} {
		t.Run(name, func(t *testing.T) {
			opt.Log = slog.New(slog.DiscardHandler)
			old, err := openAt(t, opt, 2)
			if err != nil {
				t.Fatal(err)
			}
			err = old.Write(t.Context(), func(tx *Tx) error {
				for _, query := range []string{
					`INSERT INTO networks VALUES ('n', 'net', 's', '127.8.0.0/24', 1, '', 5)`,
					`INSERT INTO instances VALUES ('i', 'r', 'p', 'u', 'web', NULL, '', '', 1, 1, 'z', 'node', 'active', '', '', '', NULL, '', 'r-1', 0, 7, 7, 7)`,
					`INSERT INTO nics VALUES ('i', 0, 'port', 'n', 'net', 'mac', 2131230721, '127.8.0.0/24')`,
				} {
					if _, err := tx.exec(t.Context(), "", query); err != nil {
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
			db, err := Open(t.Context(), opt)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			err = db.Read(t.Context(), func(tx *Tx) error {
				i, err := tx.Instance(t.Context(), "i")
				if err != nil {
					return err
				}
				group := compute.GroupRef{ID: compute.DefaultGroupID("p"), Name: "default"}
				if len(i.NICs) != 1 || i.NICs[0].Addr.String() != "127.8.0.1" || !i.NICs[0].Filtered || len(i.NICs[0].Groups) != 1 || i.NICs[0].Groups[0] != group {
					t.Errorf("NICs %+v", i.NICs)
				}
				p, err := tx.Port(t.Context(), "port")
				if err != nil {
					return err
				}
				if p.ProjectID != "p" || p.InstanceID != "i" || p.Kept || !p.Up {
					t.Errorf("port %+v", p)
				}
				g, err := tx.SecurityGroup(t.Context(), group.ID)
				if err != nil {
					return err
				}
				open := false
				for _, r := range g.Rules {
					open = open || r.Admits(i.NICs[0].Addr, 22, nil)
				}
				if len(g.Rules) != 4 || !open {
					t.Errorf("rules %+v", g.Rules)
				}
				n, err := tx.Network(t.Context(), "n")
				if err != nil {
					return err
				}
				if n.SubnetID() != "s" || n.Subnet.Range.String() != "127.8.0.0/24" || !n.Subnet.DHCP || n.Unfiltered {
					t.Errorf("network %+v, %+v", n, n.Subnet)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
