package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// nicRow is a NIC of an instance, or nothing where it has none.
type nicRow struct {
	portID, networkID, network, mac, prefix, groups sql.NullString
	addr, filtered, kept, down, floating, cut       sql.NullInt64
}

// nicColumns are nicRow's, of the ports n and the floating addresses f that
// lead to them through routers. Groups are lines of an id, a space and a name.
const nicColumns = `n.id, n.network_id, n.network, n.mac, n.addr, n.prefix, n.filtered, n.kept, n.down, f.addr, (SELECT r.down FROM routers r WHERE r.id = f.router_id),
	(SELECT string_agg(g.id || ' ' || g.name, '
') FROM port_groups m JOIN security_groups g ON g.id = m.group_id WHERE m.port_id = n.id)`

func (r *nicRow) dest() []any {
	return []any{&r.portID, &r.networkID, &r.network, &r.mac, &r.addr, &r.prefix, &r.filtered, &r.kept, &r.down, &r.floating, &r.cut, &r.groups}
}

func (r nicRow) nic() (compute.NIC, error) {
	n := compute.NIC{
		PortID: r.portID.String, NetworkID: r.networkID.String, Network: r.network.String, MAC: r.mac.String,
		Filtered: r.filtered.Int64 != 0, Kept: r.kept.Int64 != 0, Down: r.down.Int64 != 0, Cut: r.cut.Int64 != 0,
	}
	if r.addr.Valid {
		n.Addr = numberAddr(r.addr.Int64)
	}
	if r.floating.Valid {
		n.Floating = numberAddr(r.floating.Int64)
	}
	if r.groups.String != "" {
		for line := range strings.SplitSeq(r.groups.String, "\n") {
			id, name, _ := strings.Cut(line, " ")
			n.Groups = append(n.Groups, compute.GroupRef{ID: id, Name: name})
		}
		slices.SortFunc(n.Groups, func(a, b compute.GroupRef) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
		})
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

// addrOrNull is addrNumber, and NULL for none.
func addrOrNull(a netip.Addr) (any, error) {
	if !a.IsValid() {
		return nil, nil
	}
	return addrNumber(a)
}

func prefixText(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// insertNICs makes the instance's new ports and gives it those that are there.
func (t *Tx) insertNICs(ctx context.Context, i compute.Instance) error {
	for seq, n := range i.NICs {
		if !n.Kept {
			p := compute.Port{NIC: n, ProjectID: i.ProjectID, InstanceID: i.ID, CreatedAt: i.CreatedAt, UpdatedAt: i.CreatedAt, Revision: 1}
			if err := t.insertPort(ctx, p, seq); err != nil {
				return err
			}
			continue
		}
		err := t.change(ctx, "port", n.PortID, `UPDATE ports SET instance_id = $2, seq = $3, updated_at = $4, revision = revision + 1
			WHERE id = $1 AND instance_id IS NULL`, n.PortID, i.ID, seq, micros(i.CreatedAt))
		if fault.Is(err, fault.NotFound) {
			err = &fault.Error{Kind: fault.Conflict, Resource: "port", Name: n.PortID, Msg: "Port " + n.PortID + " is still in use."}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropNICs takes an instance's ports away: those of its own go.
func (t *Tx) dropNICs(ctx context.Context, instanceID string) error {
	if _, err := t.exec(ctx, "removing ports", `DELETE FROM ports WHERE instance_id = $1 AND kept = 0`, instanceID); err != nil {
		return err
	}
	_, err := t.exec(ctx, "freeing ports", `UPDATE ports SET instance_id = NULL, seq = 0 WHERE instance_id = $1`, instanceID)
	return err
}

// pairRecord is an [compute.AddressPair] as rows have it.
type pairRecord struct {
	Address string `json:"address"`
	MAC     string `json:"mac,omitempty"`
}

func pairRecords(pairs []compute.AddressPair) []pairRecord {
	var out []pairRecord
	for _, p := range pairs {
		out = append(out, pairRecord(p))
	}
	return out
}

const portQuery = `SELECT ` + nicColumns + `, n.project_id, n.name, n.description, n.pairs, n.instance_id, i.zone, i.vm_state,
		n.device_id, n.device_owner, n.created_at, n.updated_at, n.revision, n.tags, a.router_id
	FROM ports n LEFT JOIN router_ports a ON a.port_id = n.id LEFT JOIN floating_ips f ON f.port_id = n.id LEFT JOIN instances i ON i.id = n.instance_id`

func scanPort(s scanner) (p compute.Port, err error) {
	var r nicRow
	var instance, zone, vm, router sql.NullString
	var pairs []pairRecord
	err = s.Scan(append(r.dest(), &p.ProjectID, &p.Name, &p.Description, jsonInto{&pairs}, &instance, &zone, &vm,
		&p.DeviceID, &p.DeviceOwner, instant{&p.CreatedAt}, instant{&p.UpdatedAt}, &p.Revision, jsonInto{&p.Tags}, &router)...)
	if err != nil {
		return p, err
	}
	p.InstanceID, p.RouterID, p.Zone, p.Up = instance.String, router.String, zone.String, vm.String == string(compute.Active)
	for _, pair := range pairs {
		p.Pairs = append(p.Pairs, compute.AddressPair(pair))
	}
	p.NIC, err = r.nic()
	return p, err
}

// Port implements [compute.Tx].
func (t *Tx) Port(ctx context.Context, id string) (compute.Port, error) {
	return one(ctx, t, "port", id, scanPort, portQuery+` WHERE n.id = $1`, id)
}

// Ports implements [compute.Tx].
func (t *Tx) Ports(ctx context.Context, q compute.PortQuery) ([]compute.Port, error) {
	var w where
	if q.ProjectID != "" {
		w.and(`n.project_id = ?`, q.ProjectID)
	}
	if q.NetworkID != "" {
		w.and(`n.network_id = ?`, q.NetworkID)
	}
	if q.DeviceID != "" {
		w.and(`(n.instance_id = ? OR n.device_id = ?)`, q.DeviceID, q.DeviceID)
	}
	return all(ctx, t, "port", scanPort, portQuery+w.String()+` ORDER BY n.created_at DESC, n.id DESC`, w.args...)
}

// InsertPort implements [compute.Tx].
func (t *Tx) InsertPort(ctx context.Context, p compute.Port) error {
	seq, err := t.nextNIC(ctx, p.InstanceID)
	if err != nil {
		return err
	}
	return t.insertPort(ctx, p, seq)
}

func (t *Tx) nextNIC(ctx context.Context, instanceID string) (int, error) {
	if instanceID == "" {
		return 0, nil
	}
	n, err := t.number(ctx, "port", `SELECT COUNT(*) FROM ports WHERE instance_id = $1`, instanceID)
	return int(n), err
}

func (t *Tx) insertPort(ctx context.Context, p compute.Port, seq int) error {
	addr, err := addrOrNull(p.Addr)
	if err != nil {
		return err
	}
	err = t.insert(ctx, "address", p.Addr.String(),
		`INSERT INTO ports (id, project_id, name, description, network_id, network, mac, addr, prefix, filtered, down, pairs, kept,
			instance_id, seq, device_id, device_owner, created_at, updated_at, revision, tags)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		p.PortID, p.ProjectID, p.Name, p.Description, p.NetworkID, p.Network, p.MAC, addr, prefixText(p.Prefix), bit(p.Filtered), bit(p.Down),
		jsonText(pairRecords(p.Pairs)), bit(p.Kept), textOrNull(p.InstanceID), seq, p.DeviceID, p.DeviceOwner, micros(p.CreatedAt), micros(p.UpdatedAt), p.Revision, jsonText(p.Tags))
	if err != nil {
		return err
	}
	return t.joinGroups(ctx, p.NIC)
}

func (t *Tx) joinGroups(ctx context.Context, n compute.NIC) error {
	for _, g := range n.Groups {
		if _, err := t.exec(ctx, "joining a security group", `INSERT INTO port_groups (port_id, group_id) VALUES ($1, $2)`, n.PortID, g.ID); err != nil {
			return err
		}
	}
	return nil
}

// UpdatePort implements [compute.Tx].
func (t *Tx) UpdatePort(ctx context.Context, p compute.Port) error {
	old, err := t.Port(ctx, p.PortID)
	if err != nil {
		return err
	}
	addr, err := addrOrNull(p.Addr)
	if err != nil {
		return err
	}
	if old.InstanceID != p.InstanceID {
		if err := t.moveNIC(ctx, p.PortID, old.InstanceID, p.InstanceID); err != nil {
			return err
		}
	}
	err = t.change(ctx, "port", p.PortID,
		`UPDATE ports SET name = $2, description = $3, mac = $4, addr = $5, prefix = $6, filtered = $7, pairs = $8,
			device_id = $9, device_owner = $10, updated_at = $11, revision = $12, down = $13, tags = $14 WHERE id = $1`,
		p.PortID, p.Name, p.Description, p.MAC, addr, prefixText(p.Prefix), bit(p.Filtered), jsonText(pairRecords(p.Pairs)),
		p.DeviceID, p.DeviceOwner, micros(p.UpdatedAt), p.Revision, bit(p.Down), jsonText(p.Tags))
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, "leaving security groups", `DELETE FROM port_groups WHERE port_id = $1`, p.PortID); err != nil {
		return err
	}
	return t.joinGroups(ctx, p.NIC)
}

// moveNIC gives a port to another instance, or to none, and closes the gap that
// it leaves.
func (t *Tx) moveNIC(ctx context.Context, portID, from, to string) error {
	seq, err := t.nextNIC(ctx, to)
	if err != nil {
		return err
	}
	if err := t.closeGap(ctx, portID, from); err != nil {
		return err
	}
	return t.change(ctx, "port", portID, `UPDATE ports SET instance_id = $2, seq = $3 WHERE id = $1`, portID, textOrNull(to), seq)
}

func (t *Tx) closeGap(ctx context.Context, portID, instanceID string) error {
	if instanceID == "" {
		return nil
	}
	_, err := t.exec(ctx, "moving NICs up", `UPDATE ports SET seq = seq - 1
		WHERE instance_id = $1 AND seq > (SELECT p.seq FROM ports p WHERE p.id = $2)`, instanceID, portID)
	return err
}

// DeletePort implements [compute.Tx].
func (t *Tx) DeletePort(ctx context.Context, id string) error {
	p, err := t.Port(ctx, id)
	if err != nil {
		return err
	}
	if err := t.closeGap(ctx, id, p.InstanceID); err != nil {
		return err
	}
	return t.change(ctx, "port", id, `DELETE FROM ports WHERE id = $1`, id)
}

const addressGap = `SELECT n.addr + 1 FROM ports n
	WHERE n.network_id = $1 AND n.addr >= $2 AND n.addr < $3
	AND NOT EXISTS (SELECT 1 FROM ports f WHERE f.network_id = $1 AND f.addr = n.addr + 1)
	ORDER BY n.addr LIMIT 1`

// NextAddress implements [compute.Tx] for IPv4.
func (t *Tx) NextAddress(ctx context.Context, networkID string, from, to netip.Addr) (netip.Addr, error) {
	return t.gap(ctx, from, to, `SELECT COUNT(*) FROM ports WHERE network_id = $1 AND addr = $2`, addressGap, networkID)
}

// gap returns the lowest address that is not taken: from itself, or the one
// after the first taken address that no taken one follows, which is a walk
// along one index to the first gap. taken counts rows with an address, next
// finds the gap; both have args first.
func (t *Tx) gap(ctx context.Context, from, to netip.Addr, taken, next string, args ...any) (netip.Addr, error) {
	first, err := addrNumber(from)
	if err != nil {
		return netip.Addr{}, err
	}
	last, err := addrNumber(to)
	if err != nil {
		return netip.Addr{}, err
	}
	free := first
	args = append(args, first)
	n, err := t.number(ctx, "address", taken, args...)
	if err == nil && n > 0 {
		free, err = t.number(ctx, "address", next, append(args, last)...)
	}
	if fault.Is(err, fault.NotFound) || err == nil && free > last {
		return netip.Addr{}, &fault.Error{Kind: fault.NoCapacity, Resource: "address", Name: from.String(),
			Msg: fmt.Sprintf("every address from %s to %s is taken", from, to)}
	}
	if err != nil {
		return netip.Addr{}, err
	}
	return numberAddr(free), nil
}
