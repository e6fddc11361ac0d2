"""Key pairs with openstacksdk, as a script of an administrator uses them.

Argument: a file with a public key. Prints "all of it holds" at the end; an
assertion that fails ends it with a traceback and exit status 1.
"""
import sys

import openstack
from openstack import exceptions

cloud = openstack.connect()
with open(sys.argv[1]) as f:
    public_key = f.read()

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

try:
    cloud.create_keypair("sdk-imported", public_key)
except exceptions.ConflictException as e:
    assert "Key pair 'sdk-imported' already exists." in str(e), e
else:
    raise AssertionError("the name was given twice")

certificate = cloud.compute.create_keypair(name="sdk-x509", type="x509")
assert certificate.public_key.startswith("-----BEGIN CERTIFICATE-----\n")
assert certificate.type == "x509", certificate.type
assert len(certificate.fingerprint) == 59, certificate.fingerprint

# Two pages of one and an end, joined by the SDK.
paged = [k.name for k in cloud.compute.keypairs(limit=1)]
assert len(paged) == len(set(paged)), paged
assert {"sdk-made", "sdk-imported", "sdk-x509"} <= set(paged), paged

for name in "sdk-made", "sdk-imported", "sdk-x509":
    assert cloud.delete_keypair(name) is True
assert cloud.delete_keypair("sdk-made") is False

print("all of it holds")
