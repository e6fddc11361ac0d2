// Package storetest is what every engine of the store must pass: the promises
// of the domain packages' transaction interfaces, and those of the services
// that rest on them when many act at once.
package storetest

import (
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/store"
)

// Fresh names a new, empty database that ends with the test.
type Fresh func(t testing.TB) store.Options

// Run runs the suite; each test has a database of its own.
func Run(t *testing.T, fresh Fresh) {
	for _, c := range []struct {
		name string
		test func(*testing.T, suite)
	}{
		{"Transactions", testTransactions},
		{"Migrations", testMigrations},
		{"Accounts", testAccounts},
		{"Tokens", testTokens},
		{"Failures", testFailures},
		{"Revocation", testRevocation},
		{"TokenRace", testTokenRace},
		{"AppCredentials", testAppCredentials},
		{"Removals", testRemovals},
		{"Holdings", testHoldings},
		{"Roles", testRoles},
		{"LoginRace", testLoginRace},
		{"KeyPairs", testKeyPairs},
		{"KeyPairViews", testKeyPairViews},
		{"Fingerprints", testFingerprints},
		{"KeyPairRace", testKeyPairRace},
		{"KeyPairQuotaRace", testKeyPairQuotaRace},
		{"Catalog", testCatalog},
		{"Flavors", testFlavors},
		{"Instances", testInstances},
		{"InstancePages", testInstancePages},
		{"Traits", testTraits},
		{"Images", testImages},
		{"Events", testEvents},
		{"ServerGroups", testServerGroups},
		{"Spells", testSpells},
		{"Addresses", testAddresses},
		{"Networks", testNetworks},
		{"Ports", testPorts},
		{"SecurityGroups", testSecurityGroups},
		{"FloatingIPs", testFloatingIPs},
		{"Routers", testRouters},
		{"InstanceRace", testInstanceRace},
		{"Volumes", testVolumes},
		{"VolumeRace", testVolumeRace},
		{"VolumeSnapshots", testVolumeSnapshots},
		{"Jobs", testJobs},
		{"HastenedJobs", testHastenedJobs},
		{"JobLeases", testJobLeases},
		{"JobRace", testJobRace},
		{"Audit", testAudit},
		{"Quotas", testQuotas},
		{"UserQuotas", testUserQuotas},
		{"Locks", testLocks},
		{"UnstorableText", testUnstorableText},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, suite{fresh(t)})
		})
	}
}

// suite is one test's database.
type suite struct{ opt store.Options }

// open opens another handle to the database, as another process would.
func (s suite) open(t testing.TB) *store.DB {
	t.Helper()
	opt := s.opt
	opt.Log = slog.New(slog.DiscardHandler)
	db, err := store.Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// epoch is when the tests begin: databases keep microseconds.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

// read and write run fn and fail the test on any error.
func read(t testing.TB, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.Read(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// refused wants a fault of that kind, whatever it is about.
func refused(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Fatalf("got %v, want a fault of kind %q", err, kind)
	}
}

// same fails the test where got is not want.
func same(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
