package store

import (
	"context"
	"database/sql"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
)

const instanceColumns = `id, region, project_id, user_id, name, description, image, flavor, vcpus, ram_mib,
	zone, node, vm_state, task, fault, metadata, user_data, tags, reservation_id, launch_index,
	created_at, updated_at, launched_at, traits, group_id`

// instanceQuery reads instances with their NICs, bindings and volumes in one
// statement, so that all is of one moment: a row for each NIC, binding and
// volume of each instance, and at least one. %s selects the instances.
const instanceQuery = `SELECT i.id, i.region, i.project_id, i.user_id, i.name, i.description, i.image, i.flavor,
		i.zone, i.node, i.vm_state, i.task, i.fault, i.metadata, i.user_data, i.tags, i.reservation_id, i.launch_index,
		i.created_at, i.updated_at, i.launched_at, i.traits, i.group_id,
		n.seq, ` + nicColumns + `,
		b.seq, b.key_pair_id, b.name, b.type, b.public_key, b.fingerprint, b.state, b.since,
		a.id, a.instance_id, a.device, a.delete_on_termination, a.tag, a.at, v.id, v.name, v.size_gib, v.type, v.status
	FROM (SELECT * FROM instances %s) AS i
	LEFT JOIN ports n ON n.instance_id = i.id
	LEFT JOIN floating_ips f ON f.port_id = n.id
	LEFT JOIN bindings b ON b.instance_id = i.id
	LEFT JOIN attachments a ON a.instance_id = i.id
	LEFT JOIN volumes v ON v.id = a.volume_id
	ORDER BY i.created_at DESC, i.id DESC, n.seq, b.seq, a.device`

// instanceRow is one row of instanceQuery.
type instanceRow struct {
	instance compute.Instance
	nicSeq   sql.NullInt64
	nic      nicRow
	bindSeq  sql.NullInt64
	binding  bindingRow
	volume   attachedRow
}

func scanInstance(s scanner) (r instanceRow, err error) {
	i, n, b, v := &r.instance, &r.nic, &r.binding, &r.volume
	var image imageSnapshot
	var flavor flavorSnapshot
	var broken *faultRecord
	var traits traitsRecord
	dest := []any{&i.ID, &i.Region, &i.ProjectID, &i.UserID, &i.Name, &i.Description, jsonInto{&image}, jsonInto{&flavor},
		&i.Zone, &i.Node, &i.State.VM, &i.State.Task, jsonInto{&broken}, jsonInto{&i.Metadata}, &i.UserData, jsonInto{&i.Tags},
		&i.ReservationID, &i.LaunchIndex, instant{&i.CreatedAt}, instant{&i.UpdatedAt}, instant{&i.LaunchedAt}, jsonInto{&traits}, &i.GroupID,
		&r.nicSeq}
	dest = append(dest, n.dest()...)
	err = s.Scan(append(dest, &r.bindSeq, &b.keyPairID, &b.name, &b.kind, &b.publicKey, &b.fingerprint, &b.state, &b.since,
		&v.id, &v.instanceID, &v.device, &v.deletes, &v.tag, &v.at, &v.volumeID, &v.name, &v.size, &v.kind, &v.status)...)
	i.Image, i.Flavor, i.Fault = compute.Image(image), compute.Flavor(flavor), (*compute.InstanceFault)(broken)
	traits.put(i)
	return r, err
}

// instances runs instanceQuery and folds its rows.
func (t *Tx) instances(ctx context.Context, selection string, args ...any) ([]compute.Instance, error) {
	rows, err := all(ctx, t, "instance", scanInstance, strings.Replace(instanceQuery, "%s", selection, 1), args...)
	if err != nil {
		return nil, err
	}
	var out []compute.Instance
	for _, r := range rows {
		if len(out) == 0 || out[len(out)-1].ID != r.instance.ID {
			out = append(out, r.instance)
		}
		i := &out[len(out)-1]
		// Each NIC comes once for every binding and the other way round: the next
		// new one is that with the next number.
		if r.nicSeq.Valid && r.nicSeq.Int64 == int64(len(i.NICs)) {
			n, err := r.nic.nic()
			if err != nil {
				return nil, t.db.fault(err, "reading: NIC of instance "+i.ID)
			}
			i.NICs = append(i.NICs, n)
		}
		if r.bindSeq.Valid && r.bindSeq.Int64 == int64(len(i.Bindings)) {
			i.Bindings = append(i.Bindings, r.binding.binding())
		}
		// All volumes come with the first NIC and the first binding.
		if r.volume.volumeID.Valid && r.nicSeq.Int64 == 0 && r.bindSeq.Int64 == 0 {
			i.Volumes = append(i.Volumes, r.volume.attached())
		}
	}
	return out, nil
}

