"""A cloud as a script with openstacksdk uses it.

Argument: a file with a public key. Prints "all of it holds" at the end; an
assertion that fails ends it with a traceback and exit status 1.
"""
import contextlib
import sys

import openstack
from openstack import exceptions

cloud = openstack.connect()
with open(sys.argv[1]) as f:
    public_key = f.read()


@contextlib.contextmanager
def refused(kind, status, text):
    try:
        yield
    except kind as e:
        assert e.status_code == status, e
        assert text in str(e) or text in (e.details or ""), (str(e), e.details)
        assert e.request_id.startswith("req-"), e.request_id
    else:
        raise AssertionError(f"not refused: {text}")


def key_pairs():
    made = cloud.create_keypair("sdk-made")
    assert made.private_key.startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert made.public_key.startswith("ssh-rsa "), made.public_key
    assert made.type == "ssh", made.type

    imported = cloud.create_keypair("sdk-imported", public_key)
    assert imported.public_key == public_key, imported.public_key
    assert not imported.private_key

    names = {k.name for k in cloud.list_keypairs()}
    assert {"sdk-made", "sdk-imported"} <= names, names

    got = cloud.get_keypair("sdk-imported")
    assert got.fingerprint == imported.fingerprint, got
    assert cloud.get_keypair("sdk-never-made") is None
    assert cloud.compute.find_keypair("sdk-made").created_at is not None

    certificate = cloud.compute.create_keypair(name="sdk-x509", type="x509")
    assert certificate.public_key.startswith("-----BEGIN CERTIFICATE-----\n")
    assert certificate.type == "x509", certificate.type
    assert len(certificate.fingerprint) == 59, certificate.fingerprint
    again = cloud.compute.create_keypair(name="sdk-x509-2", type="x509", public_key=certificate.public_key)
    assert again.fingerprint == certificate.fingerprint and not again.private_key, again.fingerprint

    # Pages of one and an end, joined by the SDK.
    paged = [k.name for k in cloud.compute.keypairs(limit=1)]
    assert paged == ["sdk-imported", "sdk-made", "sdk-x509", "sdk-x509-2"], paged

    with refused(exceptions.ConflictException, 409, "Key pair 'sdk-imported' already exists."):
        cloud.create_keypair("sdk-imported", public_key)
    with refused(exceptions.BadRequestException, 400, "An invalid 'name' value was provided."):
        cloud.compute.create_keypair(name="sdk/made")
    with refused(exceptions.BadRequestException, 400, "Keypair data is invalid"):
        cloud.compute.create_keypair(name="sdk-bad", public_key="ssh-rsa JUNK")
    with refused(exceptions.HttpException, 403, "os_compute_api:os-keypairs:index"):
        list(cloud.compute.keypairs(user_id="0" * 32))
    with refused(exceptions.ResourceNotFound, 404, "sdk-never-made"):
        cloud.compute.get_keypair("sdk-never-made")
    with refused(exceptions.ResourceNotFound, 404, "sdk-never-made"):
        cloud.compute.delete_keypair("sdk-never-made", ignore_missing=False)

    for name in "sdk-made", "sdk-imported", "sdk-x509", "sdk-x509-2":
        assert cloud.delete_keypair(name) is True
    assert cloud.delete_keypair("sdk-made") is False


def what_there_is():
    assert cloud.compute.get_endpoint_data().max_microversion == (2, 93)
    images = {i.name: i for i in cloud.image.images()}
    assert (images["debian-13"].os_distro, images["debian-13"].visibility) == ("debian", "public"), images["debian-13"]
    assert cloud.image.find_image("debian-13").id == images["debian-13"].id
    assert cloud.image.get_image(images["debian-13"].id).status == "active"
    assert [i.name for i in cloud.image.images(name="debian-13", status="active")] == ["debian-13"]
    paged = [i.name for i in cloud.image.images(limit=2)]
    assert sorted(paged) == sorted(images), paged
    with refused(exceptions.ResourceNotFound, 404, "No Image found for never"):
        cloud.image.get_image("never")

    tiny = cloud.compute.find_flavor("m1.tiny")
    assert (tiny.id, tiny.ram, tiny.vcpus) == ("1", 512, 1), tiny
    assert [f.id for f in cloud.search_flavors("m1.sm*")] == ["2"]
    assert cloud.get_flavor_by_ram(1000).name == "u2.c1m1"

    network = cloud.network.find_network("private")
    subnet = cloud.network.get_subnet(network.subnet_ids[0])
    assert subnet.network_id == network.id and subnet.ip_version == 4, subnet
    group = cloud.network.find_security_group("default")
    assert {r["direction"] for r in group.security_group_rules} == {"ingress", "egress"}, group
    assert "security-group" in {e.alias for e in cloud.network.extensions()}
    assert cloud.list_availability_zone_names() == ["nova"]
    with refused(exceptions.ResourceNotFound, 404, "never"):
        cloud.network.get_network("never")

    assert cloud.get_compute_limits().keypairs == 100
    assert cloud.compute.get_limits().absolute.keypairs == 100
    assert cloud.get_compute_quotas(cloud.current_project_id).key_pairs == 100
    assert cloud.network.get_quota(cloud.current_project_id).networks == 100


