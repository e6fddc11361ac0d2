package sim

import (
	"context"
	"fmt"
	"net"

	"github.com/keyreeve/keyreeve/internal/compute/sim/sshd"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// find is how the gateway finds an instance by id or name.
func (d *Driver) find(instance string) (sshd.Machine, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if m := d.machines[instance]; m != nil {
		return m, nil
	}
	var found *machine
	for _, m := range d.machines {
		if m.facts().Name != instance {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("more than one instance is called %q: use its id", instance)
		}
		found = m
	}
	if found == nil {
		return nil, fmt.Errorf("no instance %q", instance)
	}
	return found, nil
}

func (d *Driver) openGateway() error {
	if err := d.gatewayKey(); err != nil {
		return fault.Wrap(err, "make the gateway's host key")
	}
	signers, err := loadHostKeys(d.dir)
	if err != nil {
		return fault.Wrap(err, "read the gateway's host key")
	}
	ln, err := net.Listen("tcp", d.opt.Gateway)
	if err != nil {
		return &fault.Error{Kind: fault.Unavailable, Resource: "gateway", Name: d.opt.Gateway, Msg: "the SSH gateway cannot listen there: choose another address", Err: err}
	}
	d.gateAt = addrOf(ln)
	d.gate = newDoors(d.ctx, maxGateway, func(net.Conn) bool { return true }, func(ctx context.Context, conn net.Conn) {
		d.server.Serve(ctx, conn, sshd.Door{HostKeys: signers, Route: sshd.Gateway(d.find), Passwords: true})
	})
	d.gate.open(ln)
	return nil
}

func (d *Driver) gatewayKey() error {
	if _, err := d.dir.Stat(hostKeyFile(keyKinds[0])); err == nil {
		return nil
	}
	if _, err := makeHostKeys(d.dir); err != nil {
		return err
	}
	return syncDir(d.dir)
}
