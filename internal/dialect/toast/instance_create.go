package toast

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// nameChars are what an instance's name may have.
const nameChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."

// longestName is the most characters of an instance's name, by its image.
var longestName = map[compute.OSType]int{compute.Linux: 20, compute.Windows: 12}

// creation is the body of the call, as far as its own form tells.
type creation struct {
	name, image, flavor, zone, keyName string
	networks                           []networkChoice
	groups                             []string
	count                              int
	volumeSize                         int // 0 when absent
	volumeType                         string
	volume                             bool // there is one of the two
}

// networkChoice names a network by its own id or by that of a subnet.
type networkChoice struct{ id, subnetID string }

func readCreation(body object) (creation, error) {
	in := body.object("instance")
	r := creation{name: in.word("name"), image: in.word("image"), flavor: in.word("flavor"), count: 1}
	for _, n := range in.objects("networks") {
		choice := networkChoice{}
		choice.id, _ = n.textIf("id")
		choice.subnetID, _ = n.textIf("subnetId")
		switch {
		case choice.id != "" && choice.subnetID != "":
			n.complain("subnetId", "must not be given with id")
		case choice.subnetID == "" && choice.id == "":
			n.complain("id", "is required")
		}
		r.networks = append(r.networks, choice)
	}
	r.zone, r.keyName = in.word("availabilityZone"), in.word("keyName")
	if n, ok := in.integerIf("count", 1, 10); ok {
		r.count = n
	}
	volume, _ := in.objectIf("volume")
	r.volume = volume.has("size") || volume.has("type")
	r.volumeSize, _ = volumeSize(volume)
	r.volumeType = volumeType(volume, "type")
	for _, g := range in.objects("securityGroups") {
		r.groups = append(r.groups, g.word("name"))
	}
	if r.name != "" && strings.Trim(r.name, nameChars) != "" {
		in.complain("name", "may have only letters, digits, '-' and '.'")
	}
	return r, body.err()
}

// agrees holds what the call says against the image and the flavor it names.
func (r creation) agrees(i compute.Image, f compute.Flavor) error {
	longest, known := longestName[i.OSType]
	if !known {
		longest = longestName[compute.Linux]
	}
	fixed := f.DiskGiB > 0
	switch {
	case len(r.name) > longest:
		return badParameter("instance.name", fmt.Sprintf("must have at most %d characters with this image", longest))
	case fixed && r.volume:
		return badParameter("instance.volume", fmt.Sprintf("must be absent: flavor %s has a disk of %d GB", f.Name, f.DiskGiB))
	case !fixed && r.volumeSize == 0:
		return badParameter("instance.volume.size", "is required: flavor "+f.Name+" has no disk of its own")
	case !fixed && r.volumeSize < i.MinDiskGiB:
		return badParameter("instance.volume.size", fmt.Sprintf("must be between %d and %d with this image", i.MinDiskGiB, maxVolume))
	}
	return nil
}

func (d *Dialect) createInstance(c *call) (answer, error) {
	in, err := readCreation(c.body)
	if err != nil {
		return nil, err
	}
	req, err := d.creationRequest(c, in)
	if err != nil {
		return nil, aboutCreation(err, c.caller.ProjectID())
	}
	made, err := d.opt.Compute.Create(c.Context(), c.caller, req)
	if err != nil {
		return nil, aboutCreation(err, c.caller.ProjectID())
	}
	return &instanceAnswer{Instance: viewInstance(made[0])}, nil
}

func (d *Dialect) creationRequest(c *call, in creation) (compute.CreateRequest, error) {
	var none compute.CreateRequest
	image, err := d.opt.Compute.Image(c.Context(), c.caller, in.image)
	if err != nil {
		return none, err
	}
	flavor, err := d.opt.Compute.Flavor(c.Context(), c.caller, in.flavor)
	if err != nil {
		return none, err
	}
	if err := in.agrees(image, flavor); err != nil {
		return none, err
	}
	req := compute.CreateRequest{
		Name: in.name, FlavorID: flavor.ID, ImageID: image.ID, Zone: in.zone,
		KeyName: in.keyName, Keys: d.rules.View(c.caller, ""), MinCount: in.count, MaxCount: in.count,
	}
	if flavor.DiskGiB == 0 {
		req.Disks = []compute.Disk{in.rootDisk()}
	}
	if req.Networks, err = d.networksOf(c, in.networks); err != nil {
		return none, err
	}
	req.Groups = in.groups
	return req, nil
}

// networksOf finds the networks that the call means.
func (d *Dialect) networksOf(c *call, wanted []networkChoice) ([]compute.NICRequest, error) {
	all, err := d.opt.Compute.Networks(c.Context(), c.caller)
	if err != nil {
		return nil, err
	}
	var out []compute.NICRequest
	for _, w := range wanted {
		k := slices.IndexFunc(all, func(n compute.Network) bool {
			return !n.External && n.Subnet != nil && (w.id == n.ID || w.id == "" && w.subnetID == n.Subnet.ID)
		})
		if k < 0 {
			return nil, fault.Missing("network", w.id+w.subnetID)
		}
		out = append(out, compute.NICRequest{NetworkID: all[k].ID})
	}
	return out, nil
}

// aboutCreation says what was wrong with what a new instance was to have: that
// is a bad request for an instance, whatever it would be by itself.
func aboutCreation(err error, projectID string) error {
	err = aboutVolumeQuota(onVolume(err))
	var e *fault.Error
	if !errors.As(err, &e) {
		return err
	}
	bad := func(text string) error {
		return &failure{code: ofInstance.code(http.StatusBadRequest), detail: text}
	}
	switch {
	case e.Kind == fault.NotFound && e.Resource == "image", e.Kind == fault.Conflict && e.Resource == "image":
		return bad("Can not find requested image")
	case e.Kind == fault.NotFound && e.Resource == "flavor":
		return bad(fmt.Sprintf("Flavor %s could not be found.", e.Name))
	case e.Kind == fault.NotFound && e.Resource == "key pair":
		return bad("Invalid key_name provided.")
	case e.Kind == fault.NotFound && e.Resource == "security group":
		return bad(fmt.Sprintf("Security group %s not found for project %s.", e.Name, projectID))
	case e.Kind == fault.Conflict && e.Resource == "security group":
		return bad(e.Msg)
	case e.Kind == fault.Invalid && e.Field == "availability_zone":
		return bad("The requested availability zone is not available")
	}
	return aboutSize(err)
}
