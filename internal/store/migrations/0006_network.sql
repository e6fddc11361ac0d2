-- Networks of projects, ports that live without an instance, security groups
-- and floating addresses.

ALTER TABLE networks ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE networks ADD COLUMN external INTEGER NOT NULL DEFAULT 0;
ALTER TABLE networks ADD COLUMN filtered INTEGER NOT NULL DEFAULT 1; -- what new ports are
ALTER TABLE networks ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE networks ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
UPDATE networks SET updated_at = created_at;
CREATE INDEX networks_project ON networks (project_id);

CREATE TABLE subnets (
    id          TEXT NOT NULL PRIMARY KEY,
    network_id  TEXT NOT NULL UNIQUE REFERENCES networks (id) ON DELETE CASCADE,
    project_id  TEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    cidr        TEXT NOT NULL,
    gateway     TEXT NOT NULL, -- empty for none
    pools       TEXT NOT NULL, -- JSON; empty for all of the range
    dhcp        INTEGER NOT NULL,
    dns         TEXT NOT NULL, -- JSON
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    revision    INTEGER NOT NULL
) STRICT;
CREATE INDEX subnets_project ON subnets (project_id);
INSERT INTO subnets (id, network_id, project_id, name, description, cidr, gateway, pools, dhcp, dns, created_at, updated_at, revision)
    SELECT subnet_id, id, project_id, name, '', cidr, '', '', 1, '', created_at, created_at, 0 FROM networks;
ALTER TABLE networks DROP COLUMN subnet_id;
ALTER TABLE networks DROP COLUMN cidr;

CREATE TABLE ports (
    id           TEXT NOT NULL PRIMARY KEY,
    project_id   TEXT NOT NULL,
    name         TEXT NOT NULL,
    description  TEXT NOT NULL,
    network_id   TEXT NOT NULL,
    network      TEXT NOT NULL, -- its name
    mac          TEXT NOT NULL,
    addr         INTEGER, -- IPv4 as a number, so that addr + 1 is the next
    prefix       TEXT NOT NULL,
    filtered     INTEGER NOT NULL, -- whether security groups decide
    down         INTEGER NOT NULL,
    pairs        TEXT NOT NULL, -- JSON
    kept         INTEGER NOT NULL, -- whether it outlives its instance
    instance_id  TEXT REFERENCES instances (id),
    seq          INTEGER NOT NULL, -- among the instance's, without gaps from 0
    device_id    TEXT NOT NULL, -- of what is no instance
    device_owner TEXT NOT NULL, -- of what is no instance
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    revision     INTEGER NOT NULL,
    UNIQUE (network_id, addr)
) STRICT;
CREATE INDEX ports_instance ON ports (instance_id, seq);
CREATE INDEX ports_device ON ports (device_id);
CREATE INDEX ports_project ON ports (project_id, created_at, id);
INSERT INTO ports (id, project_id, name, description, network_id, network, mac, addr, prefix, filtered, down, pairs, kept,
        instance_id, seq, device_id, device_owner, created_at, updated_at, revision)
    SELECT n.port_id, i.project_id, '', '', n.network_id, n.network, n.mac, n.addr, n.prefix, 1, 0, '', 0,
        n.instance_id, n.seq, '', '', i.created_at, i.created_at, 1
    FROM nics n JOIN instances i ON i.id = n.instance_id;
DROP TABLE nics;

CREATE TABLE security_groups (
    id          TEXT NOT NULL PRIMARY KEY,
    project_id  TEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    stateful    INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    revision    INTEGER NOT NULL
) STRICT;
CREATE INDEX security_groups_project ON security_groups (project_id, created_at, id);

CREATE TABLE security_rules (
    id              TEXT NOT NULL PRIMARY KEY,
    group_id        TEXT NOT NULL REFERENCES security_groups (id) ON DELETE CASCADE,
    project_id      TEXT NOT NULL,
    direction       TEXT NOT NULL,
    ethertype       TEXT NOT NULL,
    protocol        TEXT NOT NULL, -- empty for any
    port_from       INTEGER NOT NULL, -- -1 for any
    port_to         INTEGER NOT NULL, -- -1 for any
    remote_prefix   TEXT NOT NULL, -- empty for any
    remote_group_id TEXT NOT NULL, -- empty for any
    description     TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    seq             INTEGER NOT NULL, -- among those made at one moment
    UNIQUE (group_id, direction, ethertype, protocol, port_from, port_to, remote_prefix, remote_group_id)
) STRICT;
CREATE INDEX security_rules_project ON security_rules (project_id);
CREATE INDEX security_rules_remote ON security_rules (remote_group_id) WHERE remote_group_id <> '';

CREATE TABLE port_groups (
    port_id  TEXT NOT NULL REFERENCES ports (id) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES security_groups (id),
    PRIMARY KEY (port_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX port_groups_group ON port_groups (group_id);

CREATE TABLE floating_ips (
    id          TEXT NOT NULL PRIMARY KEY,
    project_id  TEXT NOT NULL,
    network_id  TEXT NOT NULL,
    addr        INTEGER NOT NULL UNIQUE,
    port_id     TEXT UNIQUE REFERENCES ports (id) ON DELETE SET NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    revision    INTEGER NOT NULL
) STRICT;
CREATE INDEX floating_ips_project ON floating_ips (project_id, created_at, id);
