package glance

import (
	"maps"
	"net/http"
	"slices"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

const timeLayout = "2006-01-02T15:04:05Z"

// view shows an image: its properties first, as Glance does, then the API's own
// members. Of the data only the size is known: a driver keeps its own copy and
// has its own way to check it.
func view(i compute.Image) openstack.Fields {
	self := "/v2/images/" + i.ID
	visibility := "private"
	if i.Public {
		visibility = "public"
	}
	size := any(i.SizeBytes)
	if i.Saving {
		size = nil
	}
	return append(properties(i),
		openstack.F("name", i.Name), openstack.F("disk_format", "raw"), openstack.F("container_format", "bare"),
		openstack.F("visibility", visibility), openstack.F("size", size), openstack.F("virtual_size", nil),
		openstack.F("status", statusOf(i)), openstack.F("checksum", nil), openstack.F("protected", i.Protected),
		openstack.F("min_ram", i.MinRAMMiB), openstack.F("min_disk", i.MinDiskGiB), openstack.F("owner", orNull(i.ProjectID)),
		openstack.F("os_hidden", i.Hidden), openstack.F("os_hash_algo", nil), openstack.F("os_hash_value", nil),
		openstack.F("id", i.ID), openstack.F("created_at", i.CreatedAt.UTC().Format(timeLayout)),
		openstack.F("updated_at", i.UpdatedAt.UTC().Format(timeLayout)), openstack.F("tags", i.Tags),
		openstack.F("self", self), openstack.F("file", self+"/file"), openstack.F("schema", "/v2/schemas/image"),
	)
}

func statusOf(i compute.Image) string {
	switch {
	case i.Saving:
		return "saving"
	case i.Deactivated:
		return "deactivated"
	}
	return "active"
}

// properties are what an image says about its guests
// (https://docs.openstack.org/glance/latest/admin/useful-image-properties.html),
// and whatever else is written on it that no member of the API is called.
func properties(i compute.Image) openstack.Fields {
	all := maps.Clone(i.Properties)
	if all == nil {
		all = map[string]string{}
	}
	maps.DeleteFunc(all, func(name, _ string) bool { return slices.Contains(baseNames, name) })
	for name, value := range map[string]string{
		"os_type": string(i.OSType), "os_distro": i.OSDistro, "os_version": i.OSVersion, "os_admin_user": i.AdminUser,
	} {
		if value != "" {
			all[name] = value
		}
	}
	var out openstack.Fields
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, openstack.F(name, all[name]))
	}
	return out
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (d *Dialect) show(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.compute.Image(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, http.StatusOK, view(i))
	return nil
}
