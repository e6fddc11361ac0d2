package nova

import (
	"net/http"
	"strconv"

	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
	"github.com/keyreeve/keyreeve/internal/identity"
	"github.com/keyreeve/keyreeve/internal/keypair"
)

// Key pairs belong to the user, not to the project, so any valid token will do
// (https://docs.openstack.org/api-ref/compute/#keypairs-keypairs).
func (d *Dialect) keypairRoutes() []openstack.Route {
	const list, one = "/v2.1/os-keypairs", "/v2.1/os-keypairs/{name}"
	const rule = "os_compute_api:os-keypairs:"
	return []openstack.Route{
		{Method: http.MethodGet, Pattern: list, Access: identity.AnyUser, Rule: rule + "index", Query: keyPairListQuery, Handle: d.listKeyPairs},
		{Method: http.MethodPost, Pattern: list, Access: identity.AnyUser, Rule: rule + "create", Body: keyPairCreate, Handle: d.createKeyPair},
		{Method: http.MethodGet, Pattern: one, Access: identity.AnyUser, Rule: rule + "show", Query: keyPairQuery, Handle: d.showKeyPair},
		{Method: http.MethodDelete, Pattern: one, Access: identity.AnyUser, Rule: rule + "delete", Query: keyPairQuery, Handle: d.deleteKeyPair},
	}
}

func (d *Dialect) createKeyPair(w http.ResponseWriter, c *openstack.Call) error {
	in, rules := c.Input.At("keypair"), d.KeyPairRules(c.Version)
	req := keypair.Request{Name: in.At("name").Text(), Type: keypair.SSH}
	if c.Version.AtLeast(withType) && in.At("type").Exists() {
		req.Type = keypair.Type(in.At("type").Text())
	}
	if c.Version.AtLeast(withUser) {
		req.UserID = in.At("user_id").Text()
	}
	var k keypair.KeyPair
	var private string
	var err error
	if key := in.At("public_key"); key.Exists() {
		k, _, err = d.opt.KeyPairs.Import(c.Context(), c.Caller, rules, req, key.Text())
		err = aboutKeyData(err, req.Type)
	} else {
		k, private, err = d.generate(c, rules, req)
	}
	if err != nil {
		return err
	}
	status := http.StatusOK
	if c.Version.AtLeast(withType) {
		status = http.StatusCreated
	}
	d.style.JSON(w, c.Request, c.Version, status, viewMade(c.Version, k, private))
	return nil
}

func (d *Dialect) generate(c *openstack.Call, rules keypair.Rules, req keypair.Request) (keypair.KeyPair, string, error) {
	k, private, err := d.opt.KeyPairs.Generate(c.Context(), c.Caller, rules, req)
	if err != nil {
		return keypair.KeyPair{}, "", err
	}
	return k, private.Text(), nil
}

func (d *Dialect) showKeyPair(w http.ResponseWriter, c *openstack.Call) error {
	name, user := c.PathValue("name"), userAsked(c)
	k, err := d.opt.KeyPairs.Get(c.Context(), c.Caller, d.KeyPairRules(c.Version), user, name)
	if err != nil {
		return aboutKeyPair(err, name, user)
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, viewShown(c.Version, k))
	return nil
}

func (d *Dialect) deleteKeyPair(w http.ResponseWriter, c *openstack.Call) error {
	name, user := c.PathValue("name"), userAsked(c)
	if err := d.opt.KeyPairs.Delete(c.Context(), c.Caller, d.KeyPairRules(c.Version), user, name); err != nil {
		return aboutKeyPair(err, name, user)
	}
	status := http.StatusAccepted
	if c.Version.AtLeast(withType) {
		status = http.StatusNoContent
	}
	d.style.Empty(w, c.Request, c.Version, status)
	return nil
}

// withUser is the microversion in which administrators began to act for others.
var withUser = openstack.V(2, 10)

// userAsked returns whose key pairs a call is about. Of several user_id the
// first one counts.
func userAsked(c *openstack.Call) string {
	if c.Version.AtLeast(withUser) {
		if id := c.Query.First("user_id"); id != "" {
			return id
		}
	}
	return c.Caller.User.ID
}

// withPages is the microversion in which lists got pages. Before it Nova reads
// neither limit nor marker, which makes clients that send them ask for ever:
// here both work, and what is wrong with them is ignored. Whoever asks for the
// page after a key pair that was deleted meanwhile gets what stands after its
// name, so that no list begins anew.
var withPages = openstack.V(2, 35)

func (d *Dialect) listKeyPairs(w http.ResponseWriter, c *openstack.Call) error {
	paged := c.Version.AtLeast(withPages)
	page := keypair.Page{After: c.Query.Last("marker"), Limit: limitAsked(c.Query)}
	page.Gone = !paged && c.Query.Has("limit")
	if paged && page.After == "" && c.Query.Has("marker") {
		return unknownMarker("")
	}
	rules, user := d.KeyPairRules(c.Version), userAsked(c)
	all, err := d.opt.KeyPairs.List(c.Context(), c.Caller, rules, user, page)
	if page.After != "" && fault.Is(err, fault.Invalid) {
		if paged {
			return unknownMarker(page.After)
		}
		page.After = ""
		all, err = d.opt.KeyPairs.List(c.Context(), c.Caller, rules, user, page)
	}
	if err != nil {
		return err
	}
	out := keypairList{KeyPairs: make([]keypairBody[keypairListed], len(all))}
	for i, k := range all {
		out.KeyPairs[i] = viewListed(c.Version, k)
	}
	if paged && len(all) > 0 && len(all) == page.Limit {
		out.Links = openstack.NextPage(c.Self("/os-keypairs"), c.Query, all[len(all)-1].Name)
	}
	d.style.JSON(w, c.Request, c.Version, http.StatusOK, out)
	return nil
}

func unknownMarker(name string) error {
	return fault.Invalidf("marker", "Marker %s could not be found.", name)
}

// limitAsked returns the most items to list. Of several limits the last one
// counts; none, and one beyond the most, is the most.
func limitAsked(q schema.Query) int {
	n, err := strconv.Atoi(q.Last("limit"))
	if err != nil || n < 0 {
		return keypair.MaxList
	}
	return min(n, keypair.MaxList)
}
