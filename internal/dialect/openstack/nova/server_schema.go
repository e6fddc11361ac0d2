package nova

import (
	"encoding/base64"
	"net/netip"
	"strings"

	"github.com/google/uuid"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
)

// span is a member of a body or query between two microversions.
type span struct {
	since, until openstack.Microversion // until is the first without it; zero: it stays
	schema.Property
}

// holds reports whether v lies between since and until.
func (s span) holds(v openstack.Microversion) bool { return within(v, s.since, s.until) }

func within(v, since, until openstack.Microversion) bool {
	return v.AtLeast(since) && (until == openstack.Microversion{} || !v.AtLeast(until))
}

func ever(name string, rule schema.Schema) span { return span{Property: schema.Prop(name, rule)} }

func since(minor int, name string, rule schema.Schema) span {
	return span{since: openstack.V(2, minor), Property: schema.Prop(name, rule)}
}

func until(minor int, name string, rule schema.Schema) span {
	return span{until: openstack.V(2, minor), Property: schema.Prop(name, rule)}
}

func between(from, to int, name string, rule schema.Schema) span {
	return span{since: openstack.V(2, from), until: openstack.V(2, to), Property: schema.Prop(name, rule)}
}

// object makes the schema that the spans have at v. Under /v2 unknown members
// are dropped; everywhere else they are refused.
func object(v openstack.Microversion, required []string, spans ...span) schema.Object {
	o := schema.Object{Required: required, Closed: v != (openstack.Microversion{})}
	for _, s := range spans {
		if s.holds(v) {
			o.Properties = append(o.Properties, s.Property)
		}
	}
	return o
}

// atVersion makes the schemas of every microversion beforehand; the first is
// that of /v2.
func atVersion(build func(openstack.Microversion) schema.Schema) func(openstack.Microversion) schema.Schema {
	all := make([]schema.Schema, openstack.ComputeVersions.Max.Minor+1)
	all[0] = build(openstack.Microversion{})
	for minor := 1; minor < len(all); minor++ {
		all[minor] = build(openstack.V(2, minor))
	}
	return func(v openstack.Microversion) schema.Schema { return all[v.Minor] }
}

// The values in servers' bodies (nova/api/validation/parameter_types.py).
var (
	anyName = schema.String{Min: 1, Max: 255, Format: &schema.Format{Name: "name", Check: func(s string) (string, bool) {
		return badName + "printable characters. Can not start or end with whitespace.", printableWithin(s)
	}}}
	v2Name      = schema.String{Min: 1, Max: 255, Format: legacyNameFormat}
	uuidText    = schema.String{Format: &schema.Format{Name: "uuid", Check: plainly(isUUID)}}
	imageOrNone = schema.AnyOf{uuidText, schema.String{Pattern: schema.NewPattern("^$")}}
	flavorID    = schema.Digits{Pattern: schema.NewPattern("")}
	description = schema.String{Max: 255, Nullable: true, Format: &schema.Format{Name: "description", Check: func(s string) (string, bool) {
		return "An invalid 'description' value was provided. The description must be: printable characters.",
			strings.IndexFunc(s, func(r rune) bool { return !printable(r) }) < 0
	}}}
	metadataRule = schema.Object{Closed: true, Names: &schema.NameRule{
		Pattern: schema.NewPattern("^[a-zA-Z0-9-_:. ]{1,255}$"), Schema: schema.String{Max: 255},
	}}
	tagRule    = schema.String{Min: 1, Max: 60, Pattern: schema.NewPattern("^[^,/]*$")}
	tagsRule   = schema.Array{Items: tagRule, Max: 50}
	count      = schema.Digits{Min: new(int64(1))}
	diskConfig = schema.String{Enum: []string{"AUTO", "MANUAL"}}
	base64Rule = &schema.Format{Name: "base64", Check: plainly(func(s string) bool { _, ok := decodeBase64(s); return ok })}
	userData   = schema.String{Max: 65535, Format: base64Rule}
	ipv4       = schema.String{Format: &schema.Format{Name: "ipv4", Check: plainly(func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Is4()
	})}}
	ipv6 = schema.String{Format: &schema.Format{Name: "ipv6", Check: plainly(func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Is6() && a.Zone() == ""
	})}}
	hostname = schema.String{Min: 2, Max: 63, Pattern: schema.NewPattern("^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$")}
	host     = schema.String{Min: 1, Max: 255, Pattern: schema.NewPattern("^[a-zA-Z0-9-._]*$")}
	bootIdx  = schema.Digits{Pattern: schema.NewPattern("^-?[0-9]+$"), Nullable: true}
)

func plainly(ok func(string) bool) func(string) (string, bool) {
	return func(s string) (string, bool) { return "", ok(s) }
}

// isUUID takes the spellings that oslo.utils' is_uuid_like takes.
func isUUID(s string) bool { _, err := uuid.Parse(s); return err == nil }

// decodeBase64 reads base64 as Python's base64.decodebytes does: characters
// outside the alphabet, newlines above all, do not count.
func decodeBase64(s string) ([]byte, bool) {
	text := strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("+/=", r)) {
			return r
		}
		return -1
	}, s)
	b, err := base64.StdEncoding.DecodeString(text)
	return b, err == nil
}

