package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// nicRow is a NIC of an instance, or nothing where it has none.
type nicRow struct {
	portID, networkID, network, mac, prefix sql.NullString
	addr                                    sql.NullInt64
}

func (r nicRow) nic() (compute.NIC, error) {
	n := compute.NIC{
		PortID: r.portID.String, NetworkID: r.networkID.String, Network: r.network.String,
		MAC: r.mac.String, Addr: numberAddr(r.addr.Int64),
	}
	if r.prefix.String == "" {
		return n, nil
	}
	var err error
	n.Prefix, err = netip.ParsePrefix(r.prefix.String)
	return n, err
}

// addrNumber is how an address is stored: IPv4 only, as networks are.
func addrNumber(a netip.Addr) (int64, error) {
	if !a.Is4() {
		return 0, &fault.Error{Kind: fault.Unsupported, Resource: "address", Name: a.String(), Msg: "networks have IPv4 addresses only"}
	}
	b := a.As4()
	return int64(binary.BigEndian.Uint32(b[:])), nil
}

func numberAddr(n int64) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(n))
	return netip.AddrFrom4(b)
}

func (t *Tx) insertNICs(ctx context.Context, i compute.Instance) error {
	for seq, n := range i.NICs {
		addr, err := addrNumber(n.Addr)
		if err != nil {
			return err
		}
		prefix := ""
		if n.Prefix.IsValid() {
			prefix = n.Prefix.String()
		}
		err = t.insert(ctx, "address", n.Addr.String(),
			`INSERT INTO nics (instance_id, seq, port_id, network_id, network, mac, addr, prefix)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			i.ID, seq, n.PortID, n.NetworkID, n.Network, n.MAC, addr, prefix)
		if err != nil {
			return err
		}
	}
	return nil
}

const addressGap = `SELECT n.addr + 1 FROM nics n
	WHERE n.network_id = $1 AND n.addr >= $2 AND n.addr < $3
	AND NOT EXISTS (SELECT 1 FROM nics f WHERE f.network_id = $1 AND f.addr = n.addr + 1)
	ORDER BY n.addr LIMIT 1`

// NextAddress implements [compute.Tx] for IPv4. It is from itself, or the one
// after the first taken address that no taken one follows: a walk along one
// index to the first gap.
func (t *Tx) NextAddress(ctx context.Context, networkID string, from, to netip.Addr) (netip.Addr, error) {
	first, err := addrNumber(from)
	if err != nil {
		return netip.Addr{}, err
	}
	last, err := addrNumber(to)
	if err != nil {
		return netip.Addr{}, err
	}
	free := first
	n, err := t.number(ctx, "address", `SELECT COUNT(*) FROM nics WHERE network_id = $1 AND addr = $2`, networkID, first)
	if err == nil && n > 0 {
		free, err = t.number(ctx, "address", addressGap, networkID, first, last)
	}
	if fault.Is(err, fault.NotFound) || err == nil && free > last {
		return netip.Addr{}, &fault.Error{Kind: fault.NoCapacity, Resource: "network", Name: networkID,
			Msg: fmt.Sprintf("every address from %s to %s is taken", from, to)}
	}
	if err != nil {
		return netip.Addr{}, err
	}
	return numberAddr(free), nil
}
