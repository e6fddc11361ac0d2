package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/identity"
)

// DataDir is the folder in which a server keeps all that is its own:
//
//	keyreeve.db     the database, unless it is elsewhere
//	master.key      seals the secrets that the server must be able to read again
//	node.id         this machine's name among the servers of one database
//	bootstrap.json  the first credentials, until they are forgotten
//	addresses.json  where the running server listens
//	lock            held by the running server
//	sim/            disks and host keys of simulated instances
//
// Everything in it is for its owner only (0600, folders 0700).
type DataDir string

// Open makes the folder if it is missing and checks that it can be written.
func (d DataDir) Open() error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return fmt.Errorf("cannot make the data folder %s: %w; name another one with --data", d, plainCause(err))
	}
	probe, err := os.CreateTemp(string(d), ".writable-*")
	if err != nil {
		return fmt.Errorf("cannot write in the data folder %s: %w; make it writable for this user, or name another one with --data", d, plainCause(err))
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// InUse says whether the folder is one that a server or a command has made, or
// one that this user may not look into: [DataDir.Open] says why then.
func (d DataDir) InUse() bool {
	_, err := os.Stat(d.path("master.key"))
	return !errors.Is(err, fs.ErrNotExist)
}

// Lock keeps a second server out of the folder until the returned function is
// called or the process ends.
func (d DataDir) Lock() (unlock func(), err error) {
	f, err := os.OpenFile(d.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the data folder %s: %w; run keyreeve as the user whom its files belong to", d, plainCause(err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another keyreeve serves from the data folder %s: stop it, or name another folder with --data", d)
	}
	return func() { _ = f.Close() }, nil
}

// masterKey reads the master key, and makes it at the first start: before
// anything else is in the folder. Later a new one would open no secret.
func (d DataDir) masterKey() ([]byte, error) {
	for _, later := range []string{"keyreeve.db", "node.id"} {
		if d.has(later) && !d.has("master.key") {
			return nil, fmt.Errorf("master.key is missing from the data folder %s, and without it the secrets in the database cannot be read: restore it from a backup", d)
		}
	}
	key, err := d.readOrMake("master.key", func() []byte {
		key := make([]byte, identity.MasterKeySize)
		_, _ = rand.Read(key) // never fails
		return key
	})
	if err == nil && len(key) != identity.MasterKeySize {
		err = fmt.Errorf("%s is damaged: it has %d bytes, not %d; restore it from a backup", d.path("master.key"), len(key), identity.MasterKeySize)
	}
	return key, err
}

// nodeID reads this machine's id, and makes it at the first start.
func (d DataDir) nodeID() (string, error) {
	id, err := d.readOrMake("node.id", func() []byte { return []byte(uuid.NewString() + "\n") })
	return strings.TrimSpace(string(id)), err
}

func (d DataDir) readOrMake(name string, content func() []byte) ([]byte, error) {
	have, err := os.ReadFile(d.path(name))
	if err == nil {
		return have, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read %s: %w; run keyreeve as the user whom it belongs to", d.path(name), plainCause(err))
	}
	made := content()
	return made, d.write(name, made)
}

// write replaces a file so that a crash leaves the old one or the new one.
func (d DataDir) write(name string, content []byte) error { return writeFile(d.path(name), content) }

func writeFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, plainCause(err))
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("cannot write %s: %w", path, plainCause(err))
	}
	return nil
}

func (d DataDir) has(name string) bool {
	_, err := os.Stat(d.path(name))
	return err == nil
}

func (d DataDir) path(name string) string { return filepath.Join(string(d), name) }

// plainCause leaves out of a system's error what its sentence names already:
// the call, the path, the address.
func plainCause(err error) error {
	var n syscall.Errno
	if errors.As(err, &n) {
		return n
	}
	return err
}

// Credentials are those of the first users, as `keyreeve credentials` prints them.
type Credentials struct {
	Admin AdminCredentials `json:"admin"`
	Demo  DemoCredentials  `json:"demo"`
}

// AdminCredentials are the administrator's, in the project and domain of the same name as the user.
type AdminCredentials struct {
	Username string `json:"username"`
	Password string `json:"password,omitempty"`
}

