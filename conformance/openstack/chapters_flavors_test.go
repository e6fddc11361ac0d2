package openstack

// flavorChapter makes, hides and deletes sizes of servers.
var flavorChapter = chapter{"sizes of servers", administrator, []line{
	does("flavor create --id walk --ram 96 --disk 2 --vcpus 3 --ephemeral 1 --swap 64 --rxtx-factor 2.0 --property hw:cpu_policy=shared --description 'a walk' walk.flavor",
		"| id | walk |", "| name | walk.flavor |", "| ram | 96 |", "| disk | 2 |", "| vcpus | 3 |", "| OS-FLV-EXT-DATA:ephemeral | 1 |", "| swap | 64 |",
		"| rxtx_factor | 2.0 |", "| properties | hw:cpu_policy='shared' |", "| description | a walk |", "| os-flavor-access:is_public | True |"),
	keeps("id", "flavor create --id auto --ram 64 --private --project walk walk.private -f value -c id"),
	does("flavor show {id}", "| access_project_ids | ['…'] |", "| os-flavor-access:is_public | False |", "| disk | 0 |"),
	fails("flavor create --id walk walk.other", "409", "Flavor with ID walk already exists."),
	fails("flavor create walk.flavor", "409", "Flavor with name walk.flavor already exists."),
	does("flavor set --property room=1 --description other walk.flavor"),
	does("flavor unset --property hw:cpu_policy walk.flavor"),
	does("flavor show walk", "| properties | room='1' |", "| description | other |"),
	fails("--os-compute-api-version 2.86 flavor set --property hw:cpu_policy=never walk", "Validation failed; 'never' is not one of: dedicated, shared, mixed."),
	does("flavor list", "walk.flavor", "!walk.private"),
	does("flavor list --private", "walk.private", "!walk.flavor"),
	does("flavor list --all --long", "walk.private", "walk.flavor", "room='1'"),
	does("flavor unset --project walk {id}"),
	fails("flavor unset --project walk {id}", "Flavor access not found for {id} / …"),
	does("flavor set --project walk {id}"),
	fails("flavor set --project walk {id}", "Flavor access already exists for flavor {id} and project …"),
	fails("flavor set --project walk walk.flavor", "Cannot set access for a public flavor"),
	does("flavor delete walk.flavor {id}"),
	fails("flavor show walk.flavor", "No Flavor found for walk.flavor"),
}}
