package nova

import (
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// columns are the sort keys that tell servers apart; those that are not here
// are the same for all of them.
var columns = openstack.Columns[compute.Instance]{
	"created_at":          func(a, b compute.Instance) int { return a.CreatedAt.Compare(b.CreatedAt) },
	"updated_at":          func(a, b compute.Instance) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
	"launched_at":         func(a, b compute.Instance) int { return a.LaunchedAt.Compare(b.LaunchedAt) },
	"launch_index":        openstack.By(func(i compute.Instance) int { return i.LaunchIndex }),
	"availability_zone":   openstack.By(func(i compute.Instance) string { return i.Zone }),
	"display_name":        openstack.By(func(i compute.Instance) string { return i.Name }),
	"host":                openstack.By(func(i compute.Instance) string { return i.Node }),
	"node":                openstack.By(func(i compute.Instance) string { return i.Node }),
	"hostname":            openstack.By(func(i compute.Instance) string { return compute.Hostname(i.Name, i.ID) }),
	"image_ref":           openstack.By(func(i compute.Instance) string { return i.Image.ID }),
	"instance_type_id":    openstack.By(func(i compute.Instance) string { return i.Flavor.ID }),
	"key_name":            openstack.By(compute.Instance.KeyName),
	"project_id":          openstack.By(func(i compute.Instance) string { return i.ProjectID }),
	"task_state":          openstack.By(func(i compute.Instance) string { return string(i.State.Task) }),
	"user_id":             openstack.By(func(i compute.Instance) string { return i.UserID }),
	"uuid":                openstack.By(serverID),
	"vm_state":            openstack.By(func(i compute.Instance) string { return string(i.State.VM) }),
	"power_state":         openstack.By(func(i compute.Instance) int { return powerStates[i.Power()] }),
	"display_description": openstack.By(func(i compute.Instance) string { return textOf(i.Description) }),
}

// serverID is what markers name.
func serverID(i compute.Instance) string { return i.ID }

// orderAsked returns the order that a query asks for; nil is newest first.
func orderAsked(q schema.Query) (*openstack.Order[compute.Instance], error) {
	keys, dirs := q.All("sort_key"), q.All("sort_dir")
	for _, dir := range dirs {
		if dir != "asc" && dir != "desc" {
			return nil, fault.Invalidf("sort_dir", "Unknown sort direction, must be one of: asc, desc")
		}
	}
	if keys == nil && (dirs == nil || dirs[0] == "desc") {
		return nil, nil
	}
	if keys == nil {
		keys = []string{"created_at"}
	}
	if len(dirs) > len(keys) {
		return nil, fault.Invalidf("sort_dir", "Sort direction size exceeds sort key size")
	}
	fallback := "desc"
	if len(dirs) > 0 {
		fallback = dirs[0]
	}
	by := new(openstack.Order[compute.Instance])
	for k, key := range append(slices.Clone(keys), "created_at", "uuid") {
		column, ok := columns[key]
		if !ok {
			continue
		}
		dir := fallback
		if k < len(dirs) {
			dir = dirs[k]
		}
		by.Then(key, column, dir == "desc")
	}
	return by, nil
}
