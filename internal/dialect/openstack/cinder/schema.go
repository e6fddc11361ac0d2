package cinder

import (
	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

// The schemas of bodies (cinder/api/schemas/volumes.py, volume_actions.py,
// volume_metadata.py). Members that a volume's schema does not name are let
// through, as in Cinder.
var (
	text   = schema.String{Max: 255, Nullable: true}
	isUUID = schema.String{Nullable: true, Format: &schema.Format{Name: "uuid", Check: func(s string) (string, bool) {
		_, err := uuid.Parse(s)
		return "", err == nil
	}}}
	sizeRule = schema.Digits{Pattern: schema.NewPattern("^[0-9]+$"), MaxText: 10, Nullable: true}
	metadata = schema.Object{Closed: true, Nullable: true, Names: &schema.NameRule{
		Pattern: schema.NewPattern("^[a-zA-Z0-9-_:. ]{1,255}$"), Schema: schema.String{Max: 255},
	}}

	createBody = one("volume", schema.Object{Properties: []schema.Property{
		schema.Prop("name", text), schema.Prop("description", text),
		schema.Prop("display_name", text), schema.Prop("display_description", text),
		schema.Prop("volume_type", text), schema.Prop("metadata", metadata),
		schema.Prop("consistencygroup_id", isUUID), schema.Prop("group_id", isUUID), schema.Prop("backup_id", isUUID),
		schema.Prop("size", sizeRule), schema.Prop("availability_zone", text),
		schema.Prop("multiattach", schema.AnyOf{schema.Flag{}, schema.NullOnly{}}),
		schema.Prop("image_id", text), schema.Prop("imageRef", text),
		schema.Prop("snapshot_id", isUUID), schema.Prop("source_volid", isUUID),
	}})
	updateBody = one("volume", schema.Object{Properties: []schema.Property{
		schema.Prop("name", text), schema.Prop("description", text),
		schema.Prop("display_name", text), schema.Prop("display_description", text),
		schema.Prop("metadata", metadata),
	}})
	extendBody = one("os-extend", schema.Object{Closed: true, Required: []string{"new_size"}, Properties: []schema.Property{
		schema.Prop("new_size", schema.Digits{Pattern: schema.NewPattern("^[0-9]+$"), Min: new(int64(1)), MaxText: 10}),
	}})
	bootableBody = one("os-set_bootable", schema.Object{Closed: true, Required: []string{"bootable"}, Properties: []schema.Property{
		schema.Prop("bootable", schema.Flag{}),
	}})
	readonlyBody = one("os-update_readonly_flag", schema.Object{Closed: true, Required: []string{"readonly"}, Properties: []schema.Property{
		schema.Prop("readonly", schema.Flag{}),
	}})
	resetBody = one("os-reset_status", schema.Object{Closed: true, Min: 1, Properties: []schema.Property{
		schema.Prop("status", text), schema.Prop("attach_status", text), schema.Prop("migration_status", text),
	}})
	resetSnapshotBody = one("os-reset_status", schema.Object{Closed: true, Required: []string{"status"}, Properties: []schema.Property{
		schema.Prop("status", schema.String{Max: 255}),
	}})
	imageMetadataBody = one("os-set_image_metadata", schema.Object{Closed: true, Required: []string{"metadata"}, Properties: []schema.Property{
		schema.Prop("metadata", notNull(metadata)),
	}})
	imageKeyBody = one("os-unset_image_metadata", schema.Object{Closed: true, Required: []string{"key"}, Properties: []schema.Property{
		schema.Prop("key", schema.String{Max: 255}),
	}})
	snapshotBody = one("snapshot", schema.Object{Required: []string{"volume_id"}, Properties: []schema.Property{
		schema.Prop("volume_id", isUUID), schema.Prop("force", schema.AnyOf{schema.Flag{}, schema.NullOnly{}}),
		schema.Prop("name", text), schema.Prop("description", text), schema.Prop("metadata", metadata),
		schema.Prop("display_name", text), schema.Prop("display_description", text),
	}})
	snapshotUpdateBody = one("snapshot", schema.Object{Properties: []schema.Property{
		schema.Prop("name", text), schema.Prop("description", text),
		schema.Prop("display_name", text), schema.Prop("display_description", text),
	}})
	metadataBody = one("metadata", notNull(metadata))
	metaBody     = one("meta", func() schema.Object { o := notNull(metadata); o.Max = 1; return o }())
)

// one is the schema of a body with one member that counts.
func one(name string, rule schema.Schema) schema.Schema {
	return schema.Object{Required: []string{name}, Properties: []schema.Property{schema.Prop(name, rule)}}
}

func notNull(o schema.Object) schema.Object { o.Nullable = false; return o }
