package nova

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// match tells whether an instance has what a filter asks for.
type match func(compute.Instance) bool

// filter makes a match of the values that a query gives for one parameter.
type filter func(c *openstack.Call, values []string) (match, error)

// serverFilters are the filters of server lists by the microversion from which
// members may use them; administrators always may. What members may not use
// yet is ignored, as in Nova.
var serverFilters = []struct {
	name    string
	members openstack.Microversion
	make    filter
}{
	{"name", openstack.Microversion{}, expression(func(i compute.Instance) string { return i.Name })},
	{"status", openstack.Microversion{}, byStatus},
	{"image", openstack.Microversion{}, exact(func(i compute.Instance) string { return i.Image.ID })},
	{"flavor", openstack.Microversion{}, exact(func(i compute.Instance) string { return i.Flavor.ID })},
	{"ip", openstack.Microversion{}, byAddress(4)},
	{"ip6", openstack.V(2, 5), byAddress(6)},
	{"reservation_id", openstack.Microversion{}, expression(func(i compute.Instance) string { return i.ReservationID })},
	{"changes-since", openstack.Microversion{}, byTime(func(changed, bound time.Time) bool { return !changed.Before(bound) })},
	{"changes-before", openstack.V(2, 66), byTime(func(changed, bound time.Time) bool { return !changed.After(bound) })},
	{"deleted", adminOnly, byDeleted},
	{"tags", openstack.V(2, 26), byTags(false, true)},
	{"tags-any", openstack.V(2, 26), byTags(true, true)},
	{"not-tags", openstack.V(2, 26), byTags(false, false)},
	{"not-tags-any", openstack.V(2, 26), byTags(true, false)},
	{"locked", openstack.V(2, 73), byLock},
	{"availability_zone", openstack.V(2, 83), expression(func(i compute.Instance) string { return i.Zone })},
	{"config_drive", openstack.V(2, 83), boolean(false)},
	{"key_name", openstack.V(2, 83), expression(compute.Instance.KeyName)},
	{"created_at", openstack.V(2, 83), expression(func(i compute.Instance) string { return columnTime(i.CreatedAt) })},
	{"launched_at", openstack.V(2, 83), expression(func(i compute.Instance) string { return columnTime(i.LaunchedAt) })},
	{"terminated_at", openstack.V(2, 83), expression(func(compute.Instance) string { return "" })},
	{"power_state", openstack.V(2, 83), exact(func(i compute.Instance) string { return strconv.Itoa(powerStates[i.Power()]) })},
	{"task_state", openstack.V(2, 83), exact(func(i compute.Instance) string { return string(i.State.Task) })},
	{"vm_state", openstack.V(2, 83), exact(func(i compute.Instance) string { return string(i.State.VM) })},
	{"progress", openstack.V(2, 83), expression(func(compute.Instance) string { return "0" })},
	{"user_id", openstack.V(2, 83), exact(func(i compute.Instance) string { return i.UserID })},
	{"project_id", adminOnly, byProject},
	{"tenant_id", adminOnly, byProject},
	{"host", adminOnly, exact(func(i compute.Instance) string { return i.Node })},
	{"node", adminOnly, expression(func(i compute.Instance) string { return i.Node })},
	{"hostname", adminOnly, expression(compute.Instance.HostLabel)},
	{"uuid", adminOnly, exact(func(i compute.Instance) string { return i.ID })},
	{"display_name", adminOnly, expression(func(i compute.Instance) string { return i.Name })},
	{"launch_index", adminOnly, exact(func(i compute.Instance) string { return strconv.Itoa(i.LaunchIndex) })},
	{"image_ref", adminOnly, exact(func(i compute.Instance) string { return i.Image.ID })},
}

// adminOnly is a version that nobody can ask for.
var adminOnly = openstack.V(3, 0)

