package glance

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// noUpload is why nobody brings an image of their own.
const noUpload = "Images cannot be uploaded or imported here: guests boot only from the images that are here and from those made of servers. " +
	"Make one of a server (openstack server image create)."

// onlyShared is what Glance says of the members of an image that is not shared,
// which none is here.
const onlyShared = "Only shared images have members."

// dataRoutes are the calls on what is in images, how it gets there, and with
// whom they are shared. Of images nothing but what is written on them leaves,
// and nothing is brought.
func (d *Dialect) dataRoutes() []openstack.Route {
	const one = "/v2/images/{id}"
	ofImage := func(method, path string, rule openstack.Rule, access identity.Access, text string) openstack.Route {
		return openstack.Route{Method: method, Pattern: one + path, Access: access, Rule: rule, Handle: d.refusing(text)}
	}
	reads := func(path string, rule openstack.Rule, h openstack.Handler) openstack.Route {
		return openstack.Route{Method: http.MethodGet, Pattern: path, Access: identity.ProjectReader, Rule: rule, Handle: h}
	}
	never := func(http.ResponseWriter, *openstack.Call) error { return openstack.Refused(noUpload) }
	return []openstack.Route{
		reads(one+"/file", "download_image", d.download),
		{Method: http.MethodPost, Pattern: "/v2/images", Access: identity.ProjectMember, Rule: "add_image", Handle: never},
		ofImage(http.MethodPut, "/file", "upload_image", identity.ProjectMember, noUpload),
		ofImage(http.MethodPut, "/stage", "upload_image", identity.ProjectMember, noUpload),
		ofImage(http.MethodPost, "/import", "modify_image", identity.ProjectMember, noUpload),
		reads("/v2/info/import", "get_image", d.importMethods),
		reads("/v2/info/stores", "get_image", func(http.ResponseWriter, *openstack.Call) error {
			return &fault.Error{Kind: fault.NotFound, Msg: "Multi backend is not supported at this site."}
		}),

		reads("/v2/tasks", "get_tasks", d.listTasks),
		reads("/v2/tasks/{task}", "get_task", func(_ http.ResponseWriter, c *openstack.Call) error {
			return fault.Missing("task", c.PathValue("task"))
		}),
		{Method: http.MethodPost, Pattern: "/v2/tasks", Access: identity.ProjectMember, Rule: "add_task", Handle: never},

		ofImage(http.MethodGet, "/members", "get_members", identity.ProjectReader, onlyShared),
		ofImage(http.MethodPost, "/members", "add_member", identity.ProjectMember, onlyShared),
		ofImage(http.MethodGet, "/members/{member}", "get_member", identity.ProjectReader, onlyShared),
		ofImage(http.MethodPut, "/members/{member}", "modify_member", identity.ProjectMember, onlyShared),
		ofImage(http.MethodDelete, "/members/{member}", "delete_member", identity.ProjectMember, onlyShared),
	}
}

// refusing says why not, to whoever sees the image.
func (d *Dialect) refusing(text string) openstack.Handler {
	return func(_ http.ResponseWriter, c *openstack.Call) error {
		if _, err := d.compute.Image(c.Context(), c.Caller, c.PathValue("id")); err != nil {
			return err
		}
		return openstack.Refused(text)
	}
}

// download answers GET /v2/images/{id}/file as Glance does for an image without
// data: what a driver boots is its own, and no file that another cloud could
// boot.
func (d *Dialect) download(w http.ResponseWriter, c *openstack.Call) error {
	i, err := d.compute.Image(c.Context(), c.Caller, c.PathValue("id"))
	if err != nil {
		return err
	}
	if i.Deactivated && !c.Caller.Admin() {
		return openstack.Refused("The requested image has been deactivated. Image data download is forbidden.")
	}
	d.style.Empty(w, c.Request, http.StatusNoContent)
	return nil
}

func (d *Dialect) importMethods(w http.ResponseWriter, c *openstack.Call) error {
	d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{openstack.F("import-methods", openstack.Fields{
		openstack.F("description", "Import methods available."), openstack.F("type", "array"), openstack.F("value", []string{}),
	})})
	return nil
}

// listTasks lists what is being done to bring images in, which is nothing.
func (d *Dialect) listTasks(w http.ResponseWriter, c *openstack.Call) error {
	d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{openstack.F("first", "/v2/tasks"), openstack.F("tasks", []string{})})
	return nil
}
