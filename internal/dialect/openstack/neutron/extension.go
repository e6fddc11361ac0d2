package neutron

import (
	"net/http"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// extension is a part of the API beyond its core. Clients look here before they
// use one.
type extension struct {
	Name        string   `json:"name"`
	Alias       string   `json:"alias"`
	Description string   `json:"description"`
	Updated     string   `json:"updated"`
	Links       []string `json:"links"`
}

// extensions are the parts whose members are shown
// (neutron_lib/api/definitions).
var extensions = []extension{
	{Name: "security-group", Alias: "security-group", Description: "The security groups extension.", Updated: "2012-10-05T10:00:00-00:00"},
	{Name: "Quota management support", Alias: "quotas", Description: "Expose functions for quotas management per project", Updated: "2012-07-29T10:00:00-00:00"},
	{Name: "Neutron external network", Alias: "external-net", Description: "Adds external network attribute to network resource.", Updated: "2013-01-14T10:00:00-00:00"},
	{Name: "Neutron L3 Router", Alias: "router", Description: "Router abstraction for basic L3 forwarding between L2 Neutron networks and access to external networks via a NAT gateway.", Updated: "2012-07-20T10:00:00-00:00"},
	{Name: "Port Security", Alias: "port-security", Description: "Provides port security", Updated: "2012-07-23T10:00:00-00:00"},
	{Name: "Network MTU", Alias: "net-mtu", Description: "Provides MTU attribute for a network resource.", Updated: "2015-03-25T10:00:00-00:00"},
	{Name: "Allowed Address Pairs", Alias: "allowed-address-pairs", Description: "Provides allowed address pairs", Updated: "2013-07-23T10:00:00-00:00"},
	{Name: "project_id field enabled", Alias: "project-id", Description: "Extension that indicates that project_id field is enabled.", Updated: "2016-09-09T09:09:09-00:00"},
	{Name: "standard-attr-description", Alias: "standard-attr-description", Description: "Extension to add descriptions to standard attributes", Updated: "2016-02-10T10:00:00-00:00"},
	{Name: "Resource timestamps", Alias: "standard-attr-timestamp", Description: "Adds created_at and updated_at fields to all Neutron resources that have Neutron standard attributes.", Updated: "2016-09-12T10:00:00-00:00"},
	{Name: "Resource revision numbers", Alias: "standard-attr-revisions", Description: "This extension will display the revision number of neutron resources.", Updated: "2016-04-11T10:00:00-00:00"},
	{Name: "If-Match constraints based on revision_number", Alias: "revision-if-match", Description: "Extension indicating that If-Match based on revision_number is supported.", Updated: "2016-12-11T00:00:00-00:00"},
	{Name: "Stateful security group", Alias: "stateful-security-group", Description: "Indicates if the security group is stateful or not", Updated: "2019-11-26T09:00:00-00:00"},
	{Name: "Normalized CIDR field for security group rules", Alias: "security-groups-normalized-cidr", Description: "Add new field with normalized remote_ip_prefix cidr in SG rule", Updated: "2020-07-01T10:00:00-00:00"},
	{Name: "Quota details management support", Alias: "quota_details", Description: "Expose functions for quotas usage statistics per project", Updated: "2017-02-10T10:00:00-00:00"},
	{Name: "Availability Zone", Alias: "availability_zone", Description: "The availability zone extension.", Updated: "2015-01-01T10:00:00-00:00"},
	{Name: "Tag support for resources with standard attribute: floatingip, network, port, router, security_group, subnet", Alias: "standard-attr-tag", Description: "Enables to set tag on resources with standard attribute.", Updated: "2017-01-01T00:00:00-00:00"},
	{Name: "Pagination support", Alias: "pagination", Description: "Extension that indicates that pagination is enabled.", Updated: "2016-06-12T00:00:00-00:00"},
	{Name: "Sorting support", Alias: "sorting", Description: "Extension that indicates that sorting is enabled.", Updated: "2016-06-12T00:00:00-00:00"},
}

func (d *Dialect) listExtensions(w http.ResponseWriter, c *openstack.Call) error {
	d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{openstack.F("extensions", extensions)})
	return nil
}

func (d *Dialect) showExtension(w http.ResponseWriter, c *openstack.Call) error {
	for _, e := range extensions {
		if e.Alias == c.PathValue("alias") {
			d.style.JSON(w, c.Request, http.StatusOK, openstack.Fields{openstack.F("extension", e)})
			return nil
		}
	}
	return fault.Missing("extension", c.PathValue("alias"))
}
