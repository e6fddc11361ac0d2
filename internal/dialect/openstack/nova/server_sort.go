package nova

import (
	"cmp"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// order compares two instances by one column.
type order func(a, b compute.Instance) int

// columns are the sort keys that tell servers apart; those that are not here
// are the same for all of them.
var columns = map[string]order{
	"created_at":        func(a, b compute.Instance) int { return a.CreatedAt.Compare(b.CreatedAt) },
	"updated_at":        func(a, b compute.Instance) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
	"launched_at":       func(a, b compute.Instance) int { return a.LaunchedAt.Compare(b.LaunchedAt) },
	"launch_index":      func(a, b compute.Instance) int { return cmp.Compare(a.LaunchIndex, b.LaunchIndex) },
	"availability_zone": textual(func(i compute.Instance) string { return i.Zone }),
	"display_name":      textual(func(i compute.Instance) string { return i.Name }),
	"host":              textual(func(i compute.Instance) string { return i.Node }),
	"node":              textual(func(i compute.Instance) string { return i.Node }),
	"hostname":          textual(func(i compute.Instance) string { return compute.Hostname(i.Name, i.ID) }),
	"image_ref":         textual(func(i compute.Instance) string { return i.Image.ID }),
	"instance_type_id":  textual(func(i compute.Instance) string { return i.Flavor.ID }),
	"key_name":          textual(compute.Instance.KeyName),
	"project_id":        textual(func(i compute.Instance) string { return i.ProjectID }),
	"task_state":        textual(func(i compute.Instance) string { return string(i.State.Task) }),
	"user_id":           textual(func(i compute.Instance) string { return i.UserID }),
	"uuid":              textual(func(i compute.Instance) string { return i.ID }),
	"vm_state":          textual(func(i compute.Instance) string { return string(i.State.VM) }),
	"power_state": func(a, b compute.Instance) int {
		return cmp.Compare(powerStates[a.Power()], powerStates[b.Power()])
	},
	"display_description": textual(func(i compute.Instance) string {
		if i.Description == nil {
			return ""
		}
		return *i.Description
	}),
}

func textual(of func(compute.Instance) string) order {
	return func(a, b compute.Instance) int { return strings.Compare(of(a), of(b)) }
}

// orderAsked returns the order that a query asks for; nil is newest first.
func orderAsked(q schema.Query) (order, error) {
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
	var all []order
	for k, key := range append(slices.Clone(keys), "created_at", "uuid") {
		by, ok := columns[key]
		if !ok {
			continue
		}
		dir := fallback
		if k < len(dirs) {
			dir = dirs[k]
		}
		if dir == "desc" {
			up := by
			by = func(a, b compute.Instance) int { return -up(a, b) }
		}
		all = append(all, by)
	}
	return func(a, b compute.Instance) int {
		for _, by := range all {
			if n := by(a, b); n != 0 {
				return n
			}
		}
		return 0
	}, nil
}
