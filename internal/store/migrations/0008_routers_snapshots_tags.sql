-- Routers, snapshots of volumes, and tags of networks and what is on them.

CREATE TABLE volume_snapshots (
    id          TEXT NOT NULL PRIMARY KEY,
    region      TEXT NOT NULL,
    project_id  TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    volume_id   TEXT NOT NULL REFERENCES volumes (id),
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    size_gib    INTEGER NOT NULL, -- this and what follows up to bootable: the volume's, as it was then
    type        TEXT NOT NULL,
    zone        TEXT NOT NULL,
    node        TEXT NOT NULL,
    bootable    INTEGER NOT NULL,
    image       TEXT NOT NULL, -- JSON
    status      TEXT NOT NULL,
    metadata    TEXT NOT NULL, -- JSON
    fault       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX volume_snapshots_project ON volume_snapshots (project_id, region, created_at, id);
CREATE INDEX volume_snapshots_created ON volume_snapshots (created_at, id);
CREATE INDEX volume_snapshots_volume ON volume_snapshots (volume_id);
ALTER TABLE volumes ADD COLUMN snapshot_id TEXT NOT NULL DEFAULT ''; -- that it was made of
CREATE INDEX volumes_snapshot ON volumes (snapshot_id);

CREATE TABLE routers (
    id          TEXT NOT NULL PRIMARY KEY,
    project_id  TEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    down        INTEGER NOT NULL,
    tags        TEXT NOT NULL, -- JSON
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    revision    INTEGER NOT NULL
) STRICT;
CREATE INDEX routers_project ON routers (project_id, created_at, id);
CREATE INDEX routers_created ON routers (created_at, id);

-- A port that is on a router is nothing else, and leads to a network; one of
-- them may lead to a pool of floating addresses.
CREATE TABLE router_ports (
    port_id    TEXT NOT NULL PRIMARY KEY REFERENCES ports (id),
    router_id  TEXT NOT NULL REFERENCES routers (id),
    network_id TEXT NOT NULL,
    gateway    INTEGER NOT NULL, -- whether it leads to the pool
    UNIQUE (router_id, network_id)
) STRICT;
CREATE INDEX router_ports_network ON router_ports (network_id, gateway);
ALTER TABLE floating_ips ADD COLUMN router_id TEXT NOT NULL DEFAULT ''; -- that it comes through while it leads to a port
CREATE INDEX floating_ips_router ON floating_ips (router_id);

-- JSON each; empty for none.
ALTER TABLE networks ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE subnets ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE ports ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE security_groups ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE floating_ips ADD COLUMN tags TEXT NOT NULL DEFAULT '';