// matching makes one match of all filters in a call's query; nil matches all.
func matching(c *openstack.Call) (match, error) {
	var all []match
	for _, f := range serverFilters {
		values := c.Query.All(f.name)
		if values == nil || !c.Caller.Admin() && !c.Version.AtLeast(f.members) {
			continue
		}
		m, err := f.make(c, values)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	if all == nil {
		return nil, nil
	}
	return func(i compute.Instance) bool {
		for _, m := range all {
			if !m(i) {
				return false
			}
		}
		return true
	}, nil
}

func exact(of func(compute.Instance) string) filter {
	return func(_ *openstack.Call, values []string) (match, error) {
		return func(i compute.Instance) bool { return slices.Contains(values, of(i)) }, nil
	}
}

// byProject narrows a list of every project's servers; in a list of one project
// Nova leaves it unheard (https://bugs.launchpad.net/nova/+bug/1185290).
func byProject(c *openstack.Call, values []string) (match, error) {
	if all, err := allProjects(c); err != nil || !all {
		return func(compute.Instance) bool { return true }, err
	}
	return func(i compute.Instance) bool { return slices.Contains(values, i.ProjectID) }, nil
}

// expression finds a regular expression anywhere in the value.
func expression(of func(compute.Instance) string) filter {
	return func(_ *openstack.Call, values []string) (match, error) {
		res, err := compile(values)
		if err != nil {
			return nil, err
		}
		return func(i compute.Instance) bool { return res.match(of(i)) }, nil
	}
}

// expressions are regular expressions of which one has to be found, in any
// case, as Nova's database does it. Their syntax is RE2's, so that none takes
// long.
type expressions []*regexp.Regexp

func compile(texts []string) (expressions, error) {
	out := make(expressions, len(texts))
	for k, text := range texts {
		re, err := regexp.Compile("(?i:" + text + ")")
		if err != nil {
			return nil, fault.Invalidf("", "%s is not a regular expression", schema.QuoteText(text))
		}
		out[k] = re
	}
	return out, nil
}

func (e expressions) match(text string) bool {
	return slices.ContainsFunc(e, func(re *regexp.Regexp) bool { return re.MatchString(text) })
}

func byStatus(c *openstack.Call, values []string) (match, error) {
	known := map[string]bool{}
	for _, s := range statuses {
		known[s] = true
	}
	for _, s := range busyStatuses {
		known[s] = true
	}
	wanted := map[string]bool{}
	for _, v := range values {
		v = strings.ToUpper(v)
		switch {
		case v == "DELETED" && !c.Caller.Admin():
			return nil, openstack.Denied("os_compute_api:servers:index:deleted")
		case known[v]:
			wanted[v] = true
		}
	}
	if len(wanted) == 0 && c.Version.AtLeast(openstack.V(2, 38)) {
		return nil, fault.Invalidf("status", "Invalid status value")
	}
	return func(i compute.Instance) bool { return wanted[status(i.State)] }, nil
}

func byAddress(version int) filter {
	return func(_ *openstack.Call, values []string) (match, error) {
		res, err := compile(values)
		if err != nil {
			return nil, err
		}
		return func(i compute.Instance) bool {
			return slices.ContainsFunc(i.NICs, func(nic compute.NIC) bool {
				return ipVersion(nic) == version && res.match(nic.Addr.String())
			})
		}, nil
	}
}

func byTime(keep func(changed, bound time.Time) bool) filter {
	return func(_ *openstack.Call, values []string) (match, error) {
		bound, _ := parseTime(values[len(values)-1])
		return func(i compute.Instance) bool { return keep(i.UpdatedAt, bound) }, nil
	}
}

// byDeleted is about servers that are gone. None is kept, so asking for them
// finds nothing.
func byDeleted(_ *openstack.Call, values []string) (match, error) {
	wanted := truth(values[len(values)-1])
	return func(compute.Instance) bool { return !wanted }, nil
}

// boolean is about something that is the same for every server.
func boolean(is bool) filter {
	return func(_ *openstack.Call, values []string) (match, error) {
		wanted := truth(values[len(values)-1])
		return func(compute.Instance) bool { return wanted == is }, nil
	}
}

func byLock(_ *openstack.Call, values []string) (match, error) {
	wanted := truth(values[len(values)-1])
	return func(i compute.Instance) bool { return wanted == (i.Lock != nil) }, nil
}

// byTags wants any or all of the tags, separated by commas, there or not there.
func byTags(any, there bool) filter {
	return func(_ *openstack.Call, values []string) (match, error) {
		tags := strings.Split(strings.Join(values, ","), ",")
		return func(i compute.Instance) bool {
			has := func(tag string) bool { return slices.Contains(i.Tags, tag) }
			found := slices.ContainsFunc(tags, has)
			if !any {
				found = !slices.ContainsFunc(tags, func(tag string) bool { return !has(tag) })
			}
			return found == there
		}, nil
	}
}

func truth(s string) bool { return schema.TextValue(s).Truth() }

// columnTime writes a time as Nova's database prints it.
func columnTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05.000000")
}
