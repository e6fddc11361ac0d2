package nova

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// disksAsked returns the image that a new server's own disk is made from, "" when
// it boots from a volume, and its volumes. They are said in
// block_device_mapping_v2, or in the older block_device_mapping
// (https://docs.openstack.org/nova/latest/user/block-device-mapping.html).
func disksAsked(in schema.Value, servers int) (image string, disks []compute.Disk, err error) {
	image = in.At("imageRef").Text()
	list, old := in.At("block_device_mapping_v2").Items(), in.At("block_device_mapping").Items()
	switch {
	case len(list) > 0 && len(old) > 0:
		return "", nil, fault.Invalidf("block_device_mapping", "Using different block_device_mapping syntaxes is not allowed in the same request.")
	case len(list) == 0 && len(old) == 0 && image == "":
		return "", nil, fault.Invalidf("imageRef", "Missing imageRef attribute")
	case len(old) > 0:
		disks, err = olderDisks(old, image != "")
	case len(list) > 0:
		disks, err = newerDisks(list, image)
	}
	if err != nil {
		return "", nil, err
	}
	if servers > 1 && slices.ContainsFunc(disks, func(d compute.Disk) bool { return d.VolumeID != "" }) {
		return "", nil, fault.Invalidf("block_device_mapping_v2", "Cannot attach one or more volumes to multiple instances")
	}
	return image, disks, nil
}

// badMapping is Nova's InvalidBDMFormat.
func badMapping(format string, args ...any) error {
	return fault.Invalidf("block_device_mapping_v2", "Block Device Mapping is Invalid: "+format, args...)
}

const badSequence = "Boot sequence for the instance and image/block device mapping combination is not valid."

// newerDisks reads block_device_mapping_v2. The server's own disk is an entry
// of it too, which makes no volume.
func newerDisks(list []schema.Value, image string) ([]compute.Disk, error) {
	var disks []compute.Disk
	var order []int64
	for _, in := range list {
		if in.At("no_device").Truth() {
			continue
		}
		index := int64(-1)
		if n, ok := in.At("boot_index").Int64(); ok {
			index = n
		}
		if index >= 0 {
			order = append(order, index)
		}
		d, local, err := newerDisk(in, index, image)
		if err != nil {
			return nil, err
		}
		if !local {
			disks = append(disks, d)
		}
	}
	slices.Sort(order)
	for k, index := range order {
		if index != int64(k) {
			return nil, badMapping(badSequence)
		}
	}
	if len(order) == 0 {
		return nil, badMapping(badSequence)
	}
	return disks, nil
}

// newerDisk reads one entry; local is true for the server's own disk.
func newerDisk(in schema.Value, index int64, image string) (d compute.Disk, local bool, err error) {
	source, target, id := in.At("source_type").Text(), in.At("destination_type").Text(), in.At("uuid").Text()
	if target == "" {
		target = map[string]string{"volume": "volume", "snapshot": "volume"}[source]
	}
	if id == "" {
		id = in.At(source + "_id").Text() // as older clients have it
	}
	size, _ := in.At("volume_size").Int64()
	kind := in.At("volume_type").Text()
	switch {
	case source == "":
		return d, false, badMapping("Invalid source_type field.")
	case source == "blank" && id != "":
		return d, false, badMapping("Invalid device UUID.")
	case source != "blank" && id == "":
		return d, false, badMapping("Missing device UUID.")
	case source == "image" && target != "volume" && (image == "" || index != 0):
		return d, false, badMapping("Mapping image to local is not supported.")
	case target != "volume" && kind != "":
		return d, false, badMapping("Specifying a volume_type with destination_type=local is not supported.")
	case source == "volume" && kind != "":
		return d, false, badMapping("Specifying volume type to existing volume is not supported.")
	case source == "image" && target != "volume" && id != image:
		return d, false, badMapping("the boot disk's image is not imageRef.")
	case source == "image" && target != "volume":
		return d, true, nil
	case source == "blank" && target != "volume" && in.At("guest_format").Text() == "swap":
		return d, false, fault.Invalidf("block_device_mapping_v2", "Swap drive requested is larger than instance type allows.")
	case source == "blank" && target != "volume":
		return d, false, fault.Invalidf("block_device_mapping_v2", "Ephemeral disks requested are larger than the instance type allows. If no size is given in one block device mapping, flavor ephemeral size will be used.")
	case target != "volume":
		return d, false, badMapping("Mapping %s to local is not supported.", source)
	case source == "image" && size == 0:
		return d, false, fault.Invalidf("block_device_mapping_v2", "Images with destination_type 'volume' need to have a non-zero size specified")
	case source == "blank" && size == 0:
		return d, false, fault.Invalidf("block_device_mapping_v2", "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size")
	}
	d = compute.Disk{
		Boot: index == 0, Device: in.At("device_name").Text(), Tag: in.At("tag").Text(),
		DeleteOnTermination: in.At("delete_on_termination").Truth(),
	}
	switch source {
	case "volume":
		d.VolumeID = id
	case "image":
		d.ImageID = id
	case "snapshot":
		d.SnapshotID = id
	}
	if d.VolumeID == "" {
		d.SizeGiB, d.Type = int(min(size, compute.MaxVolumeGiB+1)), kind
	}
	return d, false, nil
}

