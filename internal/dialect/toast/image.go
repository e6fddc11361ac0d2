package toast

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

var imageRoutes = []Route{
	{Method: http.MethodGet, Path: "images", Access: identity.ProjectReader, about: ofImage, handle: (*Dialect).listImages},
	{Method: http.MethodDelete, Path: "images", Access: identity.ProjectMember, about: ofImage, handle: (*Dialect).deleteImage},
}

// maxImages is the largest page that may be asked for.
const maxImages = 1000

// listImages lists the newest first, after the image that marker names.
func (d *Dialect) listImages(c *call) (answer, error) {
	limit := -1
	if text := c.query.get("limit"); text != "" {
		n, whole := wholeNumber(text)
		if !whole || n < 1 || n > maxImages {
			return nil, badParameter("limit", "must be between 1 and 1000")
		}
		limit = n
	}
	all, err := d.opt.Compute.Images(c.Context(), c.caller)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b compute.Image) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	if marker := c.query.get("marker"); marker != "" {
		k := slices.IndexFunc(all, func(i compute.Image) bool { return i.ID == marker })
		if k < 0 {
			return nil, fault.Missing("image", marker)
		}
		all = all[k+1:]
	}
	if limit >= 0 && limit < len(all) {
		all = all[:limit]
	}
	out := &imagesAnswer{Images: make([]image, len(all))}
	for k, i := range all {
		out.Images[k] = viewImage(i)
	}
	return out, nil
}

func viewImage(i compute.Image) image {
	v := image{
		CreatedAt: stamp(i.CreatedAt), DiskFormat: "raw", ID: i.ID, IsPublic: i.Public,
		MinDisk: i.MinDiskGiB, MinRAM: i.MinRAMMiB, Name: i.Name, Properties: map[string]string{},
		Size: i.SizeBytes, Status: "active", UpdatedAt: stamp(i.UpdatedAt),
	}
	switch {
	case i.Saving:
		v.Status = "saving"
	case i.Deactivated:
		v.Status = "deactivated"
	}
	maps.Copy(v.Properties, i.Properties)
	v.Properties["os_type"], v.Properties["login_username"] = string(i.OSType), i.AdminUser
	return v
}

func (d *Dialect) deleteImage(c *call) (answer, error) {
	id, err := c.query.required("id")
	if err != nil {
		return nil, err
	}
	err = d.opt.Compute.DeleteImage(c.Context(), c.caller, id)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, &failure{code: ofImage.code(http.StatusNotFound), detail: "Failed to find image " + id + " to delete"}
	case fault.Is(err, fault.Forbidden):
		return nil, &failure{code: ofImage.code(http.StatusForbidden), detail: "You are not permitted to delete this image."}
	}
	return done(err)
}