// Instance implements [compute.Tx].
func (t *Tx) Instance(ctx context.Context, id string) (compute.Instance, error) {
	found, err := t.instances(ctx, `WHERE id = $1`, id)
	return single(found, err, "instance", id)
}

// Instances implements [compute.Tx].
func (t *Tx) Instances(ctx context.Context, q compute.InstanceQuery) ([]compute.Instance, error) {
	var w where
	if q.ProjectID != "" {
		w.and(`project_id = ?`, q.ProjectID)
	}
	if q.Region != "" {
		w.and(`region = ?`, q.Region)
	}
	if q.Node != "" {
		w.and(`node = ?`, q.Node)
	}
	if q.Before != nil {
		w.and(`(created_at, id) < (?, ?)`, micros(q.Before.CreatedAt), q.Before.ID)
	}
	selection := w.String()
	if q.Limit > 0 {
		w.args = append(w.args, q.Limit)
		selection += ` ORDER BY created_at DESC, id DESC LIMIT ` + w.last()
	}
	return t.instances(ctx, selection, w.args...)
}

// InsertInstance implements [compute.Tx].
func (t *Tx) InsertInstance(ctx context.Context, i compute.Instance) error {
	err := t.insert(ctx, "instance", i.ID,
		`INSERT INTO instances (`+instanceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
		$11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`,
		i.ID, i.Region, i.ProjectID, i.UserID, i.Name, i.Description,
		jsonText(imageSnapshot(i.Image)), jsonText(flavorSnapshot(i.Flavor)), i.Claim().VCPUs, i.Claim().RAMMiB,
		i.Zone, i.Node, string(i.State.VM), string(i.State.Task), jsonText((*faultRecord)(i.Fault)),
		jsonText(i.Metadata), i.UserData, jsonText(i.Tags), i.ReservationID, i.LaunchIndex,
		micros(i.CreatedAt), micros(i.UpdatedAt), micros(i.LaunchedAt), jsonText(traitsOf(i)), i.GroupID)
	if err != nil {
		return err
	}
	if err := t.insertNICs(ctx, i); err != nil {
		return err
	}
	return t.putBindings(ctx, i)
}

// UpdateInstance implements [compute.Tx]. When and by whom it was made stays.
func (t *Tx) UpdateInstance(ctx context.Context, i compute.Instance) error {
	err := t.change(ctx, "instance", i.ID,
		`UPDATE instances SET region = $2, project_id = $3, name = $4, description = $5, image = $6, flavor = $7,
		vcpus = $8, ram_mib = $9, zone = $10, node = $11, vm_state = $12, task = $13, fault = $14, metadata = $15,
		user_data = $16, tags = $17, reservation_id = $18, launch_index = $19, updated_at = $20, launched_at = $21,
		traits = $22, group_id = $23
		WHERE id = $1`,
		i.ID, i.Region, i.ProjectID, i.Name, i.Description,
		jsonText(imageSnapshot(i.Image)), jsonText(flavorSnapshot(i.Flavor)), i.Claim().VCPUs, i.Claim().RAMMiB,
		i.Zone, i.Node, string(i.State.VM), string(i.State.Task), jsonText((*faultRecord)(i.Fault)),
		jsonText(i.Metadata), i.UserData, jsonText(i.Tags), i.ReservationID, i.LaunchIndex,
		micros(i.UpdatedAt), micros(i.LaunchedAt), jsonText(traitsOf(i)), i.GroupID)
	if err != nil {
		return err
	}
	return t.putBindings(ctx, i)
}

// DeleteInstance implements [compute.Tx]. Bindings go with the row that they
// refer to.
func (t *Tx) DeleteInstance(ctx context.Context, id string) error {
	if err := t.dropNICs(ctx, id); err != nil {
		return err
	}
	return t.change(ctx, "instance", id, `DELETE FROM instances WHERE id = $1`, id)
}

// Usage implements [compute.Tx].
func (t *Tx) Usage(ctx context.Context, projectID, userID string) (compute.Usage, error) {
	return one(ctx, t, "usage", projectID, func(s scanner) (u compute.Usage, err error) {
		return u, s.Scan(&u.Instances, &u.VCPUs, &u.RAMMiB)
	}, `SELECT COUNT(*), CAST(COALESCE(SUM(vcpus), 0) AS BIGINT), CAST(COALESCE(SUM(ram_mib), 0) AS BIGINT)
		FROM instances WHERE project_id = $1 AND (user_id = $2 OR $2 = '')`, projectID, userID)
}
