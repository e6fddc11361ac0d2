package glance

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
)

const uuidPattern = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"

// members are an image's own members, as /v2/schemas/image describes them
// (https://docs.openstack.org/api-ref/image/v2/#show-image-schema).
var members = []struct {
	name, kind, description string
	null, readOnly          bool
	more                    openstack.Fields
}{
	{name: "id", kind: "string", description: "An identifier for the image", more: openstack.Fields{openstack.F("pattern", uuidPattern)}},
	{name: "name", kind: "string", description: "Descriptive name for the image", null: true, more: longest(255)},
	{name: "status", kind: "string", description: "Status of the image", readOnly: true,
		more: oneOf("queued", "saving", "active", "killed", "deleted", "uploading", "importing", "pending_delete", "deactivated")},
	{name: "visibility", kind: "string", description: "Scope of image accessibility", more: oneOf("community", "public", "private", "shared")},
	{name: "protected", kind: "boolean", description: "If true, image will not be deletable."},
	{name: "os_hidden", kind: "boolean", description: "If true, image will not appear in default image list response."},
	{name: "checksum", kind: "string", description: "md5 hash of image contents.", null: true, readOnly: true, more: longest(32)},
	{name: "os_hash_algo", kind: "string", description: "Algorithm to calculate the os_hash_value", null: true, readOnly: true, more: longest(64)},
	{name: "os_hash_value", kind: "string", description: "Hexdigest of the image contents using the algorithm specified by the os_hash_algo", null: true, readOnly: true, more: longest(128)},
	{name: "owner", kind: "string", description: "Owner of the image", null: true, more: longest(255)},
	{name: "size", kind: "integer", description: "Size of image file in bytes", null: true, readOnly: true},
	{name: "virtual_size", kind: "integer", description: "Virtual size of image in bytes", null: true, readOnly: true},
	{name: "container_format", kind: "string", description: "Format of the container", null: true,
		more: oneOf(nil, "ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")},
	{name: "disk_format", kind: "string", description: "Format of the disk", null: true,
		more: oneOf(nil, "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop")},
	{name: "created_at", kind: "string", description: "Date and time of image registration", readOnly: true},
	{name: "updated_at", kind: "string", description: "Date and time of the last image modification", readOnly: true},
	{name: "tags", kind: "array", description: "List of strings related to the image",
		more: openstack.Fields{openstack.F("items", append(openstack.Fields{openstack.F("type", "string")}, longest(255)...))}},
	{name: "min_ram", kind: "integer", description: "Amount of ram (in MB) required to boot image."},
	{name: "min_disk", kind: "integer", description: "Amount of disk space (in GB) required to boot image."},
	{name: "self", kind: "string", description: "An image self url", readOnly: true},
	{name: "file", kind: "string", description: "An image file url", readOnly: true},
	{name: "schema", kind: "string", description: "An image schema url", readOnly: true},
}

func longest(n int) openstack.Fields { return openstack.Fields{openstack.F("maxLength", n)} }

func oneOf(values ...any) openstack.Fields { return openstack.Fields{openstack.F("enum", values)} }

// baseNames are the names that no property may have.
var baseNames = func() (names []string) {
	for _, m := range members {
		names = append(names, m.name)
	}
	return names
}()

// imageSchema is the JSON Schema of one image. Properties beside the members
// are strings.
func imageSchema() openstack.Fields {
	var properties openstack.Fields
	for _, m := range members {
		var kind any = m.kind
		if m.null {
			kind = []string{"null", m.kind}
		}
		p := openstack.Fields{openstack.F("type", kind), openstack.F("description", m.description)}
		if m.readOnly {
			p = append(p, openstack.F("readOnly", true))
		}
		properties = append(properties, openstack.F(m.name, append(p, m.more...)))
	}
	return openstack.Fields{
		openstack.F("name", "image"), openstack.F("properties", properties),
		openstack.F("additionalProperties", openstack.Fields{openstack.F("type", "string")}),
		openstack.F("links", []openstack.Link{{Rel: "self", Href: "{self}"}, {Rel: "enclosure", Href: "{file}"}, {Rel: "describedby", Href: "{schema}"}}),
	}
}

// imagesSchema is the JSON Schema of a list of images.
func imagesSchema() openstack.Fields {
	text := openstack.Fields{openstack.F("type", "string")}
	return openstack.Fields{
		openstack.F("name", "images"),
		openstack.F("properties", openstack.Fields{
			openstack.F("images", openstack.Fields{openstack.F("type", "array"), openstack.F("items", imageSchema())}),
			openstack.F("first", text), openstack.F("next", text), openstack.F("schema", text),
		}),
		openstack.F("links", []openstack.Link{{Rel: "first", Href: "{first}"}, {Rel: "next", Href: "{next}"}, {Rel: "describedby", Href: "{schema}"}}),
	}
}

func (d *Dialect) schema(doc openstack.Fields) openstack.Handler {
	return func(w http.ResponseWriter, c *openstack.Call) error {
		d.style.JSON(w, c.Request, http.StatusOK, doc)
		return nil
	}
}
