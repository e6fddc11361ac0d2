package openstack

// imageChapters are what the owner of an image decides about it, and what
// becomes of its data.
var imageChapters = []chapter{
	{"an image of one's own", builder, []line{
		does("server create --image alpine-3.22 --flavor m1.tiny picture"),
		becomes("server show -f value -c status picture", "ACTIVE"),
		does("server image create --name frame picture"),
		becomes("image show frame", "| status | active |"),
		keeps("id", "image show -f value -c id frame"),
		does("image set --deactivate frame"),
		does("image show frame", "| status | deactivated |"),
		fails("server create --image frame --flavor m1.tiny never", "Image {id} is not active. (HTTP 400)"),
		fails("server rebuild --image frame picture", "Image {id} is not active. (HTTP 400)"),
		fails("volume create --image frame --size 1 never", "Image {id} is not active. (HTTP 400)"),
		does("image set --activate frame"),
		does("image set --tag a --tag b --property k=v --min-ram 5 --protected frame"),
		does("image show frame", "| status | active |", "| protected | True |", "| tags | a, b |", "k='v'", "| min_ram | 5 |"),
		fails("image delete frame", "Failed to delete 1 of 1 images."),
		does("image unset --tag a --property k frame"),
		does("image list --tag b -f value -c Name", "frame"),
		does("image list --tag a -f value -c Name", "!frame"),
		does("image set --hidden --unprotected frame"),
		does("image list -f value -c Name", "!frame"),
		does("image list --hidden -f value -c Name", "frame"),
		does("image set --unhidden --private frame"),
		fails("image set --public frame", "publicize_image"),
		does("image save --file frame.img frame"), // of which nothing comes: 204
		does("server create --image frame --flavor m1.tiny picture-2"),
		becomes("server show -f value -c status picture-2", "ACTIVE"),
		does("server delete picture picture-2"),
		does("image delete frame"),
	}},
}
