package glance

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/keyreeve/keyreeve/internal/compute"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack"
	"github.com/keyreeve/keyreeve/internal/dialect/openstack/schema"
	"github.com/keyreeve/keyreeve/internal/fault"
)

// delete answers DELETE /v2/images/{id}. Whoever may see an image and not
// delete it is told so.
func (d *Dialect) delete(w http.ResponseWriter, c *openstack.Call) error {
	id := c.PathValue("id")
	err := d.compute.DeleteImage(c.Context(), c.Caller, id)
	if errors.Is(err, compute.ErrProtected) {
		return openstack.Refused("Image " + id + " is protected and cannot be deleted.")
	}
	if err != nil {
		return err
	}
	d.style.Empty(w, c.Request, http.StatusNoContent)
	return nil
}

// patchTypes are the media types of a change: a JSON patch (RFC 6902) of the
// operations add, replace and remove, with paths of one member.
var patchTypes = []string{"application/openstack-images-v2.1-json-patch", "application/openstack-images-v2.0-json-patch"}

// maxChanges bounds the operations of one patch.
const maxChanges = 1000

// update answers PATCH /v2/images/{id}
// (https://docs.openstack.org/api-ref/image/v2/#update-image).
func (d *Dialect) update(w http.ResponseWriter, c *openstack.Call) error {
	kind, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if !slices.Contains(patchTypes, kind) {
		w.Header().Set("Accept-Patch", strings.Join(patchTypes, ", "))
		return openstack.ErrMediaType
	}
	body, err := openstack.ReadBody(c.Request)
	if err != nil {
		return err
	}
	changes, err := changesAsked(body)
	if err != nil {
		return err
	}
	i, err := d.edit(c, func(l *compute.ImageLabels) error {
		for _, ch := range changes {
			if err := ch.apply(l); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.style.JSON(w, c.Request, http.StatusOK, view(i))
	return nil
}

// edit changes what is written on the call's image. Making one public is under
// a rule of its own.
func (d *Dialect) edit(c *openstack.Call, change func(*compute.ImageLabels) error) (compute.Image, error) {
	i, err := d.compute.EditImage(c.Context(), c.Caller, c.PathValue("id"), func(l *compute.ImageLabels) error {
		was := l.Public
		if err := change(l); err != nil {
			return err
		}
		if l.Public && !was && !c.Caller.Admin() {
			return openstack.Denied("publicize_image")
		}
		return nil
	})
	var over *compute.TooMany
	if errors.As(err, &over) {
		err = &fault.Error{Kind: fault.Quota, Err: err,
			Msg: fmt.Sprintf("The limit has been exceeded on the number of allowed %s. Maximum: %d", over.Resource, over.Limit)}
	}
	return i, err
}

// change is one operation of a patch.
type change struct {
	op, member string
	value      schema.Value
}

func changesAsked(body schema.Value) ([]change, error) {
	if body.Kind() != schema.List {
		return nil, fault.Invalidf("", "Request body must be a JSON array of operation objects.")
	}
	var out []change
	for _, item := range body.Items() {
		if item.Kind() != schema.Map {
			return nil, fault.Invalidf("", "Operations must be JSON objects.")
		}
		ch := change{op: item.At("op").Text(), value: item.At("value")}
		path := item.At("path").Text()
		// The older form names the path by the operation.
		for _, op := range []string{"add", "replace", "remove"} {
			if old := item.At(op); ch.op == "" && old.Exists() {
				ch.op, path = op, old.Text()
			}
		}
		switch {
		case ch.op != "add" && ch.op != "replace" && ch.op != "remove":
			return nil, fault.Invalidf("op", "Operations must be one of 'add', 'remove', 'replace'.")
		case !strings.HasPrefix(path, "/"):
			return nil, fault.Invalidf("path", "Pointer `%s` does not start with \"/\".", path)
		case path == "/" || strings.Contains(path[1:], "/"):
			return nil, fault.Invalidf("path", "Invalid JSON pointer for this resource: '%s'", path)
		case ch.op != "remove" && !ch.value.Exists():
			return nil, fault.Invalidf("value", "Operation \"%s\" requires a member named \"value\".", ch.op)
		}
		ch.member = strings.NewReplacer("~1", "/", "~0", "~").Replace(path[1:])
		out = append(out, ch)
	}
	if len(out) > maxChanges {
		return nil, fault.Invalidf("", "A patch has at most %d operations.", maxChanges)
	}
	return out, nil
}

// apply does the operation. Faults: Invalid, Forbidden (read-only), Conflict
// (nothing to replace or remove).
func (ch change) apply(l *compute.ImageLabels) error {
	switch ch.member {
	case "name":
		return ch.text(&l.Name)
	case "min_ram":
		return ch.number(&l.MinRAMMiB)
	case "min_disk":
		return ch.number(&l.MinDiskGiB)
	case "visibility":
		return ch.visibility(&l.Public)
	case "protected":
		return ch.truth(&l.Protected)
	case "os_hidden":
		return ch.truth(&l.Hidden)
	case "tags":
		return ch.tags(&l.Tags)
	}
	// What an image says of its guests belongs to its disk.
	if slices.Contains(baseNames, ch.member) || slices.Contains([]string{"os_type", "os_distro", "os_version", "os_admin_user"}, ch.member) {
		return openstack.Refused(fmt.Sprintf("Attribute '%s' is read-only.", ch.member))
	}
	_, there := l.Properties[ch.member]
	if ch.op != "add" && !there {
		return &fault.Error{Kind: fault.Conflict, Msg: fmt.Sprintf("Property %s does not exist.", ch.member)}
	}
	if ch.op == "remove" {
		delete(l.Properties, ch.member)
		return nil
	}
	var value string
	if err := ch.text(&value); err != nil {
		return err
	}
	l.Properties[ch.member] = value
	return nil
}

// stays refuses to remove what every image has.
func (ch change) stays() error {
	if ch.op == "remove" {
		return openstack.Refused(fmt.Sprintf("Property %s may not be removed.", ch.member))
	}
	return nil
}

// mismatch is a value that the schema of images does not take.
func (ch change) mismatch(why string) error {
	return fault.Invalidf(ch.member, "Provided object does not match schema 'image': %s %s", ch.value.Repr(), why)
}

func (ch change) truth(to *bool) error {
	if err := ch.stays(); err != nil {
		return err
	}
	if ch.value.Kind() != schema.Bool {
		return ch.mismatch("is not of type 'boolean'")
	}
	*to = ch.value.Truth()
	return nil
}

func (ch change) visibility(public *bool) error {
	if err := ch.stays(); err != nil {
		return err
	}
	switch text := ch.value.Text(); text {
	case "public", "private":
		*public = text == "public"
		return nil
	case "shared", "community":
		return openstack.Refused("An image is private or public here: it is not shared with projects of its owner's choice, and there are no " + text + " images.")
	}
	return ch.mismatch("is not one of ['community', 'public', 'private', 'shared']")
}

func (ch change) tags(to *[]string) error {
	if err := ch.stays(); err != nil {
		return err
	}
	if ch.value.Kind() != schema.List {
		return ch.mismatch("is not of type 'array'")
	}
	tags := []string{}
	for _, item := range ch.value.Items() {
		if item.Kind() != schema.Text {
			return ch.mismatch("is not a list of texts")
		}
		if err := checkTag(item.Text()); err != nil {
			return err
		}
		tags = append(tags, item.Text())
	}
	*to = tags
	return nil
}

func (ch change) text(to *string) error {
	if err := ch.stays(); err != nil {
		return err
	}
	if ch.value.Kind() != schema.Text || utf8.RuneCountInString(ch.value.Text()) > 255 && ch.member == "name" {
		return ch.mismatch("is not of type 'string'")
	}
	*to = ch.value.Text()
	return nil
}

func (ch change) number(to *int) error {
	n, ok := ch.value.Int64()
	if ch.op == "remove" || ch.value.Kind() != schema.Int || !ok || n < 0 || n > 1<<31-1 {
		return ch.mismatch("is not of type 'integer'")
	}
	*to = int(n)
	return nil
}
