-- What an instance has beside its columns is JSON, empty for nothing.
ALTER TABLE instances ADD COLUMN traits TEXT NOT NULL DEFAULT '';
ALTER TABLE instances ADD COLUMN group_id TEXT NOT NULL DEFAULT '';
CREATE INDEX instances_group ON instances (group_id) WHERE group_id <> '';

ALTER TABLE images ADD COLUMN saving INTEGER NOT NULL DEFAULT 0;
ALTER TABLE images ADD COLUMN node TEXT NOT NULL DEFAULT '';
ALTER TABLE images ADD COLUMN instance_id TEXT NOT NULL DEFAULT '';

-- What was done to an instance.
CREATE TABLE instance_events (
    id          TEXT NOT NULL PRIMARY KEY,
    instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    action      TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    project_id  TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    failure     TEXT NOT NULL
) STRICT;
CREATE INDEX instance_events_instance ON instance_events (instance_id, started_at, id);

CREATE TABLE server_groups (
    id         TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    name       TEXT NOT NULL,
    policy     TEXT NOT NULL,
    per_node   INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX server_groups_project ON server_groups (project_id, created_at, id);

-- Instances that are gone, for what they took while they were there.
CREATE TABLE spells (
    instance_id TEXT NOT NULL PRIMARY KEY,
    project_id  TEXT NOT NULL,
    region      TEXT NOT NULL,
    name        TEXT NOT NULL,
    flavor      TEXT NOT NULL,
    vcpus       INTEGER NOT NULL,
    ram_mib     INTEGER NOT NULL,
    disk_gib    INTEGER NOT NULL,
    begin_at    INTEGER NOT NULL,
    end_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX spells_project ON spells (project_id, end_at);
CREATE INDEX spells_end ON spells (end_at);