// DemoCredentials are all those of the demo user.
type DemoCredentials struct {
	Username        string `json:"username"`
	Password        string `json:"password,omitempty"`
	UserID          string `json:"userId"`
	Project         string `json:"project"`
	ProjectID       string `json:"projectId"`
	Domain          string `json:"domain"`
	Region          string `json:"region"`
	AppKey          string `json:"appkey"`
	TOASTID         string `json:"toastId"`
	APIPassword     string `json:"apiPassword,omitempty"`
	AccessKeyID     string `json:"accessKeyId,omitempty"`
	AccessKeySecret string `json:"accessKeySecret,omitempty"`
}

// Credentials reads the first credentials, as they were. The error says why there are none.
func (d DataDir) Credentials() (Credentials, error) {
	var c Credentials
	text, err := os.ReadFile(d.path("bootstrap.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("there are no first credentials in %s: no server has started there yet, or they were removed with --forget", d)
	}
	if err != nil {
		return c, fmt.Errorf("cannot read %s: %w; run this as the user whom it belongs to", d.path("bootstrap.json"), plainCause(err))
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("%s is damaged (%w): restore it from a backup, or remove it with --forget", d.path("bootstrap.json"), err)
	}
	return c, nil
}

// ForgetCredentials removes the first credentials from the folder.
func (d DataDir) ForgetCredentials() error {
	if err := os.Remove(d.path("bootstrap.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove %s: %w; run this as the user whom it belongs to", d.path("bootstrap.json"), plainCause(err))
	}
	return nil
}

// Addresses is where a server listens, as its ready file says it.
type Addresses struct {
	Main  string `json:"main"`
	Admin string `json:"admin"`
}

// Addresses reads where the server of this folder listens, or listened last.
func (d DataDir) Addresses() (Addresses, error) {
	var a Addresses
	text, err := os.ReadFile(d.path("addresses.json"))
	if err != nil {
		return a, fmt.Errorf("no server has started in %s yet", d)
	}
	return a, json.Unmarshal(text, &a)
}

// Working returns the credentials without those that let nobody in any more,
// and says what these are.
func (c Credentials) Working(ctx context.Context, s *identity.Service) (_ Credentials, gone []string, err error) {
	works, err := s.Working(ctx, c.secrets())
	if err != nil {
		return Credentials{}, nil, err
	}
	for _, secret := range []struct {
		what  string
		kept  *string
		works string
	}{
		{c.Admin.Username + "'s password", &c.Admin.Password, works.AdminPassword},
		{c.Demo.Username + "'s password", &c.Demo.Password, works.DemoPassword},
		{c.Demo.Username + "'s API password", &c.Demo.APIPassword, works.APIPassword},
		{c.Demo.Username + "'s access key", &c.Demo.AccessKeySecret, works.AccessKeySecret},
	} {
		if secret.works == "" && *secret.kept != "" {
			gone = append(gone, secret.what)
		}
		*secret.kept = secret.works
	}
	c.Demo.AccessKeyID = works.AccessKeyID
	return c, gone, nil
}

func (c Credentials) secrets() identity.Secrets {
	return identity.Secrets{
		AdminPassword: c.Admin.Password, DemoPassword: c.Demo.Password, APIPassword: c.Demo.APIPassword,
		AccessKeyID: c.Demo.AccessKeyID, AccessKeySecret: c.Demo.AccessKeySecret, AppKey: c.Demo.AppKey,
		DemoUserID: c.Demo.UserID, DemoProjectID: c.Demo.ProjectID,
	}
}

func credentialsOf(s identity.Secrets, region string) Credentials {
	return Credentials{
		Admin: AdminCredentials{Username: identity.AdminName, Password: s.AdminPassword},
		Demo: DemoCredentials{
			Username: identity.DemoName, Password: s.DemoPassword, UserID: s.DemoUserID,
			Project: identity.DemoName, ProjectID: s.DemoProjectID, Domain: "Default", Region: region,
			AppKey: s.AppKey, TOASTID: identity.DemoEmail, APIPassword: s.APIPassword,
			AccessKeyID: s.AccessKeyID, AccessKeySecret: s.AccessKeySecret,
		},
	}
}