// olderDisks reads block_device_mapping, whose entries are volumes and
// snapshots at a device each. The one at the root device boots.
func olderDisks(list []schema.Value, image bool) ([]compute.Disk, error) {
	var disks []compute.Disk
	boots := image
	for _, in := range list {
		if in.At("no_device").Truth() {
			continue
		}
		volume, snapshot := in.At("volume_id").Text(), in.At("snapshot_id").Text()
		device := strings.TrimPrefix(in.At("device_name").Text(), "/dev/")
		switch {
		case volume == "" && snapshot == "":
			return nil, badMapping("Missing device UUID.")
		case volume == "" && !isUUID(snapshot):
			return nil, badMapping("failed to get snapshot %s.", snapshot)
		case volume != "" && !isUUID(volume):
			return nil, badMapping("failed to get volume %s.", volume)
		}
		if volume != "" {
			snapshot = ""
		}
		size, _ := in.At("volume_size").Int64()
		d := compute.Disk{VolumeID: volume, SnapshotID: snapshot, SizeGiB: int(min(size, compute.MaxVolumeGiB+1)), Device: device, DeleteOnTermination: in.At("delete_on_termination").Truth()}
		if device == "vda" || device == "" {
			if boots {
				return nil, badMapping(badSequence)
			}
			d.Boot, boots = true, true
		}
		disks = append(disks, d)
	}
	if !boots {
		return nil, badMapping(badSequence)
	}
	return disks, nil
}

// aboutDisk says in Nova's words what is wrong with a disk of a new server.
func aboutDisk(bad *compute.BadDisk, err error) error {
	say := func(format string, args ...any) error {
		return &fault.Error{Kind: fault.Invalid, Field: "block_device_mapping_v2", Msg: fmt.Sprintf(format, args...), Err: err}
	}
	var f *fault.Error
	switch d := bad.Disk; {
	case errors.Is(bad, compute.ErrNotBootable):
		return say("Block Device %s is not bootable.", d.VolumeID+d.SourceID+d.SnapshotID)
	case errors.As(bad.Err, &f) && f.Resource == "volume type":
		return say("Volume type %s could not be found.", f.Name)
	case fault.Is(bad.Err, fault.NoCapacity), fault.Is(bad.Err, fault.Exists):
		return say("Block Device Mapping is Invalid: %s", messageOf(aboutDevice(bad.Err)))
	case d.VolumeID != "":
		return say("Block Device Mapping is Invalid: failed to get volume %s.", d.VolumeID)
	case d.SnapshotID != "" && (fault.Is(bad.Err, fault.NotFound) || fault.Is(bad.Err, fault.Conflict)):
		return say("Block Device Mapping is Invalid: failed to get snapshot %s.", d.SnapshotID)
	case fault.Is(bad.Err, fault.NotFound):
		return say("Block Device Mapping is Invalid: failed to get image %s.", d.ImageID)
	case f != nil && f.Msg != "":
		return say("%s", f.Msg)
	}
	return say("Block Device Mapping is Invalid.")
}

// aboutDevice says in Nova's words why a device cannot be had.
func aboutDevice(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Resource != "device" {
		return err
	}
	switch f.Kind {
	case fault.Exists:
		return &fault.Error{Kind: fault.Conflict, Msg: fmt.Sprintf("The supplied device path (%s) is in use.", f.Name), Err: err}
	case fault.NoCapacity:
		return &fault.Error{Kind: fault.Quota, Msg: f.Msg, Err: err}
	}
	return err
}
