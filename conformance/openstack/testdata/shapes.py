"""Holds compute's answers against Tempest's schemas, at every microversion.

The schemas are closed: a member too many is as wrong as one that is missing.
Arguments: where to log in, an image's id, a public key, and for a member and an
administrator each: name, password, project. Prints each answer that does not
fit, and then how many did.
"""
import sys
import time

from tempest.lib import auth, exceptions
from tempest.lib.services import compute
from tempest.lib.services.compute import base_compute_client

url, image, public_key, newest = sys.argv[1:5]
accounts = {"member": sys.argv[5:8], "administrator": sys.argv[8:11]}
fits = misfits = 0


class Person:
    """Somebody with Tempest's clients, made when they are first used."""

    def __init__(self, name, password, project):
        credentials = auth.KeystoneV3Credentials(
            username=name, password=password, project_name=project,
            user_domain_name="Default", project_domain_name="Default")
        self.provider = auth.KeystoneV3AuthProvider(credentials, url)
        self.project = self.provider.get_auth()[1]["project"]["id"]
        self.clients = {}

    def __getattr__(self, name):
        if name not in self.clients:
            self.clients[name] = getattr(compute, name)(self.provider, "compute", "RegionOne")
        return self.clients[name]


def check(what, call, *args, **kwargs):
    """Returns the answer, or None for one that has the wrong shape."""
    global fits, misfits
    try:
        answer = call(*args, **kwargs)
    except (exceptions.InvalidHTTPResponseBody, exceptions.InvalidHTTPResponseHeader,
            exceptions.InvalidHttpSuccessCode, exceptions.RestClientException) as e:
        if what == "actions" and "('updated_at' was unexpected)" in str(e):
            return None  # Tempest 33 does not know what Nova added in 2.58
        misfits += 1
        lines = [line.strip() for line in str(e).splitlines() if line.strip()]
        print(base_compute_client.COMPUTE_MICROVERSION, what, " ".join(lines[:2])[:300])
        return None
    except AttributeError as e:
        if "has no attribute 'show_instance_action'" not in str(e):
            raise
        return None  # Tempest 33 has no such schema at 2.45 to 2.50
    fits += 1
    return answer


def settle(p, server, state="ACTIVE"):
    """Waits for a state; every look on the way must fit, too."""
    for _ in range(300):
        seen = check("show", p.ServersClient.show_server, server)
        if seen is None or seen["server"]["status"] == state and not seen["server"]["OS-EXT-STS:task_state"]:
            return
        time.sleep(0.02)
    sys.exit(f"server {server} does not become {state}")


def walk(p, admin, server, minor):
    servers = p.ServersClient
    check("list", servers.list_servers)
    check("detail", servers.list_servers, detail=True, **({"all_tenants": 1} if admin else {}))
    check("show", servers.show_server, server)
    check("update", servers.update_server, server, name="shapes")
    check("rebuild", servers.rebuild_server, server, image)
    settle(p, server)
    check("metadata", servers.list_server_metadata, server)
    check("addresses", servers.list_addresses, server)
    check("groups of a server", servers.list_security_groups_by_server, server)
    check("console", servers.get_console_output, server, length=3)
    check("attached volumes", servers.list_volume_attachments, server)
    check("password", servers.show_password, server)
    done = check("actions", servers.list_instance_actions, server)
    if done:
        check("action", servers.show_instance_action, server, done["instanceActions"][-1]["request_id"])
    if minor >= 26:
        check("tags", servers.list_tags, server)
        check("change tags", servers.update_all_tags, server, ["a", "b"])
    ports = check("interfaces", p.InterfacesClient.list_interfaces, server)
    if ports:
        check("interface", p.InterfacesClient.show_interface, server, ports["interfaceAttachments"][0]["port_id"])

    keys = p.KeyPairsClient
    check("import", keys.create_keypair, name="shapes", public_key=public_key)
    check("key pair", keys.show_keypair, "shapes")
    check("key pairs", keys.list_keypairs)
    check("delete a key pair", keys.delete_keypair, "shapes")

    check("flavors", p.FlavorsClient.list_flavors)
    check("flavors in detail", p.FlavorsClient.list_flavors, detail=True)
    check("flavor", p.FlavorsClient.show_flavor, "1")
    check("limits", p.LimitsClient.show_limits)
    check("quotas", p.QuotasClient.show_quota_set, p.project)
    check("quotas in detail", p.QuotasClient.show_quota_set, p.project, detail=True)
    check("default quotas", p.QuotasClient.show_default_quota_set, p.project)
    check("zones", p.AvailabilityZoneClient.list_availability_zones)
    check("extensions", p.ExtensionsClient.list_extensions)
    check("usage", p.TenantUsagesClient.show_tenant_usage, people["member"].project)
    groups = p.ServerGroupsClient
    policy = {"policy": "affinity"} if minor >= 64 else {"policies": ["affinity"]}
    group = check("make a server group", groups.create_server_group, name="shapes", **policy)
    check("server groups", groups.list_server_groups)
    if group:
        check("server group", groups.show_server_group, group["server_group"]["id"])
        check("delete a server group", groups.delete_server_group, group["server_group"]["id"])
    if minor < 36:
        check("security groups", p.SecurityGroupsClient.list_security_groups)
        check("pools", p.FloatingIPPoolsClient.list_floating_ip_pools)
        ip = check("take an address", p.FloatingIPsClient.create_floating_ip)
        check("addresses of the project", p.FloatingIPsClient.list_floating_ips)
        if ip:
            check("give an address back", p.FloatingIPsClient.delete_floating_ip, ip["floating_ip"]["id"])
    if admin:
        check("diagnostics", servers.show_server_diagnostics, server)
        check("hosts of zones", p.AvailabilityZoneClient.list_availability_zones, detail=True)
        check("usages", p.TenantUsagesClient.list_tenant_usages)
        check("change quotas", p.QuotasClient.update_quota_set, p.project, ram=51200, force=True)
        check("quota class", p.QuotaClassesClient.show_quota_class_set, "default")
        check("change a quota class", p.QuotaClassesClient.update_quota_class_set, "shapes", ram=1)
    else:
        network = {"networks": "auto"} if minor >= 37 else {}
        made = check("create", servers.create_server, name="shapes-2", imageRef=image, flavorRef="1", **network)
        if made:
            settle(p, made["server"]["id"])
            check("delete", servers.delete_server, made["server"]["id"])


people = {role: Person(*account) for role, account in accounts.items()}
base_compute_client.COMPUTE_MICROVERSION = "2.52"
member = people["member"]
made = member.ServersClient.create_server(
    name="shapes", imageRef=image, flavorRef="1", networks="auto", tags=["t"],
    metadata={"k": "v"}, user_data="aGk=")["server"]["id"]
settle(member, made)
for minor in range(1, int(newest.split(".")[1]) + 1):
    base_compute_client.COMPUTE_MICROVERSION = f"2.{minor}"
    for role, person in people.items():
        walk(person, role == "administrator", made, minor)
member.ServersClient.delete_server(made)
print(f"{fits} fit, {misfits} do not")