// networksRule is the rule for the networks of a new server. Tags on them came
// with 2.32, were lost by mistake at 2.37 and came back with 2.42.
func networksRule(v openstack.Microversion) schema.Schema {
	id := schema.Schema(schema.String{})
	if v.AtLeast(openstack.V(2, 37)) {
		id = uuidText
	}
	list := schema.Array{Items: object(v, nil,
		ever("fixed_ip", schema.AnyOf{ipv4, ipv6}),
		ever("port", schema.AnyOf{uuidText, schema.NullOnly{}}),
		ever("uuid", id),
		between(32, 37, "tag", tagRule), since(42, "tag", tagRule),
	)}
	if v.AtLeast(openstack.V(2, 37)) {
		return schema.AnyOf{list, schema.String{Enum: []string{"none", "auto"}}}
	}
	return list
}

// disksRule is the rule for block_device_mapping_v2, with the same story of
// tags (2.32 alone, and again from 2.42).
func disksRule(v openstack.Microversion) schema.Schema {
	return schema.Array{Items: object(v, nil,
		ever("boot_index", bootIdx),
		ever("delete_on_termination", schema.Flag{}),
		ever("destination_type", schema.String{Enum: []string{"local", "volume"}}),
		ever("device_name", schema.String{Min: 1, Max: 255, Pattern: schema.NewPattern("^[a-zA-Z0-9._-r/]*$")}),
		ever("device_type", schema.String{}),
		ever("disk_bus", schema.String{}),
		ever("guest_format", schema.String{Max: 255, Nullable: true}),
		ever("image_id", schema.String{}),
		ever("no_device", schema.Any{}),
		ever("snapshot_id", uuidText),
		ever("source_type", schema.String{Enum: []string{"volume", "image", "snapshot", "blank"}}),
		ever("uuid", schema.String{Min: 1, Max: 255, Pattern: schema.NewPattern("^[a-zA-Z0-9._-]*$")}),
		ever("virtual_name", schema.String{Max: 255}),
		ever("volume_id", uuidText),
		ever("volume_size", schema.AnyOf{schema.Digits{Min: new(int64(1))}, schema.String{Pattern: schema.NewPattern("^$")}, schema.NullOnly{}}),
		between(32, 33, "tag", tagRule), since(42, "tag", tagRule),
		since(67, "volume_type", schema.String{Max: 255, Nullable: true}),
	)}
}

// personalityRule is the rule for files to be put into a guest.
func personalityRule(v openstack.Microversion) schema.Schema {
	return schema.Array{Items: object(v, nil,
		ever("path", schema.String{}), ever("contents", schema.String{Format: base64Rule}))}
}

// schedulerHints are wishes of which one counts here.
var schedulerHints = schema.Object{Properties: []schema.Property{schema.Prop("group", uuidText)}}

// serverCreate is the schema of POST /servers
// (nova/api/openstack/compute/schemas/servers.py).
var serverCreate = atVersion(func(v openstack.Microversion) schema.Schema {
	name, required := schema.Schema(anyName), []string{"name", "flavorRef"}
	if v == (openstack.Microversion{}) {
		name = v2Name
	}
	if v.AtLeast(openstack.V(2, 37)) {
		required = append(required, "networks")
	}
	server := object(v, required,
		ever("name", name),
		ever("imageRef", imageOrNone),
		ever("flavorRef", flavorID),
		ever("adminPass", schema.String{}),
		ever("metadata", metadataRule),
		ever("networks", networksRule(v)),
		ever("OS-DCF:diskConfig", diskConfig),
		ever("accessIPv4", ipv4),
		ever("accessIPv6", ipv6),
		until(57, "personality", personalityRule(v)),
		ever("availability_zone", name),
		ever("block_device_mapping", schema.Array{Items: schema.Object{}}),
		ever("block_device_mapping_v2", disksRule(v)),
		ever("config_drive", schema.Flag{}),
		ever("key_name", name),
		ever("min_count", count),
		ever("max_count", count),
		ever("return_reservation_id", schema.Flag{}),
		ever("security_groups", schema.Array{Items: object(v, nil, ever("name", name))}),
		ever("user_data", userData),
		since(19, "description", description),
		since(52, "tags", tagsRule),
		since(63, "trusted_image_certificates", schema.Array{Items: schema.String{Min: 1}, Min: 1, Max: 50, Unique: true, Nullable: true}),
		since(74, "host", host),
		since(74, "hypervisor_hostname", host),
		since(90, "hostname", hostname),
	)
	return object(v, []string{"server"},
		ever("server", server),
		ever("os:scheduler_hints", schedulerHints),
		ever("OS-SCH-HNT:scheduler_hints", schedulerHints),
	)
})

// serverUpdate is the schema of PUT /servers/{id}.
var serverUpdate = atVersion(func(v openstack.Microversion) schema.Schema {
	name := anyName
	if v == (openstack.Microversion{}) {
		name = v2Name
	}
	return object(v, []string{"server"}, ever("server", object(v, nil,
		ever("name", name),
		ever("OS-DCF:diskConfig", diskConfig),
		ever("accessIPv4", ipv4),
		ever("accessIPv6", ipv6),
		since(19, "description", description),
		since(90, "hostname", hostname),
	)))
})

// The schemas of a server's metadata and tags, which no microversion changed.
var (
	metadataBody = unversioned(schema.Object{Closed: true, Required: []string{"metadata"},
		Properties: []schema.Property{schema.Prop("metadata", metadataRule)}})
	metaBody = unversioned(schema.Object{Closed: true, Required: []string{"meta"},
		Properties: []schema.Property{schema.Prop("meta", oneEntry)}})
	tagsBody = unversioned(schema.Object{Closed: true, Required: []string{"tags"},
		Properties: []schema.Property{schema.Prop("tags", tagsRule)}})
)

var oneEntry = func() schema.Object { o := metadataRule; o.Max = 1; return o }()

func unversioned(s schema.Schema) func(openstack.Microversion) schema.Schema {
	return func(openstack.Microversion) schema.Schema { return s }
}
