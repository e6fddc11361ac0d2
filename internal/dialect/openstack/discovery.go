package openstack

import (
	"strings"
)

// versionDoc describes one version of a service in its discovery document.
// Which members it has, and in which order the links stand, differs by service.
type versionDoc struct {
	ID         string      `json:"id"`
	Status     string      `json:"status"`
	Version    *string     `json:"version,omitempty"` // the highest microversion
	MinVersion *string     `json:"min_version,omitempty"`
	Updated    string      `json:"updated,omitempty"`
	Links      []Link      `json:"links"`
	MediaTypes []mediaType `json:"media-types,omitempty"`
}

// mediaType names the type of a version's bodies.
type mediaType struct {
	Base string `json:"base"`
	Type string `json:"type"`
}

func mediaTypes(service, version string) []mediaType {
	return []mediaType{{plainJSON, "application/vnd.openstack." + service + "+json;version=" + version}}
}

// versions is the document that lists a service's versions; base is the
// service's own in all functions below.
func versions(docs ...versionDoc) Fields { return Fields{F("versions", docs)} }

// computeDocs are Nova's two versions, the legacy one first: the folder it is
// served under, the version of its media type, and what it says.
var computeDocs = []struct {
	folder, media string
	doc           versionDoc
}{
	{"v2", "2", versionDoc{ID: "v2.0", Status: "SUPPORTED", Version: new(""), MinVersion: new(""), Updated: "2011-01-21T11:33:21Z"}},
	{"v2.1", "2.1", versionDoc{ID: "v2.1", Status: "CURRENT", Version: new(ComputeVersions.Max.String()),
		MinVersion: new(ComputeVersions.Min.String()), Updated: "2013-07-23T11:33:21Z"}},
}

// ComputeRoot is what GET / answers on the compute service.
func ComputeRoot(base string) Fields {
	var docs []versionDoc
	for _, d := range computeDocs {
		d.doc.Links = Self(base + "/" + d.folder + "/")
		docs = append(docs, d.doc)
	}
	return versions(docs...)
}

// ComputeVersion is what GET /v2.1 and GET /v2 answer; folder is "v2.1" or
// "v2". For another it returns false.
func ComputeVersion(base, folder string) (Fields, bool) {
	for _, d := range computeDocs {
		if d.folder == folder {
			d.doc.Links = append(Self(base+"/"+folder+"/"), Link{"describedby", "text/html", "http://docs.openstack.org/"})
			d.doc.MediaTypes = mediaTypes("compute", d.media)
			return Fields{F("version", d.doc)}, true
		}
	}
	return nil, false
}

// ComputeChoices is what any other first folder answers, with status 300: path
// as it would be in each version. path is the escaped path under the base.
func ComputeChoices(base, path string) Fields {
	var docs []versionDoc
	for _, d := range computeDocs {
		docs = append(docs, versionDoc{
			ID: d.doc.ID, Status: d.doc.Status,
			Links:      Self(base + "/" + d.folder + "/" + strings.Trim(path, "/")),
			MediaTypes: mediaTypes("compute", d.media),
		})
	}
	return Fields{F("choices", docs)}
}

// imageVersions are Glance's versions, all of which are served alike.
var imageVersions = []string{"v2.15", "v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0"}

// ImageRoot is what GET / answers on the image service, with status 300.
func ImageRoot(base string) Fields {
	var docs []versionDoc
	for _, id := range imageVersions {
		docs = append(docs, versionDoc{ID: id, Status: "SUPPORTED", Links: Self(base + "/v2/")})
	}
	docs[0].Status = "CURRENT"
	return versions(docs...)
}

// VolumeRoot is what GET / answers on the volume service, with status 300, and
// GET /v3/ with 200.
func VolumeRoot(base string, served Versions) Fields {
	return versions(versionDoc{
		ID: "v3.0", Status: "CURRENT", Version: new(served.Max.String()), MinVersion: new(served.Min.String()), Updated: "2021-09-16T00:00:00Z",
		Links:      []Link{{"describedby", "text/html", "https://docs.openstack.org/"}, {Rel: "self", Href: base + "/v3/"}},
		MediaTypes: mediaTypes("volume", "3"),
	})
}

// NetworkRoot is what GET / answers on the network service.
func NetworkRoot(base string) Fields {
	return versions(versionDoc{ID: "v2.0", Status: "CURRENT", Links: Self(base + "/v2.0/")})
}

// NetworkResource is a kind of thing that the network service lists.
type NetworkResource struct{ Name, Collection string }

// NetworkResources is what GET /v2.0/ answers on the network service.
func NetworkResources(base string, resources ...NetworkResource) Fields {
	list := make([]Fields, len(resources))
	for i, r := range resources {
		list[i] = Fields{
			F("links", Self(base+"/v2.0/"+strings.ReplaceAll(r.Collection, "_", "-"))),
			F("name", r.Name), F("collection", r.Collection),
		}
	}
	return Fields{F("resources", list)}
}

func identityDoc(base string) versionDoc {
	return versionDoc{ID: "v3.14", Status: "stable", Updated: "2020-04-07T00:00:00Z",
		Links:      Self(base + "/v3/"),
		MediaTypes: []mediaType{{plainJSON, "application/vnd.openstack.identity-v3+json"}}}
}

// IdentityRoot is what GET / answers on the identity service, with status 300
// and the header Location: base/v3/.
func IdentityRoot(base string) Fields {
	return Fields{F("versions", Fields{F("values", []versionDoc{identityDoc(base)})})}
}

// IdentityVersion is what GET /v3 answers on the identity service.
func IdentityVersion(base string) Fields { return Fields{F("version", identityDoc(base))} }

// IdentityV2Version is what GET /v2.0 answers on the identity service, where
// nothing points to it.
func IdentityV2Version(base string) Fields {
	return Fields{F("version", versionDoc{ID: "v2.0", Status: "deprecated", Updated: "2016-08-04T00:00:00Z",
		Links:      Self(base + "/v2.0/"),
		MediaTypes: []mediaType{{plainJSON, "application/vnd.openstack.identity-v2.0+json"}}})}
}
