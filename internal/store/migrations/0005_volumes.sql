CREATE TABLE volumes (
    id          TEXT NOT NULL PRIMARY KEY,
    region      TEXT NOT NULL,
    project_id  TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    size_gib    INTEGER NOT NULL,
    status      TEXT NOT NULL,
    type        TEXT NOT NULL,
    zone        TEXT NOT NULL,
    node        TEXT NOT NULL,
    bootable    INTEGER NOT NULL,
    image       TEXT NOT NULL, -- JSON, as it was at creation
    source_id   TEXT NOT NULL,
    metadata    TEXT NOT NULL,
    fault       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX volumes_project ON volumes (project_id, region, created_at, id);
CREATE INDEX volumes_created ON volumes (created_at, id);

-- One volume has one place at most, and one place has one volume.
CREATE TABLE attachments (
    volume_id             TEXT NOT NULL PRIMARY KEY REFERENCES volumes (id) ON DELETE CASCADE,
    id                    TEXT NOT NULL UNIQUE,
    instance_id           TEXT NOT NULL REFERENCES instances (id),
    device                TEXT NOT NULL,
    delete_on_termination INTEGER NOT NULL,
    tag                   TEXT NOT NULL,
    at                    INTEGER NOT NULL,
    UNIQUE (instance_id, device)
) STRICT;