def servers():
    cloud.create_keypair("sdk-server", public_key)
    made = cloud.create_server("sdk-1", image="debian-13", flavor="m1.tiny", network="private", key_name="sdk-server", meta={"room": "1"})
    server = cloud.compute.wait_for_server(made, interval=0.1)
    assert (server.status, server.key_name) == ("ACTIVE", "sdk-server"), server
    assert server.metadata["room"] == "1", server.metadata
    address = server.addresses["private"][0]["addr"]
    assert cloud.compute.find_server("sdk-1").id == server.id
    assert [s.name for s in cloud.compute.servers(name="sdk-1")] == ["sdk-1"]
    assert "sdk-1" in [s.name for s in cloud.compute.servers(details=False, limit=1)]
    port = next(cloud.compute.server_interfaces(server))
    assert port.fixed_ips[0]["ip_address"] == address, port
    assert [p.id for p in cloud.network.ports(device_id=server.id)] == [port.port_id]

    assert cloud.compute.set_server_metadata(server, door="left").metadata["door"] == "left"
    cloud.compute.delete_server_metadata(cloud.compute.get_server(server.id), ["room"])
    assert "room" not in cloud.compute.get_server_metadata(server).metadata
    assert cloud.compute.update_server(server.id, name="sdk-2").name == "sdk-2"
    assert "login:" in cloud.compute.get_server_console_output(server, length=2)["output"]

    for change, status in (
        (lambda: cloud.compute.stop_server(server), "SHUTOFF"),
        (lambda: cloud.compute.start_server(server), "ACTIVE"),
        (lambda: cloud.compute.reboot_server(server, "SOFT"), "ACTIVE"),
        (lambda: cloud.compute.reboot_server(server, "HARD"), "ACTIVE"),
    ):
        change()
        cloud.compute.wait_for_server(server, status, interval=0.1)
    with refused(exceptions.ConflictException, 409, "while it is in vm_state active"):
        cloud.compute.start_server(server)
    with refused(exceptions.BadRequestException, 400, "Invalid key_name provided."):
        cloud.compute.create_server(name="sdk-3", image_id=server.image.id, flavor_id="1", networks="auto", key_name="sdk-never-made")
    with refused(exceptions.BadRequestException, 400, "Can not find requested image"):
        cloud.compute.create_server(name="sdk-3", image_id=server.id, flavor_id="1", networks="auto")
    with refused(exceptions.ResourceNotFound, 404, "No Server found for never"):
        cloud.compute.get_server("never")

    cloud.delete_keypair("sdk-server")
    assert cloud.compute.get_server(server.id).key_name == "sdk-server"
    cloud.compute.delete_server(server)
    cloud.compute.wait_for_delete(server, interval=0.1)


def programs():
    me = cloud.current_user_id
    made = cloud.identity.create_application_credential(user=me, name="sdk", roles=[{"name": "reader"}])
    assert len(made.secret) == 86 and [r["name"] for r in made.roles] == ["reader"], made.roles
    with openstack.connect(
        load_envvars=False, load_yaml_config=False, region_name=cloud.config.region_name,
        auth_type="v3applicationcredential",
        auth={"auth_url": cloud.auth["auth_url"], "application_credential_id": made.id, "application_credential_secret": made.secret},
    ) as program:
        assert program.current_user_id == me
        list(program.compute.keypairs())
        with refused(exceptions.HttpException, 403, "Policy doesn't allow"):
            program.compute.create_server(name="sdk-4", image_id=cloud.image.find_image("debian-13").id, flavor_id="1", networks="auto")
    assert cloud.identity.find_application_credential(me, "sdk").id == made.id
    cloud.identity.delete_application_credential(me, made.id)
    assert "sdk" not in [a.name for a in cloud.identity.application_credentials(me)]
    with refused(exceptions.HttpException, 403, "identity:list_users"):
        list(cloud.identity.users())


key_pairs()
what_there_is()
servers()
programs()
print("all of it holds")
