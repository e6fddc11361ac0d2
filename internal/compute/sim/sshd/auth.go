package sshd

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/keyreeve/keyreeve/internal/compute/sim/authkeys"
	"github.com/keyreeve/keyreeve/internal/compute/sim/disk"
	"github.com/keyreeve/keyreeve/internal/compute/sim/guest"
)

// minRSA is sshd's RequiredRSASize.
const minRSA = 1024

// auth lets one connection in, or not.
type auth struct {
	s     *Server
	conn  net.Conn
	route Route

	user    string // for whom guest and machine were looked up
	machine Machine
	account string
	stay    *Stay
	undo    func() bool // what keeps who has not logged in yet from holding up a shutdown
}

func (a *auth) config(door Door) *ssh.ServerConfig {
	c := &ssh.ServerConfig{
		MaxAuthTries:            a.s.Limits.AuthTries,
		ServerVersion:           "SSH-2.0-Keyreeve-sim",
		PublicKeyAuthAlgorithms: publicKeyAlgorithms,
		PublicKeyCallback: func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			return a.try(m, "publickey", func(g *guest.Guest, acc guest.Account) (authkeys.Options, error) {
				return a.byKey(g, acc, key)
			})
		},
	}
	if door.Passwords {
		c.PasswordCallback = a.byPassword
	}
	for _, k := range door.HostKeys {
		c.AddHostKey(k)
	}
	return c
}

// lookUp finds the machine that the user name means and enters it. A
// connection belongs to one user name: OpenSSH does not allow a change either.
func (a *auth) lookUp(user string) error {
	if a.stay != nil {
		if user != a.user {
			return errors.New("the user name changed on the way")
		}
		return nil
	}
	m, account, err := a.route(user)
	if err != nil {
		return err
	}
	stay, err := m.Enter(a.conn)
	if err != nil {
		return err
	}
	a.user, a.machine, a.account, a.stay = user, m, account, &stay
	a.undo = context.AfterFunc(stay.Down, func() { _ = a.conn.Close() }) // it may be closed already
	return nil
}

func (a *auth) leaveAll() {
	if a.stay != nil {
		a.undo()
		a.stay.Leave()
	}
}

// try runs one attempt. The client learns nothing but that it was denied; why
// is for the log.
func (a *auth) try(m ssh.ConnMetadata, method string, check func(*guest.Guest, guest.Account) (authkeys.Options, error)) (*ssh.Permissions, error) {
	if err := a.lookUp(m.User()); err != nil {
		a.s.Log.Debug("simulated guest refused a login", "method", method, "remote", m.RemoteAddr().String(), "reason", err.Error())
		return nil, errDenied
	}
	g := a.stay.Guest
	acc, ok := g.Account(a.account)
	var err error
	var options authkeys.Options
	switch {
	case !ok:
		err = errors.New("no such user")
	case !acc.MayLogin():
		err = errors.New("its shell is none")
	default:
		options, err = check(g, acc)
	}
	if err != nil {
		a.s.Log.Debug("simulated guest refused a login", "instance", g.ID, "user", a.account,
			"method", method, "remote", m.RemoteAddr().String(), "reason", err.Error())
		return nil, errDenied
	}
	p := &ssh.Permissions{
		ExtraData: map[any]any{loginKey{}: &login{guest: g, down: a.stay.Down, account: acc, machine: a.machine, options: options}},
	}
	if options.NoTouch {
		p.Extensions = map[string]string{"no-touch-required": ""}
	}
	return p, nil
}

func (a *auth) byPassword(m ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
	return a.try(m, "password", func(*guest.Guest, guest.Account) (authkeys.Options, error) {
		if !a.machine.CheckPassword(a.account, string(password)) {
			return authkeys.Options{}, errors.New("wrong password, or password login is off")
		}
		return authkeys.Options{}, nil
	})
}

// byKey checks the key against the account's own authorized_keys, read anew
// at every attempt.
func (a *auth) byKey(g *guest.Guest, acc guest.Account, key ssh.PublicKey) (authkeys.Options, error) {
	if k, ok := key.(ssh.CryptoPublicKey); ok {
		if r, ok := k.CryptoPublicKey().(*rsa.PublicKey); ok && r.N.BitLen() < minRSA {
			return authkeys.Options{}, fmt.Errorf("RSA key has less than %d bits", minRSA)
		}
	}
	from, err := remoteAddr(a.conn)
	if err != nil {
		return authkeys.Options{}, err
	}
	file, err := strictFile(g.As(acc), acc, path.Join(acc.Home, ".ssh/authorized_keys"))
	if err != nil {
		return authkeys.Options{}, err
	}
	return authkeys.Authorize(file, key, from, a.s.Now())
}

func remoteAddr(conn net.Conn) (netip.Addr, error) {
	ap, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	return ap.Addr().Unmap(), err
}

// strictFile reads the file as sshd does with StrictModes: the file, and every
// folder from there up to the home folder, must belong to the account or root
// and be writable by nobody else.
func strictFile(v disk.View, acc guest.Account, name string) ([]byte, error) {
	real, err := v.RealPath(name)
	if err != nil {
		return nil, err
	}
	home, err := v.RealPath(acc.Home)
	if err != nil {
		return nil, err
	}
	i, err := v.Stat(real)
	if err != nil {
		return nil, err
	}
	if i.Kind != disk.File {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	for p := real; ; p = path.Dir(p) {
		if i, err = v.Stat(p); err != nil {
			return nil, err
		}
		if i.UID != 0 && i.UID != acc.UID || i.Mode&0o022 != 0 {
			return nil, fmt.Errorf("bad ownership or modes for %s", p)
		}
		if p == home || p == "/" {
			break
		}
	}
	return v.ReadFile(real, authkeys.MaxFile)
}

// gatewayUser takes USER%INSTANCE apart.
func gatewayUser(s string) (user, instance string, ok bool) {
	i := strings.LastIndexByte(s, '%')
	if i < 1 || i == len(s)-1 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// Gateway is the [Route] of one address for all machines: the user name is
// USER%INSTANCE, and find looks the instance up by id or name.
func Gateway(find func(instance string) (Machine, error)) Route {
	return func(user string) (Machine, string, error) {
		account, instance, ok := gatewayUser(user)
		if !ok {
			return nil, "", fmt.Errorf("user name %q is not USER%%INSTANCE", user)
		}
		m, err := find(instance)
		return m, account, err
	}
}
