package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/compute/sim"
	"github.com/keyreeve/keyreeve/internal/config"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/job"
	"github.com/keyreeve/keyreeve/internal/keypair"
	"github.com/keyreeve/keyreeve/internal/sshkey"
	"github.com/keyreeve/keyreeve/internal/store"
)

// Domain is everything below the wire: the services over one database.
type Domain struct {
	Config    config.Config
	Dir       DataDir
	DB        *store.DB
	Identity  *identity.Service
	KeyPairs  *keypair.Service
	Generator *sshkey.Generator

	generation *generation
}

// OpenDomain opens the data folder and the database and builds the services.
// The commands that work on the data folder use it without a server.
func OpenDomain(ctx context.Context, cfg config.Config, log *slog.Logger) (*Domain, error) {
	dir := DataDir(cfg.Data.Dir)
	if err := dir.Open(); err != nil {
		return nil, err
	}
	key, err := dir.masterKey()
	if err != nil {
		return nil, err
	}
	sealer, err := identity.NewSealer(key, rand.Reader)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, store.Options{URL: cfg.Database.URL, SQLitePath: dir.path("keyreeve.db"), Log: log})
	if err != nil {
		return nil, err
	}
	d := &Domain{Config: cfg, Dir: dir, DB: db}
	d.Identity = identity.New(db.Identity(), sealer, identity.Options{
		TokenLife: cfg.Identity.TokenLife.Duration, PasswordConcurrency: cfg.Identity.PasswordConcurrency,
		LockoutAttempts: cfg.Identity.LockoutAttempts, LockoutDuration: cfg.Identity.LockoutDuration.Duration,
		Region: cfg.Region.ID,
	})
	if err := d.Identity.CheckMasterKey(ctx); fault.Is(err, fault.Conflict) {
		return nil, errors.Join(fmt.Errorf("master.key in the data folder %s is not the one that the database was made with: copy it from the first server, or restore it from a backup", dir), db.Close())
	} else if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	d.generation = newGeneration()
	d.Generator = sshkey.NewGenerator(sshkey.GeneratorSettings{
		Pool: cfg.Keypair.Pool, Settle: poolSettle, Now: time.Now, Observer: d.generation,
	})
	d.KeyPairs = keypair.New(db.KeyPairs(), d.Generator, keypair.Options{Now: time.Now, NewID: uuid.NewString, Log: log})
	return d, nil
}

// poolSettle is longer than a crowd of clients takes to be served from the
// pool, and short beside the time that it takes to make a key for each.
const poolSettle = 100 * time.Millisecond

// Close closes the database.
func (d *Domain) Close() error { return d.DB.Close() }

// Bootstrap makes the first account and users if there are none. The secrets
// are in the data folder before they count, so that none is ever lost.
func (d *Domain) Bootstrap(ctx context.Context) error {
	done, err := d.Identity.Bootstrapped(ctx)
	if err != nil || done {
		return err
	}
	c, err := d.Dir.Credentials()
	if err != nil {
		c = credentialsOf(d.Identity.NewSecrets(), d.Config.Region.OpenStack)
		text, err := json.MarshalIndent(c, "", "  ")
		if err != nil {
			return err
		}
		if err := d.Dir.write("bootstrap.json", append(text, '\n')); err != nil {
			return err
		}
	}
	err = d.Identity.Bootstrap(ctx, c.secrets())
	if fault.Is(err, fault.Exists) {
		// Another server on the same database was first: its secrets count.
		return d.Dir.ForgetCredentials()
	}
	return err
}

// machines is the part of the domain that only a server has: the driver and
// the jobs.
type machines struct {
	driver  compute.Driver
	compute *compute.Service
	runner  *job.Runner
}

func (d *Domain) openMachines(ctx context.Context, log *slog.Logger) (*machines, error) {
	network, err := netip.ParsePrefix(d.Config.Sim.Network)
	if err != nil {
		return nil, fmt.Errorf("[sim] network: %w", err)
	}
	floating, err := netip.ParsePrefix(d.Config.Sim.Floating)
	if err != nil {
		return nil, fmt.Errorf("[sim] floating: %w", err)
	}
	node, err := d.Dir.nodeID()
	if err != nil {
		return nil, err
	}
	driver, err := sim.New(sim.Options{
		Dir: d.Dir.path("sim"), Network: network, Floating: floating, Port: d.Config.Sim.Port, Gateway: d.Config.Sim.Gateway,
		DiskBytes: int64(d.Config.Sim.DiskMiB) << 20, Zones: []string{"nova"}, BootTime: d.Config.Sim.BootTime.Duration,
		Now: time.Now, Log: log,
	})
	if err != nil {
		return nil, noDriver(err)
	}
	m := &machines{driver: driver}
	m.runner = job.NewRunner(d.DB, job.Options{Node: node, Owner: uuid.NewString(), Log: log})
	m.compute = compute.New(d.DB.Compute(), driver, compute.Options{
		Now: time.Now, NewID: uuid.NewString, NewMAC: newMAC(rand.Reader), Node: node, Wake: m.runner.Wake,
		Quota: compute.Usage{
			Instances: d.Config.Compute.QuotaInstances, VCPUs: d.Config.Compute.QuotaCores, RAMMiB: d.Config.Compute.QuotaRAMMiB,
		},
		Limits:      map[string]int{keypair.QuotaKeyPairs: d.Config.Keypair.Quota},
		VolumeQuota: compute.VolumeUsage{Volumes: d.Config.Compute.QuotaVolumes, Snapshots: d.Config.Compute.QuotaSnapshots, GiB: d.Config.Compute.QuotaGigabytes},
	})
	m.runner.Handle(compute.JobKind, m.compute.RunJob)
	m.runner.Handle(compute.ImageJobKind, m.compute.RunImageJob)
	m.runner.Handle(compute.VolumeJobKind, m.compute.RunVolumeJob)
	m.runner.Handle(compute.VolumeSnapshotJobKind, m.compute.RunVolumeSnapshotJob)
	for _, step := range []func(context.Context) error{m.compute.Seed, m.compute.Resume, m.runner.Start} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, driver.Close())
		}
	}
	return m, nil
}

// noDriver says in one sentence why the sim driver does not start.
func noDriver(err error) error {
	var f *fault.Error
	switch {
	case !errors.As(err, &f) || f.Err == nil:
		return err
	case f.Resource == "gateway":
		return fmt.Errorf("cannot listen on %s (gateway): %w; set [sim] gateway or KEYREEVE_SIM_GATEWAY to another address, or leave it empty", f.Name, plainCause(f.Err))
	}
	return fmt.Errorf("simulated instances cannot be started: cannot %s: %w", f.Msg, f.Err)
}

// handover is how long jobs have, once there is no driver, to give themselves back.
const handover = 5 * time.Second

// close lets running jobs end until ctx is done, and stops the machines that run
// inside this process. Jobs that still wait for one, such as a shutdown that a
// guest puts off, then go back into the database and are done after the next start.
func (m *machines) close(ctx context.Context) error {
	late := m.runner.Stop(ctx)
	err := m.driver.Close()
	if late != nil {
		again, cancel := context.WithTimeout(context.WithoutCancel(ctx), handover)
		defer cancel()
		late = m.runner.Stop(again)
	}
	return errors.Join(late, err)
}

// newMAC returns a maker of MAC addresses in the range that OpenStack uses.
func newMAC(random io.Reader) func() string {
	return func() string {
		var b [3]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			panic(err) // crypto/rand does not fail
		}
		return fmt.Sprintf("fa:16:3e:%02x:%02x:%02x", b[0], b[1], b[2])
	}
}
