package nova

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
)

// usagePages is the microversion from which usage is cut into pages.
var usagePages = openstack.V(2, 40)

// usageRoutes are the calls on what projects' servers took
// (https://docs.openstack.org/api-ref/compute/#usage-reports-os-simple-tenant-usage).
func (d *Dialect) usageRoutes() []openstack.Route {
	const all, rule = "/v2.1/os-simple-tenant-usage", "os_compute_api:os-simple-tenant-usage:"
	return []openstack.Route{
		{Method: http.MethodGet, Pattern: all, Access: identity.Administrator, Rule: rule + "list", Query: usageQuery, Handle: d.listUsage},
		{Method: http.MethodGet, Pattern: all + "/{project}", Access: identity.ProjectReader, Rule: rule + "show", Query: usageQuery, Handle: d.showUsage},
	}
}

func usageQuery(v openstack.Microversion) schema.Parameters {
	p := schema.Parameters{
		Known: []schema.Parameter{
			{Name: "start", Schema: plainText}, {Name: "end", Schema: plainText}, {Name: "detailed", Schema: plainText},
		},
		Closed: v.AtLeast(closedQueries),
	}
	if v.AtLeast(usagePages) {
		p.Known = append(p.Known, schema.Parameter{Name: "limit", Schema: pageSize}, schema.Parameter{Name: "marker", Schema: plainText})
	}
	return p
}

// span of time that a report is about.
type period struct{ from, until time.Time }

// usageTimes are the forms of time that Nova reads here; all are UTC.
var usageTimes = []string{"2006-01-02T15:04:05", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999"}

// periodAsked reads start and end; what is not given is now.
func periodAsked(q schema.Query, now time.Time) (period, error) {
	p := period{now, now}
	for name, to := range map[string]*time.Time{"start": &p.from, "end": &p.until} {
		text := q.First(name)
		if text == "" {
			continue
		}
		ok := false
		for _, layout := range usageTimes {
			if t, err := time.Parse(layout, text); err == nil {
				*to, ok = t, true
				break
			}
		}
		if !ok {
			return p, fault.Invalidf(name, "Datetime is in invalid format")
		}
	}
	if p.from.After(p.until) {
		return p, fault.Invalidf("start", "Invalid start time. The start time cannot occur after the end time.")
	}
	return p, nil
}

func (d *Dialect) listUsage(w http.ResponseWriter, c *openstack.Call) error {
	return d.usage(w, c, "", c.Query.First("detailed") == "1", func(reports []openstack.Fields) openstack.Field {
		return openstack.F("tenant_usages", reports)
	})
}

func (d *Dialect) showUsage(w http.ResponseWriter, c *openstack.Call) error {
	return d.usage(w, c, c.PathValue("project"), true, func(reports []openstack.Fields) openstack.Field {
		if len(reports) == 0 {
			return openstack.F("tenant_usage", openstack.Fields{})
		}
		return openstack.F("tenant_usage", reports[0])
	})
}

func (d *Dialect) usage(w http.ResponseWriter, c *openstack.Call, project string, detailed bool, member func([]openstack.Fields) openstack.Field) error {
	now := d.opt.Now().UTC()
	p, err := periodAsked(c.Query, now)
	if err != nil {
		return err
	}
	all, err := d.opt.Compute.Spells(c.Context(), c.Caller, project, p.from, p.until.Add(time.Microsecond))
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b compute.Spell) int {
		return cmp.Or(a.From.Compare(b.From), strings.Compare(a.InstanceID, b.InstanceID))
	})
	out := openstack.Fields{}
	if c.Version.AtLeast(usagePages) {
		var full bool
		if all, full, err = spellPage(c.Query, all); err != nil {
			return err
		}
		if full {
			name, list := "tenant_usages_links", c.Self("/os-simple-tenant-usage")
			if project != "" {
				name, list = "tenant_usage_links", list+"/"+project
			}
			out = append(out, openstack.F(name, openstack.NextPage(list, c.Query, all[len(all)-1].InstanceID)))
		}
	}
	var reports []openstack.Fields
	for len(all) > 0 {
		of := all[0].ProjectID
		var rest, its []compute.Spell
		for _, s := range all {
			if s.ProjectID == of {
				its = append(its, s)
			} else {
				rest = append(rest, s)
			}
		}
		reports = append(reports, report(of, its, p, now, detailed))
		all = rest
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, append(openstack.Fields{member(reports)}, out...))
	return nil
}

func spellPage(q schema.Query, all []compute.Spell) (page []compute.Spell, full bool, err error) {
	all, ok := openstack.After(all, q.Last("marker"), func(s compute.Spell) string { return s.InstanceID })
	if !ok {
		return nil, false, unknownServerMarker(q.Last("marker"))
	}
	page, full = firstOf(q, all)
	return page, full, nil
}

// report sums up what a project's servers took in a period.
func report(project string, spells []compute.Spell, p period, now time.Time, detailed bool) openstack.Fields {
	var hours, disk, memory, cpus float64
	var servers []openstack.Fields
	// What has not happened yet has taken nothing.
	until := p.until
	if now.Before(until) {
		until = now
	}
	for _, s := range spells {
		h := s.Hours(p.from, until)
		hours += h
		disk += h * float64(s.DiskGiB)
		memory += h * float64(s.RAMMiB)
		cpus += h * float64(s.VCPUs)
		state, ended := string(s.State), any(nil)
		end := now
		if !s.Until.IsZero() {
			state, ended, end = "terminated", micros(s.Until), s.Until
		}
		servers = append(servers, openstack.Fields{
			openstack.F("instance_id", s.InstanceID), openstack.F("name", s.Name), openstack.F("hours", h), openstack.F("flavor", s.Flavor),
			openstack.F("tenant_id", project), openstack.F("vcpus", s.VCPUs), openstack.F("memory_mb", s.RAMMiB), openstack.F("local_gb", s.DiskGiB),
			openstack.F("started_at", micros(s.From)), openstack.F("ended_at", ended), openstack.F("state", state),
			openstack.F("uptime", int64(end.Sub(s.From).Seconds())),
		})
	}
	out := openstack.Fields{
		openstack.F("tenant_id", project), openstack.F("start", micros(p.from)), openstack.F("stop", micros(p.until)),
		openstack.F("total_hours", hours), openstack.F("total_local_gb_usage", disk),
		openstack.F("total_memory_mb_usage", memory), openstack.F("total_vcpus_usage", cpus),
	}
	if detailed {
		out = append(out, openstack.F("server_usages", servers))
	}
	return out
}
